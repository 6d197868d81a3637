"""Lambda: functions and who may call them."""

from cloud.aws.account import Account, Params, answers, refuse, tags_of
from cloud.aws.model import digest

from .encryption import usable
from .identity import assumable
from .network import group_of, subnet_of

FUNCTION = "lambda.function"
INVALID = "InvalidParameterValueException"
RESERVED = (
    "AWS_LAMBDA", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
)  # fmt: skip
"""Beginnings of names of variables that Lambda sets itself."""


def may_call(account: Account, arn: str, service: str) -> bool:
    """Whether the function's policy lets a service call it."""
    function = account.find(FUNCTION, arn.rpartition(":function:")[2])
    return function is not None and any(
        one["Principal"] == service and one["Action"] in {"lambda:InvokeFunction", "lambda:*"}
        for one in function["Statements"].values()
    )


def _function(account: Account, name: str) -> Params:
    short = name.rpartition(":function:")[2]
    message = f"Function not found: {account.arn('lambda', f'function:{short}')}"
    return account.need(FUNCTION, short, "ResourceNotFoundException", message)


def _check(account: Account, params: Params) -> None:
    if "Role" in params and not assumable(account, params["Role"], "lambda.amazonaws.com"):
        refuse(INVALID, "The role defined for the function cannot be assumed by Lambda.")
    config = params.get("VpcConfig") or {}
    for subnet in config.get("SubnetIds", []):
        subnet_of(account, subnet)
    for group in config.get("SecurityGroupIds", []):
        group_of(account, group)
    if bool(config.get("SubnetIds")) != bool(config.get("SecurityGroupIds")):
        refuse(INVALID, "SubnetIds and SecurityGroupIds must coexist or be both empty list.")
    if params.get("KMSKeyArn"):
        usable(account, params["KMSKeyArn"], "KMSAccessDeniedException")
    variables = params.get("Environment", {}).get("Variables", {})
    reserved = sorted(name for name in variables if name.startswith(RESERVED))
    if reserved:
        refuse(
            INVALID,
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}",
        )
    if sum(len(key) + len(value) for key, value in variables.items()) > 4096:
        refuse(INVALID, "Environment variables exceed the limit of 4KB.")


@answers("lambda", "CreateFunction")
def create_function(account: Account, params: Params) -> Params:
    """A function from a package with a handler."""
    name = params["FunctionName"]
    if account.find(FUNCTION, name):
        refuse("ResourceConflictException", f"Function already exist: {name}")
    if params.get("PackageType", "Zip") == "Zip":
        for member, noun in (("Runtime", "Runtime"), ("Handler", "Handler")):
            if not params.get(member):
                refuse(INVALID, f"{noun} must not be empty for .zip packages")
        if not params["Code"].get("ZipFile") and not params["Code"].get("S3Bucket"):
            refuse(INVALID, "Please provide a source for function code.")
    _check(account, params)
    settings = {key: value for key, value in params.items() if key not in {"Code", "Tags"}}
    function = {
        "MemorySize": 128,
        "Timeout": 3,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "TracingConfig": {"Mode": "PassThrough"},
        "EphemeralStorage": {"Size": 512},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        **settings,
        "FunctionArn": account.arn("lambda", f"function:{name}"),
        "CodeSha256": digest(params["Code"].get("ZipFile", b"")),
        "CodeSize": len(params["Code"].get("ZipFile", b"")),
        "Version": "$LATEST",
        "LastModified": "2026-01-01T00:00:00.000+0000",
        "Statements": {},
        "Reserved": None,
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(FUNCTION, name, function)
    return function


@answers("lambda", "GetFunction")
def get_function(account: Account, params: Params) -> Params:
    """A function."""
    return {"Configuration": _function(account, params["FunctionName"])}


@answers("lambda", "UpdateFunctionConfiguration")
def update_configuration(account: Account, params: Params) -> Params:
    """Changes settings."""
    function = _function(account, params["FunctionName"])
    _check(account, params)
    changed = {**function, **params, "FunctionName": function["FunctionName"]}
    account.put(FUNCTION, function["FunctionName"], changed)
    return {}


@answers("lambda", "UpdateFunctionCode")
def update_code(account: Account, params: Params) -> Params:
    """Another package."""
    function = _function(account, params["FunctionName"])
    data = params.get("ZipFile", b"")
    changed = {**function, "CodeSha256": digest(data), "CodeSize": len(data)}
    account.put(FUNCTION, function["FunctionName"], changed)
    return {}


@answers("lambda", "PutFunctionConcurrency")
def put_concurrency(account: Account, params: Params) -> Params:
    """Reserves executions for the function."""
    function = _function(account, params["FunctionName"])
    reserved = params["ReservedConcurrentExecutions"]
    account.put(FUNCTION, function["FunctionName"], {**function, "Reserved": reserved})
    return {}


@answers("lambda", "DeleteFunctionConcurrency")
def delete_concurrency(account: Account, params: Params) -> Params:
    """Reserves none."""
    function = _function(account, params["FunctionName"])
    account.put(FUNCTION, function["FunctionName"], {**function, "Reserved": None})
    return {}


@answers("lambda", "AddPermission")
def add_permission(account: Account, params: Params) -> Params:
    """Lets somebody call the function."""
    function = _function(account, params["FunctionName"])
    statement = params["StatementId"]
    if statement in function["Statements"]:
        refuse(
            "ResourceConflictException",
            f"The statement id ({statement}) provided already exists. Please provide a new "
            "statement id, or remove the existing statement.",
        )
    if "." not in params["Principal"] and not params["Principal"].startswith(("arn:", "*")):
        refuse(INVALID, "The provided principal was invalid. Please check the principal.")
    function["Statements"][statement] = {
        key: value for key, value in params.items() if key != "FunctionName"
    }
    account.put(FUNCTION, function["FunctionName"], function)
    return {"Statement": statement}


@answers("lambda", "GetPolicy")
def get_policy(account: Account, params: Params) -> Params:
    """The statements of the function's policy."""
    function = _function(account, params["FunctionName"])
    if not function["Statements"]:
        refuse("ResourceNotFoundException", "The resource you requested does not exist.")
    return {"Statements": function["Statements"]}


@answers("lambda", "RemovePermission")
def remove_permission(account: Account, params: Params) -> Params:
    """Lets somebody no longer call the function."""
    function = _function(account, params["FunctionName"])
    if params["StatementId"] not in function["Statements"]:
        refuse("ResourceNotFoundException", f"Statement {params['StatementId']} is not found in "
               "resource policy.")  # fmt: skip
    del function["Statements"][params["StatementId"]]
    account.put(FUNCTION, function["FunctionName"], function)
    return {}


@answers("lambda", "TagResource")
def tag_function(account: Account, params: Params) -> Params:
    """Adds tags."""
    function = _function(account, params["Resource"])
    tags = {**function["Tags"], **tags_of(params["Tags"])}
    account.put(FUNCTION, function["FunctionName"], {**function, "Tags": tags})
    return {}


@answers("lambda", "UntagResource")
def untag_function(account: Account, params: Params) -> Params:
    """Takes tags away."""
    function = _function(account, params["Resource"])
    kept = {key: value for key, value in function["Tags"].items() if key not in params["TagKeys"]}
    account.put(FUNCTION, function["FunctionName"], {**function, "Tags": kept})
    return {}


@answers("lambda", "DeleteFunction")
def delete_function(account: Account, params: Params) -> Params:
    """The function and its policy."""
    function = _function(account, params["FunctionName"])
    account.remove(FUNCTION, function["FunctionName"])
    return {}
