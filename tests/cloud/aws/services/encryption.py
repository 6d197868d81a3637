"""KMS: keys and aliases."""

import uuid

from cloud.aws.account import ACCOUNT, Account, Params, answers, refuse, tags_of
from cloud.aws.policies import allowed, allows_account, parse

KEY, ALIAS = "kms.key", "kms.alias"


def key_of(account: Account, identifier: str) -> Params:
    """The key behind an id, an ARN or an alias. Raises when there is none."""
    name = identifier.rpartition(":key/")[2].rpartition(":")[2]
    if name.startswith("alias/"):
        alias = account.need(
            ALIAS, name, "NotFoundException", f"Alias {account.arn('kms', name)} is not found."
        )
        name = alias["TargetKeyId"]
    message = f"Key '{account.arn('kms', f'key/{name}')}' does not exist"
    return account.need(KEY, name, "NotFoundException", message)


def usable(account: Account, identifier: str, code: str) -> Params:
    """A key that can encrypt. Refuses, with the asking service's code, any other."""
    name = identifier.rpartition(":key/")[2]
    key = account.find(KEY, name)
    if identifier.startswith("alias/") or ":alias/" in identifier:
        key = key_of(account, identifier)
    if key is None:
        refuse(code, f"The specified KMS key does not exist or is not allowed: {identifier}")
    if key["KeyState"] != "Enabled":
        refuse(code, f"{key['Arn']} is {key['KeyState']}.")
    return key


def opened_to(account: Account, key: Params, service: str) -> bool:
    """Whether the key's policy lets an AWS service encrypt with it."""
    statements = parse(key["Policy"], "MalformedPolicyDocumentException", principal=True)
    return allowed(statements, service, "kms:Encrypt") and allowed(
        statements, service, "kms:Decrypt"
    )


def _default_policy(account: Account) -> str:
    root = f"arn:{account.partition}:iam::{ACCOUNT}:root"
    return (
        '{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User '
        f'Permissions","Effect":"Allow","Principal":{{"AWS":"{root}"}},"Action":"kms:*",'
        '"Resource":"*"}]}'
    )


def _check_policy(policy: str, *, bypass: bool) -> None:
    statements = parse(policy, "MalformedPolicyDocumentException", principal=True)
    if not bypass and not allows_account(statements, ACCOUNT, "kms:PutKeyPolicy"):
        refuse(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )


@answers("kms", "CreateKey")
def create_key(account: Account, params: Params) -> Params:
    """A symmetric key, or what else is asked for."""
    policy = params.get("Policy") or _default_policy(account)
    _check_policy(policy, bypass=params.get("BypassPolicyLockoutSafetyCheck", False))
    identifier = str(uuid.uuid4())
    key = {
        "KeyId": identifier,
        "Arn": account.arn("kms", f"key/{identifier}"),
        "Description": params.get("Description", ""),
        "KeyUsage": params.get("KeyUsage", "ENCRYPT_DECRYPT"),
        "KeySpec": params.get("KeySpec", "SYMMETRIC_DEFAULT"),
        "KeyState": "Enabled",
        "MultiRegion": params.get("MultiRegion", False),
        "Policy": policy,
        "Rotation": False,
        "RotationPeriodInDays": None,
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(KEY, identifier, key)
    return {"KeyMetadata": key}


@answers("kms", "DescribeKey")
def describe_key(account: Account, params: Params) -> Params:
    """A key, also one that is waiting for its deletion."""
    return {"KeyMetadata": key_of(account, params["KeyId"])}


def _living(account: Account, identifier: str) -> Params:
    key = key_of(account, identifier)
    if key["KeyState"] == "PendingDeletion":
        refuse("KMSInvalidStateException", f"{key['Arn']} is pending deletion.")
    return key


def _change(account: Account, params: Params, **changes: object) -> Params:
    key = {**_living(account, params["KeyId"]), **changes}
    account.put(KEY, key["KeyId"], key)
    return {}


@answers("kms", "EnableKeyRotation")
def enable_rotation(account: Account, params: Params) -> Params:
    """Yearly, or as often as asked for. The period is checked here: the model has no bounds."""
    period = params.get("RotationPeriodInDays", 365)
    if not 90 <= period <= 2560:
        refuse("ValidationException", "RotationPeriodInDays must be between 90 and 2560")
    return _change(account, params, Rotation=True, RotationPeriodInDays=period)


@answers("kms", "DisableKeyRotation")
def disable_rotation(account: Account, params: Params) -> Params:
    """No rotation."""
    return _change(account, params, Rotation=False, RotationPeriodInDays=None)


@answers("kms", "EnableKey")
def enable_key(account: Account, params: Params) -> Params:
    """The key can be used."""
    return _change(account, params, KeyState="Enabled")


@answers("kms", "DisableKey")
def disable_key(account: Account, params: Params) -> Params:
    """The key cannot be used."""
    return _change(account, params, KeyState="Disabled")


@answers("kms", "UpdateKeyDescription")
def update_description(account: Account, params: Params) -> Params:
    """A new description."""
    return _change(account, params, Description=params["Description"])


@answers("kms", "PutKeyPolicy")
def put_policy(account: Account, params: Params) -> Params:
    """A new policy, which must not lock the account out."""
    _check_policy(params["Policy"], bypass=params.get("BypassPolicyLockoutSafetyCheck", False))
    return _change(account, params, Policy=params["Policy"])


@answers("kms", "TagResource")
def tag_key(account: Account, params: Params) -> Params:
    """Adds tags."""
    key = _living(account, params["KeyId"])
    return _change(account, params, Tags={**key["Tags"], **tags_of(params["Tags"])})


@answers("kms", "UntagResource")
def untag_key(account: Account, params: Params) -> Params:
    """Takes tags away."""
    key = _living(account, params["KeyId"])
    kept = {name: value for name, value in key["Tags"].items() if name not in params["TagKeys"]}
    return _change(account, params, Tags=kept)


@answers("kms", "ScheduleKeyDeletion")
def schedule_deletion(account: Account, params: Params) -> Params:
    """The key waits 7 to 30 days for its deletion."""
    days = params.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        refuse("ValidationException", "PendingWindowInDays must be between 7 and 30")
    return _change(account, params, KeyState="PendingDeletion", PendingWindowInDays=days)


@answers("kms", "CreateAlias")
def create_alias(account: Account, params: Params) -> Params:
    """A name for a key, unique in the region."""
    name = params["AliasName"]
    if not name.startswith("alias/"):
        refuse("ValidationException", 'Alias must start with the prefix "alias/". Please see the '
               "AWS documentation")  # fmt: skip
    if name.startswith("alias/aws/"):
        refuse("NotAuthorizedException", "The alias prefix alias/aws/ is reserved")
    if account.find(ALIAS, name):
        refuse(
            "AlreadyExistsException",
            f"An alias with the name {account.arn('kms', name)} already exists",
        )
    key = _living(account, params["TargetKeyId"])
    account.put(ALIAS, name, {"AliasName": name, "TargetKeyId": key["KeyId"]})
    return {}


@answers("kms", "ListAliases")
def list_aliases(account: Account, params: Params) -> Params:
    """All aliases."""
    return {"Aliases": list(account.all(ALIAS).values())}


@answers("kms", "UpdateAlias")
def update_alias(account: Account, params: Params) -> Params:
    """The name for another key."""
    _alias(account, params["AliasName"])
    key = _living(account, params["TargetKeyId"])
    account.put(
        ALIAS, params["AliasName"], {"AliasName": params["AliasName"], "TargetKeyId": key["KeyId"]}
    )
    return {}


@answers("kms", "DeleteAlias")
def delete_alias(account: Account, params: Params) -> Params:
    """The name goes, the key stays."""
    _alias(account, params["AliasName"])
    account.remove(ALIAS, params["AliasName"])
    return {}


def _alias(account: Account, name: str) -> Params:
    message = f"Alias {account.arn('kms', name)} is not found."
    return account.need(ALIAS, name, "NotFoundException", message)
