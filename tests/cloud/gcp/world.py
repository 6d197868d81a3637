"""One valid resource of every type, in a project that has what they need.

Every wrong input of the strictness table is one of these with one thing changed, so that no row can
pass because everything is refused.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .cloud import PROJECT_ID, REGION
from .driver import Driver
from .google import OPERATION
from .services.certificates import stamp

HOST = "network-host"
"""The project whose networks the project of the world shares."""
STRANGER = "other-project"
"""A project that has nothing to do with it."""

TOPIC = f"projects/{PROJECT_ID}/topics/rotations"
APPLICATION = f"serviceAccount:app@{PROJECT_ID}.iam.gserviceaccount.com"
USER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
READER = "roles/secretmanager.secretAccessor"
AGENTS = ("redis", "memorystore", "secretmanager", "networkconnectivity")

ORDER = (
    "Service", "ServiceIdentity", "IAMMember", "Network", "Subnetwork", "GlobalAddress",
    "Connection", "Firewall", "ServiceConnectionPolicy", "KeyRing", "CryptoKey",
    "CryptoKeyIAMMember", "Instance", "Valkey", "Secret", "SecretVersion", "SecretIamMember",
    "NotificationChannel", "AlertPolicy",
)  # fmt: skip
"""Every type, after those it needs."""


class World(Driver):
    """A project with networks, keys, secrets and agents, and valid inputs for every type."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.cloud.settings(slow=0, topics=[TOPIC])
        self.cloud.add_project(HOST)
        self.cloud.share(HOST, PROJECT_ID)
        self.cloud.add_project(STRANGER)
        self.agents = {
            one: self.cloud.add_agent(PROJECT_ID, f"{one}.googleapis.com") for one in AGENTS
        }
        self.net = self.cloud.add_network(name="main", subnetwork="main", cidr="10.10.0.0/24")
        self.range = self.cloud.add_private_access(self.net["network"], "services", "10.20.0.0/20")
        self.bare = self.cloud.add_network(name="bare", subnetwork="bare", cidr="10.11.0.0/24")
        self.tiny = self.cloud.add_network(name="tiny", subnetwork="tiny", cidr="10.12.0.0/29")
        self.tiny_range = self.cloud.add_private_access(
            self.tiny["network"], "tiny", "10.22.0.0/29"
        )
        self.shared = self.cloud.add_network(HOST, name="shared", subnetwork="shared")
        self.shared_range = self.cloud.add_private_access(self.shared["network"], "host-services")
        self.foreign = self.cloud.add_network(STRANGER, name="foreign", subnetwork="foreign")
        self.put("KeyRing", "world", name="world", location=REGION)
        self.put("KeyRing", "global", name="world", location="global")
        self.put("KeyRing", "elsewhere", name="world", location="us-east1")
        self.key = self._key("world", "key")
        self.global_key = self._key("global", "key")
        self.far_key = self._key("elsewhere", "key")
        self.locked_key = self._key("world", "locked", grants=False)
        self.scp = self.put(
            "ServiceConnectionPolicy",
            "world",
            name="world",
            location=REGION,
            network=self.net["network"],
            serviceClass="gcp-memorystore",
            pscConfig={"subnetworks": [self.net["subnetwork"]]},
        )
        self.secret = self.put("Secret", "world", secretId="world", replication={"auto": {}})
        self.channel = self.put(
            "NotificationChannel",
            "world",
            type="email",
            labels={"email_address": "ops@example.com"},
        )

    def _key(self, ring: str, name: str, *, grants: bool = True) -> str:
        """A key that the agents of the project may use, or not; its full name."""
        held = self.put(
            "CryptoKey", f"{ring}-{name}", name=name, keyRing=self.state["KeyRing", ring].identifier
        )
        for service, email in self.agents.items() if grants else ():
            member = f"serviceAccount:{email}"
            self.put(
                "CryptoKeyIAMMember",
                f"{ring}-{name}-{service}",
                cryptoKeyId=held.identifier,
                role=USER,
                member=member,
            )
        return held.identifier

    def forget_operations(self) -> None:
        """Forgets operations that have ended, which every request looks through."""
        for name in self.cloud.all(OPERATION):
            self.cloud.remove(OPERATION, name)

    def all_valid(self) -> dict[str, dict[str, Any]]:
        """Inputs that are accepted, by type."""
        return {**self._network(), **self._caches(), **self._keys(), **self._others()}

    def _network(self) -> dict[str, dict[str, Any]]:
        made = self.state.get(("Network", "Network"))
        network = made.identifier if made else self.bare["network"]
        address = self.state.get(("GlobalAddress", "GlobalAddress"))
        return {
            "Service": {"service": "redis.googleapis.com", "disableOnDestroy": False},
            "ServiceIdentity": {"service": "cloudkms.googleapis.com"},
            "IAMMember": {
                "project": PROJECT_ID,
                "role": "roles/memorystore.dbConnectionUser",
                "member": APPLICATION,
            },
            "Network": {"name": "cache", "autoCreateSubnetworks": False},
            "Subnetwork": {
                "name": "cache",
                "network": network,
                "region": REGION,
                "ipCidrRange": "10.30.0.0/24",
                "privateIpGoogleAccess": True,
            },
            "GlobalAddress": {
                "name": "cache-services",
                "purpose": "VPC_PEERING",
                "addressType": "INTERNAL",
                "prefixLength": 20,
                "network": network,
            },
            "Connection": {
                "network": network,
                "service": "servicenetworking.googleapis.com",
                "reservedPeeringRanges": [address.outputs["name"] if address else ""],
            },
            "Firewall": {
                "name": "to-cache",
                "network": network,
                "direction": "EGRESS",
                "destinationRanges": ["10.20.0.0/20"],
                "allows": [{"protocol": "tcp", "ports": ["6378"]}],
            },
            "ServiceConnectionPolicy": {
                "name": "valkey",
                "location": REGION,
                "network": self.bare["network"],
                "serviceClass": "gcp-memorystore",
                "pscConfig": {"subnetworks": [self.bare["subnetwork"]]},
            },
        }

    def _caches(self) -> dict[str, dict[str, Any]]:
        window = {"weeklyMaintenanceWindows": [{"day": "SUNDAY", "startTime": {"hours": 3}}]}
        return {
            "Instance": {
                "name": "cache",
                "region": REGION,
                "tier": "STANDARD_HA",
                "memorySizeGb": 5,
                "redisVersion": "REDIS_7_2",
                "authEnabled": True,
                "transitEncryptionMode": "SERVER_AUTHENTICATION",
                "connectMode": "PRIVATE_SERVICE_ACCESS",
                "authorizedNetwork": self.net["network"],
                "reservedIpRange": self.range,
                "readReplicasMode": "READ_REPLICAS_ENABLED",
                "replicaCount": 2,
                "persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "SIX_HOURS"},
                "maintenancePolicy": {"description": "weekly", **window},
                "redisConfigs": {"maxmemory-policy": "volatile-lru", "maxmemory-gb": "4"},
                "customerManagedKey": self.key,
                "labels": {"team": "platform"},
                "deletionProtection": False,
            },
            "Valkey": {
                "instanceId": "cache",
                "location": REGION,
                "engineVersion": "VALKEY_8_0",
                "mode": "CLUSTER_DISABLED",
                "shardCount": 1,
                "replicaCount": 1,
                "nodeType": "STANDARD_SMALL",
                "authorizationMode": "IAM_AUTH",
                "transitEncryptionMode": "SERVER_AUTHENTICATION",
                "desiredAutoCreatedEndpoints": [
                    {"projectId": PROJECT_ID, "network": self.net["network"]}
                ],
                "engineConfigs": {"maxmemory-policy": "volatile-lru"},
                "persistenceConfig": {"mode": "AOF", "aofConfig": {"appendFsync": "EVERY_SEC"}},
                "automatedBackupConfig": {
                    "fixedFrequencySchedule": {"startTime": {"hours": 2}},
                    "retention": "604800s",
                },
                "maintenancePolicy": window,
                "kmsKey": self.key,
                "deletionProtectionEnabled": False,
                "labels": {"team": "platform"},
            },
        }

    def _keys(self) -> dict[str, dict[str, Any]]:
        return {
            "KeyRing": {"name": "caches", "location": REGION},
            "CryptoKey": {
                "name": "cache",
                "keyRing": self.state["KeyRing", "world"].identifier,
                "rotationPeriod": "7776000s",
                "destroyScheduledDuration": "2592000s",
            },
            "CryptoKeyIAMMember": {
                "cryptoKeyId": self.locked_key,
                "role": USER,
                "member": f"serviceAccount:{self.agents['redis']}",
            },
        }

    def _others(self) -> dict[str, dict[str, Any]]:
        later = stamp(datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30))
        return {
            "Secret": {
                "secretId": "cache-url",
                "replication": {
                    "userManaged": {
                        "replicas": [
                            {
                                "location": REGION,
                                "customerManagedEncryption": {"kmsKeyName": self.key},
                            }
                        ]
                    }
                },
                "versionDestroyTtl": "2592000s",
                "topics": [{"name": TOPIC}],
                "rotation": {"nextRotationTime": later, "rotationPeriod": "2592000s"},
                "labels": {"team": "platform"},
                "deletionProtection": False,
            },
            "SecretVersion": {
                "secret": self.secret.identifier,
                "secretData": "rediss://:a-password@10.20.0.3:6378/0",
            },
            "SecretIamMember": {
                "secretId": self.secret.identifier,
                "role": READER,
                "member": APPLICATION,
            },
            "NotificationChannel": {
                "displayName": "on call",
                "type": "email",
                "labels": {"email_address": "oncall@example.com"},
            },
            "AlertPolicy": {
                "displayName": "memory of the cache",
                "combiner": "OR",
                "severity": "WARNING",
                "conditions": [condition()],
                "notificationChannels": [self.channel.identifier],
                "alertStrategy": {"autoClose": "604800s"},
                "documentation": {"content": "What to do."},
                "userLabels": {"team": "platform"},
            },
        }


def selection(metric: str = "redis.googleapis.com/stats/memory/system_memory_usage_ratio") -> str:
    """A filter for one metric of the cache."""
    instance = f"projects/{PROJECT_ID}/locations/{REGION}/instances/cache"
    return (
        f'resource.type="redis_instance" AND resource.labels.instance_id="{instance}" '
        f'AND metric.type="{metric}"'
    )


def condition(**changes: Any) -> dict[str, Any]:
    """A condition with members of its threshold changed; None leaves one out."""
    threshold = {
        "filter": selection(),
        "comparison": "COMPARISON_GT",
        "thresholdValue": 0.8,
        "duration": "300s",
        "aggregations": [{"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_MEAN"}],
        "trigger": {"count": 1},
        **changes,
    }
    kept = {name: value for name, value in threshold.items() if value is not None}
    return {"displayName": "memory", "conditionThreshold": kept}
