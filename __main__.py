"""The deployable program: one stack file an environment, `pulumi up` and nothing else."""

from secure_redis import stack

settings = stack.load()
stack.export(settings, stack.build(settings))
