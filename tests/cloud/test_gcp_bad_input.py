"""What is wrong with a stack file for Google Cloud is said at once, before anything is made."""

from collections.abc import Iterator

import pytest
from cloud.broken import PLANTED, Broken, assert_refused
from cloud.deployment import CloudDeployment
from cloud.gcp.cloud import PROJECT_ID, REGION

PLACE = {"gcp:project": PROJECT_ID, "gcp:region": REGION}
SHARED = "projects/network-host/global/networks/shared"
OWN = f"projects/{PROJECT_ID}/global/networks/shop"
SUBNET = f"projects/{PROJECT_ID}/regions/{REGION}/subnetworks/shop"
KEY = f"projects/{PROJECT_ID}/locations/europe-west1/keyRings/redis/cryptoKeys/data"
SHOP = f"serviceAccount:shop@{PROJECT_ID}.iam.gserviceaccount.com"
TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"

BROKEN = (
    Broken(
        "unknown keys and values",
        {"cache": {"memmoryGb": 1, "purpose": "cash", "gcp": {"memorySizeGB": 5}}},
        ("caches.cache.memmoryGb:", "memoryGb?", "caches.cache.purpose:", "memorySizeGb?"),
    ),
    Broken(
        "what this cloud leaves off unless asked",
        {
            "cache": {
                "gcp": {
                    "authEnabled": False,
                    "transitEncryptionMode": "DISABLED",
                    "connectMode": "DIRECT_PEERING",
                    "port": 6379,
                    "tier": "BASIC",
                    "deletionProtection": True,
                    "region": "europe-west4",
                }
            },
        },
        (
            "caches.cache.gcp.authEnabled:",
            "logins are required, always",
            "caches.cache.gcp.transitEncryptionMode:",
            "TLS is on, always",
            "caches.cache.gcp.connectMode:",
            "private service access is the way in, always",
            "caches.cache.gcp.port:",
            "6378 of Redis with TLS",
            "caches.cache.gcp.tier:",
            "follows from replicas",
            "caches.cache.gcp.deletionProtection:",
            "caches.cache.gcp.region:",
        ),
    ),
    Broken(
        "caches in the open",
        {
            "open": {"mode": "none"},
            "plain": {"mode": "password"},
            "both": {"mode": "mtls"},
        },
        (
            "caches.open.mode:",
            "caches.plain.mode:",
            "has TLS and a login, always",
            "caches.both.mode:",
            "asks no client for a certificate",
        ),
    ),
    Broken(
        "what Google would refuse of Redis",
        {
            "small": {"memoryGb": 8, "gcp": {"memorySizeGb": 5}},
            "large": {"memoryGb": 400},
            "reads": {"gcp": {"readReplicas": True}},
            "spare": {"replicas": 2, "gcp": {"readReplicas": False}},
            "narrow": {"replicas": 1, "gcp": {"readReplicas": True, "memorySizeGb": 4}},
            "files": {"persistence": "aof"},
            "old": {"gcp": {"engineVersion": "5.0"}},
            "next": {"gcp": {"engineVersion": "8.0"}},
        },
        (
            "caches.small.gcp.memorySizeGb:",
            "less than memoryGb asks of it",
            "caches.large.memoryGb:",
            "300 is the most",
            "caches.reads.gcp.readReplicas:",
            "there is no replica",
            "caches.spare.gcp.readReplicas:",
            "caches.narrow.gcp.memorySizeGb:",
            "read replicas need 5 GiB",
            "caches.files.persistence:",
            "no append-only file",
            "caches.old.gcp.engineVersion:",
            "no longer maintained",
            "caches.next.gcp.engineVersion:",
            "Use one of 6.x, 7.0, 7.2.",
            "problems; nothing was changed",
        ),
    ),
    Broken(
        "what Google would refuse of Valkey",
        {
            "nobody": {"engine": "valkey"},
            "everybody": {"engine": "valkey", "gcp": {"principals": ["allUsers", "shop"]}},
            "group": {"engine": "valkey", "gcp": {"principals": ["group:shop@example.com"]}},
            "large": {"engine": "valkey", "memoryGb": 90, "gcp": {"principals": [SHOP]}},
            "type": {
                "engine": "valkey",
                "gcp": {"nodeType": "M5_LARGE", "principals": [SHOP]},
            },
            "queue": {
                "engine": "valkey",
                "purpose": "queue",
                "gcp": {"shards": 2, "principals": [SHOP]},
            },
        },
        (
            "caches.nobody.gcp.principals:",
            "nobody could get in",
            "caches.everybody.gcp.principals.0:",
            "is everybody on the internet",
            "caches.everybody.gcp.principals.1:",
            "caches.group.gcp.principals:",
            "caches.large.memoryGb:",
            "over more shards",
            "caches.type.gcp.nodeType:",
            "is no type of node that is known here",
            "caches.queue.gcp.shards:",
        ),
    ),
    Broken(
        "settings of the other engine",
        {
            "redis": {"gcp": {"nodeType": "STANDARD_SMALL", "shards": 2, "principals": [SHOP]}},
            "valkey": {
                "engine": "valkey",
                "gcp": {"memorySizeGb": 5, "readReplicas": True, "principals": [SHOP]},
            },
        },
        (
            "caches.redis.gcp.nodeType:",
            "caches.redis.gcp.shards:",
            "caches.redis.gcp.principals:",
            "has no effect on the engine redis",
            "caches.valkey.gcp.memorySizeGb:",
            "caches.valkey.gcp.readReplicas:",
            "has no effect on the engine valkey",
        ),
    ),
    Broken(
        "rotation of what has no password",
        {
            "tokens": {
                "engine": "valkey",
                "rotation": {"generation": 2},
                "gcp": {"principals": [SHOP]},
            }
        },
        ("caches.tokens.rotation:", "IAM has no password to rotate"),
    ),
    Broken(
        "production without its protection",
        {
            "cache": {"protect": False},
            "single": {"replicas": 0},
            "sessions": {"purpose": "sessions", "persistence": "none"},
            "shared": {
                "engine": "valkey",
                "gcp": {"nodeType": "SHARED_CORE_NANO", "principals": [SHOP]},
            },
        },
        (
            "caches.cache.protect:",
            "unprotected-data",
            "caches.single.replicas:",
            "single-node",
            "caches.sessions.persistence:",
            "volatile-data",
            "caches.shared.gcp.nodeType:",
            "none of Google's guarantees",
        ),
        {"environment": "production"},
    ),
    Broken(
        "numbers out of range",
        {
            "cache": {
                "gcp": {
                    "memorySizeGb": 301,
                    "secretDestroyDelayDays": 2000,
                    "maintenanceWindow": {"day": "Sunday", "hour": 24},
                    "snapshotPeriod": "2h",
                }
            }
        },
        (
            "caches.cache.gcp.memorySizeGb:",
            "caches.cache.gcp.secretDestroyDelayDays:",
            "caches.cache.gcp.maintenanceWindow.day:",
            "caches.cache.gcp.maintenanceWindow.hour:",
            "caches.cache.gcp.snapshotPeriod:",
        ),
    ),
    Broken(
        "zones and keys elsewhere",
        {
            "cache": {
                "replicas": 1,
                "gcp": {
                    "zone": "us-east1-b",
                    "alternativeZone": "us-east1-b",
                    "customerManagedKey": {"keyName": KEY.replace("west1", "west4")},
                    "secretLocations": ["europe-west1", "europe-west1", "Belgium"],
                    "secretKeyName": f"{KEY}/cryptoKeyVersions/1",
                },
            }
        },
        (
            "caches.cache.gcp.zone:",
            f"is not in the region {REGION}",
            "caches.cache.gcp.alternativeZone:",
            "is the zone of the primary",
            "caches.cache.gcp.customerManagedKey.keyName:",
            "is in europe-west4",
            "caches.cache.gcp.secretLocations.2:",
            "is no region",
            "caches.cache.gcp.secretKeyName:",
            "names a version of a key",
        ),
    ),
    Broken(
        "parameters with a secret among them",
        {
            "cache": {
                "gcp": {
                    "parameters": {
                        "requirepass": PLANTED,
                        "maxmemory-policy": "noeviction",
                        "maxmemory-gb": "4",
                        "databases": PLANTED,
                    }
                }
            }
        },
        (
            "caches.cache.gcp.parameters.requirepass:",
            "caches.cache.gcp.parameters.maxmemory-policy:",
            "follows from evictionPolicy",
            "caches.cache.gcp.parameters.maxmemory-gb:",
            "caches.cache.gcp.parameters.databases:",
        ),
    ),
    Broken(
        "addresses where Memorystore has no list of them",
        {"cache": {}},
        (
            "access.cidrs:",
            "whoever is in the network can reach it",
            "access.securityGroupIds:",
            "access:",
            "networkTags or serviceAccounts, not both",
            "access.networkTags.0:",
            "access.serviceAccounts.0:",
            "access.secretReaders.0:",
            "is everybody on the internet",
            "access.secretReaders.1:",
        ),
        {
            "access": {
                "cidrs": ["10.30.0.0/16"],
                "securityGroupIds": ["sg-0a1b2c3d4e5f60711"],
                "networkTags": ["Shop"],
                "serviceAccounts": ["shop@example.com"],
                "secretReaders": ["allUsers", "shop@example.com"],
            }
        },
    ),
    Broken(
        "a network that cannot be",
        {"cache": {}},
        (
            "network:",
            "network.create.cidr:",
            "network.create.zones:",
            "network.adopt.vpcId:",
            "network.adopt.networkId:",
            "is no name of a network",
            "network.adopt.subnetIds.0:",
            "is no name of a subnet",
            "network.adopt.subnetIds.1:",
        ),
        {
            "network": {
                "create": {"cidr": "10.20.0.0/28", "zones": 3},
                "adopt": {
                    "vpcId": "vpc-0a1b2c3d4e5f60711",
                    "networkId": "default",
                    "subnetIds": ["shop", SUBNET.replace("west1", "west4")],
                },
            }
        },
    ),
    Broken(
        "the addresses of a range in place of its name",
        {"cache": {}},
        (
            "network.privateServices.rangeName:",
            "is the addresses of a range, or a path, and not its name",
            "network.privateServices.removePeering:",
            "has no effect on a range that exists",
        ),
        {
            "network": {
                "adopt": {"networkId": OWN},
                "privateServices": {"rangeName": "10.100.0.0/20", "removePeering": True},
            }
        },
    ),
    Broken(
        "a range in a network that is made",
        {"cache": {}},
        ("network.privateServices.rangeName:", "Set network.adopt.networkId."),
        {"network": {"privateServices": {"rangeName": "google-services"}}},
    ),
    Broken(
        "a range too small for anything",
        {"cache": {}},
        ("network.privateServices.cidr:",),
        {"network": {"privateServices": {"cidr": "10.100.0.0/29"}}},
    ),
    Broken(
        "a Shared VPC without a range",
        {"cache": {}, "tokens": {"engine": "valkey", "gcp": {"principals": [SHOP]}}},
        (
            "network.privateServices.rangeName:",
            "is required in a network of another project",
            "network.adopt.subnetIds:",
            "belongs to the project of the network",
        ),
        {
            "network": {
                "adopt": {
                    "networkId": SHARED,
                    "subnetIds": [f"projects/network-host/regions/{REGION}/subnetworks/caches"],
                }
            }
        },
    ),
    Broken(
        "labels and alarms",
        {"cache": {}},
        (
            "tags.Team:",
            "is no key of a label",
            "tags.owner:",
            "is no value of a label",
            "tags.goog-team:",
            "alarms.notify.0:",
            "notificationChannels",
        ),
        {
            "tags": {"Team": "shop", "owner": "The Shop", "goog-team": "shop"},
            "alarms": {"notify": ["on-call@example.com", "projects/shop/topics/on-call"]},
        },
    ),
    Broken(
        "no project",
        {"cache": {}},
        ("gcp:project:", "no Google Cloud project is set", "gcp:project: my-project-id"),
        {"gcp:project": None},
    ),
    Broken(
        "no region",
        {"cache": {}},
        ("gcp:region:", "no Google Cloud region is set", "gcp:region: europe-west1"),
        {"gcp:region": None},
    ),
    Broken(
        "neither",
        {"cache": {}},
        ("gcp:project:", "gcp:region:", "gcp:", "no Google Cloud credentials were found"),
        {"gcp:project": None, "gcp:region": None},
        without=(TOKEN,),
    ),
    Broken(
        "a zone for a region, a name for a project",
        {"cache": {}},
        ("gcp:region:", "it names a zone, not a region", "gcp:project:", "not the id of a project"),
        {"gcp:region": "europe-west1-b", "gcp:project": "The Shop"},
    ),
    Broken(
        "no credentials",
        {"cache": {}},
        ("gcp:", "no Google Cloud credentials were found", "application-default login"),
        without=(TOKEN,),
    ),
    Broken(
        "credentials that are none",
        {"cache": {}},
        ("gcp:credentials:", "neither the JSON of credentials nor a file that is there"),
        {"gcp:credentials": PLANTED},
    ),
)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudDeployment]:
    """One deployment whose stack file is written anew by each test; nothing is ever up."""
    made = CloudDeployment(tmp_path_factory.mktemp("broken"), target="gcp")
    # No login of whoever runs the tests, and no machine of Google's.
    made.environment["HOME"] = str(made.files)
    made.environment["GCE_METADATA_HOST"] = "127.0.0.1:9"
    yield made
    made.close()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name.replace(" ", "-"))
def test_all_problems_in_one_message(deployment: CloudDeployment, broken: Broken) -> None:
    assert_refused(deployment, broken, PLACE)


@pytest.mark.parametrize("number", [3, 4], ids=["redis", "valkey"])
def test_up_says_the_same_and_makes_nothing(deployment: CloudDeployment, number: int) -> None:
    assert_refused(deployment, BROKEN[number], PLACE, "up")


def test_a_stack_file_without_mistakes_passes(deployment: CloudDeployment) -> None:
    """In the same place: the refusals above are not of the place."""
    caches = {
        "cache": {"replicas": 1, "gcp": {"zone": f"{REGION}-b", "secretLocations": [REGION]}},
        "tokens": {"engine": "valkey", "gcp": {"principals": [SHOP]}},
    }
    deployment.write(caches, **PLACE)
    deployment.cloud.prepare(PLACE)
    deployment.run("preview").succeeded()
    assert deployment.cloud.journal == []
