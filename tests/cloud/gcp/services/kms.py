"""Cloud KMS: key rings, keys and their versions. Rings and keys are never deleted."""

import re
from datetime import datetime, timedelta, timezone

from cloud.gcp.google import Body, Call, Google, declare
from cloud.gcp.iam import agent, granted, policies
from cloud.standin.store import Thing

from .answers import GONE, plain
from .certificates import stamp
from .consumer import REGIONS
from .refusals import check_labels, check_mask, invalid, permitted, taken, unready

KMS = declare(
    "cloudkms.googleapis.com",
    "v1",
    api="cloudkms.v1",
    title="Cloud Key Management Service (KMS) API",
)
RING = "cloudkms.googleapis.com/KeyRing"
KEY = "cloudkms.googleapis.com/CryptoKey"
VERSION = "cloudkms.googleapis.com/CryptoKeyVersion"
RINGS = "projects/{project}/locations/{location}/keyRings"
ONE_RING = f"{RINGS}/{{keyRing}}"
KEYS = f"{ONE_RING}/cryptoKeys"
ONE_KEY = f"{KEYS}/{{cryptoKey}}"
VERSIONS = f"{ONE_KEY}/cryptoKeyVersions"
ONE_VERSION = f"{VERSIONS}/{{version}}"

NAME = re.compile(r"[a-zA-Z0-9_-]{1,63}")
KEY_NAME = re.compile(
    r"projects/[^/]+/locations/(?P<location>[^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+"
)
LOCATIONS = REGIONS | {"global", "us", "europe", "asia", "eur4", "nam4"}
USER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
DAY = 86400
UPDATABLE = frozenset({"labels", "rotationPeriod", "nextRotationTime", "versionTemplate"})


@KMS.answers("POST", RINGS, body="KeyRing", query=("keyRingId",))
def create_ring(google: Google, call: Call) -> Body:
    """Makes a key ring, for ever."""
    name = _named(call, "keyRingId", "key ring")
    location = call.values["location"]
    if location not in LOCATIONS:
        invalid(f"The location '{location}' is not a valid location of Cloud KMS.")
    if google.find(RING, name):
        taken(f"KeyRing {name} already exists.")
    return plain(google.put(RING, name, {"name": name, "createTime": _now()}))


def _named(call: Call, query: str, what: str) -> str:
    identifier = call.query.get(query, "")
    if not NAME.fullmatch(identifier):
        invalid(
            f"The ID of a {what} must match the regular expression [a-zA-Z0-9_-]{{1,63}}: "
            f"'{identifier}'."
        )
    return f"{call.path}/{identifier}"


@KMS.answers("GET", ONE_RING)
def get_ring(google: Google, call: Call) -> Body:
    """A key ring."""
    return plain(google.need(RING, call.path, f"KeyRing {call.path} not found."))


@KMS.answers("POST", KEYS, body="CryptoKey", query=("cryptoKeyId", "skipInitialVersionCreation"))
def create_key(google: Google, call: Call) -> Body:
    """Makes a key with its first version."""
    google.need(RING, call.parent, f"KeyRing {call.parent} not found.")
    name = _named(call, "cryptoKeyId", "crypto key")
    if google.find(KEY, name):
        taken(f"CryptoKey {name} already exists.")
    body = call.body
    purpose = body.get("purpose", "CRYPTO_KEY_PURPOSE_UNSPECIFIED")
    if purpose == "CRYPTO_KEY_PURPOSE_UNSPECIFIED":
        invalid("The purpose of a crypto key must be set.", "crypto_key.purpose", purpose)
    _check_rotation(body)
    _check_destruction(body)
    check_labels(body.get("labels") or {}, "crypto_key.labels")
    template = {"protectionLevel": "SOFTWARE", **(body.get("versionTemplate") or {})}
    if purpose == "ENCRYPT_DECRYPT":
        template.setdefault("algorithm", "GOOGLE_SYMMETRIC_ENCRYPTION")
    elif "algorithm" not in template:
        invalid("A version template with an algorithm is required for this purpose.")
    key: Thing = {
        "destroyScheduledDuration": f"{30 * DAY}s",
        **body,
        "name": name,
        "createTime": _now(),
        "versionTemplate": template,
        "_versions": 0,
    }
    if call.query.get("skipInitialVersionCreation") != "true":
        key = _add_version(google, key)
    return shown_key(google, google.put(KEY, name, key))


def _check_rotation(key: Body) -> None:
    period = key.get("rotationPeriod")
    if not period:
        return
    if key.get("purpose") != "ENCRYPT_DECRYPT":
        invalid("Only keys with the purpose ENCRYPT_DECRYPT can rotate automatically.")
    if float(period.removesuffix("s")) < DAY:
        invalid("rotation_period must be at least 24 hours.", "crypto_key.rotation_period", period)
    if not key.get("nextRotationTime"):
        invalid("next_rotation_time must be set when rotation_period is set.")


def _check_destruction(key: Body) -> None:
    duration = key.get("destroyScheduledDuration")
    if duration and not DAY <= float(duration.removesuffix("s")) <= 120 * DAY:
        invalid(
            "destroy_scheduled_duration must be between 24 hours and 120 days.",
            "crypto_key.destroy_scheduled_duration",
            duration,
        )


def _add_version(google: Google, key: Thing) -> Thing:
    number = key["_versions"] + 1
    name = f"{key['name']}/cryptoKeyVersions/{number}"
    version = {
        "name": name,
        "state": "ENABLED",
        "protectionLevel": key["versionTemplate"]["protectionLevel"],
        "algorithm": key["versionTemplate"]["algorithm"],
        "createTime": _now(),
        "generateTime": _now(),
    }
    google.put(VERSION, name, version)
    return {**key, "_versions": number, "_primary": name}


def shown_key(google: Google, key: Thing) -> Body:
    """A key as the service shows it."""
    kept = plain(key)
    primary = key.get("_primary")
    if primary and key["purpose"] == "ENCRYPT_DECRYPT":
        kept["primary"] = plain(google.need(VERSION, primary))
    return kept


@KMS.answers("GET", ONE_KEY)
def get_key(google: Google, call: Call) -> Body:
    """A key."""
    return shown_key(google, _key(google, call.path))


def _key(google: Google, name: str) -> Thing:
    return google.need(KEY, name, f"CryptoKey {name} not found.")


@KMS.answers("PATCH", ONE_KEY, body="CryptoKey")
def patch_key(google: Google, call: Call) -> Body:
    """Changes a key."""
    old = _key(google, call.path)
    check_mask(call.mask, UPDATABLE, "a crypto key")
    new = {**old}
    for field in call.mask:
        top, _, inner = field.partition(".")
        given = call.body.get(top)
        if inner:
            new[top] = {**old.get(top, {}), inner: (given or {}).get(inner)}
        elif given in (None, ""):
            new.pop(top, None)
        else:
            new[top] = given
    _check_rotation(new)
    check_labels(new.get("labels") or {}, "crypto_key.labels")
    return shown_key(google, google.put(KEY, call.path, new))


@KMS.answers("GET", VERSIONS)
def list_versions(google: Google, call: Call) -> Body:
    """The versions of a key."""
    found = [plain(one) for one in google.all(VERSION, f"{call.path}/").values()]
    return {"cryptoKeyVersions": found, "totalSize": len(found)}


@KMS.answers("GET", ONE_VERSION)
def get_version(google: Google, call: Call) -> Body:
    """A version."""
    return plain(google.need(VERSION, call.path, f"CryptoKeyVersion {call.path} not found."))


@KMS.answers("POST", f"{ONE_VERSION}:destroy", body="DestroyCryptoKeyVersionRequest")
def destroy_version(google: Google, call: Call) -> Body:
    """Schedules the destruction of a version. It cannot be used any more from now on."""
    version = google.need(VERSION, call.path, f"CryptoKeyVersion {call.path} not found.")
    permitted(google, "cloudkms.cryptoKeyVersions.destroy", call.path)
    if version["state"] not in {"ENABLED", "DISABLED"}:
        unready(
            f"The request cannot be fulfilled. Resource {call.path} has value {version['state']} "
            "in field crypto_key_version.state."
        )
    key = _key(google, call.path.partition("/cryptoKeyVersions/")[0])
    wait = timedelta(seconds=float(key["destroyScheduledDuration"].removesuffix("s")))
    changed = {
        **version,
        "state": "DESTROY_SCHEDULED",
        GONE: True,
        "destroyTime": stamp(datetime.now(timezone.utc) + wait),
    }
    return plain(google.put(VERSION, call.path, changed))


policies(KMS, ONE_KEY, KEY, "cloudkms")


def _now() -> str:
    return stamp(datetime.now(timezone.utc))


# What other services ask.


def check_key(google: Google, name: str, location: str, field: str) -> None:
    """A key that is there, in the right location. Raises GoogleError."""
    found = KEY_NAME.fullmatch(name)
    if found is None:
        invalid(
            f"Invalid KMS key name: {name}. Expected "
            "projects/*/locations/*/keyRings/*/cryptoKeys/*.",
            field,
            name,
        )
    if found["location"] != location:
        invalid(
            f"The KMS key must be in the location {location}, but {name} is in "
            f"{found['location']}.",
            field,
            name,
        )
    if google.find(KEY, name) is None:
        invalid(f"CryptoKey {name} not found.", field, name)


def usable(google: Google, name: str) -> bool:
    """Whether a key can encrypt: its primary version is there and enabled."""
    key = google.find(KEY, name)
    version = google.find(VERSION, key["_primary"]) if key and "_primary" in key else None
    return version is not None and version["state"] == "ENABLED"


def agent_may_use(google: Google, project: str, host: str, name: str) -> bool:
    """Whether a service's agent of a project exists, has the grant on a key, and can use it."""
    found = agent(google, project, host)
    if found is None or not usable(google, name):
        return False
    return granted(google, name, USER, f"serviceAccount:{found['email']}")
