"""elasticache: users and user groups."""

from collections.abc import Iterable
from typing import Any

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.resource import Resource, Values

from .common import COMMON, conflicting, known, listed, needing, one_of, tag_changes, tagged

SERVICE = "elasticache"


def engine(inputs: Values) -> Iterable[Failure]:
    """The engine, in any case of letters."""
    value = inputs.get("engine")
    if known(value):
        yield from one_of({"engine": value.lower()}, "engine", "redis", "valkey")


def retag(api: AwsApi, arn: str, old: Values, new: Values) -> None:
    """Brings the tags of something of ElastiCache up to date."""
    gone, tags = tag_changes(old, new)
    if gone:
        api.call(SERVICE, "RemoveTagsFromResource", ResourceName=arn, TagKeys=gone)
    if tags:
        api.call(SERVICE, "AddTagsToResource", ResourceName=arn, Tags=listed(tags))


class User(Resource):
    """A user."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from engine(inputs)
        passwords = inputs.get("passwords")
        if isinstance(passwords, list):
            if len(passwords) > 2:
                yield Failure("passwords", "Too many passwords. No more than 2 are allowed")
            for password in passwords:
                if known(password) and not 16 <= len(password) <= 128:
                    yield Failure(
                        "passwords", "expected length of passwords to be in the range (16 - 128)"
                    )
        mode = inputs.get("authenticationMode")
        if isinstance(mode, dict):
            yield from one_of(mode, "type", "password", "no-password-required", "iam")
        yield from conflicting(inputs, "passwordsWo", "passwords", "authenticationMode")
        yield from needing(inputs, "passwordsWo", "passwordsWoVersion")

    @staticmethod
    def _secrets(inputs: Values, *names: str) -> Values:
        request: Values = {}
        mode = inputs.get("authenticationMode")
        if "authenticationMode" in names and mode:
            request["AuthenticationMode"] = {"Type": mode["type"]}
            if mode.get("passwords"):
                request["AuthenticationMode"]["Passwords"] = mode["passwords"]
        if "passwords" in names and inputs.get("passwords"):
            request["Passwords"] = inputs["passwords"]
        if "passwordsWo" in names and inputs.get("passwordsWo"):
            request["Passwords"] = [inputs["passwordsWo"]]
        return request

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating ElastiCache User ({inputs['userId']})"):
            made = api.call(
                SERVICE,
                "CreateUser",
                UserId=inputs["userId"],
                UserName=inputs["userName"],
                Engine=inputs["engine"],
                AccessString=inputs["accessString"],
                NoPasswordRequired=inputs.get("noPasswordRequired") or None,
                Tags=listed(inputs.get("tags")),
                **self._secrets(inputs, "authenticationMode", "passwords", "passwordsWo"),
            )
        return made["UserId"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask(SERVICE, "DescribeUsers", "UserNotFound", UserId=identifier)
        if found is None:
            return None
        one = found["Users"][0]
        mode = {
            "type": one["Authentication"]["Type"],
            "passwordCount": len(one["Authentication"]["Passwords"]),
            "passwords": (state.get("authenticationMode") or {}).get("passwords"),
        }
        return {
            "arn": one["ARN"],
            "userId": one["UserId"],
            "userName": one["UserName"],
            "engine": one["Engine"],
            "accessString": one["AccessString"],
            "authenticationMode": {key: value for key, value in mode.items() if value is not None},
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating ElastiCache User ({identifier})"):
            request: Values = {}
            if "accessString" in changed:
                request["AccessString"] = new["accessString"]
            if "engine" in changed:
                request["Engine"] = new["engine"]
            if "noPasswordRequired" in changed:
                request["NoPasswordRequired"] = new.get("noPasswordRequired", False)
            named = {"passwordsWoVersion": "passwordsWo"}
            request |= self._secrets(new, *(named.get(name, name) for name in changed))
            if changed - {"tags"}:
                api.call(SERVICE, "ModifyUser", UserId=identifier, **request)
            retag(api, old["arn"], old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting ElastiCache User ({identifier})"):
            api.drop(SERVICE, "DeleteUser", "UserNotFound", UserId=identifier)


class UserGroup(Resource):
    """A user group."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from engine(inputs)

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating ElastiCache User Group ({inputs['userGroupId']})"):
            return api.call(
                SERVICE,
                "CreateUserGroup",
                UserGroupId=inputs["userGroupId"],
                Engine=inputs["engine"],
                UserIds=inputs.get("userIds") or None,
                Tags=listed(inputs.get("tags")),
            )["UserGroupId"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "UserGroupNotFound"
        found = api.ask(SERVICE, "DescribeUserGroups", missing, UserGroupId=identifier)
        if found is None:
            return None
        one = found["UserGroups"][0]
        return {
            "arn": one["ARN"],
            "userGroupId": one["UserGroupId"],
            "engine": one["Engine"],
            "userIds": one["UserIds"],
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        before, after = set(old.get("userIds") or []), set(new.get("userIds") or [])
        with doing(f"updating ElastiCache User Group ({identifier})"):
            if before != after:
                api.call(
                    SERVICE,
                    "ModifyUserGroup",
                    UserGroupId=identifier,
                    UserIdsToAdd=sorted(after - before) or None,
                    UserIdsToRemove=sorted(before - after) or None,
                )
            retag(api, old["arn"], old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting ElastiCache User Group ({identifier})"):
            api.drop(SERVICE, "DeleteUserGroup", "UserGroupNotFound", UserGroupId=identifier)


class UserGroupAssociation(Resource):
    """One user in a group that knows nothing of it."""

    @staticmethod
    def _modify(api: AwsApi, inputs: Values, member: str) -> None:
        request: dict[str, Any] = {member: [inputs["userId"]]}
        api.drop(
            SERVICE,
            "ModifyUserGroup",
            *(("UserGroupNotFound", "UserNotFound") if member.endswith("Remove") else ()),
            UserGroupId=inputs["userGroupId"],
            **request,
        )

    def create(self, api: AwsApi, inputs: Values) -> str:
        identifier = f"{inputs['userGroupId']},{inputs['userId']}"
        with doing(f"creating ElastiCache User Group Association ({identifier})"):
            self._modify(api, inputs, "UserIdsToAdd")
        return identifier

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        group, _, user = identifier.partition(",")
        missing = "UserGroupNotFound"
        found = api.ask(SERVICE, "DescribeUserGroups", missing, UserGroupId=group)
        if found is None or user not in found["UserGroups"][0]["UserIds"]:
            return None
        return {"userGroupId": group, "userId": user, "region": api.region}

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting ElastiCache User Group Association ({identifier})"):
            self._modify(api, state, "UserIdsToRemove")


RESOURCES: tuple[Resource, ...] = (
    User(
        sdk="pulumi_aws.elasticache:User",
        models=COMMON
        | {"userId", "userName", "engine", "accessString", "passwords", "noPasswordRequired",
           "authenticationMode", "passwordsWo", "passwordsWoVersion"},
        defaults={"noPasswordRequired": False},
        replaces=frozenset({"userId", "userName"}),
        rules=Rules(
            computed=frozenset({"authenticationMode", "authenticationMode.passwordCount"}),
            caseless=frozenset({"engine", "userId"}),
        ),
        kept=frozenset(
            {"passwords", "passwordsWo", "passwordsWoVersion", "noPasswordRequired"}
        ),
    ),
    UserGroup(
        sdk="pulumi_aws.elasticache:UserGroup",
        models=COMMON | {"userGroupId", "engine", "userIds"},
        replaces=frozenset({"userGroupId", "engine"}),
        rules=Rules(caseless=frozenset({"engine", "userGroupId"})),
    ),
    UserGroupAssociation(
        sdk="pulumi_aws.elasticache:UserGroupAssociation",
        models=frozenset({"region", "userGroupId", "userId"}),
        replaces=frozenset({"userGroupId", "userId"}),
    ),
)  # fmt: skip
