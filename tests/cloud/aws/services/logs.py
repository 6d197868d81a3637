"""CloudWatch Logs: log groups."""

from cloud.aws.account import Account, Params, answers, refuse, tags_of

from .encryption import key_of, opened_to

LOG_GROUP = "logs.group"
RETENTIONS = {
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
}  # fmt: skip
"""Days that PutRetentionPolicy takes."""


@answers("logs", "CreateLogGroup")
def create_group(account: Account, params: Params) -> Params:
    """A log group; its key, if it has one, must be open to the service."""
    name = params["logGroupName"]
    if name.startswith("aws/"):
        refuse("InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.")
    if account.find(LOG_GROUP, name):
        refuse("ResourceAlreadyExistsException", "The specified log group already exists")
    if params.get("kmsKeyId"):
        _check_key(account, name, params["kmsKeyId"])
    account.put(
        LOG_GROUP,
        name,
        {
            "logGroupName": name,
            "arn": account.arn("logs", f"log-group:{name}"),
            "kmsKeyId": params.get("kmsKeyId"),
            "logGroupClass": params.get("logGroupClass", "STANDARD"),
            "deletionProtectionEnabled": params.get("deletionProtectionEnabled", False),
            "retentionInDays": None,
            "tags": tags_of(params.get("tags")),
        },
    )
    return {}


def _check_key(account: Account, name: str, key_id: str) -> None:
    message = (
        "The specified KMS key does not exist or is not allowed to be used with LogGroup "
        f"'{account.arn('logs', f'log-group:{name}')}'"
    )
    key = key_of(account, key_id) if account.find("kms.key", key_id.rpartition("/")[2]) else None
    if key is None or key["KeyState"] != "Enabled" or not key_id.startswith("arn:"):
        refuse("InvalidParameterException", message)
    if not opened_to(account, key, f"logs.{account.region}.amazonaws.com"):
        refuse("InvalidParameterException", message)


def _group(account: Account, name: str) -> Params:
    message = "The specified log group does not exist."
    return account.need(LOG_GROUP, name, "ResourceNotFoundException", message)


def _change(account: Account, name: str, **changes: object) -> Params:
    account.put(LOG_GROUP, name, {**_group(account, name), **changes})
    return {}


@answers("logs", "DescribeLogGroups")
def describe_groups(account: Account, params: Params) -> Params:
    """Log groups whose names begin so."""
    prefix = params.get("logGroupNamePrefix", "")
    groups = account.all(LOG_GROUP)
    return {"logGroups": [one for name, one in groups.items() if name.startswith(prefix)]}


@answers("logs", "PutRetentionPolicy")
def put_retention(account: Account, params: Params) -> Params:
    """How long events stay."""
    if params["retentionInDays"] not in RETENTIONS:
        allowed = ", ".join(str(days) for days in sorted(RETENTIONS))
        refuse(
            "InvalidParameterException",
            f"retentionInDays must be one of [{allowed}]",
        )
    return _change(account, params["logGroupName"], retentionInDays=params["retentionInDays"])


@answers("logs", "DeleteRetentionPolicy")
def delete_retention(account: Account, params: Params) -> Params:
    """Events stay for ever."""
    return _change(account, params["logGroupName"], retentionInDays=None)


@answers("logs", "AssociateKmsKey")
def associate_key(account: Account, params: Params) -> Params:
    """Another key for new events."""
    _check_key(account, params["logGroupName"], params["kmsKeyId"])
    return _change(account, params["logGroupName"], kmsKeyId=params["kmsKeyId"])


@answers("logs", "DisassociateKmsKey")
def disassociate_key(account: Account, params: Params) -> Params:
    """No key for new events."""
    return _change(account, params["logGroupName"], kmsKeyId=None)


@answers("logs", "TagResource")
def tag_group(account: Account, params: Params) -> Params:
    """Adds tags."""
    name = params["resourceArn"].partition("log-group:")[2]
    return _change(account, name, tags={**_group(account, name)["tags"], **tags_of(params["tags"])})


@answers("logs", "UntagResource")
def untag_group(account: Account, params: Params) -> Params:
    """Takes tags away."""
    name = params["resourceArn"].partition("log-group:")[2]
    tags = _group(account, name)["tags"]
    return _change(
        account, name, tags={key: tags[key] for key in tags if key not in params["tagKeys"]}
    )


@answers("logs", "DeleteLogGroup")
def delete_group(account: Account, params: Params) -> Params:
    """The group and all its events."""
    if _group(account, params["logGroupName"])["deletionProtectionEnabled"]:
        refuse("ValidationException", "The log group has deletion protection enabled")
    account.remove(LOG_GROUP, params["logGroupName"])
    return {}
