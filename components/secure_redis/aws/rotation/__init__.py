"""Rotation of the password of an ElastiCache user by Secrets Manager.

`function.py` is the whole of the Lambda function: one module that imports nothing of this package,
so that its archive holds this one file. The handler is `function.handler`, the environment
`SECRET_ARN` and `USER_ARN`; one function serves one secret.
"""
