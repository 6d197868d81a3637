"""ElastiCache: replication groups."""

import re
import secrets
from typing import Any

from cloud.aws.account import Account, Params, answers, refuse, tags_of
from cloud.aws.engines import LATEST, actual_version, family_of, numbers
from cloud.aws.model import digest, node_types
from cloud.aws.windows import check_apart, daily, weekly

from .cache_groups import parameter_group_of, subnet_group_of
from .cache_users import group_of
from .encryption import usable
from .logs import LOG_GROUP
from .network import GROUP, SUBNET

KIND, SNAPSHOT = "elasticache.replication-group", "elasticache.snapshot"
VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>\-]{16,128}")
NODE_QUOTA = 90
PENDING = {"CacheNodeType", "Engine", "EngineVersion", "CacheParameterGroupName"}
"""What waits for the maintenance window when a modification is not to be applied at once."""


def group(account: Account, identifier: str) -> Params:
    """A replication group. Raises when there is none."""
    message = f"ReplicationGroup {identifier} not found."
    return account.need(KIND, identifier.lower(), "ReplicationGroupNotFoundFault", message)


@answers("elasticache", "CreateReplicationGroup")
def create(account: Account, params: Params) -> Params:
    """A replication group with all its nodes."""
    identifier = _identifier(params["ReplicationGroupId"])
    if params.get("GlobalReplicationGroupId"):
        refuse("GlobalReplicationGroupNotFoundFault", "There is no global replication group")
    if account.find(KIND, identifier):
        refuse("ReplicationGroupAlreadyExists", f"Replication group {identifier} already exists.")
    engine = params.get("Engine", "redis").lower()
    actual = actual_version(engine, params.get("EngineVersion"))
    cache: Params = {
        "ReplicationGroupId": identifier,
        "Description": params["ReplicationGroupDescription"],
        "Engine": engine,
        "EngineVersion": params.get("EngineVersion", LATEST.get(engine)),
        "Actual": actual,
        "CacheNodeType": params.get("CacheNodeType", ""),
        "DataTiering": params.get("DataTieringEnabled", False),
        "Port": params.get("Port", 6379),
        "AutomaticFailover": params.get("AutomaticFailoverEnabled", False),
        "MultiAZ": params.get("MultiAZEnabled", False),
        "AtRestEncryptionEnabled": params.get("AtRestEncryptionEnabled", engine == "valkey"),
        "KmsKeyId": params.get("KmsKeyId"),
        "TransitEncryptionEnabled": params.get("TransitEncryptionEnabled", False),
        "TransitEncryptionMode": params.get("TransitEncryptionMode")
        or ("required" if params.get("TransitEncryptionEnabled") else None),
        "AuthTokens": [digest(params["AuthToken"])] if "AuthToken" in params else [],
        "Rotating": None,
        "PasswordlessStill": False,
        "UserGroupIds": [one.lower() for one in params.get("UserGroupIds", [])],
        "CacheSubnetGroupName": params.get("CacheSubnetGroupName", "default").lower(),
        "SecurityGroupIds": sorted(params.get("SecurityGroupIds", [])),
        "SnapshotRetentionLimit": params.get("SnapshotRetentionLimit", 0),
        "SnapshotWindow": params.get("SnapshotWindow", "23:30-00:30"),
        "PreferredMaintenanceWindow": params.get(
            "PreferredMaintenanceWindow", "sun:05:00-sun:06:00"
        ).lower(),
        "NotificationTopicArn": params.get("NotificationTopicArn"),
        "AutoMinorVersionUpgrade": params.get("AutoMinorVersionUpgrade", True),
        "NetworkType": params.get("NetworkType", "ipv4"),
        "IpDiscovery": params.get("IpDiscovery", "ipv4"),
        "Durability": params.get("Durability"),
        "LogDeliveryConfigurations": params.get("LogDeliveryConfigurations", []),
        "Status": "available",
        "Hash": secrets.token_hex(3),
        "ARN": account.arn("elasticache", f"replicationgroup:{identifier}"),
        "Pending": {},
        "Tags": tags_of(params.get("Tags")),
    }
    _set_topology(account, cache, params)
    _check_token(cache, params)
    _check(account, cache)
    _check_snapshot_source(account, params)
    account.put(KIND, identifier, cache)
    return {"ReplicationGroup": described(account, cache)}


def _identifier(text: str) -> str:
    good = re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,39}", text)
    if not good or text.endswith("-") or "--" in text:
        refuse(
            VALUE,
            "The parameter ReplicationGroupIdentifier is not a valid identifier. Identifiers must "
            "begin with a letter; must contain only ASCII letters, digits, and hyphens; and must "
            "not end with a hyphen or contain two consecutive hyphens.",
        )
    return text.lower()


def _set_topology(account: Account, cache: Params, params: Params) -> None:
    """Shards and replicas from the members of which a request has one kind or the other."""
    nodes = params.get("NumCacheClusters")
    shards, replicas = params.get("NumNodeGroups"), params.get("ReplicasPerNodeGroup")
    layout = params.get("NodeGroupConfiguration", [])
    if nodes is not None and (shards is not None or replicas is not None or layout):
        refuse(
            COMBINATION,
            "NumCacheClusters cannot be combined with NumNodeGroups, ReplicasPerNodeGroup or "
            "NodeGroupConfiguration",
        )
    if nodes is not None and not 1 <= nodes <= 6:
        refuse(VALUE, "NumCacheClusters must be between 1 and 6.")
    zones = params.get("PreferredCacheClusterAZs")
    if zones is not None and (len(zones) != (nodes or 1) or set(zones) - set(account.zones)):
        refuse(VALUE, "PreferredCacheClusterAZs must name one valid zone for each node")
    if layout:
        _check_layout(layout, shards)
        shards, replicas = len(layout), layout[0].get("ReplicaCount", replicas or 0)
    cache["Shards"] = shards or 1
    cache["Replicas"] = (nodes or 1) - 1 if shards is None and replicas is None else replicas or 0
    if not 1 <= cache["Shards"] <= 500:
        refuse(VALUE, "NumNodeGroups must be between 1 and 500.")
    if not 0 <= cache["Replicas"] <= 5:
        refuse(VALUE, "ReplicasPerNodeGroup must be between 0 and 5.")
    if cache["Shards"] * (cache["Replicas"] + 1) > NODE_QUOTA:
        refuse(
            "NodeQuotaForClusterExceeded",
            f"The request would exceed the quota of {NODE_QUOTA} nodes per cluster",
        )
    _set_cluster_mode(account, cache, params)


def _set_cluster_mode(account: Account, cache: Params, params: Params) -> None:
    """Cluster mode, which the request, the number of shards and the parameter group decide."""
    name, mode = params.get("CacheParameterGroupName"), params.get("ClusterMode")
    on = mode in {"enabled", "compatible"} or cache["Shards"] > 1
    family = family_of(cache["Engine"], cache["Actual"])
    cache["CacheParameterGroupName"] = name or f"default.{family}{'.cluster.on' if on else ''}"
    given = parameter_group_of(account, cache["CacheParameterGroupName"])
    enabled = given["Parameters"].get("cluster-enabled") == "yes"
    if mode == "disabled" and (enabled or cache["Shards"] > 1):
        refuse(COMBINATION, "Cluster mode disabled needs a parameter group with cluster-enabled=no")
    if on and not enabled:
        refuse(
            COMBINATION,
            "Cluster mode needs a parameter group with cluster-enabled=yes: "
            f"{cache['CacheParameterGroupName']}",
        )
    cache["ClusterEnabled"] = enabled
    cache["ClusterMode"] = mode or ("enabled" if enabled else "disabled")


def _check_layout(layout: list[Params], shards: int | None) -> None:
    if shards is not None and shards != len(layout):
        refuse(COMBINATION, "NodeGroupConfiguration must have an entry for each of NumNodeGroups")
    counts = {one.get("ReplicaCount", 0) for one in layout}
    if len(counts) != 1:
        refuse(COMBINATION, "All node groups must have the same number of replicas")


def _check(account: Account, cache: Params) -> None:
    """Everything that must fit together, at creation and after every modification."""
    _check_nodes(cache)
    _check_failover(account, cache)
    _check_versions(account, cache)
    _check_network(account, cache)
    _check_encryption(account, cache)
    _check_access(account, cache)
    _check_windows(cache)
    _check_logs(account, cache)


def _check_nodes(cache: Params) -> None:
    kind = cache["CacheNodeType"]
    if not kind:
        refuse(VALUE, "The parameter CacheNodeType must be provided and must not be blank.")
    if kind not in node_types():
        refuse(VALUE, f"Invalid Cache Node Type: {kind}")
    if kind.startswith(("cache.t1.", "cache.m1.", "cache.c1.", "cache.m2.")):
        refuse(COMBINATION, f"{kind} is not supported for {cache['Engine']}")
    if kind.startswith("cache.r6gd.") != bool(cache["DataTiering"]):
        refuse(
            COMBINATION,
            "Data tiering must be enabled for r6gd node types, and for no other node type.",
        )
    if cache["DataTiering"] and numbers(cache["Actual"]) < (6, 2):
        refuse(COMBINATION, "Data tiering needs engine version 6.2 or later")
    if not 1150 <= cache["Port"] <= 65535:
        refuse(VALUE, f"The port {cache['Port']} is not between 1150 and 65535")


def _check_failover(account: Account, cache: Params) -> None:
    if cache["ClusterEnabled"] and not cache["AutomaticFailover"]:
        refuse(
            COMBINATION,
            "Redis with cluster mode enabled cannot be created with auto failover turned off.",
        )
    if cache["AutomaticFailover"] and not cache["ClusterEnabled"]:
        if cache["Replicas"] < 1:
            refuse(
                COMBINATION,
                "If AutomaticFailoverEnabled is true, NumCacheClusters must be at least 2.",
            )
        if cache["CacheNodeType"].startswith("cache.t2."):
            refuse(
                COMBINATION, "Automatic failover is not supported for T2 nodes without cluster mode"
            )
    if cache["MultiAZ"]:
        if not cache["AutomaticFailover"]:
            refuse(COMBINATION, "Multi-AZ requires automatic failover to be enabled.")
        if cache["Replicas"] < 1:
            refuse(COMBINATION, "Must have at least 1 replica for Multi-AZ")
        subnets = account.all(SUBNET)
        members = subnet_group_of(account, cache["CacheSubnetGroupName"])["SubnetIds"]
        if len({subnets[one]["AvailabilityZone"] for one in members}) < 2:
            refuse(COMBINATION, "Multi-AZ requires subnets in at least two availability zones.")


def _check_versions(account: Account, cache: Params) -> None:
    family = family_of(cache["Engine"], cache["Actual"])
    found = parameter_group_of(account, cache["CacheParameterGroupName"])
    if found["CacheParameterGroupFamily"] != family:
        refuse(
            COMBINATION,
            f"Expected a parameter group of family {family} but found one of family "
            f"{found['CacheParameterGroupFamily']}",
        )
    if cache["Durability"] and cache["Durability"] != "default":
        durable = cache["Engine"] == "valkey" and numbers(cache["Actual"]) >= (9, 0)
        if not durable or not cache["ClusterEnabled"]:
            refuse(
                COMBINATION, "Durability requires Valkey 9.0 or later with cluster mode enabled."
            )


def _check_network(account: Account, cache: Params) -> None:
    network = subnet_group_of(account, cache["CacheSubnetGroupName"])["VpcId"]
    groups = account.all(GROUP)
    for identifier in cache["SecurityGroupIds"]:
        if identifier not in groups:
            refuse(VALUE, f"Some security groups are invalid: {identifier}")
        if groups[identifier]["VpcId"] != network:
            refuse(
                COMBINATION,
                f"The security group {identifier} and the subnet group are of different VPCs",
            )
    if cache["NetworkType"] != "ipv4":
        refuse(COMBINATION, f"The subnets do not support the network type {cache['NetworkType']}")
    if cache["IpDiscovery"] != "ipv4":
        refuse(COMBINATION, "IpDiscovery ipv6 requires the network type dual_stack or ipv6")


def _check_encryption(account: Account, cache: Params) -> None:
    if cache["KmsKeyId"]:
        if not cache["AtRestEncryptionEnabled"]:
            refuse(COMBINATION, "KmsKeyId can only be specified if encryption at rest is enabled.")
        key = cache["KmsKeyId"]
        if "alias/" in key or not (key.startswith("arn:") or re.fullmatch(r"[0-9a-f-]{36}", key)):
            refuse(VALUE, f"The KMS key is not a valid key ARN or id: {key}")
        usable(account, key, "InvalidKMSKeyFault")
    if cache["TransitEncryptionMode"] and not cache["TransitEncryptionEnabled"]:
        refuse(
            COMBINATION,
            "TransitEncryptionMode can only be set when encryption-in-transit is enabled",
        )
    if cache["TransitEncryptionMode"] == "preferred" and numbers(cache["Actual"]) < (7, 0, 5):
        refuse(
            COMBINATION, "Transit encryption mode preferred requires engine version 7.0.5 or later"
        )


def _check_token(cache: Params, params: Params) -> None:
    token = params.get("AuthToken")
    if token is None:
        return
    if not TOKEN.fullmatch(token):
        refuse(
            VALUE,
            "Invalid AuthToken provided. It must be 16 to 128 characters long, alphanumeric or one "
            "of ! & # $ ^ < > -",
        )
    if not cache["TransitEncryptionEnabled"]:
        refuse(VALUE, "AUTH token is only supported when encryption-in-transit is enabled")
    if cache["UserGroupIds"]:
        refuse(
            COMBINATION,
            "User group can't be associated with auth token enabled. Pass AuthStrategy delete",
        )


def _check_access(account: Account, cache: Params) -> None:
    groups = cache["UserGroupIds"]
    if not groups:
        return
    if len(groups) > 1:
        refuse(VALUE, "A replication group can have one user group")
    found = group_of(account, groups[0])
    if found["Status"] != "active":
        refuse("InvalidUserGroupState", f"User group {groups[0]} is not active")
    if not cache["TransitEncryptionEnabled"]:
        refuse(COMBINATION, "User group based access control requires encryption-in-transit")
    if numbers(cache["Actual"]) < (6, 0):
        refuse(COMBINATION, "User groups require engine version 6.0 or later")
    if cache["Engine"] == "redis" and found["Engine"] != "redis":
        refuse(COMBINATION, "A user group of engine valkey cannot be attached to a redis cache")


def _check_windows(cache: Params) -> None:
    if not 0 <= cache["SnapshotRetentionLimit"] <= 35:
        refuse(VALUE, "SnapshotRetentionLimit must be between 0 and 35.")
    daily(cache["SnapshotWindow"])
    weekly(cache["PreferredMaintenanceWindow"])
    if cache["SnapshotRetentionLimit"]:
        check_apart(cache["SnapshotWindow"], cache["PreferredMaintenanceWindow"])


def _check_logs(account: Account, cache: Params) -> None:
    configurations = [one for one in cache["LogDeliveryConfigurations"] if one.get("Enabled", True)]
    kinds = [one["LogType"] for one in configurations]
    if len(set(kinds)) != len(kinds):
        refuse(COMBINATION, "There can be one log delivery configuration for each log type")
    needed = {"slow-log": (6, 0), "engine-log": (6, 2)}
    for one in configurations:
        if numbers(cache["Actual"]) < needed[one["LogType"]]:
            version = ".".join(str(part) for part in needed[one["LogType"]])
            refuse(COMBINATION, f"{one['LogType']} requires engine version {version} or later")
        details = one.get("DestinationDetails", {})
        logs = details.get("CloudWatchLogsDetails", {}).get("LogGroup")
        if (one["DestinationType"] == "cloudwatch-logs") != bool(logs):
            refuse(COMBINATION, "The destination details do not match the destination type")
        if logs and account.find(LOG_GROUP, logs) is None:
            refuse(VALUE, f"The CloudWatch Logs log group {logs} does not exist")
        stream = details.get("KinesisFirehoseDetails", {}).get("DeliveryStream")
        if stream:
            refuse(VALUE, f"The Kinesis Data Firehose delivery stream {stream} does not exist")


def _check_snapshot_source(account: Account, params: Params) -> None:
    name = params.get("SnapshotName")
    if name and params.get("SnapshotArns"):
        refuse(COMBINATION, "SnapshotName and SnapshotArns cannot both be given")
    if name and account.find(SNAPSHOT, name) is None:
        refuse("SnapshotNotFoundFault", f"Snapshot not found: {name}")


def members(cache: Params) -> list[list[str]]:
    """Ids of the nodes, by shard."""
    name, clustered = cache["ReplicationGroupId"], cache["ClusterEnabled"]
    return [
        [
            f"{name}-{shard:04}-{node:03}" if clustered else f"{name}-{node:03}"
            for node in range(1, cache["Replicas"] + 2)
        ]
        for shard in range(1, cache["Shards"] + 1)
    ]


def described(account: Account, cache: Params) -> Params:
    """A replication group as the service describes it."""
    parts = account.region.split("-")
    code = parts[0] + "".join(part[0] for part in parts[1:-1]) + parts[-1]
    domain = f"{cache['Hash']}.{code}.cache.amazonaws.com"
    name, port, clustered = cache["ReplicationGroupId"], cache["Port"], cache["ClusterEnabled"]
    zones = _zones(account, cache)
    shards: list[Params] = []
    for number, nodes in enumerate(members(cache), start=1):
        shard: Params = {
            "NodeGroupId": f"{number:04}",
            "NodeGroupMembers": [
                {"CacheClusterId": node, "PreferredAvailabilityZone": zones[place % len(zones)]}
                for place, node in enumerate(nodes)
            ],
        }
        if clustered:
            width = 16384 // cache["Shards"]
            last = 16383 if number == cache["Shards"] else number * width - 1
            shard["Slots"] = f"{(number - 1) * width}-{last}"
        else:
            shard["PrimaryEndpoint"] = {"Address": f"master.{name}.{domain}", "Port": port}
            shard["ReaderEndpoint"] = {"Address": f"replica.{name}.{domain}", "Port": port}
        shards.append(shard)
    configuration = {"Address": f"clustercfg.{name}.{domain}", "Port": port}
    return {
        **cache,
        "MemberClusters": [node for nodes in members(cache) for node in nodes],
        "NodeGroups": shards,
        "ConfigurationEndpoint": configuration if clustered else None,
        "AuthTokenEnabled": bool(cache["AuthTokens"]),
    }


def _zones(account: Account, cache: Params) -> list[str]:
    subnets = account.all(SUBNET)
    inside = subnet_group_of(account, cache["CacheSubnetGroupName"])["SubnetIds"]
    return sorted({subnets[one]["AvailabilityZone"] for one in inside if one in subnets}) or [""]


@answers("elasticache", "DescribeReplicationGroups")
def describe(account: Account, params: Params) -> Params:
    """A replication group by id."""
    cache = group(account, params["ReplicationGroupId"])
    return {"ReplicationGroups": [described(account, cache)]}


@answers("elasticache", "ModifyReplicationGroup")
def modify(account: Account, params: Params) -> Params:
    """Changes settings, access or encryption."""
    cache = group(account, params["ReplicationGroupId"])
    if cache["Status"] != "available":
        refuse(
            "InvalidReplicationGroupState",
            f"Replication group {cache['ReplicationGroupId']} is {cache['Status']}",
        )
    names = params.keys() - {"ApplyImmediately", "ReplicationGroupId"}
    if not names:
        refuse(COMBINATION, "No modifications were requested")
    _modify_engine(cache, params)
    _modify_encryption(cache, params)
    _modify_access(cache, params)
    _modify_cluster_mode(cache, params)
    snapshotting = params.get("SnapshottingClusterId")
    if snapshotting and snapshotting not in [one for nodes in members(cache) for one in nodes]:
        refuse("CacheClusterNotFound", f"CacheCluster not found: {snapshotting}")
    for name in _SIMPLE & names:
        cache[_STORED.get(name, name)] = params[name]
    cache["PreferredMaintenanceWindow"] = cache["PreferredMaintenanceWindow"].lower()
    if "LogDeliveryConfigurations" in params:
        cache["LogDeliveryConfigurations"] = _merged_logs(cache, params)
    waiting = {name: params[name] for name in PENDING & names}
    now = {**cache, **_applied(cache, waiting)}
    _check(account, now)
    if params.get("ApplyImmediately"):
        cache = {**now, "Pending": {}}
    else:
        cache["Pending"] = {**cache["Pending"], **waiting}
    account.put(KIND, cache["ReplicationGroupId"], cache)
    return {"ReplicationGroup": described(account, cache)}


_SIMPLE = {
    "ReplicationGroupDescription", "AutomaticFailoverEnabled", "MultiAZEnabled",
    "AutoMinorVersionUpgrade", "NotificationTopicArn", "SecurityGroupIds", "IpDiscovery",
    "SnapshotRetentionLimit", "SnapshotWindow", "PreferredMaintenanceWindow", "Durability",
}  # fmt: skip
_STORED = {
    "ReplicationGroupDescription": "Description",
    "AutomaticFailoverEnabled": "AutomaticFailover",
    "MultiAZEnabled": "MultiAZ",
}


def _applied(cache: Params, waiting: Params) -> Params:
    """What the group becomes once its pending changes are made."""
    changed = {name: waiting[name] for name in waiting if name != "EngineVersion"}
    if "EngineVersion" in waiting or "Engine" in waiting:
        engine = waiting.get("Engine", cache["Engine"]).lower()
        version = waiting.get("EngineVersion")
        changed |= {
            "Engine": engine,
            "EngineVersion": version,
            "Actual": actual_version(engine, version),
        }
        family = family_of(engine, changed["Actual"])
        name = changed.get("CacheParameterGroupName", cache["CacheParameterGroupName"])
        if name.startswith("default."):
            # The default group of the new family takes the place of the old one's.
            on = ".cluster.on" if cache["ClusterEnabled"] else ""
            changed["CacheParameterGroupName"] = f"default.{family}{on}"
    return changed


def pass_window(account: Account) -> None:
    """Lets a maintenance window pass: pending changes are made."""
    for identifier, cache in account.all(KIND).items():
        account.put(KIND, identifier, {**cache, **_applied(cache, cache["Pending"]), "Pending": {}})


def _modify_engine(cache: Params, params: Params) -> None:
    engine = params.get("Engine", cache["Engine"]).lower()
    if engine != cache["Engine"] and (cache["Engine"], engine) != ("redis", "valkey"):
        refuse(
            COMBINATION,
            f"The engine cannot be changed from {cache['Engine']} to {engine}: this API supports "
            "only cross-engine upgrades to Valkey engine currently",
        )
    version = params.get("EngineVersion")
    if engine != cache["Engine"] and not version:
        refuse(COMBINATION, "EngineVersion must be given to change the engine")
    if version and numbers(actual_version(engine, version)) < numbers(cache["Actual"]):
        older = engine == cache["Engine"] or numbers(version)[:1] < numbers(cache["Actual"])[:1]
        if older:
            refuse(
                COMBINATION,
                f"The engine version cannot be downgraded from {cache['Actual']} to {version}",
            )


def _modify_encryption(cache: Params, params: Params) -> None:
    enabled = params.get("TransitEncryptionEnabled", cache["TransitEncryptionEnabled"])
    mode = params.get("TransitEncryptionMode", cache["TransitEncryptionMode"] if enabled else None)
    was, was_mode = cache["TransitEncryptionEnabled"], cache["TransitEncryptionMode"]
    if enabled != was and numbers(cache["Actual"]) < (7, 0, 5):
        refuse(
            COMBINATION,
            "Encryption in transit can only be changed with engine version 7.0.5 or later",
        )
    if enabled and not was and mode != "preferred":
        refuse(
            COMBINATION,
            "Transit encryption mode must be set to preferred before it is set to required",
        )
    if was and not enabled and was_mode != "preferred":
        refuse(
            COMBINATION,
            "Transit encryption mode must be set to preferred before encryption is turned off",
        )
    if was and not enabled and (cache["AuthTokens"] or cache["UserGroupIds"]):
        refuse(COMBINATION, "Encryption in transit is needed for authentication")
    if enabled and not was and params.get("UserGroupIdsToAdd"):
        refuse(COMBINATION, "User group based access control requires encryption-in-transit")
    cache["TransitEncryptionEnabled"], cache["TransitEncryptionMode"] = enabled, mode


def _modify_access(cache: Params, params: Params) -> None:
    strategy, token = params.get("AuthTokenUpdateStrategy"), params.get("AuthToken")
    adding = [one.lower() for one in params.get("UserGroupIdsToAdd", [])]
    removing = [one.lower() for one in params.get("UserGroupIdsToRemove", [])]
    if strategy == "DELETE":
        if token is not None or not adding:
            refuse(
                COMBINATION,
                "The strategy DELETE is only allowed when moving from AUTH to a user group",
            )
        cache["AuthTokens"], cache["Rotating"] = [], None
    elif strategy and token is None:
        refuse(COMBINATION, "AuthTokenUpdateStrategy requires AuthToken")
    if set(removing) - set(cache["UserGroupIds"]):
        refuse(
            "InvalidParameterValue", f"The user group {removing[0]} is not attached to the group"
        )
    if set(adding) & set(cache["UserGroupIds"]):
        refuse("InvalidParameterValue", f"The user group {adding[0]} is attached already")
    if adding and cache["AuthTokens"]:
        refuse(
            COMBINATION,
            "User group can't be associated with auth token enabled. Pass AuthStrategy delete",
        )
    kept = [one for one in cache["UserGroupIds"] if one not in removing]
    cache["UserGroupIds"] = kept + adding
    if token is not None:
        _modify_token(cache, params, token, strategy or "ROTATE")


def _modify_token(cache: Params, params: Params, token: str, strategy: str) -> None:
    _check_token(cache, params)
    hashed, tokens = digest(token), cache["AuthTokens"]
    if strategy == "SET":
        # AWS: SET is allowed only after ROTATE, and then leaves the token that it names.
        if cache["Rotating"] != hashed:
            refuse(
                COMBINATION,
                "The AuthTokenUpdateStrategy SET is allowed only after ROTATE of the same token",
            )
        cache |= {"AuthTokens": [hashed], "Rotating": None, "PasswordlessStill": False}
        return
    if tokens and tokens[-1] == hashed:
        refuse(COMBINATION, "No modifications were requested: the AUTH token is in use already")
    cache["PasswordlessStill"] = cache["PasswordlessStill"] or not tokens
    cache["AuthTokens"], cache["Rotating"] = [*tokens, hashed][-2:], hashed


def _modify_cluster_mode(cache: Params, params: Params) -> None:
    old, new = cache["ClusterMode"], params.get("ClusterMode", cache["ClusterMode"])
    if new == old:
        return
    if (old, new) not in {
        ("disabled", "compatible"), ("compatible", "enabled"), ("compatible", "disabled")
    }:  # fmt: skip
        refuse(
            COMBINATION,
            f"Cluster mode cannot be changed from {old} to {new}: disabled, compatible and enabled "
            "follow one another",
        )
    if new == "compatible" and not cache["AutomaticFailover"]:
        refuse(COMBINATION, "Cluster mode compatible requires automatic failover")
    cache["ClusterMode"] = new
    cache["ClusterEnabled"] = new != "disabled"
    name = cache["CacheParameterGroupName"].removesuffix(".cluster.on")
    if name.startswith("default."):
        cache["CacheParameterGroupName"] = name + (".cluster.on" if new != "disabled" else "")


def _merged_logs(cache: Params, params: Params) -> list[Params]:
    """Log deliveries after a change: by type, those that are turned off gone."""
    merged = {one["LogType"]: one for one in cache["LogDeliveryConfigurations"]}
    types = [one["LogType"] for one in params["LogDeliveryConfigurations"]]
    if len(set(types)) != len(types):
        refuse(COMBINATION, "There can be one log delivery configuration for each log type")
    for one in params["LogDeliveryConfigurations"]:
        merged[one["LogType"]] = one
    return [one for one in merged.values() if one.get("Enabled", True)]


@answers("elasticache", "IncreaseReplicaCount")
def increase(account: Account, params: Params) -> Params:
    """More replicas in every shard."""
    cache = group(account, params["ReplicationGroupId"])
    return _set_replicas(account, cache, params["NewReplicaCount"], more=True)


@answers("elasticache", "DecreaseReplicaCount")
def decrease(account: Account, params: Params) -> Params:
    """Fewer replicas in every shard."""
    cache = group(account, params["ReplicationGroupId"])
    wanted = params["NewReplicaCount"]
    if wanted < 1 and cache["MultiAZ"]:
        refuse(VALUE, "Must have at least 1 replica for Multi-AZ")
    if wanted < 1 and cache["AutomaticFailover"] and not cache["ClusterEnabled"]:
        refuse(VALUE, "Must have at least 1 replica for automatic failover")
    return _set_replicas(account, cache, wanted, more=False)


def _set_replicas(account: Account, cache: Params, wanted: int, *, more: bool) -> Params:
    if not 0 <= wanted <= 5:
        refuse(VALUE, "NewReplicaCount must be between 0 and 5.")
    if (wanted > cache["Replicas"]) != more or wanted == cache["Replicas"]:
        refuse(VALUE, f"The group has {cache['Replicas']} replicas already")
    cache["Replicas"] = wanted
    account.put(KIND, cache["ReplicationGroupId"], cache)
    return {"ReplicationGroup": described(account, cache)}


@answers("elasticache", "ModifyReplicationGroupShardConfiguration")
def modify_shards(account: Account, params: Params) -> Params:
    """More shards or fewer, with cluster mode only."""
    cache = group(account, params["ReplicationGroupId"])
    wanted = params["NodeGroupCount"]
    if not cache["ClusterEnabled"]:
        refuse(
            COMBINATION,
            "Resharding is only supported for replication groups with cluster mode enabled",
        )
    if not 1 <= wanted <= 500 or wanted * (cache["Replicas"] + 1) > NODE_QUOTA:
        refuse("NodeQuotaForClusterExceeded", f"There can be {NODE_QUOTA} nodes in a cluster")
    if wanted < cache["Shards"]:
        gone: list[Any] = params.get("NodeGroupsToRemove", params.get("NodeGroupsToRetain", []))
        if not gone:
            refuse(
                COMBINATION,
                "Either NodeGroupsToRemove or NodeGroupsToRetain is required to scale in",
            )
    cache["Shards"] = wanted
    account.put(KIND, cache["ReplicationGroupId"], cache)
    return {"ReplicationGroup": described(account, cache)}


@answers("elasticache", "DeleteReplicationGroup")
def delete(account: Account, params: Params) -> Params:
    """The group with all its nodes, after a last snapshot if one is asked for."""
    cache = group(account, params["ReplicationGroupId"])
    name = params.get("FinalSnapshotIdentifier")
    if name:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name) or name.endswith("-") or "--" in name:
            refuse(VALUE, f"The snapshot name {name} is not a valid identifier")
        if account.find(SNAPSHOT, name):
            refuse("SnapshotAlreadyExistsFault", f"A snapshot with the name {name} already exists.")
        account.put(SNAPSHOT, name, {"SnapshotName": name, "Of": cache["ReplicationGroupId"]})
    account.remove(KIND, cache["ReplicationGroupId"])
    return {"ReplicationGroup": described_gone(cache)}


def described_gone(cache: Params) -> Params:
    """What a deletion answers."""
    return {"ReplicationGroupId": cache["ReplicationGroupId"], "Status": "deleting"}
