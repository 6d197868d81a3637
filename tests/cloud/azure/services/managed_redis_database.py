"""Azure Managed Redis: a cluster's database, its keys, and who may log in with Entra ID."""

import re

from cloud.azure.arm import Arm, Body, declare
from cloud.azure.identifiers import ArmId

from .access_keys import new_key, new_keys
from .authorization import principal_type
from .managed_redis import API, BUSY
from .managed_redis_sizes import is_flash, takes_no_cluster
from .refusals import above, bad_request, conflict

DATABASE = declare("Microsoft.Cache/redisEnterprise/databases", api=API, slow=True, busy=BUSY)
ASSIGNMENT = declare(
    "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments",
    api=API,
    slow=True,
    pattern=r"[A-Za-z0-9]{1,60}",
    busy=BUSY,
)

PORT = 10000
FLASH_MODULES = frozenset({"RedisJSON"})
CREATE_ONLY = ("port", "modules", "geoReplication")
MODULES = ("RedisBloom", "RedisTimeSeries", "RediSearch", "RedisJSON")
GEO_MODULES = frozenset({"RediSearch", "RedisJSON"})
GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
DEFAULTS = {
    "clientProtocol": "Encrypted",
    "port": PORT,
    "clusteringPolicy": "OSSCluster",
    "evictionPolicy": "VolatileLRU",
    "deferUpgrade": "NotDeferred",
    "accessKeysAuthentication": "Disabled",
}
"""What the service sets when a request says nothing. Keys are of no use unless asked for."""


@DATABASE.puts
def put_database(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Makes the database of a cluster, with new keys, or brings it to the body."""
    if place.name != "default":
        bad_request(
            f"The database name '{place.name}' is invalid: a cluster has exactly one database, and "
            "its name is 'default'."
        )
    asked = body.setdefault("properties", {})
    wanted = {**DEFAULTS, **asked}
    if old:
        wanted.update(_unchanging(old["properties"], asked))
        _check_policy_change(old["properties"]["clusteringPolicy"], wanted["clusteringPolicy"])
    sku = arm.need(above(place))["sku"]["name"]
    _check_policy(sku, wanted)
    _check_persistence(wanted)
    _check_modules(sku, wanted)
    _check_geo_replication(arm, place, sku, wanted)
    return {
        **body,
        "_keys": old["_keys"] if old else new_keys(),
        "properties": {
            **wanted,
            "redisVersion": "7.4",
            "resourceState": "Updating" if old else "Creating",
        },
    }


@DATABASE.settles
def settle_database(arm: Arm, place: ArmId, database: Body) -> Body:
    """What a database is when its operation has ended."""
    del arm, place
    database["properties"]["resourceState"] = "Running"
    return database


def _unchanging(now: Body, asked: Body) -> Body:
    """What a database has had since it was made. Refuses to change it."""
    for name in CREATE_ONLY:
        if asked.get(name) and asked[name] != now.get(name):
            bad_request(
                f"The property 'properties.{name}' can only be set when the database is created. "
                "Delete the database and create it anew to change it."
            )
    return {name: now[name] for name in CREATE_ONLY if name in now}


def _check_policy_change(before: str, after: str) -> None:
    if before not in {after, "NoCluster"}:
        bad_request(
            f"The clustering policy cannot be changed from {before} to {after}: it can be updated "
            "only if the current value is NoCluster. Delete the database and create it anew."
        )


def _check_policy(sku: str, wanted: Body) -> None:
    if wanted["port"] != PORT:
        bad_request(f"The port {wanted['port']} is invalid: databases listen on port {PORT}.")
    if wanted["clusteringPolicy"] == "NoCluster" and not takes_no_cluster(sku):
        where = "on Flash Optimized SKUs" if is_flash(sku) else "above 25 GB"
        bad_request(f"The clustering policy NoCluster is not supported {where}: {sku}.")


def _check_persistence(wanted: Body) -> None:
    found = wanted.get("persistence") or {}
    aof, rdb = found.get("aofEnabled", False), found.get("rdbEnabled", False)
    if aof and rdb:
        bad_request("At most one of AOF and RDB persistence may be enabled.")
    if rdb and not found.get("rdbFrequency"):
        bad_request("RDB persistence needs 'persistence.rdbFrequency': 1h, 6h or 12h.")
    if aof and found.get("aofFrequency", "1s") != "1s":
        bad_request("The value 'always' of 'persistence.aofFrequency' is deprecated: use 1s.")
    for kind, on in (("aof", aof), ("rdb", rdb)):
        if not on and found.get(f"{kind}Frequency"):
            bad_request(
                f"'persistence.{kind}Frequency' needs 'persistence.{kind}Enabled' to be true."
            )


def _check_modules(sku: str, wanted: Body) -> None:
    names = [one.get("name", "") for one in wanted.get("modules") or []]
    for name in names:
        if name not in MODULES:
            bad_request(f"The module '{name}' is not one of {', '.join(MODULES)}.")
    if len(set(names)) < len(names):
        bad_request("A module can be enabled only once.")
    for name in names:
        if is_flash(sku) and name not in FLASH_MODULES:
            bad_request(f"The module {name} is not supported on {sku}.")
    if "RediSearch" not in names:
        return
    if wanted["clusteringPolicy"] != "EnterpriseCluster":
        bad_request("The module RediSearch needs the clustering policy EnterpriseCluster.")
    if wanted["evictionPolicy"] != "NoEviction":
        bad_request("The module RediSearch needs the eviction policy NoEviction.")


def _check_geo_replication(arm: Arm, place: ArmId, sku: str, wanted: Body) -> None:
    geo = wanted.get("geoReplication")
    if not geo:
        return
    if is_flash(sku) or sku in {"Balanced_B0", "Balanced_B1"}:
        bad_request(f"Geo-replication is not supported for the SKU {sku}.")
    strange = {one["name"] for one in wanted.get("modules") or []} - GEO_MODULES
    if strange:
        bad_request(f"The module {min(strange)} does not support geo-replication.")
    persistence = wanted.get("persistence") or {}
    if persistence.get("aofEnabled") or persistence.get("rdbEnabled"):
        bad_request("Persistence is not supported for a database in a geo-replication group.")
    if not geo.get("groupNickname"):
        bad_request("Geo-replication needs 'geoReplication.groupNickname'.")
    linked = [one.get("id") or "" for one in geo.get("linkedDatabases") or []]
    if place.key not in {one.lower() for one in linked}:
        bad_request("'geoReplication.linkedDatabases' must name the database itself, too.")
    for one in linked:
        if one.lower() != place.key:
            _check_partner(arm, one, sku, wanted["clusteringPolicy"])


def _check_partner(arm: Arm, identifier: str, sku: str, policy: str) -> None:
    """Every member of a geo-replication group must be of the same kind."""
    other = arm.need(identifier)
    home = arm.need(above(ArmId.parse(identifier)))
    if home["sku"]["name"] != sku:
        bad_request("All clusters of a geo-replication group must have the same SKU.")
    if other["properties"]["clusteringPolicy"] != policy:
        bad_request("All databases of a geo-replication group must have the same policy.")


@DATABASE.acts("listKeys")
def list_keys(arm: Arm, place: ArmId, database: Body, body: Body) -> Body:
    """Both keys: secret. Refused while they are disabled, so that nobody takes them for valid."""
    del arm, body
    _check_keys(place, database)
    return dict(database["_keys"])


@DATABASE.acts("regenerateKey")
def regenerate_key(arm: Arm, place: ArmId, database: Body, body: Body) -> Body:
    """Makes one key anew; the other stays valid. Answers both: secret."""
    _check_keys(place, database)
    kind = body.get("keyType")
    if kind not in {"Primary", "Secondary"}:
        bad_request("The parameter 'keyType' must be Primary or Secondary.")
    keys = {**database["_keys"], f"{kind.lower()}Key": new_key()}
    arm.put(place, {**database, "_keys": keys})
    return keys


def _check_keys(place: ArmId, database: Body) -> None:
    if database["properties"]["accessKeysAuthentication"] != "Enabled":
        bad_request(
            f"Access keys authentication is disabled on the database '{place.text}': there are no "
            "keys to list or to regenerate."
        )


@ASSIGNMENT.puts
def put_assignment(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Lets a user or a service principal in, with the only policy that there is."""
    del old
    asked = body.get("properties") or {}
    policy, who = asked.get("accessPolicyName"), (asked.get("user") or {}).get("objectId") or ""
    if policy != "default":
        bad_request(f"The access policy '{policy}' is not supported: only \"default\" is.")
    if not GUID.fullmatch(who):
        bad_request("'user.objectId' must be the object id of a user: a GUID.")
    if principal_type(arm, who) == "Group":
        bad_request(f"'{who}' is a group: only users and service principals are supported.")
    parent = above(place)
    if arm.need(parent)["properties"]["clientProtocol"] != "Encrypted":
        bad_request("Microsoft Entra authentication needs TLS: clientProtocol is Plaintext.")
    for identifier, one in arm.all(ASSIGNMENT.name).items():
        there = ArmId.parse(identifier)
        same = one["properties"]["user"]["objectId"].lower() == who.lower()
        if same and there.within(parent.text) and there.key != place.key:
            conflict(f"The user '{who}' has an access policy assignment already: {one['name']}.")
    return body
