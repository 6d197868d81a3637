"""Gets the Pulumi engine, its plugins, Python packages, Docker and the Redis image onto a machine.

Standard library only: it runs before anything is installed. Start it by `toolchain/run`.
"""
