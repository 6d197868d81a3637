"""What is wrong with a stack file for Azure is said all together, before anything is made."""

from collections.abc import Iterator
from datetime import date

import pytest
from cloud.broken import PLANTED, Broken, assert_refused
from cloud.deployment import CloudDeployment

PLACE = {"access": {"cidrs": ["10.30.0.0/16"]}, "azure-native:location": "westeurope"}
SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
ZONES = f"{SUBSCRIPTION}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones"
SUBNET = (
    f"{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/shop/subnets/a"
)
VAULT = f"{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop"
STORAGE = f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={PLANTED}=="
ACCEPTED = {"acknowledgeRetirement": True}

BROKEN = (
    Broken(
        "unknown keys and values",
        {"cache": {"memmoryGb": 1, "purpose": "cash", "azure": {"clusteringpolicy": "NoCluster"}}},
        ("caches.cache.memmoryGb:", "memoryGb?", "caches.cache.purpose:", "clusteringPolicy?"),
    ),
    Broken(
        "what Azure would refuse of a cluster",
        {
            "cache": {
                "engine": "valkey",
                "memoryGb": 20,
                "replicas": 2,
                "azure": {
                    "sku": "Balanced_B5",
                    "clusteringPolicy": "OSSCluster",
                    "modules": ["RediSearch", "RedisJSON", "RedisJSON"],
                    "snapshotFrequency": "6h",
                },
            },
            "large": {"memoryGb": 100, "azure": {"clusteringPolicy": "NoCluster"}},
            "queue": {"purpose": "queue", "azure": {"clusteringPolicy": "OSSCluster"}},
        },
        (
            "caches.cache.engine:",
            "caches.cache.replicas:",
            "caches.cache.azure.sku:",
            "less than memoryGb",
            "caches.cache.azure.clusteringPolicy:",
            "RediSearch needs EnterpriseCluster",
            "caches.cache.evictionPolicy:",
            "caches.cache.azure.modules:",
            "caches.cache.azure.snapshotFrequency:",
            "caches.large.azure.clusteringPolicy:",
            "NoCluster ends at 24 GB",
            "caches.queue.azure.clusteringPolicy:",
            "problems; nothing was changed",
        ),
    ),
    Broken(
        "sizes of another time",
        {
            "old": {"azure": {"sku": "Enterprise_E10"}},
            "flash": {"azure": {"sku": "EnterpriseFlash_F300"}},
            "classic": {"azure": {"sku": "Premium_P1"}},
            "none": {"azure": {"sku": "Balanced_B7"}},
            "early": {"azure": {"sku": "Balanced_B350"}},
            "huge": {"memoryGb": 5000},
        },
        (
            "caches.old.azure.sku:",
            "nobody can make since 2026-04-01",
            "ends on 2027-03-31",
            "Use Balanced_B10.",
            "caches.flash.azure.sku:",
            "caches.classic.azure.sku:",
            "Use Balanced_B5.",
            "caches.none.azure.sku:",
            "caches.early.azure.sku:",
            "azure.allowPreview",
            "caches.huge.memoryGb:",
        ),
    ),
    Broken(
        "logins and rotation",
        {
            "nobody": {"azure": {"auth": "entra"}},
            "both": {"azure": {"principalIds": ["0f4c1d7e-5b7a-4c38-9a3e-2f1d6c8b9a01"]}},
            "switched": {
                "azure": {
                    "auth": "entra",
                    "activeKey": "secondary",
                    "principalIds": ["shop-app", "0f4c1d7e-5b7a-4c38-9a3e-2f1d6c8b9a01"],
                }
            },
            "turned": {"rotation": {"generation": 2}, "rotationDays": 30},
        },
        (
            "caches.nobody.azure.principalIds:",
            "nobody could log in",
            "caches.both.azure.principalIds:",
            "caches.switched.azure.activeKey:",
            "caches.switched.azure.principalIds.0:",
            "Microsoft Entra ID",
            "caches.turned.rotation:",
            "caches.turned.rotationDays:",
        ),
    ),
    Broken(
        "production without its protection",
        {
            "cache": {"protect": False, "azure": {"publicAccess": True}},
            "plain": {"mode": "none"},
            "single": {"replicas": 0},
            "sessions": {"purpose": "sessions", "persistence": "none"},
        },
        (
            "caches.cache.protect:",
            "unprotected-data",
            "caches.cache.azure.publicAccess:",
            "caches.plain.mode:",
            "caches.single.replicas:",
            "single-node",
            "caches.sessions.persistence:",
            "volatile-data",
        ),
        {"environment": "production"},
    ),
    Broken(
        "a classic cache by mistake",
        {
            "cache": {"azure": {"classic": {"shards": 2}, "clusteringPolicy": "NoCluster"}},
            "top": {"azure": {"classic": {**ACCEPTED, "sku": "Enterprise_E20"}}},
        },
        (
            "caches.cache.azure.classic.acknowledgeRetirement:",
            "retires on 2028-09-30",
            "no new customers since 2026-04-01",
            "caches.cache.azure.classic.shards:",
            "Premium",
            "caches.cache.azure.clusteringPolicy:",
            "caches.top.azure.classic.sku:",
            "azure.sku: Balanced_B20",
        ),
    ),
    Broken(
        "what Azure would refuse of a classic cache",
        {
            "cache": {
                "persistence": "rdb",
                "azure": {
                    "classic": {
                        **ACCEPTED,
                        "sku": "Standard_C1",
                        "snapshots": {
                            "frequencyMinutes": 45,
                            "connectionString": STORAGE,
                            "storageSubscriptionId": "shop",
                        },
                        "firewallRules": [{"startIp": "10.0.0.9", "endIp": "10.0.0.1"}],
                        "patchWindows": [
                            {"day": "Sunday", "hour": 3},
                            {"day": "Sunday", "hour": 4},
                        ],
                        "parameters": {
                            "requirepass": PLANTED,
                            "maxmemory-policy": "noeviction",
                            "maxclients": "9",
                        },
                    }
                },
            }
        },
        (
            "caches.cache.azure.classic.snapshots:",
            "caches.cache.azure.classic.snapshots.frequencyMinutes:",
            "caches.cache.azure.classic.snapshots.storageSubscriptionId:",
            "caches.cache.azure.classic.firewallRules:",
            "caches.cache.azure.classic.firewallRules.0:",
            "caches.cache.azure.classic.patchWindows:",
            "caches.cache.azure.classic.parameters.requirepass:",
            "caches.cache.azure.classic.parameters.maxmemory-policy:",
            "caches.cache.azure.classic.parameters.maxclients:",
        ),
    ),
    Broken(
        "keys, vaults and logs",
        {
            "half": {"azure": {"customerManagedKey": {"identityId": "redis-identity"}}},
            "both": {"azure": {"customerManagedKey": {}, "vaultId": VAULT}},
            "cache": {
                "azure": {
                    "vaultId": "shop",
                    "vaultRecoveryDays": 10,
                    "secretExpires": "2026-01-31",
                    "workspaceId": "shop-logs",
                }
            },
        },
        (
            "caches.half.azure.customerManagedKey:",
            "caches.half.azure.customerManagedKey.identityId:",
            "caches.both.azure.customerManagedKey:",
            "caches.cache.azure.vaultId:",
            "Microsoft.KeyVault/vaults",
            "caches.cache.azure.vaultRecoveryDays:",
            "caches.cache.azure.secretExpires:",
            "caches.cache.azure.workspaceId:",
        ),
    ),
    Broken(
        "access for everybody",
        {"cache": {}},
        (
            "access.cidrs.0:",
            "is the whole internet",
            "access.securityGroupIds:",
            "access.secretReaders.0:",
        ),
        {
            "access": {
                "cidrs": ["0.0.0.0/0"],
                "securityGroupIds": ["sg-0a1b2c3d4e5f60711"],
                "secretReaders": ["shop@shop.example"],
            }
        },
    ),
    Broken("access for nobody", {"cache": {}}, ("access:", "names nobody"), {"access": None}),
    Broken(
        "a network that cannot be",
        {"cache": {}},
        (
            "network:",
            "network.create.cidr:",
            "network.create.zones:",
            "network.adopt.vpcId:",
            "network.adopt.subnetId:",
            "network.resourceGroup:",
            "network.privateDns:",
            "network.privateDns.zoneIds.1:",
        ),
        {
            "network": {
                "create": {"cidr": "10.20.0.0/28", "zones": 3},
                "adopt": {"vpcId": "vpc-0a1b2c3d4e5f60711", "subnetId": "endpoints"},
                "resourceGroup": "/subscriptions/shop",
                "privateDns": {
                    "zoneIds": [f"{ZONES}/privatelink.redis.azure.net", "privatelink.redis"],
                    "byPolicy": True,
                },
            }
        },
    ),
    Broken(
        "a zone of another service",
        {"cache": {}},
        (
            "network.privateDns.zoneIds:",
            "has no zone privatelink.redis.azure.net",
            "privatelink.redisenterprise.cache.azure.net is the zone of another service",
            "access.cidrs:",
        ),
        {
            "network": {
                "adopt": {"subnetId": SUBNET},
                "privateDns": {"zoneIds": [f"{ZONES}/privatelink.redisenterprise.cache.azure.net"]},
            }
        },
    ),
    Broken(
        "tags and alarms",
        {"cache": {}},
        (
            "tags.microsoft-team:",
            "tags.a/b:",
            "alarms.notify.0:",
            "Microsoft.Insights/actionGroups",
        ),
        {"tags": {"microsoft-team": "shop", "a/b": "c"}, "alarms": {"notify": ["on-call@shop"]}},
    ),
    Broken(
        "no location",
        {"cache": {}},
        ("azure-native:location:", "no Azure region is set", "westeurope"),
        {"azure-native:location": None},
    ),
    Broken(
        "a region by its display name",
        {"cache": {}},
        ("azure-native:location:", "display name"),
        {"azure-native:location": "West Europe"},
    ),
    Broken(
        "managed Redis in a sovereign cloud",
        {"cache": {}, "legacy": {"azure": {"classic": ACCEPTED}}},
        ("caches.cache:", "public cloud only", "azure.classic"),
        {"azure-native:location": "usgovvirginia", "azure-native:environment": "usgovernment"},
    ),
    Broken(
        "a region of another cloud",
        {"cache": {"azure": {"classic": ACCEPTED}}},
        ("azure-native:location:", "in another of Azure's clouds"),
        {"azure-native:location": "chinaeast2"},
    ),
    Broken(
        "no credentials",
        {"cache": {}},
        ("azure-native:", "no Azure credentials were found", "az login", "ARM_CLIENT_ID"),
        without=("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID"),
    ),
    Broken(
        "half of the credentials",
        {"cache": {}},
        ("ARM_CLIENT_SECRET:", "without the tenant id"),
        without=("ARM_TENANT_ID",),
    ),
    Broken(
        "no subscription",
        {"cache": {}},
        ("azure-native:subscriptionId:", "no subscription is set", "az account list"),
        without=("ARM_SUBSCRIPTION_ID",),
    ),
)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudDeployment]:
    """One deployment whose stack file is written anew by each test; nothing is ever up."""
    made = CloudDeployment(tmp_path_factory.mktemp("broken"), target="azure")
    # No login of whoever runs the tests.
    made.environment["HOME"] = str(made.files)
    yield made
    made.close()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name.replace(" ", "-"))
def test_all_problems_in_one_message(deployment: CloudDeployment, broken: Broken) -> None:
    assert_refused(deployment, broken, PLACE)


@pytest.mark.parametrize("number", [1, 6], ids=["managed", "classic"])
def test_up_says_the_same_and_makes_nothing(deployment: CloudDeployment, number: int) -> None:
    assert_refused(deployment, BROKEN[number], PLACE, "up")


def test_a_stack_file_without_mistakes_passes(deployment: CloudDeployment) -> None:
    """In the same place: the refusals above are not of the place.

    YAML makes a moment of a day that nobody put in quotes.
    """
    caches = {"cache": {"azure": {"secretExpires": date(2027, 3, 31), "vaultRecoveryDays": 10}}}
    deployment.write(caches, **PLACE)
    assert "secretExpires: 2027-03-31\n" in deployment.stack_file.read_text()
    deployment.run("preview").succeeded()
    assert deployment.cloud.journal == []
