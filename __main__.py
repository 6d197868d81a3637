"""The deployable program: one stack file an environment, `pulumi up` and nothing else."""

from secure_redis import stack

stack.quiet_when_interrupted()
settings = stack.load()
stack.export(settings, stack.build(settings))
