"""ElastiCache: users and user groups."""

import re
from typing import Any

from cloud.aws.account import Account, Params, answers, refuse, tags_of
from cloud.aws.model import digest

USER, USER_GROUP = "elasticache.user", "elasticache.user-group"
ENGINES = ("redis", "valkey")


def user_of(account: Account, identifier: str) -> Params:
    """A user. Raises when there is none."""
    name = identifier.lower()
    return account.need(USER, name, "UserNotFound", f"User {identifier} not found.")


def group_of(account: Account, identifier: str) -> Params:
    """A user group. Raises when there is none."""
    message = f"User group {identifier} not found."
    return account.need(USER_GROUP, identifier.lower(), "UserGroupNotFound", message)


def group_users(account: Account, identifier: str) -> list[str]:
    """The caches that a user group is attached to."""
    node_based = account.all("elasticache.replication-group")
    serverless = account.all("elasticache.serverless")
    return [
        *(name for name, one in node_based.items() if identifier in one.get("UserGroupIds", [])),
        *(name for name, one in serverless.items() if one.get("UserGroupId") == identifier),
    ]


def canonical_access(text: str) -> str:
    """An access string as the service gives it back. Refuses what is none."""
    state, keys, channels, commands = "", [], [], []
    for word in text.split():
        if word in {"on", "off"}:
            state = word
        elif word == "allkeys" or re.fullmatch(r"(%(R|W|RW))?~\S+", word):
            keys.append("~*" if word == "allkeys" else word)
        elif word in {"allchannels", "resetchannels"} or word.startswith("&"):
            channels.append("&*" if word == "allchannels" else word)
        elif word in {"allcommands", "nocommands"} or re.fullmatch(r"[+-]@?[a-z|-]+", word):
            commands.append({"allcommands": "+@all", "nocommands": "-@all"}.get(word, word))
        elif word not in {"resetkeys", "clearselectors"}:
            _bad_access(word)
    if not state:
        _bad_access(text)
    if commands and commands[0] not in {"+@all", "-@all"}:
        commands.insert(0, "-@all")
    return " ".join([state, *keys, *channels, *commands])


def _bad_access(word: str) -> None:
    refuse(
        "InvalidParameterValue",
        f"Unrecognized command or invalid access string: {word}",
    )


def _engine(text: str) -> str:
    engine = text.lower()
    if engine not in ENGINES:
        refuse("InvalidParameterValue", "The parameter Engine must be one of: redis, valkey")
    return engine


def _authentication(params: Params, user: Params) -> Params:
    """How the user proves who it is: type and hashes of passwords."""
    mode: dict[str, Any] = params.get("AuthenticationMode", {})
    if mode and ("Passwords" in params or params.get("NoPasswordRequired")):
        refuse(
            "InvalidParameterCombination",
            "AuthenticationMode cannot be combined with Passwords or NoPasswordRequired",
        )
    if params.get("NoPasswordRequired") and "Passwords" in params:
        refuse(
            "InvalidParameterCombination",
            "Passwords cannot be set when NoPasswordRequired is true",
        )
    kind = mode.get("Type")
    passwords = mode.get("Passwords", params.get("Passwords"))
    if params.get("NoPasswordRequired") or kind == "no-password-required":
        return _no_password(user, passwords)
    if kind == "iam":
        return _iam(user, passwords)
    if passwords is None:
        refuse(
            "InvalidParameterValue",
            "Either Passwords must be given or NoPasswordRequired must be true",
        )
    if not 1 <= len(passwords) <= 2 or len(set(passwords)) != len(passwords):
        refuse("InvalidParameterValue", "A user has one or two different passwords")
    for password in passwords:
        if not re.fullmatch(r"[!-~]{16,128}", password) or set(password) & set(',"/@'):
            refuse(
                "InvalidParameterValue",
                'Passwords have 16 to 128 printable characters and none of , " / @',
            )
    return {"Type": "password", "Passwords": [digest(one) for one in passwords]}


def _no_password(user: Params, passwords: Any) -> Params:
    if passwords:
        refuse("InvalidParameterCombination", "A user without password has no passwords")
    if user["Engine"] == "valkey":
        refuse(
            "InvalidParameterCombination",
            "No password required is not supported for engine valkey",
        )
    return {"Type": "no-password", "Passwords": []}


def _iam(user: Params, passwords: Any) -> Params:
    if passwords:
        refuse("InvalidParameterCombination", "A user with IAM authentication has no passwords")
    if user["UserId"] != user["UserName"].lower():
        refuse(
            "InvalidParameterValue",
            "The user id and user name must be identical for IAM authentication",
        )
    return {"Type": "iam", "Passwords": []}


@answers("elasticache", "CreateUser")
def create_user(account: Account, params: Params) -> Params:
    """A user; its id is stored lower-case and unique in the region."""
    identifier = params["UserId"].lower()
    if len(identifier) > 40:
        refuse("InvalidParameterValue", "The user id has up to 40 characters")
    if identifier == "default" or account.find(USER, identifier):
        refuse("UserAlreadyExists", f"User {identifier} already exists.")
    user = {
        "UserId": identifier,
        "UserName": params["UserName"],
        "Engine": _engine(params["Engine"]),
        "AccessString": canonical_access(params["AccessString"]),
        "Status": "active",
        "ARN": account.arn("elasticache", f"user:{identifier}"),
        "Tags": tags_of(params.get("Tags")),
    }
    user["Authentication"] = _authentication(params, user)
    account.put(USER, identifier, user)
    return user


@answers("elasticache", "DescribeUsers")
def describe_users(account: Account, params: Params) -> Params:
    """A user by id."""
    return {"Users": [user_of(account, params["UserId"])]}


@answers("elasticache", "ModifyUser")
def modify_user(account: Account, params: Params) -> Params:
    """Access, passwords or engine."""
    user = user_of(account, params["UserId"])
    if user["Status"] != "active":
        refuse("InvalidUserState", f"User {user['UserId']} is {user['Status']}")
    if "Engine" in params:
        engine = _engine(params["Engine"])
        groups = [
            one for one in account.all(USER_GROUP).values() if user["UserId"] in one["UserIds"]
        ]
        if engine == "valkey" and any(one["Engine"] == "redis" for one in groups):
            refuse(
                "InvalidParameterCombination",
                "A user of a redis user group must have the engine redis",
            )
        user["Engine"] = engine
    if "AccessString" in params:
        user["AccessString"] = canonical_access(params["AccessString"])
    if {"Passwords", "AuthenticationMode"} & set(params) or params.get("NoPasswordRequired"):
        user["Authentication"] = _authentication(params, user)
    elif params.get("NoPasswordRequired") is False and user["Authentication"]["Type"] not in {
        "password", "iam"
    }:  # fmt: skip
        refuse("InvalidParameterCombination", "A user without passwords needs passwords now")
    account.put(USER, user["UserId"], user)
    return user


@answers("elasticache", "DeleteUser")
def delete_user(account: Account, params: Params) -> Params:
    """Only a user that no group has.

    Stricter than AWS, which takes the user out of its groups: those are then being modified, and
    whoever changes them at that moment is refused.
    """
    user = user_of(account, params["UserId"])
    for identifier, group in account.all(USER_GROUP).items():
        if user["UserId"] in group["UserIds"]:
            if user["UserName"] == "default" and group["Engine"] == "redis":
                refuse(
                    "DefaultUserAssociatedToUserGroup",
                    "The default user is associated to a user group and cannot be deleted.",
                )
            refuse(
                "InvalidUserState",
                f"User {user['UserId']} is still a member of user group {identifier}",
            )
    account.remove(USER, user["UserId"])
    return user


def _check_members(account: Account, engine: str, user_ids: list[str]) -> None:
    users = [user_of(account, one) for one in user_ids]
    names = [user["UserName"] for user in users]
    if len(set(names)) != len(names):
        refuse(
            "DuplicateUserName", "User group contains two or more users with the same user name."
        )
    if len(users) > 100:
        refuse("UserQuotaExceeded", "A user group has up to 100 users")
    if engine == "redis":
        if "default" not in names:
            refuse(
                "DefaultUserRequired",
                "User group needs to contain a user with the user name default.",
            )
        strangers = [user["UserId"] for user in users if user["Engine"] != "redis"]
        if strangers:
            refuse(
                "InvalidParameterCombination",
                f"Users of another engine in a redis user group: {', '.join(strangers)}",
            )
    elif any(user["Authentication"]["Type"] == "no-password" for user in users):
        refuse(
            "InvalidParameterCombination",
            "A valkey user group cannot contain users without password",
        )


@answers("elasticache", "CreateUserGroup")
def create_group(account: Account, params: Params) -> Params:
    """Users that a cache lets in."""
    identifier = params["UserGroupId"].lower()
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", identifier):
        refuse(
            "InvalidParameterValue",
            "The parameter UserGroupId is not a valid identifier. Identifiers must begin with a "
            "letter and have up to 40 letters, digits and hyphens.",
        )
    if account.find(USER_GROUP, identifier):
        refuse("UserGroupAlreadyExists", f"User group {identifier} already exists.")
    engine = _engine(params["Engine"])
    members = sorted({one.lower() for one in params.get("UserIds", [])})
    _check_members(account, engine, members)
    group = {
        "UserGroupId": identifier,
        "Engine": engine,
        "UserIds": members,
        "Status": "active",
        "ARN": account.arn("elasticache", f"usergroup:{identifier}"),
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(USER_GROUP, identifier, group)
    return group


@answers("elasticache", "DescribeUserGroups")
def describe_groups(account: Account, params: Params) -> Params:
    """A user group by id."""
    return {"UserGroups": [group_of(account, params["UserGroupId"])]}


@answers("elasticache", "ModifyUserGroup")
def modify_group(account: Account, params: Params) -> Params:
    """Users in and out."""
    group = group_of(account, params["UserGroupId"])
    if group["Status"] != "active":
        refuse("InvalidUserGroupState", f"User group {group['UserGroupId']} is not active")
    adding = {one.lower() for one in params.get("UserIdsToAdd", [])}
    removing = {one.lower() for one in params.get("UserIdsToRemove", [])}
    if not adding and not removing:
        refuse("InvalidParameterCombination", "No modifications were requested")
    if adding & set(group["UserIds"]):
        refuse("InvalidParameterValue", "A user is in the group already")
    strangers = removing - set(group["UserIds"])
    if strangers:
        refuse("UserNotFound", f"User {min(strangers)} is not a member of the user group")
    members = sorted((set(group["UserIds"]) - removing) | adding)
    _check_members(account, group["Engine"], members)
    account.put(USER_GROUP, group["UserGroupId"], {**group, "UserIds": members})
    return group


@answers("elasticache", "DeleteUserGroup")
def delete_group(account: Account, params: Params) -> Params:
    """Only a group that no cache has."""
    group = group_of(account, params["UserGroupId"])
    caches = group_users(account, group["UserGroupId"])
    if caches:
        refuse(
            "InvalidUserGroupState",
            f"User group {group['UserGroupId']} is associated with: {', '.join(caches)}",
        )
    account.remove(USER_GROUP, group["UserGroupId"])
    return group
