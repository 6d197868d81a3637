"""Wrong inputs of keys, secrets and alerts, and the table of all of them."""

from collections.abc import Callable
from typing import Any

from .cloud import PROJECT_ID, REGION
from .strictness_caches import CACHES, Changes, Row
from .world import APPLICATION, READER, STRANGER, TOPIC, USER, World, condition, selection


def managed(*places: str, key: Callable[[World], str] | None = None) -> Changes:
    """The input by which a secret is kept in these places, with a key for all or none."""

    def made(world: World) -> dict[str, Any]:
        extra = {"customerManagedEncryption": {"kmsKeyName": key(world)}} if key else {}
        replicas = [{"location": one, **extra} for one in places]
        return {"replication": {"userManaged": {"replicas": replicas}}}

    return made


def automatic(key: Callable[[World], str]) -> Changes:
    """The input by which a secret is kept anywhere, with a key."""
    return lambda world: {
        "replication": {"auto": {"customerManagedEncryption": {"kmsKeyName": key(world)}}}
    }


def rotation(world: World, **changes: Any) -> dict[str, Any]:
    """The rotation of the valid secret with members changed; None leaves one out."""
    found = {**world.valid("Secret")["rotation"], **changes}
    return {"rotation": {name: value for name, value in found.items() if value is not None}}


SOON, NEVER = "2026-01-01T00:00:00Z", "2126-01-01T00:00:00Z"

SECRETS: list[Row] = [
    ({"secretId": "a b"}, "Error creating Secret: googleapi: Error 400", {"secretId": "a_B-1"}),
    ({"secretId": "a" * 256}, "1 to 255 letters", {"secretId": "a" * 200}),
    ({"replication": None}, "replication", {"replication": {"auto": {}}}),
    (
        {"replication": {}},
        '"replication.0.auto": one of `replication.0.auto,replication.0.user_managed` must be',
        {"replication": {"auto": {}}},
    ),
    (
        {"replication": {"auto": {}, "userManaged": {"replicas": [{"location": REGION}]}}},
        '"replication.0.auto": only one of `replication.0.auto,replication.0.user_managed` can be',
        managed(REGION),
    ),
    (managed(), "Attribute replication.0.user_managed.0.replicas requires 1 item", managed(REGION)),
    (managed("mars-north1"), "is not a valid replica location.", managed("europe-west3")),
    (managed(REGION, REGION), "Replica locations must be unique.", managed(REGION, "us-east1")),
    (
        managed("us-east1", key=lambda world: world.key),
        "The KMS key must be in the location us-east1",
        managed("us-east1", key=lambda world: world.far_key),
    ),
    (
        automatic(lambda world: world.key),
        "The KMS key must be in the location global",
        automatic(lambda world: world.global_key),
    ),
    (
        managed(REGION, key=lambda world: world.locked_key),
        "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource",
        managed(REGION, key=lambda world: world.key),
    ),
    (
        lambda world: {
            "replication": {
                "userManaged": {
                    "replicas": [
                        {
                            "location": REGION,
                            "customerManagedEncryption": {"kmsKeyName": world.key},
                        },
                        {"location": "us-east1"},
                    ]
                }
            }
        },
        "Either all replicas have a customer-managed key, or none.",
        managed(REGION, "us-east1"),
    ),
    (
        {"topics": None},
        "all of `rotation,topics` must be specified",
        {"topics": None, "rotation": None},
    ),
    (
        lambda world: rotation(world, rotationPeriod=None),
        "all of `rotation.0.next_rotation_time,rotation.0.rotation_period` must be specified",
        lambda world: rotation(world, rotationPeriod="3600s"),
    ),
    (
        lambda world: rotation(world, nextRotationTime=None),
        "Error 400: Next rotation time must be set while the rotation period is set.",
        {"rotation": None},
    ),
    (
        lambda world: rotation(world, rotationPeriod="3599s"),
        "The rotation period must be between 3600s and 3153600000s.",
        lambda world: rotation(world, rotationPeriod="3153600000s"),
    ),
    (
        lambda world: rotation(world, nextRotationTime=SOON),
        "The next rotation time must be at least 300s in the future.",
        lambda world: rotation(world, nextRotationTime=NEVER),
    ),
    ({"topics": [{"name": "rotations"}]}, "Invalid topic name", {"topics": [{"name": TOPIC}]}),
    (
        {"topics": [{"name": TOPIC + "-2"}]},
        "Permission 'pubsub.topics.publish' denied",
        {"topics": [{"name": TOPIC}]},
    ),
    (
        {"topics": [{"name": TOPIC}] * 11},
        "No more than 10 topics are allowed.",
        {"topics": [{"name": TOPIC}]},
    ),
    (
        {"ttl": "86400s", "expireTime": NEVER},
        "Only one of expire_time and ttl",
        {"expireTime": NEVER},
    ),
    ({"expireTime": SOON}, "The expiration time must be in the future.", {"expireTime": NEVER}),
    (
        {"versionDestroyTtl": "86399s"},
        "The version destroy TTL must be between 24 hours and 1000 days.",
        {"versionDestroyTtl": "86400s"},
    ),
    (
        {"versionDestroyTtl": "30d"},
        "it is not of the type google-duration",
        {"versionDestroyTtl": "86400000s"},
    ),
    (
        automatic(lambda _: "key"),
        "Invalid KMS key name: key.",
        automatic(lambda world: world.global_key),
    ),
    (
        {"labels": {f"label-{index}": "x" for index in range(64)}},
        "No more than 64 labels are allowed.",
        {"labels": {f"label-{index}": "x" for index in range(63)}},
    ),
    (
        {"versionAliases": {f"alias-{index}": "1" for index in range(51)}},
        "No more than 50 aliases are allowed.",
        {"versionAliases": {f"alias-{index}": "1" for index in range(50)}},
    ),
    (
        {"versionAliases": {"latest": "1"}},
        "Invalid version alias: latest.",
        {"versionAliases": {"current": "1"}},
    ),
    ({"labels": {"Team": "x"}}, "Invalid label: Team=x.", {"labels": {"équipe": "x"}}),
    ({"labels": {"1team": "x"}}, "Invalid label: 1team=x.", {"labels": {"team-1": "x"}}),
]

VALUE = "secretData"

VERSIONS: list[Row] = [
    ({VALUE: None}, "one of `secret_data,secret_data_wo` must be specified", {VALUE: "x"}),
    (
        {"secretDataWo": "x", "secretDataWoVersion": "1"},
        "only one of `secret_data,secret_data_wo` can be specified",
        {VALUE: None, "secretDataWo": "x", "secretDataWoVersion": "1"},
    ),
    (
        {VALUE: None, "secretDataWo": "x"},
        "all of `secret_data_wo,secret_data_wo_version` must be specified",
        {VALUE: None, "secretDataWo": "x", "secretDataWoVersion": "2"},
    ),
    ({VALUE: "x" * 65537}, "must be no larger than 64KiB.", {VALUE: "x" * 65536}),
    ({VALUE: ""}, "The secret payload must not be empty.", {VALUE: " "}),
    (
        {VALUE: "no base64", "isSecretDataBase64": True},
        "Base64 decoding failed.",
        {VALUE: "eA==", "isSecretDataBase64": True},
    ),
    (
        {"secret": "nowhere"},
        "Error creating SecretVersion: googleapi: Error 404",
        {"secret": "world"},
    ),
    (
        {"project": STRANGER},
        f"project {PROJECT_ID} was supplied on the secret and {STRANGER} supplied on the config",
        {"project": PROJECT_ID},
    ),
    ({"deletionPolicy": 1}, "deletionPolicy", {"deletionPolicy": "DISABLE"}),
]

MEMBERS: list[Row] = [
    ({"member": "app@example.com"}, 'invalid value "app@example.com" for member', {}),
    (
        {"member": "deleted:user:a@example.com?uid=1"},
        "Terraform does not support IAM members for deleted principals",
        {"member": "user:a@example.com"},
    ),
    (
        {"member": "sa:app@example.com"},
        "is of an unknown type. Please set a valid type prefix for the member.",
        {"member": "group:readers@example.com"},
    ),
    (
        {"member": "serviceAccount:service-1@cloud-redis.iam.gserviceaccount.com"},
        "does not exist.",
        lambda world: {"member": f"serviceAccount:{world.agents['redis']}"},
    ),
    ({"role": "secretAccessor"}, "Role secretAccessor is not valid.", {"role": READER}),
    (
        {"role": "roles/redis.viewer"},
        "Role roles/redis.viewer is not supported for this resource.",
        {"role": "roles/secretmanager.viewer"},
    ),
    ({"secretId": "nowhere"}, "Error 404", {"secretId": "world"}),
]

RINGS: list[Row] = [
    ({"location": None}, "location", {"location": "global", "name": "one"}),
    ({"location": "mars"}, "Error creating KeyRing: googleapi: Error 400: The location 'mars'", {}),
    ({"name": "a b"}, "must match the regular expression [a-zA-Z0-9_-]{1,63}", {"name": "a_b"}),
    ({"name": "a" * 64}, "must match the regular expression", {"name": "a" * 63}),
    ({"name": "world"}, "Error 409: KeyRing projects/", {"name": "worlds"}),
]

KEYS: list[Row] = [
    (
        {"rotationPeriod": "86399s"},
        "Rotation period must be greater than one day",
        {"rotationPeriod": "86400s", "name": "two"},
    ),
    (
        {"rotationPeriod": "90d"},
        "Invalid rotation period format: 90d",
        {"rotationPeriod": None, "name": "three"},
    ),
    (
        {"purpose": "SIGN"},
        "Invalid value at 'cryptoKey.purpose'",
        {"purpose": "ENCRYPT_DECRYPT", "name": "four"},
    ),
    (
        {"purpose": "MAC", "versionTemplate": {"algorithm": "HMAC_SHA256"}},
        "Only keys with the purpose ENCRYPT_DECRYPT can rotate automatically.",
        {
            "purpose": "MAC",
            "versionTemplate": {"algorithm": "HMAC_SHA256"},
            "rotationPeriod": None,
            "name": "five",
        },
    ),
    (
        {"purpose": "MAC", "rotationPeriod": None},
        "A version template with an algorithm is required for this purpose.",
        {
            "purpose": "ASYMMETRIC_SIGN",
            "versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"},
            "rotationPeriod": None,
            "name": "ten",
        },
    ),
    (
        {"destroyScheduledDuration": "3600s"},
        "destroy_scheduled_duration must be between 24 hours and 120 days.",
        {"destroyScheduledDuration": "86400s", "name": "six"},
    ),
    (
        {"keyRing": f"projects/{PROJECT_ID}/locations/{REGION}/keyRings/none"},
        "Error 404",
        {"name": "seven"},
    ),
    ({"name": "key"}, "Error 409: CryptoKey projects/", {"name": "eight"}),
    ({"labels": {"Team": "x"}}, "Invalid label key 'Team'", {"labels": {"a": "b"}, "name": "nine"}),
]

KEY_MEMBERS: list[Row] = [
    ({"member": "app"}, 'invalid value "app" for member', {"member": APPLICATION}),
    (
        {"member": "serviceAccount:service-2@cloud-redis.iam.gserviceaccount.com"},
        "Error applying IAM policy for KMS CryptoKey",
        lambda world: {"member": f"serviceAccount:{world.agents['memorystore']}"},
    ),
    (
        {"role": "roles/secretmanager.admin"},
        "is not supported for this resource.",
        {"role": USER},
    ),
    (
        {"cryptoKeyId": f"projects/{PROJECT_ID}/locations/{REGION}/keyRings/world/cryptoKeys/no"},
        "Error 404",
        lambda world: {"cryptoKeyId": world.key, "member": APPLICATION},
    ),
]


def threshold(**changes: Any) -> dict[str, Any]:
    """The input by which the one condition of a policy has members changed."""
    return {"conditions": [condition(**changes)]}


def absent(duration: str) -> dict[str, Any]:
    """A condition that there are no points."""
    aggregation = {"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MEAN"}
    found = {"filter": selection(), "duration": duration, "aggregations": [aggregation]}
    return {"displayName": "absent", "conditionAbsent": found}


def watching(text: str, aligner: str = "ALIGN_MEAN", **more: Any) -> dict[str, Any]:
    """The input by which a policy looks at something else."""
    aggregation = {"alignmentPeriod": "300s", "perSeriesAligner": aligner, **more}
    return threshold(filter=text, aggregations=[aggregation])


FILTER = "Field alert_policy.conditions[0].condition_threshold.filter had an invalid value of"
CONNECTED = selection("redis.googleapis.com/clients/connected")
REJECTED = selection("redis.googleapis.com/stats/reject_connections_count")
CPU = selection("redis.googleapis.com/stats/cpu_utilization_main_thread")
VALKEY_MEMORY = (
    'resource.type="memorystore.googleapis.com/Instance" AND '
    'metric.type="memorystore.googleapis.com/instance/memory/maximum_utilization"'
)

ALERTS: list[Row] = [
    ({"combiner": "XOR"}, 'combiner to be one of ["AND" "OR" "AND_WITH_MATC', {"combiner": "AND"}),
    (
        {"severity": "HIGH"},
        'one of ["CRITICAL" "ERROR" "WARNING" ""], got H',
        {"severity": "ERROR"},
    ),
    ({"displayName": ""}, "Field alert_policy.display_name had an invalid", {"displayName": "x"}),
    (
        {"conditions": []},
        "must have between 1 and 6 conditions.",
        {"conditions": [condition()] * 6},
    ),
    ({"conditions": [condition()] * 7}, "must have between 1 and 6 conditions.", threshold()),
    (
        {"conditions": [{**condition(), "displayName": ""}]},
        "Field alert_policy.conditions[0].display_name had an invalid value",
        {"conditions": [{**condition(), "displayName": "x"}]},
    ),
    (
        {"conditions": [{**condition(), **absent("300s")}]},
        "exactly one kind of condition must be set.",
        {"conditions": [absent("300s")]},
    ),
    (
        {"conditions": [absent("60s")]},
        "must be between 2 minutes and 23.5 hours.",
        {"conditions": [absent("120s")]},
    ),
    (
        {"conditions": [{"displayName": "x", "conditionMatchedLog": {"filter": "severity=ERROR"}}]},
        "conditions of this kind are not known to this fake cloud.",
        {"conditions": [absent("84600s")]},
    ),
    # what it looks at
    (
        watching('metric.type="redis.googleapis.com/clients/connected"'),
        f"{FILTER}",
        watching(CONNECTED),
    ),
    (
        watching('metric.type="redis.googleapis.com/clients/connected"'),
        'must specify a restriction on "resource.type" in the filter',
        watching(CONNECTED, "ALIGN_MAX"),
    ),
    (
        watching('resource.type="redis_instance"'),
        'must specify a restriction on "metric.type" in the filter',
        watching(VALKEY_MEMORY),
    ),
    (
        watching(selection("redis.googleapis.com/stats/memory/ratio")),
        "Cannot find metric that match type = 'redis.googleapis.com/stats/memory/ratio'.",
        watching(selection("redis.googleapis.com/stats/memory/usage_ratio")),
    ),
    (
        watching(CONNECTED.replace("redis_instance", "gce_instance")),
        "is not available for the resource type 'gce_instance'.",
        watching(CONNECTED, "ALIGN_MIN"),
    ),
    (
        watching(CONNECTED.replace("instance_id", "instance")),
        "Unknown resource label 'instance'.",
        watching(CONNECTED.replace("labels", "label")),
    ),
    (watching(CONNECTED[:-1]), "Could not parse filter", watching(CONNECTED + " ")),
    (
        watching(CONNECTED.replace(" AND ", " AND AND ", 1)),
        "syntax error at line 1",
        watching(CONNECTED.replace(" AND ", "\n", 1)),
    ),
    (
        watching(CONNECTED.replace(" AND ", " OR ")),
        "must specify a restriction on",
        watching(f"({CONNECTED})"),
    ),
    (
        watching(f"NOT {CONNECTED}"),
        'must specify a restriction on "resource.type"',
        watching(f'{CONNECTED} AND NOT metric.labels.role="replica"'),
    ),
    (
        watching(CONNECTED + " " * 2048),
        "The filter must not exceed 2048 characters.",
        watching(CONNECTED + " " * 1700),
    ),
    # how it looks
    (
        watching(CONNECTED, "ALIGN_RATE"),
        (
            'Field aggregation.perSeriesAligner had an invalid value of "ALIGN_RATE": The aligner '
            "cannot be applied to metrics with kind GAUGE and value type INT64."
        ),
        watching(CPU, "ALIGN_RATE"),
    ),
    (
        watching(CPU, "ALIGN_NEXT_OLDER"),
        "cannot be applied to metrics with kind DELTA and value type DOUBLE.",
        watching(REJECTED, "ALIGN_DELTA"),
    ),
    (
        watching(CONNECTED, "ALIGN_FRACTION_TRUE"),
        "cannot be applied to metrics with kind GAUGE and value type INT64.",
        watching(
            selection("redis.googleapis.com/persistence/rdb/bgsave_in_progress"),
            "ALIGN_FRACTION_TRUE",
        ),
    ),
    (
        watching(CONNECTED, "ALIGN_SOME"),
        "conditions.0.condition_threshold.0.aggregations.0.per_series_aligner to be one of",
        watching(CONNECTED, "ALIGN_STDDEV"),
    ),
    (
        watching(CONNECTED, "ALIGN_NONE", crossSeriesReducer="REDUCE_SUM"),
        "The reducer needs an aligner other than ALIGN_NONE.",
        watching(CONNECTED, "ALIGN_MEAN", crossSeriesReducer="REDUCE_SUM"),
    ),
    (
        watching(CONNECTED, alignmentPeriod="30s"),
        "The alignment period must be at least 60 seconds",
        watching(CONNECTED, alignmentPeriod="60s"),
    ),
    # when it says something
    (threshold(duration="90s"), "must be a multiple of one minute.", threshold(duration="120s")),
    (threshold(duration="5m"), "is not of the type google-duration", threshold(duration="0s")),
    (
        threshold(comparison="COMPARISON_GE"),
        "Only COMPARISON_LT and COMPARISON_GT are supported.",
        threshold(comparison="COMPARISON_LT"),
    ),
    (
        threshold(comparison="GT"),
        "conditions.0.condition_threshold.0.comparison to be one of",
        threshold(comparison="COMPARISON_GT"),
    ),
    (
        threshold(duration="0s", evaluationMissingData="EVALUATION_MISSING_DATA_NO_OP"),
        "Conditions setting evaluation_missing_data must have a non-zero duration.",
        threshold(duration="60s", evaluationMissingData="EVALUATION_MISSING_DATA_NO_OP"),
    ),
    (
        threshold(duration="90060s"),
        "must not be longer than 25 hours.",
        threshold(duration="3600s"),
    ),
    (
        threshold(trigger={"percent": 101}),
        "must be more than 0 and at most 100.",
        threshold(trigger={"percent": 100}),
    ),
    (
        threshold(trigger={"count": 1, "percent": 50}),
        "exactly one of count and percent must be set.",
        threshold(trigger={"percent": 50}),
    ),
    (
        {"alertStrategy": {"autoClose": "1799s"}},
        "must be between 30 minutes and 7 days.",
        {"alertStrategy": {"autoClose": "1800s"}},
    ),
    (
        {"alertStrategy": {"autoClose": "604801s"}},
        "must be between 30 minutes and 7 days.",
        {"alertStrategy": {"autoClose": "604800s"}},
    ),
    (
        {"alertStrategy": {"notificationRateLimit": {"period": "3600s"}}},
        "metric-based alert policies must not specify a notification rate limit",
        {"alertStrategy": None},
    ),
    # whom it tells
    (
        {"notificationChannels": [f"projects/{PROJECT_ID}/notificationChannels/1"]},
        "Notification channel projects/",
        lambda world: {"notificationChannels": [world.channel.identifier]},
    ),
    (
        {"notificationChannels": ["ops@example.com"]},
        "is not the name of a channel.",
        {"notificationChannels": None},
    ),
    (
        lambda world: {"notificationChannels": [world.channel.identifier] * 17},
        "at most 16 are allowed.",
        lambda world: {"notificationChannels": [world.channel.identifier]},
    ),
    ({"userLabels": {"Team": "x"}}, "Field alert_policy.user_labels", {"userLabels": {"t": "x"}}),
]

CHANNELS: list[Row] = [
    ({"type": None}, "type", {"type": "email"}),
    ({"type": "pigeon"}, "there is no channel descriptor of this type.", {"type": "email"}),
    (
        {"displayName": "x" * 513},
        "must not exceed 512 characters.",
        {"displayName": "x" * 512},
    ),
    ({"labels": None}, 'the label "email_address" is required.', {}),
    (
        {"labels": {"email_address": "on call"}},
        "is no email address.",
        {"labels": {"email_address": "on.call@example.com"}},
    ),
    (
        {"labels": {"email_address": "a@example.com", "number": "1"}},
        'the type "email" has no such label.',
        {"type": "sms", "labels": {"number": "+441234567890"}},
    ),
    (
        {"type": "pubsub", "labels": {"topic": "alerts"}},
        "is no topic.",
        {"type": "pubsub", "labels": {"topic": TOPIC}},
    ),
    (
        {
            "type": "slack",
            "labels": {"channel_name": "#ops", "auth_token": "xoxb-1"},
            "sensitiveLabels": {"authToken": "xoxb-1"},
        },
        'Sensitive label "auth_token" cannot be set at the same time as label "auth_token".',
        {
            "type": "slack",
            "labels": {"channel_name": "#ops"},
            "sensitiveLabels": {"authToken": "xoxb-1"},
        },
    ),
]

TABLES: dict[str, list[Row]] = {
    **CACHES,
    "Secret": SECRETS,
    "SecretVersion": VERSIONS,
    "SecretIamMember": MEMBERS,
    "KeyRing": RINGS,
    "CryptoKey": KEYS,
    "CryptoKeyIAMMember": KEY_MEMBERS,
    "AlertPolicy": ALERTS,
    "NotificationChannel": CHANNELS,
}

ROWS: list[tuple[str, Changes, str, Changes]] = [
    (kind, wrong, text, right) for kind, rows in TABLES.items() for wrong, text, right in rows
]
"""All rows: the type, what is wrong, what is said of it, and what is right next to it."""
