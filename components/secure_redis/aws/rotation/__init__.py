"""The function that rotates the password of an ElastiCache user, and what it needs from AWS.

`function.py` is the whole of it: one module for a Lambda function, without anything from this
package, so that the archive of that function holds this one file. Its handler is
`function.handler`, its environment `SECRET_ARN` and `USER_ARN`; one function serves one secret.
"""

HANDLER = "function.handler"
"""The handler's name as a Lambda function states it: module and function."""

TIMEOUT_SECONDS = 900
"""The timeout to give the function: the longest that Lambda allows. A user that belongs to a busy
cache can be `modifying` for minutes; the function stops by itself shortly before."""

SECRET_ACTIONS = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
"""What the function's role must allow on the secret. A secret under a customer's key needs
`kms:Decrypt` and `kms:GenerateDataKey` on that key as well."""

USER_ACTIONS = ("elasticache:DescribeUsers", "elasticache:ModifyUser")
"""What the function's role must allow on the ElastiCache user."""
