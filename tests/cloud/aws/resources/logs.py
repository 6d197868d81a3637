"""cloudwatch: log groups."""

from collections.abc import Iterable

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import COMMON, arns, known, tag_changes, tagged

RETENTIONS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip


class LogGroup(Resource):
    """A log group."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        days = inputs.get("retentionInDays")
        if known(days) and days not in RETENTIONS:
            allowed = " ".join(str(one) for one in RETENTIONS)
            yield Failure(
                "retentionInDays",
                f"expected retention_in_days to be one of [{allowed}], got {days}",
            )
        yield from arns(inputs, "kmsKeyId")

    def create(self, api: AwsApi, inputs: Values) -> str:
        name = inputs["name"]
        with doing(f"creating CloudWatch Logs Log Group ({name})"):
            api.call(
                "logs",
                "CreateLogGroup",
                logGroupName=name,
                kmsKeyId=inputs.get("kmsKeyId"),
                logGroupClass=inputs.get("logGroupClass"),
                deletionProtectionEnabled=inputs.get("deletionProtectionEnabled"),
                tags=inputs.get("tags") or None,
            )
            api.work.made = name
            self._retain(api, name, inputs)
        return name

    @staticmethod
    def _retain(api: AwsApi, name: str, inputs: Values) -> None:
        if inputs.get("retentionInDays"):
            days = inputs["retentionInDays"]
            api.call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=days)

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("logs", "DescribeLogGroups", logGroupNamePrefix=identifier) or {}
        groups = found.get("logGroups", [])
        one = next((row for row in groups if row["logGroupName"] == identifier), None)
        if one is None:
            return None
        return {
            "arn": one["arn"],
            "name": identifier,
            "namePrefix": "",
            "kmsKeyId": one["kmsKeyId"],
            "logGroupClass": one["logGroupClass"],
            "retentionInDays": one["retentionInDays"] or 0,
            "deletionProtectionEnabled": one["deletionProtectionEnabled"],
            **tagged(api, one["tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating CloudWatch Logs Log Group ({identifier})"):
            if "retentionInDays" in changed:
                self._retain(api, identifier, new)
                if not new.get("retentionInDays"):
                    api.call("logs", "DeleteRetentionPolicy", logGroupName=identifier)
            if "kmsKeyId" in changed and new.get("kmsKeyId"):
                key = new["kmsKeyId"]
                api.call("logs", "AssociateKmsKey", logGroupName=identifier, kmsKeyId=key)
            elif "kmsKeyId" in changed:
                api.call("logs", "DisassociateKmsKey", logGroupName=identifier)
            gone, tags = tag_changes(old, new)
            arn = api.account.arn("logs", f"log-group:{identifier}")
            if gone:
                api.call("logs", "UntagResource", resourceArn=arn, tagKeys=gone)
            if tags:
                api.call("logs", "TagResource", resourceArn=arn, tags=tags)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        if state.get("skipDestroy"):
            return
        with doing(f"deleting CloudWatch Logs Log Group ({identifier})"):
            api.drop("logs", "DeleteLogGroup", "ResourceNotFoundException", logGroupName=identifier)


RESOURCES: tuple[Resource, ...] = (
    LogGroup(
        sdk="pulumi_aws.cloudwatch:LogGroup",
        models=COMMON | {"name", "kmsKeyId", "logGroupClass", "retentionInDays", "skipDestroy"},
        named=AutoName("name"),
        defaults={"retentionInDays": 0, "skipDestroy": False},
        replaces=frozenset({"name", "logGroupClass"}),
        rules=Rules(
            computed=frozenset({"namePrefix", "logGroupClass", "deletionProtectionEnabled"})
        ),
        kept=frozenset({"skipDestroy"}),
    ),
)
