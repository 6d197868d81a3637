"""Secrets Manager: secrets, versions, policies, rotation."""

import re
import secrets
import string
import uuid

from cloud.aws.account import Account, Params, ServiceError, answers, refuse, tags_of
from cloud.aws.policies import parse

from .encryption import usable
from .functions import may_call

SECRET = "secretsmanager.secret"
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


def find(account: Account, identifier: str) -> Params:
    """A secret by name or ARN. Raises when there is none."""
    for name, secret in account.all(SECRET).items():
        if identifier in {name, secret["ARN"], secret["ARN"].rpartition("-")[0]}:
            return secret
    message = "Secrets Manager can't find the specified secret."
    raise ServiceError("ResourceNotFoundException", message)


def _living(account: Account, identifier: str) -> Params:
    secret = find(account, identifier)
    if secret["Deleted"]:
        refuse(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    return secret


@answers("secretsmanager", "CreateSecret")
def create_secret(account: Account, params: Params) -> Params:
    """A secret without a value, or with its first."""
    name = params["Name"]
    if not re.fullmatch(r"[A-Za-z0-9/_+=.@-]+", name):
        refuse(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
            "following: -/_+=.@!",
        )
    if re.search(r"-[A-Za-z0-9]{6}$", name):
        # Legal, but then a partial ARN finds the wrong secret: AWS tells its users not to.
        refuse(
            "InvalidParameterException",
            "Do not end your secret name with a hyphen followed by six characters.",
        )
    old = account.find(SECRET, name)
    if old and old["Deleted"]:
        refuse(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled "
            "for deletion.",
        )
    if old:
        refuse(
            "ResourceExistsException",
            f"The operation failed because the secret {name} already exists.",
        )
    if params.get("KmsKeyId"):
        usable(account, params["KmsKeyId"], "InvalidParameterException")
    suffix = "".join(secrets.choice(string.ascii_letters) for _ in range(6))
    secret = {
        "Name": name,
        "ARN": account.arn("secretsmanager", f"secret:{name}-{suffix}"),
        "Description": params.get("Description", ""),
        "KmsKeyId": params.get("KmsKeyId"),
        "Versions": {},
        "Policy": None,
        "Rotation": None,
        "Deleted": False,
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(SECRET, name, secret)
    if params.get("SecretString"):
        value = {"SecretId": name, "SecretString": params["SecretString"]}
        return put_value(account, value)
    return {"ARN": secret["ARN"], "Name": name}


@answers("secretsmanager", "DescribeSecret")
def describe(account: Account, params: Params) -> Params:
    """A secret without its values, also one that is waiting for its deletion."""
    return find(account, params["SecretId"])


@answers("secretsmanager", "UpdateSecret")
def update(account: Account, params: Params) -> Params:
    """Description and key."""
    secret = _living(account, params["SecretId"])
    if params.get("KmsKeyId"):
        usable(account, params["KmsKeyId"], "InvalidParameterException")
    for name in ("Description", "KmsKeyId"):
        secret[name] = params.get(name, secret[name])
    account.put(SECRET, secret["Name"], secret)
    return {"ARN": secret["ARN"]}


@answers("secretsmanager", "PutSecretValue")
def put_value(account: Account, params: Params) -> Params:
    """A new version. With the label AWSCURRENT it takes the old one's place."""
    secret = _living(account, params["SecretId"])
    if ("SecretString" in params) == ("SecretBinary" in params):
        refuse("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    identifier = params.get("ClientRequestToken") or str(uuid.uuid4())
    stages = params.get("VersionStages", [CURRENT])
    version = {"Stages": [], "SecretString": params.get("SecretString")}
    if "SecretBinary" in params:
        version["SecretBinary"] = params["SecretBinary"].hex()
    secret["Versions"][identifier] = version
    for stage in stages:
        _move(secret, stage, identifier)
    account.put(SECRET, secret["Name"], secret)
    return {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": identifier}


def _move(secret: Params, stage: str, identifier: str) -> None:
    holder = next((key for key, one in secret["Versions"].items() if stage in one["Stages"]), None)
    if holder == identifier:
        return
    if holder:
        secret["Versions"][holder]["Stages"].remove(stage)
    secret["Versions"][identifier]["Stages"].append(stage)
    if stage == CURRENT and holder:
        for one in secret["Versions"].values():
            if PREVIOUS in one["Stages"]:
                one["Stages"].remove(PREVIOUS)
        secret["Versions"][holder]["Stages"].append(PREVIOUS)


@answers("secretsmanager", "GetSecretValue")
def get_value(account: Account, params: Params) -> Params:
    """A version by id or label."""
    secret = _living(account, params["SecretId"])
    wanted, stage = params.get("VersionId"), params.get("VersionStage")
    for identifier, version in secret["Versions"].items():
        if identifier == wanted or (not wanted and (stage or CURRENT) in version["Stages"]):
            return {
                "ARN": secret["ARN"],
                "Name": secret["Name"],
                "VersionId": identifier,
                "SecretString": version["SecretString"],
                "VersionStages": version["Stages"],
            }
    raise ServiceError(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: "
        f"{stage or CURRENT}",
    )


@answers("secretsmanager", "UpdateSecretVersionStage")
def update_stage(account: Account, params: Params) -> Params:
    """Moves a label."""
    secret = _living(account, params["SecretId"])
    target, source = params.get("MoveToVersionId"), params.get("RemoveFromVersionId")
    if target is None and params["VersionStage"] == CURRENT:
        refuse(
            "InvalidParameterException",
            "You can only move staging label AWSCURRENT to a different secret version. It can't be "
            "completely removed.",
        )
    holders = [
        key for key, one in secret["Versions"].items() if params["VersionStage"] in one["Stages"]
    ]
    if target and holders and holders[0] not in {source, target}:
        refuse(
            "InvalidParameterException",
            f"The parameter RemoveFromVersionId can't be empty. Staging label "
            f"{params['VersionStage']} is currently attached to version {holders[0]}, so you must "
            "explicitly reference that version in RemoveFromVersionId.",
        )
    if target:
        _move(secret, params["VersionStage"], target)
    elif source in secret["Versions"]:
        stages = secret["Versions"][source]["Stages"]
        secret["Versions"][source]["Stages"] = [s for s in stages if s != params["VersionStage"]]
    account.put(SECRET, secret["Name"], secret)
    return {"ARN": secret["ARN"]}


@answers("secretsmanager", "PutResourcePolicy")
def put_policy(account: Account, params: Params) -> Params:
    """Who may read the secret, beside those whom IAM allows."""
    secret = _living(account, params["SecretId"])
    statements = parse(params["ResourcePolicy"], "MalformedPolicyDocumentException", principal=True)
    public = any(
        one["Effect"] == "Allow" and one.get("Principal") in ("*", {"AWS": "*"})
        and not one.get("Condition")
        for one in statements
    )  # fmt: skip
    if public and params.get("BlockPublicPolicy"):
        refuse("PublicPolicyException", "This resource policy grants broad access to your secret.")
    account.put(SECRET, secret["Name"], {**secret, "Policy": params["ResourcePolicy"]})
    return {"ARN": secret["ARN"]}


@answers("secretsmanager", "GetResourcePolicy")
def get_policy(account: Account, params: Params) -> Params:
    """The policy, if there is one."""
    secret = _living(account, params["SecretId"])
    return {"ARN": secret["ARN"], "ResourcePolicy": secret["Policy"]}


@answers("secretsmanager", "DeleteResourcePolicy")
def delete_policy(account: Account, params: Params) -> Params:
    """No policy."""
    secret = _living(account, params["SecretId"])
    account.put(SECRET, secret["Name"], {**secret, "Policy": None})
    return {"ARN": secret["ARN"]}


@answers("secretsmanager", "RotateSecret")
def rotate(account: Account, params: Params) -> Params:
    """Sets up rotation by a function, which must be open to the service."""
    secret = _living(account, params["SecretId"])
    arn = params.get("RotationLambdaARN") or (secret["Rotation"] or {}).get("RotationLambdaARN")
    if not arn:
        refuse(
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret.",
        )
    if not may_call(account, arn, "secretsmanager.amazonaws.com"):
        refuse(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function "
            "policy grants access to the principal secretsmanager.amazonaws.com.",
        )
    if not any(CURRENT in one["Stages"] for one in secret["Versions"].values()):
        refuse(
            "InvalidRequestException", "You can't rotate a secret that has no value: AWSCURRENT."
        )
    rules = params.get("RotationRules") or {}
    if ("AutomaticallyAfterDays" in rules) == ("ScheduleExpression" in rules):
        refuse(
            "InvalidParameterException",
            "You must specify either AutomaticallyAfterDays or ScheduleExpression, not both.",
        )
    expression = rules.get("ScheduleExpression", "")
    if expression and not re.fullmatch(r"rate\(\d+ (hours|days?)\)|cron\([^()]+\)", expression):
        refuse("InvalidParameterException", "The schedule expression is not valid.")
    hours = re.fullmatch(r"rate\((\d+) hours\)", expression)
    if hours and int(hours[1]) < 4:
        refuse("InvalidParameterException", "A secret can be rotated every four hours at most.")
    secret["Rotation"] = {
        "RotationLambdaARN": arn,
        "RotationRules": rules,
        "RotateImmediately": params.get("RotateImmediately", True),
    }
    account.put(SECRET, secret["Name"], secret)
    return {"ARN": secret["ARN"]}


@answers("secretsmanager", "CancelRotateSecret")
def cancel_rotation(account: Account, params: Params) -> Params:
    """No rotation any more."""
    secret = _living(account, params["SecretId"])
    account.put(SECRET, secret["Name"], {**secret, "Rotation": None})
    return {"ARN": secret["ARN"]}


@answers("secretsmanager", "TagResource")
def tag_secret(account: Account, params: Params) -> Params:
    """Adds tags."""
    secret = _living(account, params["SecretId"])
    tags = {**secret["Tags"], **tags_of(params["Tags"])}
    account.put(SECRET, secret["Name"], {**secret, "Tags": tags})
    return {}


@answers("secretsmanager", "UntagResource")
def untag_secret(account: Account, params: Params) -> Params:
    """Takes tags away."""
    secret = _living(account, params["SecretId"])
    kept = {key: value for key, value in secret["Tags"].items() if key not in params["TagKeys"]}
    account.put(SECRET, secret["Name"], {**secret, "Tags": kept})
    return {}


@answers("secretsmanager", "DeleteSecret")
def delete_secret(account: Account, params: Params) -> Params:
    """At once, or after a recovery window in which the name stays taken."""
    secret = find(account, params["SecretId"])
    forced = params.get("ForceDeleteWithoutRecovery", False)
    window = params.get("RecoveryWindowInDays")
    if forced and window is not None:
        refuse(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )
    if window is not None and not 7 <= window <= 30:
        refuse(
            "InvalidParameterException",
            "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )
    if forced:
        account.remove(SECRET, secret["Name"])
    else:
        account.put(SECRET, secret["Name"], {**secret, "Deleted": True, "Window": window or 30})
    return {"ARN": secret["ARN"]}
