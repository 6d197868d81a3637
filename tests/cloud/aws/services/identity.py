"""IAM: roles, their policies, managed policies."""

import secrets

from cloud.aws.account import Account, Params, answers, refuse, tags_of
from cloud.aws.policies import allowed, parse

ROLE, POLICY = "iam.role", "iam.policy"
MALFORMED = "MalformedPolicyDocument"


def assumable(account: Account, arn: str, service: str) -> bool:
    """Whether there is such a role and the service may take it on."""
    role = account.find(ROLE, arn.rpartition("/")[2])
    if role is None or role["Arn"] != arn:
        return False
    statements = parse(role["AssumeRolePolicyDocument"], MALFORMED, principal=True)
    return allowed(statements, service, "sts:AssumeRole")


def _role(account: Account, name: str) -> Params:
    message = f"The role with name {name} cannot be found."
    return account.need(ROLE, name, "NoSuchEntity", message)


def _policy(account: Account, arn: str) -> Params:
    if arn.startswith(f"arn:{account.partition}:iam::aws:policy/"):
        return {"Arn": arn, "AttachmentCount": 0}
    message = f"Policy {arn} does not exist or is not attachable."
    return account.need(POLICY, arn, "NoSuchEntity", message)


@answers("iam", "CreateRole")
def create_role(account: Account, params: Params) -> Params:
    """A role; its trust policy names who may take it on."""
    name = params["RoleName"]
    if account.find(ROLE, name):
        refuse("EntityAlreadyExists", f"Role with name {name} already exists.")
    statements = parse(params["AssumeRolePolicyDocument"], MALFORMED, principal=True)
    for statement in statements:
        if {"Resource", "NotResource"} & set(statement):
            refuse(MALFORMED, "Has prohibited field Resource")
    path = params.get("Path", "/")
    role = {
        "RoleName": name,
        "Path": path,
        "Arn": account.arn("iam", f"role{path}{name}"),
        "RoleId": f"AROA{secrets.token_hex(9)[:17].upper()}",
        "CreateDate": "2026-01-01T00:00:00Z",
        "AssumeRolePolicyDocument": params["AssumeRolePolicyDocument"],
        "Description": params.get("Description", ""),
        "MaxSessionDuration": params.get("MaxSessionDuration", 3600),
        "PermissionsBoundary": params.get("PermissionsBoundary"),
        "Inline": {},
        "Attached": [],
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(ROLE, name, role)
    return {"Role": role}


@answers("iam", "GetRole")
def get_role(account: Account, params: Params) -> Params:
    """A role."""
    return {"Role": _role(account, params["RoleName"])}


def _change_role(account: Account, name: str, **changes: object) -> Params:
    account.put(ROLE, name, {**_role(account, name), **changes})
    return {}


@answers("iam", "UpdateAssumeRolePolicy")
def update_trust(account: Account, params: Params) -> Params:
    """Another trust policy."""
    parse(params["PolicyDocument"], MALFORMED, principal=True)
    document = params["PolicyDocument"]
    return _change_role(account, params["RoleName"], AssumeRolePolicyDocument=document)


@answers("iam", "UpdateRole")
def update_role(account: Account, params: Params) -> Params:
    """Description and length of a session."""
    names = {"Description", "MaxSessionDuration"} & set(params)
    return _change_role(account, params["RoleName"], **{name: params[name] for name in names})


@answers("iam", "TagRole")
def tag_role(account: Account, params: Params) -> Params:
    """Adds tags."""
    tags = {**_role(account, params["RoleName"])["Tags"], **tags_of(params["Tags"])}
    return _change_role(account, params["RoleName"], Tags=tags)


@answers("iam", "UntagRole")
def untag_role(account: Account, params: Params) -> Params:
    """Takes tags away."""
    tags = _role(account, params["RoleName"])["Tags"]
    kept = {key: tags[key] for key in tags if key not in params["TagKeys"]}
    return _change_role(account, params["RoleName"], Tags=kept)


@answers("iam", "DeleteRole")
def delete_role(account: Account, params: Params) -> Params:
    """Only a role without policies."""
    role = _role(account, params["RoleName"])
    if role["Attached"]:
        refuse("DeleteConflict", "Cannot delete entity, must detach all policies first.")
    if role["Inline"]:
        refuse("DeleteConflict", "Cannot delete entity, must delete policies first.")
    account.remove(ROLE, params["RoleName"])
    return {}


@answers("iam", "PutRolePolicy")
def put_role_policy(account: Account, params: Params) -> Params:
    """An inline policy."""
    role = _role(account, params["RoleName"])
    parse(params["PolicyDocument"], MALFORMED, principal=False)
    inline = {**role["Inline"], params["PolicyName"]: params["PolicyDocument"]}
    if sum(len("".join(document.split())) for document in inline.values()) > 10_240:
        refuse("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role")
    return _change_role(account, params["RoleName"], Inline=inline)


@answers("iam", "GetRolePolicy")
def get_role_policy(account: Account, params: Params) -> Params:
    """An inline policy."""
    inline = _role(account, params["RoleName"])["Inline"]
    if params["PolicyName"] not in inline:
        refuse("NoSuchEntity", f"The role policy with name {params['PolicyName']} cannot be found.")
    return {"PolicyDocument": inline[params["PolicyName"]], **params}


@answers("iam", "DeleteRolePolicy")
def delete_role_policy(account: Account, params: Params) -> Params:
    """Takes an inline policy away."""
    get_role_policy(account, params)
    inline = dict(_role(account, params["RoleName"])["Inline"])
    del inline[params["PolicyName"]]
    return _change_role(account, params["RoleName"], Inline=inline)


@answers("iam", "AttachRolePolicy")
def attach(account: Account, params: Params) -> Params:
    """A managed policy for a role, of which it has up to ten."""
    role = _role(account, params["RoleName"])
    _policy(account, params["PolicyArn"])
    attached = sorted({*role["Attached"], params["PolicyArn"]})
    if len(attached) > 10:
        refuse("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
    return _change_role(account, params["RoleName"], Attached=attached)


@answers("iam", "ListAttachedRolePolicies")
def list_attached(account: Account, params: Params) -> Params:
    """Managed policies of a role."""
    attached = _role(account, params["RoleName"])["Attached"]
    return {"AttachedPolicies": [{"PolicyArn": arn} for arn in attached]}


@answers("iam", "DetachRolePolicy")
def detach(account: Account, params: Params) -> Params:
    """Takes a managed policy from a role."""
    role = _role(account, params["RoleName"])
    if params["PolicyArn"] not in role["Attached"]:
        refuse("NoSuchEntity", f"Policy {params['PolicyArn']} was not found.")
    kept = [arn for arn in role["Attached"] if arn != params["PolicyArn"]]
    return _change_role(account, params["RoleName"], Attached=kept)


@answers("iam", "CreatePolicy")
def create_policy(account: Account, params: Params) -> Params:
    """A managed policy."""
    path = params.get("Path", "/")
    arn = account.arn("iam", f"policy{path}{params['PolicyName']}")
    if account.find(POLICY, arn):
        refuse(
            "EntityAlreadyExists", f"A policy called {params['PolicyName']} already exists. "
            "Duplicate names are not allowed."
        )  # fmt: skip
    _check_managed(params["PolicyDocument"])
    policy = {
        "PolicyName": params["PolicyName"],
        "PolicyId": f"ANPA{secrets.token_hex(9)[:17].upper()}",
        "Path": path,
        "Arn": arn,
        "Description": params.get("Description", ""),
        "Versions": 1,
        "Document": params["PolicyDocument"],
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(POLICY, arn, policy)
    return {"Policy": policy}


def _check_managed(document: str) -> None:
    parse(document, MALFORMED, principal=False)
    if len("".join(document.split())) > 6144:
        refuse("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")


@answers("iam", "GetPolicy")
def get_policy(account: Account, params: Params) -> Params:
    """A managed policy."""
    return {"Policy": _policy(account, params["PolicyArn"])}


@answers("iam", "CreatePolicyVersion")
def create_policy_version(account: Account, params: Params) -> Params:
    """Another document for the policy, which keeps five."""
    policy = _policy(account, params["PolicyArn"])
    _check_managed(params["PolicyDocument"])
    # The provider deletes the oldest version before it makes a sixth.
    versions = min(policy["Versions"] + 1, 5)
    changed = {**policy, "Document": params["PolicyDocument"], "Versions": versions}
    account.put(POLICY, policy["Arn"], changed)
    return {"PolicyVersion": {"IsDefaultVersion": True}}


@answers("iam", "TagPolicy")
def tag_policy(account: Account, params: Params) -> Params:
    """Adds tags."""
    policy = _policy(account, params["PolicyArn"])
    tags = {**policy["Tags"], **tags_of(params["Tags"])}
    account.put(POLICY, policy["Arn"], {**policy, "Tags": tags})
    return {}


@answers("iam", "UntagPolicy")
def untag_policy(account: Account, params: Params) -> Params:
    """Takes tags away."""
    policy = _policy(account, params["PolicyArn"])
    kept = {key: value for key, value in policy["Tags"].items() if key not in params["TagKeys"]}
    account.put(POLICY, policy["Arn"], {**policy, "Tags": kept})
    return {}


@answers("iam", "DeletePolicy")
def delete_policy(account: Account, params: Params) -> Params:
    """Only a policy that nobody has."""
    policy = _policy(account, params["PolicyArn"])
    if any(policy["Arn"] in role["Attached"] for role in account.all(ROLE).values()):
        refuse("DeleteConflict", "Cannot delete a policy attached to entities.")
    account.remove(POLICY, policy["Arn"])
    return {}
