"""elasticache: serverless caches."""

from collections.abc import Iterable
from typing import Any

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import COMMON, between, known, listed, one_of, tagged
from .users import SERVICE, retag

_FIELDS = {
    "cacheUsageLimits": "CacheUsageLimits",
    "dailySnapshotTime": "DailySnapshotTime",
    "description": "Description",
    "securityGroupIds": "SecurityGroupIds",
    "snapshotRetentionLimit": "SnapshotRetentionLimit",
    "userGroupId": "UserGroupId",
}
"""Inputs that change in place."""


def _limits(inputs: Values) -> Values | None:
    limits = inputs.get("cacheUsageLimits")
    if not limits:
        return None
    members = {"minimum": "Minimum", "maximum": "Maximum", "unit": "Unit"}
    storage, units = limits.get("dataStorage"), limits.get("ecpuPerSeconds")
    request: dict[str, Any] = {}
    if storage:
        request["DataStorage"] = {members[name]: value for name, value in storage.items()}
    if units:
        request["ECPUPerSecond"] = {members[name]: value for name, value in units[0].items()}
    return request


def _limits_out(limits: Values | None) -> Values | None:
    if not limits:
        return None
    out: Values = {}
    for name, member in (("dataStorage", "DataStorage"), ("ecpuPerSeconds", "ECPUPerSecond")):
        if limits.get(member):
            values = {key.lower(): value for key, value in limits[member].items()}
            out[name] = [values] if name == "ecpuPerSeconds" else values
    return out


class ServerlessCache(Resource):
    """A serverless cache. Its deletion takes no snapshot."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        limit = inputs.get("snapshotRetentionLimit")
        if known(limit) and limit > 35:
            yield Failure(
                "snapshotRetentionLimit",
                f"Attribute snapshot_retention_limit value must be at most 35, got: {limit}",
            )
        limits = inputs.get("cacheUsageLimits")
        if not isinstance(limits, dict):
            return
        units = limits.get("ecpuPerSeconds")
        for one in units if isinstance(units, list) else []:
            if isinstance(one, dict):
                yield from between(one, "minimum", 1000, 15_000_000)
                yield from between(one, "maximum", 1000, 15_000_000)
        if isinstance(limits.get("dataStorage"), dict):
            yield from one_of(limits["dataStorage"], "unit", "GB")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating ElastiCache Serverless Cache"):
            made = api.call(
                SERVICE,
                "CreateServerlessCache",
                ServerlessCacheName=inputs["name"],
                Engine=inputs["engine"],
                MajorEngineVersion=inputs.get("majorEngineVersion"),
                Description=inputs.get("description"),
                CacheUsageLimits=_limits(inputs),
                KmsKeyId=inputs.get("kmsKeyId"),
                SecurityGroupIds=inputs.get("securityGroupIds") or None,
                SubnetIds=inputs.get("subnetIds") or None,
                UserGroupId=inputs.get("userGroupId"),
                SnapshotRetentionLimit=inputs.get("snapshotRetentionLimit"),
                DailySnapshotTime=inputs.get("dailySnapshotTime"),
                NetworkType=inputs.get("networkType"),
                Tags=listed(inputs.get("tags")),
            )["ServerlessCache"]
        return made["ServerlessCacheName"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "ServerlessCacheNotFoundFault"
        found = api.ask(
            SERVICE, "DescribeServerlessCaches", missing, ServerlessCacheName=identifier
        )
        if found is None:
            return None
        one = found["ServerlessCaches"][0]
        points = {
            name: [{"address": one[member]["Address"], "port": one[member]["Port"]}]
            for name, member in (("endpoints", "Endpoint"), ("readerEndpoints", "ReaderEndpoint"))
        }
        return {
            "arn": one["ARN"],
            "name": one["ServerlessCacheName"],
            "engine": one["Engine"],
            "majorEngineVersion": one["MajorEngineVersion"],
            "fullEngineVersion": one["FullEngineVersion"],
            "description": one["Description"],
            "cacheUsageLimits": _limits_out(one["CacheUsageLimits"]),
            "kmsKeyId": one["KmsKeyId"],
            "securityGroupIds": one["SecurityGroupIds"],
            "subnetIds": one["SubnetIds"],
            "userGroupId": one["UserGroupId"],
            "snapshotRetentionLimit": one["SnapshotRetentionLimit"],
            "dailySnapshotTime": one["DailySnapshotTime"],
            "networkType": one["NetworkType"],
            "createTime": one["CreateTime"],
            "status": one["Status"],
            **points,
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """One request for each changed field: the service takes no more."""
        wanted = {**new, "cacheUsageLimits": _limits(new)}
        with doing(f"updating ElastiCache Serverless Cache ({identifier})"):
            for name in sorted(changed & _FIELDS.keys()):
                request: Values = {_FIELDS[name]: wanted.get(name)}
                if name == "userGroupId" and not new.get(name):
                    request = {"RemoveUserGroup": True}
                api.call(
                    SERVICE, "ModifyServerlessCache", ServerlessCacheName=identifier, **request
                )
            retag(api, old["arn"], old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting ElastiCache Serverless Cache ({identifier})"):
            api.drop(
                SERVICE,
                "DeleteServerlessCache",
                "ServerlessCacheNotFoundFault",
                ServerlessCacheName=identifier,
            )


RESOURCES: tuple[Resource, ...] = (
    ServerlessCache(
        sdk="pulumi_aws.elasticache:ServerlessCache",
        models=COMMON
        | {*_FIELDS, "name", "engine", "majorEngineVersion", "kmsKeyId", "subnetIds",
           "networkType", "timeouts"},
        named=AutoName("name"),
        replaces=frozenset({"name", "engine", "majorEngineVersion", "kmsKeyId", "subnetIds",
                            "snapshotArnsToRestores", "networkType"}),
        rules=Rules(
            computed=frozenset({"dailySnapshotTime", "description", "majorEngineVersion",
                                "networkType", "securityGroupIds", "snapshotRetentionLimit",
                                "subnetIds"}),
        ),
        kept=frozenset({"timeouts"}),
    ),
)  # fmt: skip
