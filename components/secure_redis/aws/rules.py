"""Rules of the AWS target: what ElastiCache would refuse, said before anything is touched."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from secure_redis import clouds
from secure_redis.problems import Problem
from secure_redis.schema import join

from . import plan, versions
from .settings import LOG_RETENTION_DAYS, Auth, TransitEncryption
from .sizes import NODE_TYPES, RESERVED_PERCENT

if TYPE_CHECKING:
    from secure_redis.settings import (
        AccessSettings,
        AdoptedNetwork,
        AlarmSettings,
        Arguments,
        CacheSettings,
        NetworkSettings,
        NewNetwork,
        StackSettings,
    )

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MINUTES_OF_DAY = 24 * 60
SHORTEST_WINDOW = 60
"""Minutes (API CreateReplicationGroup, PreferredMaintenanceWindow and SnapshotWindow)."""

NODES = 500
"""Most nodes in cluster mode, with a raised quota (ElastiCache User Guide, quotas; 90 without)."""

VPC_PREFIXES = range(16, 26)
"""Prefix lengths of a new VPC (16 to 28 in the API), so that its eight parts are legal subnets."""

TAG_KEY_LENGTH, TAG_VALUE_LENGTH, TAGS = 128, 256, 45
"""Limits of tags (AWS tagging: 128, 256 and 50, less the tags that are ours)."""


def stack_problems(stack: "StackSettings") -> Iterator[Problem]:
    """What is wrong with the network and the tags of a stack."""
    yield from network_problems(stack.network)
    yield from tag_problems("tags", stack.tags)
    yield from shared_problems(stack.access, stack.alarms)
    adopted = stack.network.adopt
    if adopted and adopted.subnet_ids:
        for name, cache in sorted(stack.caches.items()):
            path = join("caches", name)
            yield from subnet_problems(path, cache, adopted.subnet_ids, "network.adopt.subnetIds")


def argument_problems(name: str, given: "Arguments") -> Iterator[Problem]:
    """What is wrong with what a component was given beside the settings of its cache."""
    yield from clouds.name_problems(name)
    yield from tag_problems("tags", given.tags)
    yield from shared_problems(given.access, given.alarms)
    subnet_ids = given.network.get("subnet_ids")
    if isinstance(subnet_ids, list):
        yield from subnet_problems(name, given.cache, subnet_ids, "network.subnet_ids")


def network_problems(network: "NetworkSettings") -> Iterator[Problem]:
    """What is wrong with the network of a stack."""
    yield from clouds.choice_problems(network)
    if network.create:
        yield from new_network_problems("network.create", network.create)
    if network.adopt:
        yield from _adopted(network.adopt)
    yield from clouds.foreign_problems("network", network, "aws")


def _adopted(adopted: "AdoptedNetwork") -> Iterator[Problem]:
    yield from clouds.foreign_problems("network.adopt", adopted, "aws")
    for field in ("vpc_id", "subnet_ids"):
        if not getattr(adopted, field):
            yield Problem(join("network.adopt", to_camel(field)), "is required on aws", "Set it.")
    yield from _ids("network.adopt.vpcId", [adopted.vpc_id], "vpc")
    yield from _ids("network.adopt.subnetIds", adopted.subnet_ids, "subnet")


def new_network_problems(base: str, new: "NewNetwork") -> Iterator[Problem]:
    """What is wrong with a network that is to be made."""
    yield from clouds.new_network_problems(join(base, "cidr"), new.cidr, VPC_PREFIXES)
    zones = new.availability_zones
    if zones and (len(set(zones)) != len(zones) or len(zones) not in {2, 3}):
        yield Problem(
            join(base, "availabilityZones"),
            "must be two or three different zones",
            "Correct the list.",
        )


def cache_problems(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    """All that is wrong with one cache on AWS."""
    yield from _mode(path, cache)
    yield from _version(path, cache)
    yield from _auth(path, cache)
    if cache.aws.serverless:
        yield from _serverless(path, cache)
    else:
        yield from _nodes(path, cache)
        yield from _parameters(path, cache)
        yield from _logs(path, cache)
    yield from _snapshots(path, cache)
    yield from _secret(path, cache)
    yield from _key(path, cache)


def shared_problems(access: "AccessSettings", alarms: "AlarmSettings") -> Iterator[Problem]:
    """What is wrong with who may reach a cache, and who is told of its alarms."""
    if not (access.security_group_ids or access.cidrs or access.prefix_list_ids):
        yield Problem(
            "access",
            "names nobody: no application could reach the cache",
            "Name security groups (securityGroupIds), networks (cidrs) or prefixListIds.",
        )
    yield from clouds.foreign_problems("access", access, "aws")
    yield from _ids("access.securityGroupIds", access.security_group_ids, "sg")
    yield from _ids("access.prefixListIds", access.prefix_list_ids, "pl")
    for number, cidr in enumerate(access.cidrs):
        yield from clouds.source_problems(join("access.cidrs", number), cidr)
    for key in ("security_group_ids", "cidrs", "prefix_list_ids", "secret_readers"):
        yield from clouds.repeated(join("access", to_camel(key)), getattr(access, key))
    yield from _arns("access.secretReaders", access.secret_readers, r"(iam|sts)::\d{12}:.+")
    yield from _arns("alarms.notify", alarms.notify, r"sns:[a-z0-9-]+:\d{12}:.+")


def tag_problems(path: str, tags: Mapping[str, str]) -> Iterator[Problem]:
    """What AWS would refuse of tags."""
    if len(tags) > TAGS:
        yield Problem(path, f"has more than {TAGS} tags", "Remove some.")
    for key, value in tags.items():
        where = join(path, key)
        if key.lower().startswith("aws:"):
            yield Problem(where, "begins with aws:, which is AWS's own", "Choose another key.")
        if len(key) > TAG_KEY_LENGTH or len(value) > TAG_VALUE_LENGTH:
            reason = f"is longer than {TAG_KEY_LENGTH} (key) or {TAG_VALUE_LENGTH} (value)"
            yield Problem(where, f"{reason} characters", "Shorten it.")
        elif not _TAG.fullmatch(key) or not _TAG.fullmatch(value):
            reason = "may hold letters, digits, spaces and _.:/=+-@ only"
            yield Problem(where, reason, "Correct it.")


_TAG = re.compile(r"[\w .:/=+\-@]*")


def _mode(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    yield from clouds.transport_problems(path, cache, "ElastiCache")
    if cache.persistence.value == "aof":
        yield Problem(
            join(path, "persistence"),
            "ElastiCache has no append-only file",
            "Use rdb (daily snapshots), and replicas against the loss of a node.",
        )
    preferred = cache.aws.transit_encryption is TransitEncryption.PREFERRED
    if preferred and cache.production:
        yield Problem(
            join(path, "aws.transitEncryption"),
            "preferred is refused in production: clients without TLS are served as well",
            "Use required.",
            rule="plaintext-in-production",
        )


def _version(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    version = cache.aws.engine_version
    known = versions.KNOWN[cache.engine]
    where = join(path, "aws.engineVersion")
    if version is not None and not versions.offered(cache.engine, version):
        if re.fullmatch(r"[67]\.\d+\.\d+|[89]\.\d+\.\d+", version):
            reason = "names a patch level, which AWS chooses"
        elif cache.engine.value == "redis" and version[:2] in {"4.", "5."}:
            reason = "left standard support on 2026-01-31, and costs extra since"
        else:
            reason = f"is no version of {cache.engine.value} on ElastiCache that is known here"
        yield Problem(where, reason, f"Use one of {', '.join(known)}.")
        return
    durable = cache.aws.durability
    if durable is not None:
        number = versions.number(plan.engine_version(cache))
        if cache.engine.value != "valkey" or number < versions.DURABILITY or not cache.aws.shards:
            yield Problem(
                join(path, "aws.durability"),
                "needs Valkey 9.0 or later in cluster mode",
                "Remove it, or set engineVersion and shards.",
            )


def _auth(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings = cache.aws
    where = join(path, "aws.auth")
    if settings.auth is Auth.TOKEN and settings.serverless:
        reason = "a serverless cache knows users only, no AUTH token"
        yield Problem(where, reason, "Use rbac or iam.")
    version = plan.engine_version(cache)
    if (
        settings.auth is Auth.IAM
        and versions.offered(cache.engine, version)
        and versions.number(version) < versions.IAM[cache.engine]
    ):
        lowest = ".".join(str(part) for part in versions.IAM[cache.engine])
        reason = f"IAM logins need {cache.engine.value} {lowest} or later"
        yield Problem(where, reason, "Raise engineVersion, or use rbac.")
    if settings.auth is not Auth.RBAC and settings.automatic_rotation:
        yield Problem(
            join(path, "aws.automaticRotation"),
            f"rotates the password of a user, and {settings.auth.value} has none",
            "Use rbac, or remove it.",
        )
    if settings.automatic_rotation and cache.rotation.keep_previous:
        yield Problem(
            join(path, "rotation.keepPrevious"),
            "has no effect beside aws.automaticRotation: Secrets Manager makes the passwords",
            "Remove one of the two.",
        )
    if settings.auth is Auth.IAM and (
        cache.rotation.generation > 1 or cache.rotation.keep_previous
    ):
        yield Problem(join(path, "rotation"), "IAM has no password to rotate", "Remove it.")
    if settings.automatic_rotation and cache.rotation_days > 1000:  # noqa: PLR2004
        reason = "Secrets Manager rotates every 1 to 1000 days"
        yield Problem(join(path, "rotationDays"), reason, "Lower it.")


NODES_ONLY = (
    "node_type",
    "shards",
    "multi_az",
    "port",
    "parameters",
    "logs",
    "log_retention_days",
    "maintenance_window",
    "final_snapshot",
    "apply_immediately",
    "auto_minor_version_upgrade",
    "transit_encryption",
    "durability",
)
"""Settings of node-based caches, which a serverless one does not take."""


def _serverless(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    given = cache.aws.model_fields_set
    for field in NODES_ONLY:
        if field in given:
            reason = "a serverless cache has no such setting"
            yield Problem(
                join(path, "aws", to_camel(field)), reason, "Remove it, or remove serverless."
            )
    for field in ("replicas", "eviction_policy"):
        if field in cache.model_fields_set:
            reason = "AWS decides it for a serverless cache"
            yield Problem(
                join(path, to_camel(field)), reason, "Remove it, or remove aws.serverless."
            )
    if cache.aws.restore and cache.aws.restore.snapshot_name:
        yield Problem(
            join(path, "aws.restore.snapshotName"),
            "a serverless cache is restored by the ARNs of snapshots",
            "Use snapshotArns.",
        )
    version = plan.engine_version(cache)
    lowest = versions.SERVERLESS[cache.engine]
    if versions.offered(cache.engine, version) and versions.number(version) < lowest:
        reason = f"a serverless cache runs {cache.engine.value} {lowest[0]}.{lowest[1]} or later"
        yield Problem(join(path, "aws.engineVersion"), reason, "Raise it.")
    if cache.purpose.value == "queue":
        yield Problem(
            join(path, "aws.serverless"),
            "speaks the cluster protocol, which brokers of queues do not",
            "Use nodes for a queue.",
        )


def _nodes(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings, node_type = cache.aws, plan.node_type_name(cache)
    if not node_type:
        yield Problem(
            join(path, "memoryGb"),
            f"no node type holds {plan.node_memory_gb(cache):g} GiB after its reserve of 25 %",
            "Spread the data over more shards (aws.shards).",
        )
    if settings.node_type:
        yield from _node_type(join(path, "aws.nodeType"), cache, settings.node_type)
    if settings.multi_az and not cache.replicas:
        yield Problem(
            join(path, "aws.multiAz"),
            "needs a replica that can take over",
            "Set replicas to 1 or more.",
        )
    shards = settings.shards
    if shards is not None and shards * (cache.replicas + 1) > NODES:
        nodes = shards * (cache.replicas + 1)
        yield Problem(
            join(path, "aws.shards"),
            f"makes {nodes} nodes with their replicas, and {NODES} is the most",
            "Lower shards or replicas.",
        )


def _node_type(path: str, cache: "CacheSettings", name: str) -> Iterator[Problem]:
    family = name.split(".")[1]
    if family in _OLD_FAMILIES:
        yield Problem(path, "is of a family that takes no new caches", "Use t4g, m7g or r7g.")
    elif family == "t2" and cache.replicas and cache.aws.shards is None:
        yield Problem(path, "t2 nodes have no failover", "Use t4g, m7g or r7g.")
    if "memory_gb" in cache.model_fields_set:
        known = next((n for n in NODE_TYPES if n.name == name), None)
        if known and known.usable_gb < plan.node_memory_gb(cache):
            yield Problem(
                path,
                f"holds {known.usable_gb:.1f} GiB after its reserve of {RESERVED_PERCENT} %, less "
                "than memoryGb asks of it",
                "Choose a larger one, or remove memoryGb.",
            )


_OLD_FAMILIES = frozenset({"t1", "m1", "m2", "m3", "c1", "r3"})
"""Previous generation (API CreateReplicationGroup, CacheNodeType)."""


def _parameters(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    for name in cache.aws.parameters:
        if name in plan.OWN_PARAMETERS:
            yield Problem(
                join(path, "aws.parameters", name),
                f"is decided by {plan.OWN_PARAMETERS[name]}",
                "Set that instead.",
            )
        elif name in _NO_PARAMETERS:
            yield Problem(
                join(path, "aws.parameters", name),
                "cannot be set on ElastiCache",
                "Remove it.",
            )


_NO_PARAMETERS = frozenset(
    {"appendonly", "appendfsync", "maxmemory", "requirepass", "tls-port", "port", "save", "bind"}
)
"""Directives of redis.conf that ElastiCache does not have as parameters."""


def _logs(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    days = cache.aws.log_retention_days
    if days not in LOG_RETENTION_DAYS:
        near = min(LOG_RETENTION_DAYS, key=lambda known: abs(known - days))
        reason = f"CloudWatch keeps logs for certain numbers of days, and {days} is none of them"
        yield Problem(join(path, "aws.logRetentionDays"), reason, f"Use {near}.")


def _snapshots(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings = cache.aws
    where = join(path, "aws.snapshotRetentionDays")
    explicit = settings.snapshot_retention_days
    if "persistence" in cache.model_fields_set and explicit is not None:
        if (cache.persistence.value == "none") != (explicit == 0):
            reason = f"{explicit} contradicts persistence: {cache.persistence.value}"
            yield Problem(where, reason, "Remove one of the two.")
    elif explicit == 0 and cache.production and cache.purpose.value != "cache":
        yield Problem(
            where,
            f"0 is refused for {cache.purpose.value} in production: what is lost stays lost",
            "Leave it out.",
            rule="volatile-data",
        )
    restore = settings.restore
    if restore and bool(restore.snapshot_name) == bool(restore.snapshot_arns):
        reason = "must name either snapshotName or snapshotArns"
        yield Problem(join(path, "aws.restore"), reason, "Give one of the two.")
    yield from _windows(path, cache)


def _windows(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    snapshot = _daily(cache.aws.snapshot_window)
    weekly = _weekly(cache.aws.maintenance_window)
    given = {"snapshotWindow": snapshot, "maintenanceWindow": weekly}
    for key, window in given.items():
        where = join(path, "aws", key)
        if window is None:
            yield Problem(where, "holds no time of the day or week", "Write it as in the example.")
        elif window[1] < SHORTEST_WINDOW:
            reason = f"is shorter than {SHORTEST_WINDOW} minutes"
            yield Problem(where, reason, "Make it longer.")
    if snapshot and weekly and not cache.aws.serverless and _overlap(snapshot, weekly):
        reason = "overlaps the snapshots' window"
        yield Problem(join(path, "aws.maintenanceWindow"), reason, "Move one of the two.")


def _minute(text: str) -> int | None:
    hours, minutes = int(text[:2]), int(text[3:5])
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None  # noqa: PLR2004


def _daily(window: str) -> tuple[int, int] | None:
    """First minute of the day, and length in minutes."""
    begin, end = (_minute(part) for part in window.split("-"))
    if begin is None or end is None:
        return None
    return begin, (end - begin) % MINUTES_OF_DAY


def _weekly(window: str) -> tuple[int, int] | None:
    """First minute of the week, and length in minutes."""
    moments: list[int] = []
    for part in window.split("-"):
        day, minute = part[:3], _minute(part[4:])
        if day not in DAYS or minute is None:
            return None
        moments.append(DAYS.index(day) * MINUTES_OF_DAY + minute)
    return moments[0], (moments[1] - moments[0]) % (7 * MINUTES_OF_DAY)


def _overlap(daily: tuple[int, int], weekly: tuple[int, int]) -> bool:
    """Whether a daily window meets a weekly one on any day."""
    week = 7 * MINUTES_OF_DAY
    for day in range(7):
        begin = day * MINUTES_OF_DAY + daily[0]
        # Counted from the one's begin, the other must begin after its end, and the other way too.
        if (weekly[0] - begin) % week < daily[1] or (begin - weekly[0]) % week < weekly[1]:
            return True
    return False


def _secret(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    days = cache.aws.secret_recovery_days
    if days is not None and 0 < days < 7:  # noqa: PLR2004
        reason = "must be 0 or 7 to 30 days"
        yield Problem(join(path, "aws.secretRecoveryDays"), reason, "Correct the value.")


def _key(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if isinstance(cache.aws.kms_key_arn, str):
        pattern = r"kms:[a-z0-9-]+:\d{12}:key/.+"
        for problem in _arns("", [cache.aws.kms_key_arn], pattern):
            yield Problem(
                join(path, "aws.kmsKeyArn"),
                "must be the ARN of a key; an alias or an id is not enough",
                problem.fix,
            )


def subnet_problems(
    path: str, cache: "CacheSettings", subnet_ids: Sequence[Any], where: str
) -> Iterator[Problem]:
    """What is wrong with the subnets for a cache. where: the setting that names them."""
    count = len(subnet_ids)
    if cache.aws.serverless and count not in {2, 3}:
        yield Problem(where, "a serverless cache takes two or three subnets", "Correct the list.")
    elif not cache.aws.serverless and plan.multi_az(cache) and count < 2:  # noqa: PLR2004
        yield Problem(
            where,
            f"{path} has replicas in several availability zones, which need a subnet each",
            "Name subnets in two zones or more, or set aws.multiAz to false.",
        )


def _ids(path: str, values: Sequence[Any], kind: str) -> Iterator[Problem]:
    for number, value in enumerate(values):
        if isinstance(value, str) and not re.fullmatch(rf"{kind}-[0-9a-f]{{8,17}}", value):
            where = path if path.endswith("Id") else join(path, number)
            yield Problem(
                where,
                f"is no id of its kind ({kind}-...)",
                f"Copy it from AWS: {kind}-0a1b2c3d4e5f67890.",
            )


def _arns(path: str, values: Sequence[Any], pattern: str) -> Iterator[Problem]:
    for number, value in enumerate(values):
        if isinstance(value, str) and not re.fullmatch(rf"arn:aws[a-z-]*:{pattern}", value):
            yield Problem(join(path, number), "is no ARN of its kind", "Copy it from AWS.")
