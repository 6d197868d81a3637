"""elasticache: subnet groups, parameter groups, replication groups."""

import re
from collections.abc import Iterable
from typing import Any

from cloud.aws.api import AwsApi, doing
from cloud.aws.engines import numbers
from cloud.aws.model import ApiError, operation_model
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, PlanError, ProviderError
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values
from cloud.standin.wire import UNKNOWN

from .common import COMMON, arns, conflicting, known, listed, one_of, tagged
from .network import MANAGED
from .users import SERVICE, engine, retag


class SubnetGroup(Resource):
    """A subnet group. AWS stores its name lower-case, and so does the provider."""

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating ElastiCache Subnet Group ({inputs['name']})"):
            return api.call(
                SERVICE,
                "CreateCacheSubnetGroup",
                CacheSubnetGroupName=inputs["name"],
                CacheSubnetGroupDescription=inputs["description"],
                SubnetIds=inputs["subnetIds"],
                Tags=listed(inputs.get("tags")),
            )["CacheSubnetGroup"]["CacheSubnetGroupName"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "CacheSubnetGroupNotFoundFault"
        found = api.ask(
            SERVICE, "DescribeCacheSubnetGroups", missing, CacheSubnetGroupName=identifier
        )
        if found is None:
            return None
        one = found["CacheSubnetGroups"][0]
        return {
            "arn": one["ARN"],
            "name": one["CacheSubnetGroupName"],
            "description": one["CacheSubnetGroupDescription"],
            "subnetIds": one["SubnetIds"],
            "vpcId": one["VpcId"],
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating ElastiCache Subnet Group ({identifier})"):
            if changed - {"tags"}:
                api.call(
                    SERVICE,
                    "ModifyCacheSubnetGroup",
                    CacheSubnetGroupName=identifier,
                    CacheSubnetGroupDescription=new["description"],
                    SubnetIds=new["subnetIds"],
                )
            retag(api, old["arn"], old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting ElastiCache Subnet Group ({identifier})"):
            api.drop(
                SERVICE,
                "DeleteCacheSubnetGroup",
                "CacheSubnetGroupNotFoundFault",
                CacheSubnetGroupName=identifier,
            )


class ParameterGroup(Resource):
    """A parameter group; its parameters are set twenty at a time."""

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating ElastiCache Parameter Group ({inputs['name']})"):
            identifier = api.call(
                SERVICE,
                "CreateCacheParameterGroup",
                CacheParameterGroupName=inputs["name"],
                CacheParameterGroupFamily=inputs["family"],
                Description=inputs["description"],
                Tags=listed(inputs.get("tags")),
            )["CacheParameterGroup"]["CacheParameterGroupName"]
        api.work.made = identifier
        self._set(api, identifier, {}, _by_name(inputs))
        return identifier

    @staticmethod
    def _set(api: AwsApi, name: str, old: dict[str, str], new: dict[str, str]) -> None:
        gone = [(key, value) for key, value in sorted(old.items()) if key not in new]
        changed = [(key, value) for key, value in sorted(new.items()) if old.get(key) != value]
        for operation, pairs, verb in (
            ("ResetCacheParameterGroup", gone, "resetting"),
            ("ModifyCacheParameterGroup", changed, "modifying"),
        ):
            for start in range(0, len(pairs), 20):
                values = [
                    {"ParameterName": key, "ParameterValue": value}
                    for key, value in pairs[start : start + 20]
                ]
                with doing(f"{verb} ElastiCache Parameter Group"):
                    api.call(
                        SERVICE, operation, CacheParameterGroupName=name, ParameterNameValues=values
                    )

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "CacheParameterGroupNotFound"
        found = api.ask(
            SERVICE, "DescribeCacheParameterGroups", missing, CacheParameterGroupName=identifier
        )
        if found is None:
            return None
        one = found["CacheParameterGroups"][0]
        parameters = [
            {"name": name, "value": value} for name, value in sorted(one["Parameters"].items())
        ]
        return {
            "arn": one["ARN"],
            "name": one["CacheParameterGroupName"],
            "family": one["CacheParameterGroupFamily"],
            "description": one["Description"],
            "parameters": parameters or None,
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        self._set(api, identifier, _by_name(old), _by_name(new))
        retag(api, old["arn"], old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting ElastiCache Parameter Group ({identifier})"):
            api.drop(
                SERVICE,
                "DeleteCacheParameterGroup",
                "CacheParameterGroupNotFound",
                CacheParameterGroupName=identifier,
            )


def _by_name(values: Values) -> dict[str, str]:
    return {one["name"]: one["value"] for one in values.get("parameters") or []}


_DAY, _TIME = "(mon|tue|wed|thu|fri|sat|sun)", r"([0-1][0-9]|2[0-3]):([0-5][0-9])"

_SIMPLE = {
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "automaticFailoverEnabled": "AutomaticFailoverEnabled",
    "clusterMode": "ClusterMode",
    "durability": "Durability",
    "ipDiscovery": "IpDiscovery",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "multiAzEnabled": "MultiAZEnabled",
    "nodeType": "CacheNodeType",
    "notificationTopicArn": "NotificationTopicArn",
    "parameterGroupName": "CacheParameterGroupName",
    "snapshotRetentionLimit": "SnapshotRetentionLimit",
    "snapshotWindow": "SnapshotWindow",
    "transitEncryptionEnabled": "TransitEncryptionEnabled",
    "transitEncryptionMode": "TransitEncryptionMode",
    "description": "ReplicationGroupDescription",
}
"""Inputs that go into a creation and a modification under one name."""

_CREATION = {
    "atRestEncryptionEnabled": "AtRestEncryptionEnabled",
    "authToken": "AuthToken",
    "authTokenWo": "AuthToken",
    "dataTieringEnabled": "DataTieringEnabled",
    "engineVersion": "EngineVersion",
    "globalReplicationGroupId": "GlobalReplicationGroupId",
    "kmsKeyId": "KmsKeyId",
    "networkType": "NetworkType",
    "numCacheClusters": "NumCacheClusters",
    "numNodeGroups": "NumNodeGroups",
    "port": "Port",
    "preferredCacheClusterAzs": "PreferredCacheClusterAZs",
    "replicasPerNodeGroup": "ReplicasPerNodeGroup",
    "securityGroupIds": "SecurityGroupIds",
    "snapshotArns": "SnapshotArns",
    "snapshotName": "SnapshotName",
    "subnetGroupName": "CacheSubnetGroupName",
    "userGroupIds": "UserGroupIds",
}
"""Inputs that go into a creation alone, or into a modification in their own way."""


class ReplicationGroup(Resource):
    """A replication group."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from engine(inputs)
        yield from self._validate_id(inputs)
        yield from self._validate_formats(inputs)
        yield from self._validate_token(inputs)
        shape: Any = operation_model(SERVICE, "CreateReplicationGroup").input_shape
        for name, member in (
            ("clusterMode", "ClusterMode"),
            ("durability", "Durability"),
            ("ipDiscovery", "IpDiscovery"),
            ("networkType", "NetworkType"),
            ("transitEncryptionMode", "TransitEncryptionMode"),
        ):
            yield from one_of(inputs, name, *shape.members[member].enum)
        yield from one_of(inputs, "authTokenUpdateStrategy", "SET", "ROTATE", "DELETE")
        for name, others in (
            ("authToken", ("userGroupIds", "authTokenWo")),
            ("authTokenWo", ("userGroupIds",)),
            ("userGroupIds", ("authToken",)),
            ("numCacheClusters", ("numNodeGroups", "replicasPerNodeGroup")),
            ("numNodeGroups", ("numCacheClusters", "globalReplicationGroupId")),
            ("replicasPerNodeGroup", ("numCacheClusters",)),
            ("nodeGroupConfigurations", ("preferredCacheClusterAzs",)),
        ):
            yield from conflicting(inputs, name, *others)
        yield from arns(inputs, "notificationTopicArn", "snapshotArns")

    @staticmethod
    def _validate_id(inputs: Values) -> Iterable[Failure]:
        text = inputs.get("replicationGroupId")
        if not known(text):
            return
        name = "replicationGroupId"
        if not 1 <= len(text) <= 40:
            yield Failure(
                name, f"expected length of {name} to be in the range (1 - 40), got {text}"
            )
        for pattern, message in (
            (r"[0-9A-Za-z-]+", "must contain only alphanumeric characters and hyphens"),
            (r"[A-Za-z].*", "must begin with a letter"),
            (r"(?!.*--).*", "cannot contain two consecutive hyphens"),
            (r".*[^-]", "cannot end with a hyphen"),
        ):
            if not re.fullmatch(pattern, text):
                yield Failure(name, f"invalid value for {name} ({message})")

    @staticmethod
    def _validate_formats(inputs: Values) -> Iterable[Failure]:
        window = inputs.get("maintenanceWindow")
        if known(window) and not re.fullmatch(f"{_DAY}:{_TIME}-{_DAY}:{_TIME}", window.lower()):
            yield Failure(
                "maintenanceWindow",
                '"maintenance_window" must satisfy the format of "ddd:hh24:mi-ddd:hh24:mi".',
            )
        daily = inputs.get("snapshotWindow")
        if known(daily) and daily and not re.fullmatch(f"{_TIME}-{_TIME}", daily):
            yield Failure(
                "snapshotWindow", '"snapshot_window" must satisfy the format of "hh24:mi-hh24:mi".'
            )
        limit = inputs.get("snapshotRetentionLimit")
        if known(limit) and limit > 35:
            yield Failure(
                "snapshotRetentionLimit",
                f"expected snapshot_retention_limit to be at most (35), got {limit}",
            )
        version = inputs.get("engineVersion")
        pattern = r"[1-5](\.\d+){2}|6\.x.*|.*[6-9]\.\d+|[7-9]\.\d+"
        if known(version) and not re.fullmatch(pattern, version):
            yield Failure(
                "engineVersion",
                f"engine_version: {version} is invalid. For Redis v6 or higher, use "
                "<major>.<minor>. For Redis v5 or lower, use <major>.<minor>.<patch>.",
            )
        if not str(inputs.get("description", "x")):
            yield Failure("description", 'expected "description" to not be an empty string')
        deliveries = inputs.get("logDeliveryConfigurations")
        if isinstance(deliveries, list):
            if len(deliveries) > 2:
                yield Failure(
                    "logDeliveryConfigurations",
                    'Too many list items. Attribute "log_delivery_configuration" supports 2 item '
                    f"maximum, but config has {len(deliveries)} declared",
                )
            for one in deliveries:
                if isinstance(one, dict):
                    yield from one_of(one, "logType", "slow-log", "engine-log")
                    yield from one_of(one, "logFormat", "text", "json")
                    yield from one_of(one, "destinationType", "cloudwatch-logs", "kinesis-firehose")

    @staticmethod
    def _validate_token(inputs: Values) -> Iterable[Failure]:
        token = inputs.get("authToken")
        if not known(token):
            return
        if not 16 <= len(token) <= 128:
            yield Failure(
                "authToken",
                '"auth_token" must contain from 16 to 128 alphanumeric characters or symbols '
                '(excluding @, ", and /)',
            )
        if set(token) & set('@"/'):
            yield Failure(
                "authToken",
                'only alphanumeric characters or symbols (excluding @, ", and /) allowed in '
                '"auth_token"',
            )

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        failover = new.get("automaticFailoverEnabled")
        if new.get("multiAzEnabled") is True and failover is not True and failover is not UNKNOWN:
            raise PlanError("automatic_failover_enabled must be true if multi_az_enabled is true")
        self._plan_strategy(new)
        nodes = new.get("numCacheClusters")
        if failover is True and known(nodes) and nodes < 2:
            raise PlanError(
                '"num_cache_clusters": must be at least 2 if automatic_failover_enabled is true'
            )
        return [] if old is None else list(self._replaced(old, new))

    @staticmethod
    def _plan_strategy(new: Values) -> None:
        strategy = new.get("authTokenUpdateStrategy")
        token = new.get("authToken") is not None or new.get("authTokenWo") is not None
        if strategy == "DELETE" and token:
            raise PlanError(
                '"auth_token" must not be specified when "auth_token_update_strategy" is "DELETE"'
            )
        if known(strategy) and strategy != "DELETE" and not token:
            raise PlanError('"auth_token_update_strategy": "auth_token" must be specified')

    @staticmethod
    def _replaced(old: Values, new: Values) -> Iterable[str]:
        wanted = new.get("engine")
        if known(wanted) and (old.get("engine"), wanted) != ("redis", "valkey"):
            yield "engine"
        version, before = new.get("engineVersion"), old.get("engineVersion", "")
        if known(version) and _comparable(version) < _comparable(before):
            yield "engineVersion"
        if numbers(old.get("engineVersionActual", "7.1")) < (7, 0, 5):
            yield "transitEncryptionEnabled"
        yield "nodeGroupConfigurations"

    def unstable(self, changed: frozenset[str]) -> Iterable[str]:
        if changed & {"numCacheClusters", "numNodeGroups", "replicasPerNodeGroup"}:
            yield "memberClusters"

    def create(self, api: AwsApi, inputs: Values) -> str:
        name = inputs["replicationGroupId"]
        if not inputs.get("nodeType") and not inputs.get("globalReplicationGroupId"):
            raise ProviderError(
                '"node_type" is required unless "global_replication_group_id" is set.'
            )
        request = {member: inputs.get(key) for key, member in _SIMPLE.items()}
        for key, member in _CREATION.items():
            if inputs.get(key) not in (None, [], ""):
                request[member] = inputs[key]
        # What the provider leaves out when it is empty or false.
        for member in ("MultiAZEnabled", "SnapshotRetentionLimit", "SnapshotWindow"):
            request[member] = request[member] or None
        request["TransitEncryptionEnabled"] = bool(inputs.get("transitEncryptionEnabled"))
        layout = inputs.get("nodeGroupConfigurations")
        if layout:
            request["NodeGroupConfiguration"] = [_node_group(one) for one in layout]
        deliveries = inputs.get("logDeliveryConfigurations")
        if deliveries:
            request["LogDeliveryConfigurations"] = [_delivery(one) for one in deliveries]
        with doing(f"creating ElastiCache Replication Group ({name})"):
            made = api.call(
                SERVICE,
                "CreateReplicationGroup",
                ReplicationGroupId=name,
                Engine=inputs.get("engine", "redis"),
                Tags=listed(inputs.get("tags")),
                **request,
            )
        return made["ReplicationGroup"]["ReplicationGroupId"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "ReplicationGroupNotFoundFault"
        found = api.ask(
            SERVICE, "DescribeReplicationGroups", missing, ReplicationGroupId=identifier
        )
        if found is None:
            return None
        one = found["ReplicationGroups"][0]
        first = one["NodeGroups"][0]
        major, minor = numbers(one["Actual"])[:2]
        version = "6.x" if state.get("engineVersion") == "6.x" else f"{major}.{minor}"
        configuration = (one["ConfigurationEndpoint"] or {}).get("Address")
        outputs = {
            "arn": one["ARN"],
            "replicationGroupId": identifier,
            "description": one["Description"],
            "engine": one["Engine"],
            "engineVersion": version if major > 5 else one["Actual"],
            "engineVersionActual": one["Actual"],
            "nodeType": one["CacheNodeType"],
            "dataTieringEnabled": one["DataTiering"],
            "port": one["Port"],
            "automaticFailoverEnabled": one["AutomaticFailover"],
            "multiAzEnabled": one["MultiAZ"],
            "clusterEnabled": one["ClusterEnabled"],
            "clusterMode": one["ClusterMode"],
            "numCacheClusters": len(one["MemberClusters"]),
            "numNodeGroups": one["Shards"],
            "replicasPerNodeGroup": one["Replicas"],
            "nodeGroupConfigurations": [_group_out(shard) for shard in one["NodeGroups"]],
            # A set without an order of its own: nobody should rely on one.
            "memberClusters": sorted(one["MemberClusters"], reverse=True),
            "primaryEndpointAddress": first.get("PrimaryEndpoint", {}).get("Address", ""),
            "readerEndpointAddress": first.get("ReaderEndpoint", {}).get("Address", ""),
            "configurationEndpointAddress": configuration or "",
            "atRestEncryptionEnabled": one["AtRestEncryptionEnabled"],
            "kmsKeyId": one["KmsKeyId"],
            "transitEncryptionEnabled": one["TransitEncryptionEnabled"],
            "transitEncryptionMode": one["TransitEncryptionMode"] or "",
            "userGroupIds": one["UserGroupIds"] or None,
            "subnetGroupName": one["CacheSubnetGroupName"],
            "securityGroupIds": one["SecurityGroupIds"],
            "securityGroupNames": [],
            "parameterGroupName": one["CacheParameterGroupName"],
            "snapshotRetentionLimit": one["SnapshotRetentionLimit"],
            "snapshotWindow": one["SnapshotWindow"],
            "maintenanceWindow": one["PreferredMaintenanceWindow"],
            "notificationTopicArn": one["NotificationTopicArn"],
            "autoMinorVersionUpgrade": one["AutoMinorVersionUpgrade"],
            "networkType": one["NetworkType"],
            "ipDiscovery": one["IpDiscovery"],
            "durability": one["Durability"],
            "globalReplicationGroupId": "",
            "logDeliveryConfigurations": [
                _delivery_out(row) for row in one["LogDeliveryConfigurations"]
            ]
            or None,
            **tagged(api, one["Tags"]),
        }
        if one["AuthTokenEnabled"] and "authToken" in state:
            outputs["authToken"] = state["authToken"]
        return outputs

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        title = f"modifying ElastiCache Replication Group ({identifier})"
        self._reshard(api, identifier, old, new, changed)
        before, after = old.get("numCacheClusters", 0), new.get("numCacheClusters", 0)
        resharded = changed & {"numNodeGroups", "replicasPerNodeGroup"}
        resized = "numCacheClusters" in changed and not resharded
        if resized and after > before:
            self._resize(api, identifier, after - 1, more=True)
        request = self._modification(identifier, old, new, changed)
        if request:
            with doing(title):
                _modify(
                    api,
                    ReplicationGroupId=identifier,
                    ApplyImmediately=bool(new.get("applyImmediately")),
                    **request,
                )
        strategy = new.get("authTokenUpdateStrategy")
        secrets = {"authToken", "authTokenWoVersion", "authTokenUpdateStrategy"}
        if changed & secrets and strategy != "DELETE":
            with doing(f"{title} authentication"):
                _modify(
                    api,
                    ReplicationGroupId=identifier,
                    ApplyImmediately=True,
                    AuthToken=new.get("authToken", new.get("authTokenWo", "")),
                    AuthTokenUpdateStrategy=strategy,
                )
        if "numCacheClusters" in changed and after < before:
            self._resize(api, identifier, after - 1, more=False)
        retag(api, old["arn"], old, new)

    @staticmethod
    def _modification(identifier: str, old: Values, new: Values, changed: frozenset[str]) -> Values:
        """The one request for everything but shards, nodes and tokens."""
        request = {_SIMPLE[name]: new.get(name) for name in changed & _SIMPLE.keys()}
        for name in changed & {"multiAzEnabled", "automaticFailoverEnabled"}:
            request[_SIMPLE[name]] = bool(new.get(name))
        if "snapshotRetentionLimit" in changed:
            request["SnapshotRetentionLimit"] = new.get("snapshotRetentionLimit", 0)
            if not old.get("snapshotRetentionLimit"):
                # The provider takes the name of the first node without cluster mode for granted.
                request["SnapshottingClusterId"] = f"{identifier}-001"
        if "notificationTopicArn" in changed:
            request["NotificationTopicArn"] = new.get("notificationTopicArn", "")
        if "securityGroupIds" in changed and new.get("securityGroupIds"):
            request["SecurityGroupIds"] = new["securityGroupIds"]
        if "logDeliveryConfigurations" in changed:
            request["LogDeliveryConfigurations"] = _deliveries(old, new)
        request |= _engine_change(identifier, new, changed)
        request |= _access_change(old, new, changed)
        return {member: value for member, value in request.items() if value is not None}

    @staticmethod
    def _reshard(
        api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        title = f"modifying ElastiCache Replication Group ({identifier})"
        if "numNodeGroups" in changed:
            before, after = old["numNodeGroups"], new["numNodeGroups"]
            gone = [f"{number:04}" for number in range(before, after, -1)]
            with doing(f"{title} shard configuration"):
                api.call(
                    SERVICE,
                    "ModifyReplicationGroupShardConfiguration",
                    ReplicationGroupId=identifier,
                    NodeGroupCount=after,
                    ApplyImmediately=True,
                    NodeGroupsToRemove=gone or None,
                )
        if "replicasPerNodeGroup" in changed:
            before, after = old["replicasPerNodeGroup"], new["replicasPerNodeGroup"]
            ReplicationGroup._resize(api, identifier, after, more=after > before)

    @staticmethod
    def _resize(api: AwsApi, identifier: str, replicas: int, *, more: bool) -> None:
        verb = "increasing" if more else "decreasing"
        group = f"ElastiCache Replication Group ({identifier})"
        with doing(f"{verb} {group} replica count ({replicas})"):
            api.call(
                SERVICE,
                "IncreaseReplicaCount" if more else "DecreaseReplicaCount",
                ReplicationGroupId=identifier,
                NewReplicaCount=replicas,
                ApplyImmediately=True,
            )

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting ElastiCache Replication Group ({identifier})"):
            api.drop(
                SERVICE,
                "DeleteReplicationGroup",
                "ReplicationGroupNotFoundFault",
                ReplicationGroupId=identifier,
                FinalSnapshotIdentifier=state.get("finalSnapshotIdentifier"),
            )


def _modify(api: AwsApi, **request: Any) -> None:
    """A modification; one that changes nothing is none for the provider."""
    try:
        api.call(SERVICE, "ModifyReplicationGroup", **request)
    except ApiError as error:
        if "No modifications were requested" not in str(error):
            raise


def _engine_change(identifier: str, new: Values, changed: frozenset[str]) -> Values:
    """Engine and version, which go together."""
    request: Values = {}
    if "engine" in changed and new["engine"] == "valkey":
        if "engineVersion" not in changed:
            raise ProviderError(
                "must explicitly set 'engine_version' attribute for Replication Group "
                f"({identifier}) when updating engine to 'valkey'"
            )
        request["Engine"] = new["engine"]
    if "engineVersion" in changed:
        request["EngineVersion"] = new["engineVersion"]
        request.setdefault("Engine", new.get("engine", "redis"))
    return request


def _access_change(old: Values, new: Values, changed: frozenset[str]) -> Values:
    """User groups, and the word that takes a token's place."""
    if "userGroupIds" not in changed:
        return {}
    before, after = set(old.get("userGroupIds") or []), set(new.get("userGroupIds") or [])
    request: Values = {
        "UserGroupIdsToAdd": sorted(after - before) or None,
        "UserGroupIdsToRemove": sorted(before - after) or None,
    }
    moving = changed & {"authToken", "authTokenUpdateStrategy"}
    if after - before and moving and new.get("authTokenUpdateStrategy") == "DELETE":
        request["AuthTokenUpdateStrategy"] = "DELETE"
    return request


def _comparable(version: str) -> tuple[int, ...]:
    """A version in order: 6.x comes after every 6."""
    return (6, 10**9) if version == "6.x" else numbers(version)


def _delivery(one: Values, *, enabled: bool = True) -> Values:
    logs = one["destinationType"] == "cloudwatch-logs"
    details = (
        {"CloudWatchLogsDetails": {"LogGroup": one["destination"]}}
        if logs
        else {"KinesisFirehoseDetails": {"DeliveryStream": one["destination"]}}
    )
    if not enabled:
        return {"LogType": one["logType"], "Enabled": False}
    return {
        "LogType": one["logType"],
        "LogFormat": one["logFormat"],
        "DestinationType": one["destinationType"],
        "DestinationDetails": details,
        "Enabled": True,
    }


def _deliveries(old: Values, new: Values) -> list[Values]:
    """The wanted deliveries, and a word that turns off each that is gone."""
    wanted = new.get("logDeliveryConfigurations") or []
    kinds = {one["logType"] for one in wanted}
    gone = [
        one for one in old.get("logDeliveryConfigurations") or [] if one["logType"] not in kinds
    ]
    return [*map(_delivery, wanted), *(_delivery(one, enabled=False) for one in gone)]


def _delivery_out(one: Values) -> Values:
    details = one.get("DestinationDetails", {})
    stream = details.get("KinesisFirehoseDetails", {}).get("DeliveryStream")
    return {
        "logType": one["LogType"],
        "logFormat": one["LogFormat"],
        "destinationType": one["DestinationType"],
        "destination": stream or details["CloudWatchLogsDetails"]["LogGroup"],
    }


def _node_group(one: Values) -> Values:
    members = {"nodeGroupId": "NodeGroupId", "slots": "Slots", "replicaCount": "ReplicaCount",
               "primaryAvailabilityZone": "PrimaryAvailabilityZone",
               "replicaAvailabilityZones": "ReplicaAvailabilityZones"}  # fmt: skip
    return {member: one[name] for name, member in members.items() if name in one}


def _group_out(shard: Values) -> Values:
    zones = [member["PreferredAvailabilityZone"] for member in shard["NodeGroupMembers"]]
    out = {
        "nodeGroupId": shard["NodeGroupId"],
        "slots": shard.get("Slots"),
        "replicaCount": len(zones) - 1 or None,
        "primaryAvailabilityZone": zones[0],
        "replicaAvailabilityZones": zones[1:],
    }
    return {name: value for name, value in out.items() if value is not None}


RESOURCES: tuple[Resource, ...] = (
    SubnetGroup(
        sdk="pulumi_aws.elasticache:SubnetGroup",
        models=COMMON | {"name", "description", "subnetIds"},
        named=AutoName("name"),
        defaults={"description": MANAGED},
        replaces=frozenset({"name"}),
        rules=Rules(caseless=frozenset({"name"})),
    ),
    ParameterGroup(
        sdk="pulumi_aws.elasticache:ParameterGroup",
        models=COMMON | {"name", "description", "family", "parameters"},
        named=AutoName("name"),
        defaults={"description": MANAGED},
        replaces=frozenset({"name", "description", "family"}),
        rules=Rules(caseless=frozenset({"name"})),
    ),
    ReplicationGroup(
        sdk="pulumi_aws.elasticache:ReplicationGroup",
        models=COMMON
        | {*_SIMPLE, *_CREATION, "replicationGroupId", "engine", "applyImmediately",
           "authTokenUpdateStrategy", "authTokenWoVersion", "finalSnapshotIdentifier",
           "logDeliveryConfigurations", "nodeGroupConfigurations"},
        named=AutoName("replicationGroupId", 40, lower=True),
        defaults={"automaticFailoverEnabled": False, "multiAzEnabled": False},
        replaces=frozenset(
            {"atRestEncryptionEnabled", "dataTieringEnabled", "globalReplicationGroupId",
             "kmsKeyId", "networkType", "port", "replicationGroupId", "securityGroupNames",
             "snapshotArns", "snapshotName", "subnetGroupName"}
        ),
        rules=Rules(
            computed=frozenset(
                {"applyImmediately", "atRestEncryptionEnabled", "autoMinorVersionUpgrade",
                 "clusterMode", "dataTieringEnabled", "durability", "engine", "engineVersion",
                 "globalReplicationGroupId", "ipDiscovery", "maintenanceWindow", "networkType",
                 "nodeGroupConfigurations", "nodeType", "numCacheClusters", "numNodeGroups",
                 "parameterGroupName", "port", "replicasPerNodeGroup", "securityGroupIds",
                 "securityGroupNames", "snapshotWindow", "subnetGroupName",
                 "transitEncryptionEnabled", "transitEncryptionMode",
                 "nodeGroupConfigurations.nodeGroupId", "nodeGroupConfigurations.slots",
                 "nodeGroupConfigurations.primaryAvailabilityZone",
                 "nodeGroupConfigurations.replicaAvailabilityZones",
                 "nodeGroupConfigurations.replicaCount"}
            ),
            ordered=frozenset({"preferredCacheClusterAzs"}),
            caseless=frozenset({"maintenanceWindow", "replicationGroupId", "subnetGroupName"}),
        ),
        kept=frozenset(
            {"applyImmediately", "authTokenUpdateStrategy", "authTokenWo", "authTokenWoVersion",
             "finalSnapshotIdentifier", "preferredCacheClusterAzs", "snapshotArns", "snapshotName"}
        ),
    ),
)  # fmt: skip
