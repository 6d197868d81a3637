"""iam: roles, their policies, managed policies."""

from collections.abc import Iterable

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import between, documents, listed, tag_changes

GONE = "NoSuchEntity"


def _tagged(tags: Values) -> Values:
    """The outputs of types that belong to no region."""
    return {"tags": dict(tags) or None, "tagsAll": dict(tags)}


class Role(Resource):
    """A role."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from documents(inputs, "assumeRolePolicy")
        yield from between(inputs, "maxSessionDuration", 3600, 43200)

    def create(self, api: AwsApi, inputs: Values) -> str:
        name = inputs["name"]
        with doing(f"creating IAM Role ({name})"):
            api.call(
                "iam",
                "CreateRole",
                RoleName=name,
                Path=inputs.get("path"),
                AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
                Description=inputs.get("description"),
                MaxSessionDuration=inputs.get("maxSessionDuration"),
                PermissionsBoundary=inputs.get("permissionsBoundary"),
                Tags=listed(inputs.get("tags")),
            )
        return name

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("iam", "GetRole", GONE, RoleName=identifier)
        if found is None:
            return None
        one = found["Role"]
        return {
            "arn": one["Arn"],
            "name": one["RoleName"],
            "namePrefix": "",
            "path": one["Path"],
            "uniqueId": one["RoleId"],
            "createDate": one["CreateDate"],
            "assumeRolePolicy": one["AssumeRolePolicyDocument"],
            "description": one["Description"] or None,
            "maxSessionDuration": one["MaxSessionDuration"],
            "permissionsBoundary": one["PermissionsBoundary"],
            "inlinePolicies": [],
            "managedPolicyArns": one["Attached"],
            **_tagged(one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating IAM Role ({identifier})"):
            if "assumeRolePolicy" in changed:
                document = new["assumeRolePolicy"]
                api.call(
                    "iam", "UpdateAssumeRolePolicy", RoleName=identifier, PolicyDocument=document
                )
            if changed & {"description", "maxSessionDuration"}:
                api.call(
                    "iam",
                    "UpdateRole",
                    RoleName=identifier,
                    Description=new.get("description"),
                    MaxSessionDuration=new.get("maxSessionDuration"),
                )
            gone, tags = tag_changes(old, new)
            if gone:
                api.call("iam", "UntagRole", RoleName=identifier, TagKeys=gone)
            if tags:
                api.call("iam", "TagRole", RoleName=identifier, Tags=listed(tags))

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting IAM Role ({identifier})"):
            api.drop("iam", "DeleteRole", GONE, RoleName=identifier)


class RolePolicy(Resource):
    """A policy inside a role."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from documents(inputs, "policy")

    @staticmethod
    def _put(api: AwsApi, inputs: Values) -> None:
        api.call(
            "iam",
            "PutRolePolicy",
            RoleName=inputs["role"],
            PolicyName=inputs["name"],
            PolicyDocument=inputs["policy"],
        )

    def create(self, api: AwsApi, inputs: Values) -> str:
        identifier = f"{inputs['role']}:{inputs['name']}"
        with doing(f"creating IAM Role Policy ({identifier})"):
            self._put(api, inputs)
        return identifier

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        role, _, name = identifier.partition(":")
        found = api.ask("iam", "GetRolePolicy", GONE, RoleName=role, PolicyName=name)
        if found is None:
            return None
        document = found["PolicyDocument"]
        return {"role": role, "name": name, "namePrefix": "", "policy": document}

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating IAM Role Policy ({identifier})"):
            self._put(api, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        role, _, name = identifier.partition(":")
        with doing(f"deleting IAM Role Policy ({identifier})"):
            api.drop("iam", "DeleteRolePolicy", GONE, RoleName=role, PolicyName=name)


class RolePolicyAttachment(Resource):
    """A managed policy of a role."""

    def create(self, api: AwsApi, inputs: Values) -> str:
        role, arn = inputs["role"], inputs["policyArn"]
        with doing(f"attaching IAM Policy ({arn}) to IAM Role ({role})"):
            api.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)
        return f"{role}/{arn}"

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        role, _, arn = identifier.partition("/")
        found = api.ask("iam", "ListAttachedRolePolicies", GONE, RoleName=role) or {}
        if arn not in [one["PolicyArn"] for one in found.get("AttachedPolicies", [])]:
            return None
        return {"role": role, "policyArn": arn}

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        role, arn = state["role"], state["policyArn"]
        with doing(f"detaching IAM Policy ({arn}) from IAM Role ({role})"):
            api.drop("iam", "DetachRolePolicy", GONE, RoleName=role, PolicyArn=arn)


class Policy(Resource):
    """A managed policy."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from documents(inputs, "policy")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating IAM Policy ({inputs['name']})"):
            return api.call(
                "iam",
                "CreatePolicy",
                PolicyName=inputs["name"],
                Path=inputs.get("path"),
                PolicyDocument=inputs["policy"],
                Description=inputs.get("description"),
                Tags=listed(inputs.get("tags")),
            )["Policy"]["Arn"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("iam", "GetPolicy", GONE, PolicyArn=identifier)
        if found is None:
            return None
        one = found["Policy"]
        roles = api.account.all("iam.role").values()
        return {
            "arn": one["Arn"],
            "name": one["PolicyName"],
            "namePrefix": "",
            "path": one["Path"],
            "policyId": one["PolicyId"],
            "policy": one["Document"],
            "description": one["Description"] or None,
            "attachmentCount": sum(identifier in role["Attached"] for role in roles),
            **_tagged(one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating IAM Policy ({identifier})"):
            if "policy" in changed:
                api.call(
                    "iam",
                    "CreatePolicyVersion",
                    PolicyArn=identifier,
                    PolicyDocument=new["policy"],
                    SetAsDefault=True,
                )
            gone, tags = tag_changes(old, new)
            if gone:
                api.call("iam", "UntagPolicy", PolicyArn=identifier, TagKeys=gone)
            if tags:
                api.call("iam", "TagPolicy", PolicyArn=identifier, Tags=listed(tags))

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting IAM Policy ({identifier})"):
            api.drop("iam", "DeletePolicy", GONE, PolicyArn=identifier)


_PREFIX = frozenset({"namePrefix"})

RESOURCES: tuple[Resource, ...] = (
    Role(
        sdk="pulumi_aws.iam:Role",
        models=frozenset(
            {"name", "path", "assumeRolePolicy", "description", "maxSessionDuration",
             "permissionsBoundary", "forceDetachPolicies", "tags"}
        ),
        named=AutoName("name", 64),
        defaults={"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False},
        replaces=frozenset({"name", "path"}),
        rules=Rules(
            computed=_PREFIX | {"inlinePolicies", "managedPolicyArns"},
            documents=frozenset({"assumeRolePolicy"}),
        ),
        kept=frozenset({"forceDetachPolicies"}),
    ),
    RolePolicy(
        sdk="pulumi_aws.iam:RolePolicy",
        models=frozenset({"name", "role", "policy"}),
        named=AutoName("name"),
        replaces=frozenset({"name", "role"}),
        rules=Rules(computed=_PREFIX, documents=frozenset({"policy"})),
    ),
    RolePolicyAttachment(
        sdk="pulumi_aws.iam:RolePolicyAttachment",
        models=frozenset({"role", "policyArn"}),
        replaces=frozenset({"role", "policyArn"}),
        delete_first=True,
    ),
    Policy(
        sdk="pulumi_aws.iam:Policy",
        models=frozenset({"name", "path", "policy", "description", "tags"}),
        named=AutoName("name"),
        defaults={"path": "/"},
        replaces=frozenset({"name", "path", "description"}),
        rules=Rules(
            computed=_PREFIX | {"delayAfterPolicyCreationInMs"}, documents=frozenset({"policy"})
        ),
    ),
)  # fmt: skip
