"""What is wrong with a stack file for AWS is said all together, before anything is made."""

from collections.abc import Iterator

import pytest
from cloud.broken import PLANTED, Broken, assert_refused
from cloud.deployment import CloudDeployment

PLACE = {"access": {"cidrs": ["10.30.0.0/16"]}, "aws:region": "eu-west-1"}

BROKEN = (
    Broken(
        "unknown keys and values",
        {"cache": {"memmoryGb": 1, "purpose": "cash", "aws": {"nodetype": "cache.m7g.large"}}},
        ("caches.cache.memmoryGb:", "memoryGb?", "caches.cache.purpose:", "nodeType?"),
    ),
    Broken(
        "what AWS would refuse of nodes",
        {
            "cache": {
                "memoryGb": 10,
                "aws": {
                    "nodeType": "cache.t4g.micro",
                    "snapshotWindow": "03:00-03:30",
                    "maintenanceWindow": "sun:25:00-sun:26:00",
                    "multiAz": True,
                    "logRetentionDays": 31,
                    "secretRecoveryDays": 3,
                    "parameters": {"requirepass": PLANTED, "maxmemory-policy": "noeviction"},
                },
            }
        },
        (
            "caches.cache.aws.nodeType:",
            "caches.cache.aws.snapshotWindow:",
            "caches.cache.aws.maintenanceWindow:",
            "caches.cache.aws.multiAz:",
            "caches.cache.aws.logRetentionDays:",
            "Use 30.",
            "caches.cache.aws.secretRecoveryDays:",
            "caches.cache.aws.parameters.requirepass:",
            "caches.cache.aws.parameters.maxmemory-policy:",
            "problems; nothing was changed",
        ),
    ),
    Broken(
        "engines and versions",
        {
            "old": {"engine": "redis", "aws": {"engineVersion": "5.0"}},
            "patched": {"engine": "redis", "aws": {"engineVersion": "7.1.0"}},
            "mixed": {"engine": "redis", "aws": {"engineVersion": "8.1"}},
            "early": {"engine": "redis", "aws": {"engineVersion": "6.2", "auth": "iam"}},
            "durable": {"aws": {"durability": "sync"}},
        },
        (
            "caches.old.aws.engineVersion:",
            "caches.patched.aws.engineVersion:",
            "caches.mixed.aws.engineVersion:",
            "caches.early.aws.auth:",
            "caches.durable.aws.durability:",
        ),
    ),
    Broken(
        "serverless that cannot be",
        {
            "cache": {
                "replicas": 1,
                "aws": {"serverless": {}, "shards": 2, "port": 6380, "auth": "token"},
            },
            "queue": {"purpose": "queue", "aws": {"serverless": {}}},
            "slow": {"aws": {"serverless": {"maxEcpuPerSecond": 10}}},
        },
        (
            "caches.cache.replicas:",
            "caches.cache.aws.shards:",
            "caches.cache.aws.port:",
            "caches.cache.aws.auth:",
            "caches.queue.aws.serverless:",
            "caches.slow.aws.serverless.maxEcpuPerSecond:",
        ),
    ),
    Broken(
        "logins and rotation",
        {
            "token": {"aws": {"auth": "token", "automaticRotation": True}},
            "iam": {"aws": {"auth": "iam"}, "rotation": {"generation": 2}},
            "first": {"rotation": {"keepPrevious": True}},
        },
        (
            "caches.token.aws.automaticRotation:",
            "caches.iam.rotation:",
            "caches.first.rotation.keepPrevious:",
        ),
    ),
    Broken(
        "production without its protection",
        {
            "cache": {"protect": False},
            "plain": {"mode": "none"},
            "sessions": {"purpose": "sessions", "persistence": "none"},
            "queue": {"purpose": "queue", "aws": {"transitEncryption": "preferred"}},
        },
        (
            "caches.cache.protect:",
            "unprotected-data",
            "caches.plain.mode:",
            "caches.sessions.persistence:",
            "volatile-data",
            "caches.queue.aws.transitEncryption:",
        ),
        {"environment": "production"},
    ),
    Broken(
        "access for everybody",
        {"cache": {}},
        ("access.cidrs.0:", "is the whole internet", "access.securityGroupIds.0:", "sg-"),
        {"access": {"cidrs": ["0.0.0.0/0"], "securityGroupIds": ["shop"]}},
    ),
    Broken("access for nobody", {"cache": {}}, ("access:", "names nobody"), {"access": None}),
    Broken(
        "a network that cannot be",
        {"cache": {"replicas": 1}},
        ("network:", "network.adopt.vpcId:", "network.create.cidr:", "network.adopt.subnetIds"),
        {
            "network": {
                "create": {"cidr": "10.20.0.0/27"},
                "adopt": {"vpcId": "my-vpc", "subnetIds": ["subnet-0a1b2c3d4e5f60711"]},
            }
        },
    ),
    Broken(
        "one zone",
        {"cache": {}},
        ("network.create.zones:",),
        {"network": {"create": {"zones": 1}}},
    ),
    Broken(
        "four zones",
        {"cache": {}},
        ("network.create.zones:",),
        {"network": {"create": {"zones": 4}}},
    ),
    Broken(
        "tags, keys and alarms",
        {"cache": {"aws": {"kmsKeyArn": "alias/mine"}}},
        ("tags.aws:team:", "caches.cache.aws.kmsKeyArn:", "alarms.notify.0:"),
        {"tags": {"aws:team": "shop"}, "alarms": {"notify": ["on-call@shop"]}},
    ),
    Broken(
        "no region",
        {"cache": {}},
        ("aws:region:", "no AWS region is set"),
        {"aws:region": None},
    ),
    Broken(
        "a zone for a region",
        {"cache": {}},
        ("aws:region:", "names an availability zone"),
        {"aws:region": "eu-west-1a"},
    ),
    Broken(
        "no credentials",
        {"cache": {}},
        ("no AWS credentials were found", "AWS_PROFILE"),
        without=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ),
    Broken(
        "half of the credentials",
        {"cache": {}},
        ("AWS_ACCESS_KEY_ID:", "AWS_SECRET_ACCESS_KEY"),
        without=("AWS_SECRET_ACCESS_KEY",),
    ),
)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudDeployment]:
    """One deployment whose stack file is written anew by each test; nothing is ever up."""
    made = CloudDeployment(tmp_path_factory.mktemp("broken"))
    # No shared files of whoever runs the tests, and no question to a metadata service.
    made.environment |= {"HOME": str(made.files), "AWS_EC2_METADATA_DISABLED": "true"}
    yield made
    made.close()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name.replace(" ", "-"))
def test_all_problems_in_one_message(deployment: CloudDeployment, broken: Broken) -> None:
    assert_refused(deployment, broken, PLACE)


def test_up_says_the_same_and_makes_nothing(deployment: CloudDeployment) -> None:
    assert_refused(deployment, BROKEN[1], PLACE, "up")


def test_a_region_that_the_provider_does_not_reach_is_its_own_matter(
    deployment: CloudDeployment,
) -> None:
    """A good stack file in the same place passes: the refusals above are not of the place."""
    deployment.write({"cache": {}}, **PLACE)
    deployment.run("preview").succeeded()
    assert deployment.cloud.journal == []
