"""Secret Manager: secrets and their versions.

Switches: `denied` (permissions that the caller does not have, as
secretmanager.versions.access).
"""

import base64
import binascii
import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from cloud.gcp.google import Body, Call, Google, declare
from cloud.gcp.iam import agent, granted, policies
from cloud.standin.store import Thing

from .answers import EMPTY, GONE, plain
from .certificates import stamp
from .consumer import REGIONS
from .kms import KEY, KEY_NAME, USER, usable
from .refusals import check_mask, invalid, permitted, taken, unready

MANAGER = declare(
    "secretmanager.googleapis.com", "v1", api="secretmanager.v1", title="Secret Manager API"
)
SECRET = "secretmanager.googleapis.com/Secret"
VERSION = "secretmanager.googleapis.com/SecretVersion"
HOST = "secretmanager.googleapis.com"
SECRETS = "projects/{project}/secrets"
ONE = f"{SECRETS}/{{secret}}"
ONE_VERSION = f"{ONE}/versions/{{version}}"

IDENTIFIER = re.compile(r"[a-zA-Z0-9_-]{1,255}")
TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
LARGEST = 64 * 1024
MOST_TOPICS, MOST_ALIASES, MOST_LABELS = 10, 50, 64
SHORTEST_PERIOD, LONGEST_PERIOD = 3600, 3_153_600_000
SOONEST_ROTATION = 300
SHORTEST_DELAY, LONGEST_DELAY = 86_400, 86_400_000
UPDATABLE = frozenset(
    {"labels", "annotations", "versionAliases", "versionDestroyTtl", "topics", "expireTime", "ttl",
     "rotation", "replication"}
)  # fmt: skip


@MANAGER.answers("POST", SECRETS, body="Secret", query=("secretId",))
def create(google: Google, call: Call) -> Body:
    """Makes a secret without a value."""
    identifier = call.query.get("secretId", "")
    name = f"{call.path}/{identifier}"
    permitted(google, "secretmanager.secrets.create", call.parent)
    if not IDENTIFIER.fullmatch(identifier):
        invalid(
            f"The provided Secret ID [{identifier}] does not match the expected format "
            "[[a-zA-Z_0-9]+]: 1 to 255 letters, numerals, hyphens and underscores.",
            "secret_id",
            identifier,
        )
    if google.find(SECRET, name):
        taken(f"Secret [{_numbered(google, name)}] already exists.")
    secret: Thing = {**told(call.body), "createTime": _now(), "_next": 1, "_name": name}
    _check(google, secret, call.project)
    secret = {"name": _numbered(google, name), "etag": _etag(), **secret}
    google.put(SECRET, name, secret)
    return shown(secret)


def told(body: Body) -> Body:
    """A body without what is null, which says nothing."""
    replication = body.get("replication")
    kept = {name: value for name, value in body.items() if value is not None}
    if replication:
        kept["replication"] = {
            name: value for name, value in replication.items() if value is not None
        }
    return kept


def _numbered(google: Google, name: str) -> str:
    """A name as the service answers it: with the project's number."""
    project = name.split("/")[1]
    number = google.project(project)["projectNumber"]
    return name.replace(f"projects/{project}/", f"projects/{number}/", 1)


def _check(google: Google, secret: Thing, project: str) -> None:
    """Everything that must be right of a secret, new or changed. Fills in when it expires."""
    _check_replication(google, secret.get("replication"), project)
    _check_names(secret)
    _check_expiry(secret)
    _check_rotation(google, secret, project)
    delay = secret.get("versionDestroyTtl")
    if delay and not SHORTEST_DELAY <= seconds(delay) <= LONGEST_DELAY:
        invalid(
            "The version destroy TTL must be between 24 hours and 1000 days.",
            "secret.version_destroy_ttl",
            delay,
        )


def _check_replication(google: Google, replication: Body | None, project: str) -> None:
    if not replication or len(replication) != 1:
        invalid("Exactly one replication policy must be provided.", "secret.replication", "")
    if "automatic" in replication:
        _check_key(google, replication["automatic"], "global", project)
        return
    replicas = replication["userManaged"].get("replicas", [])
    if not replicas:
        invalid("At least one replica must be provided.", "secret.replication.user_managed", "")
    places = [one.get("location") for one in replicas]
    for place in places:
        if place not in REGIONS:
            invalid(
                f"Location {place} is not a valid replica location.",
                "secret.replication.user_managed.replicas.location",
                place,
            )
    if len(set(places)) != len(places):
        invalid("Replica locations must be unique.", "secret.replication.user_managed", "")
    with_key = [one for one in replicas if one.get("customerManagedEncryption")]
    if with_key and len(with_key) != len(replicas):
        invalid("Either all replicas have a customer-managed key, or none.")
    for one in replicas:
        _check_key(google, one, one["location"], project)


def _check_key(google: Google, holder: Body, location: str, project: str) -> None:
    """A customer-managed key is there, in the right place, and lets the service's agent use it."""
    encryption = holder.get("customerManagedEncryption")
    if not encryption:
        return
    name, field = encryption.get("kmsKeyName", ""), "kms_key_name"
    found = KEY_NAME.fullmatch(name)
    if found is None:
        invalid(f"Invalid KMS key name: {name}.", field, name)
    if found["location"] != location:
        invalid(
            f"The KMS key must be in the location {location}, but {name} is in "
            f"{found['location']}.",
            field,
            name,
        )
    robot = agent(google, project, HOST)
    member = f"serviceAccount:{robot['email']}" if robot else ""
    there = google.find(KEY, name) is not None
    if not (there and usable(google, name) and member and granted(google, name, USER, member)):
        unready(
            f"Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource '{name}' (or "
            "it may not exist)."
        )


def _check_names(secret: Thing) -> None:
    labels = secret.get("labels") or {}
    if len(labels) > MOST_LABELS:
        invalid(f"No more than {MOST_LABELS} labels are allowed.", "secret.labels", len(labels))
    for key, value in labels.items():
        good = re.fullmatch(r"[^\W\d_][\w-]{0,62}", key) and key == key.lower()
        if not good or not re.fullmatch(r"[\w-]{0,63}", value) or value != value.lower():
            invalid(f"Invalid label: {key}={value}.", "secret.labels", key)
    aliases = secret.get("versionAliases") or {}
    if len(aliases) > MOST_ALIASES:
        invalid(f"No more than {MOST_ALIASES} aliases are allowed.", "secret.version_aliases", "")
    for alias in aliases:
        if not ALIAS.fullmatch(alias) or alias in {"latest", "NEW"}:
            invalid(f"Invalid version alias: {alias}.", "secret.version_aliases", alias)


def _check_expiry(secret: Thing) -> None:
    if secret.get("ttl"):
        if secret.get("expireTime") and "_ttl" not in secret:
            invalid("Only one of expire_time and ttl can be provided.", "secret.ttl", "")
        life = timedelta(seconds=seconds(secret.pop("ttl")))
        secret["expireTime"] = stamp(datetime.now(timezone.utc) + life)
    if secret.get("expireTime") and moment(secret["expireTime"]) <= datetime.now(timezone.utc):
        invalid(
            "The expiration time must be in the future.", "secret.expire_time", secret["expireTime"]
        )


def _check_rotation(google: Google, secret: Thing, project: str) -> None:
    topics = [one.get("name", "") for one in secret.get("topics") or []]
    if len(topics) > MOST_TOPICS:
        invalid(f"No more than {MOST_TOPICS} topics are allowed.", "secret.topics", len(topics))
    for topic in topics:
        _check_topic(google, topic, project)
    rotation = secret.get("rotation")
    if not rotation:
        return
    period, following = rotation.get("rotationPeriod"), rotation.get("nextRotationTime")
    if period and not following:
        invalid("Next rotation time must be set while the rotation period is set.")
    if not topics:
        invalid("Topics must be set while the rotation is set.", "secret.topics", "")
    if period and not SHORTEST_PERIOD <= seconds(period) <= LONGEST_PERIOD:
        invalid(
            f"The rotation period must be between {SHORTEST_PERIOD}s and {LONGEST_PERIOD}s.",
            "secret.rotation.rotation_period",
            period,
        )
    earliest = datetime.now(timezone.utc) + timedelta(seconds=SOONEST_ROTATION)
    if following and moment(following) < earliest:
        invalid(
            f"The next rotation time must be at least {SOONEST_ROTATION}s in the future.",
            "secret.rotation.next_rotation_time",
            following,
        )


def _check_topic(google: Google, topic: str, project: str) -> None:
    """A topic of the right form that the service's agent may publish to.

    Topics are not modelled: the setting `topics` lists those that there are with the grant.
    """
    if not TOPIC.fullmatch(topic):
        invalid(f"Invalid topic name: {topic}.", "secret.topics", topic)
    known = google.setting("topics", [])
    if topic not in known or agent(google, project, HOST) is None:
        unready(
            f"Permission 'pubsub.topics.publish' denied for the Secret Manager service agent on "
            f"resource '{topic}' (or it may not exist)."
        )


def seconds(duration: str) -> float:
    """A duration in seconds."""
    return float(duration.removesuffix("s"))


def moment(text: str) -> datetime:
    """A moment as Google writes it."""
    short = re.sub(r"(\.\d{1,6})\d*", r"\1", text)
    return datetime.fromisoformat(short.replace("Z", "+00:00"))


@MANAGER.answers("GET", ONE)
def get(google: Google, call: Call) -> Body:
    """A secret without a value."""
    return shown(_secret(google, call.path))


def _secret(google: Google, name: str) -> Thing:
    found = google.find(SECRET, name)
    if (
        found
        and found.get("expireTime")
        and moment(found["expireTime"]) < datetime.now(timezone.utc)
    ):
        _remove(google, name)
    return google.need(SECRET, name, f"Secret [{_numbered(google, name)}] not found.")


def shown(secret: Thing) -> Body:
    """A secret as the service answers it: a replication is told, however little it says."""
    rotation = secret.get("rotation")
    kept = {**plain(secret), "replication": secret["replication"]}
    return {**kept, "rotation": rotation} if rotation else kept


@MANAGER.answers("GET", SECRETS)
def listed(google: Google, call: Call) -> Body:
    """All secrets of a project."""
    found = [shown(one) for one in google.all(SECRET, f"{call.path}/").values()]
    return {"secrets": found, "totalSize": len(found)}


@MANAGER.answers("PATCH", ONE, body="Secret")
def patch(google: Google, call: Call) -> Body:
    """Changes a secret, but not where it is kept."""
    old = _secret(google, call.path)
    permitted(google, "secretmanager.secrets.update", call.path)
    check_mask(call.mask, UPDATABLE, "a secret")
    tops = {field.partition(".")[0] for field in call.mask}
    body = told(call.body)
    new = {**old, **{field: body.get(field) for field in tops}, "_ttl": True}
    if "ttl" in tops and new.get("ttl"):
        new.pop("expireTime", None)
    new = {field: value for field, value in new.items() if value is not None}
    if "replication" in tops and _places(new["replication"]) != _places(old["replication"]):
        invalid("The replication policy of a secret cannot be changed.", "secret.replication", "")
    if "rotation" not in tops and "topics" not in tops:
        rotation = new.pop("rotation", None)
        _check(google, new, call.project)
        new = {**new, **({"rotation": rotation} if rotation else {})}
    else:
        _check(google, new, call.project)
    for version in (new.get("versionAliases") or {}).values():
        _version(google, f"{call.path}/versions/{version}")
    del new["_ttl"]
    google.put(SECRET, call.path, {**new, "etag": _etag()})
    return shown(new)


def _places(replication: Body) -> list[str]:
    """Where a policy keeps a secret."""
    if "automatic" in replication:
        return ["automatic"]
    return [one["location"] for one in replication["userManaged"]["replicas"]]


@MANAGER.answers("DELETE", ONE, query=("etag",))
def delete(google: Google, call: Call) -> Body:
    """Takes a secret away at once, with all its versions."""
    _secret(google, call.path)
    permitted(google, "secretmanager.secrets.delete", call.path)
    _remove(google, call.path)
    return EMPTY


def _remove(google: Google, name: str) -> None:
    for version in google.all(VERSION, f"{name}/versions/"):
        google.remove(VERSION, version)
    google.remove(SECRET, name)


@MANAGER.answers(
    "POST", f"{ONE}:addVersion", body="AddSecretVersionRequest", secrets=("payload.data",)
)
def add(google: Google, call: Call) -> Body:
    """Adds a value."""
    secret = _secret(google, call.path)
    permitted(google, "secretmanager.versions.add", call.path)
    payload = call.body.get("payload") or {}
    data = _decoded(payload.get("data", ""))
    if not data:
        invalid("The secret payload must not be empty.", "payload.data", "")
    if len(data) > LARGEST:
        invalid("The secret payload must be no larger than 64KiB.", "payload.data", "")
    checksum = payload.get("dataCrc32c")
    if checksum is not None and int(checksum) != crc32c(data):
        invalid("The payload does not match its checksum.", "payload.data_crc32c", checksum)
    _check_replication(google, secret["replication"], call.project)
    number = secret["_next"]
    name = f"{call.path}/versions/{number}"
    version: Thing = {
        "name": _numbered(google, name),
        "createTime": _now(),
        "state": "ENABLED",
        "etag": _etag(),
        "replicationStatus": _status(secret["replication"]),
        "clientSpecifiedPayloadChecksum": checksum is not None,
        "_data": base64.b64encode(data).decode(),
    }
    google.put(VERSION, name, version)
    google.put(SECRET, call.path, {**secret, "_next": number + 1})
    return plain(version)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        invalid("Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed.")


def _status(replication: Body) -> Body:
    if "automatic" in replication:
        return {"automatic": {}}
    places = [{"location": one["location"]} for one in replication["userManaged"]["replicas"]]
    return {"userManaged": {"replicas": places}}


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_REMAINDERS = tuple(_remainder(byte) for byte in range(256))


def crc32c(data: bytes) -> int:
    """Castagnoli's checksum."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ _REMAINDERS[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def _version(google: Google, name: str) -> Thing:
    """A version by number, alias or as `latest`, the way time has left it."""
    secret_name, _, wanted = name.partition("/versions/")
    secret = _secret(google, secret_name)
    wanted = str((secret.get("versionAliases") or {}).get(wanted, wanted))
    if wanted == "latest":
        wanted = str(secret["_next"] - 1)
    full = f"{secret_name}/versions/{wanted}"
    numbered = _numbered(google, full)
    version = google.need(VERSION, full, f"Secret Version [{numbered}] not found.")
    due = version.get("scheduledDestroyTime")
    if due and moment(due) <= datetime.now(timezone.utc):
        version = google.put(VERSION, full, _destroyed(version))
    return version


@MANAGER.answers("GET", ONE_VERSION)
def get_version(google: Google, call: Call) -> Body:
    """A version without its value."""
    return plain(_version(google, call.path))


@MANAGER.answers("GET", f"{ONE}/versions")
def list_versions(google: Google, call: Call) -> Body:
    """The versions of a secret, the newest first."""
    _secret(google, call.parent)
    found = sorted(_versions(google, call.parent), key=_number, reverse=True)
    return {"versions": [plain(one) for one in found], "totalSize": len(found)}


def _versions(google: Google, secret: str) -> Iterator[Thing]:
    yield from google.all(VERSION, f"{secret}/versions/").values()


def _number(version: Thing) -> int:
    return int(version["name"].rpartition("/")[2])


@MANAGER.answers("GET", f"{ONE_VERSION}:access")
def access(google: Google, call: Call) -> Body:
    """A value."""
    version = _version(google, call.path)
    permitted(google, "secretmanager.versions.access", call.path)
    if version["state"] != "ENABLED":
        unready(f"Secret Version [{version['name']}] is in {version['state']} state.")
    data = base64.b64decode(version["_data"])
    payload = {"data": version["_data"], "dataCrc32c": str(crc32c(data))}
    return {"name": version["name"], "payload": payload}


@MANAGER.answers("POST", f"{ONE_VERSION}:enable", body="EnableSecretVersionRequest")
def enable(google: Google, call: Call) -> Body:
    """Makes a value readable. What was to be destroyed later stays."""
    return _switched(google, call, "ENABLED")


@MANAGER.answers("POST", f"{ONE_VERSION}:disable", body="DisableSecretVersionRequest")
def disable(google: Google, call: Call) -> Body:
    """Makes a value unreadable, for the time being."""
    return _switched(google, call, "DISABLED")


def _switched(google: Google, call: Call, state: str) -> Body:
    version = _living(google, call.path)
    changed = {**version, "state": state, "etag": _etag()}
    if state == "ENABLED":
        changed.pop("scheduledDestroyTime", None)
    return plain(google.put(VERSION, _full(call, version), changed))


def _living(google: Google, name: str) -> Thing:
    version = _version(google, name)
    if version["state"] == "DESTROYED":
        unready(f"Secret Version [{version['name']}] is in DESTROYED state.")
    return version


def _full(call: Call, version: Thing) -> str:
    return f"{call.path.rpartition('/')[0]}/{_number(version)}"


@MANAGER.answers("POST", f"{ONE_VERSION}:destroy", body="DestroySecretVersionRequest")
def destroy(google: Google, call: Call) -> Body:
    """Destroys a value; with a delay it is only unreadable until that is over."""
    version = _living(google, call.path)
    permitted(google, "secretmanager.versions.destroy", call.path)
    delay = _secret(google, call.path.partition("/versions/")[0]).get("versionDestroyTtl")
    changed = _destroyed(version)
    if delay:
        due = stamp(datetime.now(timezone.utc) + timedelta(seconds=seconds(delay)))
        changed = {**version, "state": "DISABLED", "scheduledDestroyTime": due, "etag": _etag()}
    return plain(google.put(VERSION, _full(call, version), changed))


def _destroyed(version: Thing) -> Thing:
    gone = {"_data", "scheduledDestroyTime"}
    kept: dict[str, Any] = {name: value for name, value in version.items() if name not in gone}
    return {**kept, GONE: True, "state": "DESTROYED", "destroyTime": _now(), "etag": _etag()}


def _now() -> str:
    return stamp(datetime.now(timezone.utc))


def _etag() -> str:
    return f'"{secrets.token_hex(7)}"'


policies(MANAGER, ONE, SECRET, "secretmanager")
