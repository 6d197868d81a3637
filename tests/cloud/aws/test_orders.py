"""Changes and deletions that AWS or its provider refuses, and those that it makes.

What is refused for the state of something else: names that are taken, things in use, steps that
must follow one another. And which changes replace a resource.
"""

from pathlib import Path
from typing import Any

import pytest
from cloud.aws.driver import TOKENS, RefusedError
from cloud.aws.services.replication_groups import pass_window
from cloud.aws.world import PASSWORD, TOKEN, World
from cloud.standin.provider import Urn

NEW_TOKEN = TOKEN[::-1]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that every test gets a copy of."""
    return World(tmp_path_factory.mktemp("base") / "cloud")


@pytest.fixture
def world(base: World, tmp_path: Path) -> World:
    return base.copy(tmp_path / "cloud")


def refusal(work: Any, *arguments: Any, **options: Any) -> str:
    """What is said when something is refused."""
    with pytest.raises(RefusedError) as refused:
        work(*arguments, **options)
    return str(refused.value)


def requests(world: World, operation: str) -> list[dict[str, Any]]:
    """Parameters of the requests of an operation so far."""
    return [
        request["params"]
        for entry in world.cloud.journal
        for request in entry["requests"]
        if request["operation"] == operation
    ]


@pytest.mark.parametrize(
    ("kind", "changes", "text"),
    [
        ("ReplicationGroup", {}, "ReplicationGroupAlreadyExists"),
        ("ServerlessCache", {}, "ServerlessCacheAlreadyExistsFault"),
        ("User", {}, "UserAlreadyExists: User reader already exists."),
        ("UserGroup", {}, "UserGroupAlreadyExists: User group readers already exists."),
        ("SubnetGroup", {"name": "same"}, "CacheSubnetGroupAlreadyExists"),
        ("ParameterGroup", {"name": "same"}, "CacheParameterGroupAlreadyExists"),
        (
            "SecurityGroup",
            {"name": "same"},
            "InvalidGroup.Duplicate: The security group 'same' alr",
        ),
        (
            "SecurityGroupIngressRule",
            {},
            "InvalidPermission.Duplicate: the specified rule already e",
        ),
        ("Secret", {"name": "same"}, "ResourceExistsException"),
        (
            "Alias",
            {},
            "AlreadyExistsException: An alias with the name arn:aws:kms:eu-west-1:1234567",
        ),
        ("LogGroup", {}, "ResourceAlreadyExistsException: The specified log group already exists"),
        ("MetricAlarm", {"name": "same"}, 'CloudWatch metric alarm "same" already exists'),
        ("Role", {"name": "same"}, "EntityAlreadyExists: Role with name same already exists."),
        ("Policy", {"name": "same"}, "EntityAlreadyExists: A policy called same already exists."),
        ("Function", {"name": "same"}, "ResourceConflictException: Function already exist: same"),
        ("Permission", {"statementId": "same"}, "The statement id (same) provided already exists."),
    ],
)
def test_a_name_that_is_taken_is_refused(
    world: World, kind: str, changes: dict[str, Any], text: str
) -> None:
    world.make(kind, "first", **changes)
    assert text in refusal(world.make, kind, "second", **changes)


def test_a_replacement_under_a_fixed_name_meets_its_own_old_one(world: World) -> None:
    world.make("ParameterGroup", "x", name="fixed")
    said = refusal(world.change, "ParameterGroup", "x", description="another")
    assert "CacheParameterGroupAlreadyExists" in said
    world.make("ParameterGroup", "y")
    before = world.state["ParameterGroup", "y"].identifier
    world.change("ParameterGroup", "y", description="another")
    assert world.state["ParameterGroup", "y"].identifier != before


def test_a_secret_in_recovery_keeps_its_name(world: World) -> None:
    world.make("Secret", "x", name="same", recoveryWindowInDays=7)
    world.drop("Secret", "x")
    said = refusal(world.make, "Secret", "x", name="same")
    assert "a secret with this name is already scheduled for deletion" in said
    world.make("Secret", "y", name="other", recoveryWindowInDays=0)
    world.drop("Secret", "y")
    world.make("Secret", "y", name="other")


def test_what_a_cache_needs_cannot_be_deleted(world: World) -> None:
    world.make("ReplicationGroup", "cache")
    for kind, name, text in (
        ("SubnetGroup", "world", "CacheSubnetGroupInUse: Cache subnet group world is currently in"),
        (
            "ParameterGroup",
            "valkey8",
            "InvalidCacheParameterGroupState: One or more cache clusters",
        ),
        ("SecurityGroup", "group", "DependencyViolation: resource sg-"),
        ("UserGroup", "valkey", "InvalidUserGroupState: User group valkey is associated with: cac"),
        ("User", "valkey-app", "InvalidUserState: User valkey-app is still a member of user group"),
        ("User", "redis-default", "DefaultUserAssociatedToUserGroup: The default user is associat"),
    ):
        assert text in refusal(world.drop, kind, name)
    for operation, params in (
        ("DeleteSubnet", {"SubnetId": world.net["subnetIds"][0]}),
        ("DeleteVpc", {"VpcId": world.net["vpcId"]}),
    ):
        assert "DependencyViolation" in refusal(world.ask, "ec2", operation, **params)
    world.drop("ReplicationGroup", "cache")
    for kind, name in (
        ("SubnetGroup", "world"),
        ("ParameterGroup", "valkey8"),
        ("SecurityGroup", "group"),
        ("UserGroup", "valkey"),
        ("User", "valkey-app"),
    ):
        world.drop(kind, name)


def test_what_others_refer_to_cannot_be_deleted(world: World) -> None:
    other = world.make("SecurityGroup", "other").identifier
    source = {"cidrIpv4": None, "referencedSecurityGroupId": other}
    world.make("SecurityGroupIngressRule", "rule", **source)
    assert "DependencyViolation" in refusal(world.drop, "SecurityGroup", "other")
    world.drop("SecurityGroupIngressRule", "rule")
    world.drop("SecurityGroup", "other")
    for kind in ("Policy", "RolePolicyAttachment", "RolePolicy"):
        world.make(kind, kind)
    attached = "DeleteConflict: Cannot delete a policy attached to entities."
    assert attached in refusal(world.drop, "Policy", "Policy")
    assert "must detach all policies first" in refusal(world.drop, "Role", "world")
    world.drop("RolePolicyAttachment", "RolePolicyAttachment")
    assert "must delete policies first" in refusal(world.drop, "Role", "world")


def test_a_route_table_with_subnets_and_a_network_with_tables_stay(world: World) -> None:
    world.make("Vpc", "net")
    vpc = world.state["Vpc", "net"].identifier
    world.make("RouteTable", "RouteTable", vpcId=vpc)
    world.make("Subnet", "subnet", vpcId=vpc, cidrBlock="10.30.0.0/24")
    subnet = world.state["Subnet", "subnet"].identifier
    world.make("RouteTableAssociation", "one", subnetId=subnet)
    assert "DependencyViolation" in refusal(world.drop, "RouteTable", "RouteTable")
    said = refusal(world.make, "RouteTableAssociation", "two", subnetId=subnet)
    assert "Resource.AlreadyAssociated" in said
    assert "DependencyViolation" in refusal(world.drop, "Vpc", "net")
    for kind, name in (
        ("RouteTableAssociation", "one"),
        ("RouteTable", "RouteTable"),
        ("Subnet", "subnet"),
        ("Vpc", "net"),
    ):
        world.drop(kind, name)


def test_an_auth_token_is_rotated_and_then_set(world: World) -> None:
    world.make("ReplicationGroup", "cache", userGroupIds=None, authToken=TOKEN)
    said = refusal(
        world.change,
        "ReplicationGroup",
        "cache",
        authToken=NEW_TOKEN,
        authTokenUpdateStrategy="SET",
    )
    assert "SET is allowed only after ROTATE" in said
    strategies = {"authToken": NEW_TOKEN, "authTokenUpdateStrategy": "ROTATE"}
    world.change("ReplicationGroup", "cache", **strategies)
    cache = world.cloud.all("elasticache.replication-group")["cache"]
    assert len(cache["AuthTokens"]) == 2
    world.change("ReplicationGroup", "cache", authTokenUpdateStrategy="SET")
    cache = world.cloud.all("elasticache.replication-group")["cache"]
    assert len(cache["AuthTokens"]) == 1
    sent = requests(world, "ModifyReplicationGroup")
    assert [one["AuthTokenUpdateStrategy"] for one in sent[-2:]] == ["ROTATE", "SET"]
    assert all(one["ApplyImmediately"] for one in sent)
    assert NEW_TOKEN not in str(world.cloud.journal)


def test_rotating_the_first_token_in_leaves_the_door_open(world: World) -> None:
    world.make("ReplicationGroup", "cache", userGroupIds=None)
    said = refusal(
        world.change, "ReplicationGroup", "cache", authToken=TOKEN, authTokenUpdateStrategy="SET"
    )
    assert "SET is allowed only after ROTATE" in said
    world.change("ReplicationGroup", "cache", authToken=TOKEN, authTokenUpdateStrategy="ROTATE")
    cache = world.cloud.all("elasticache.replication-group")["cache"]
    assert cache["PasswordlessStill"] is True
    world.change("ReplicationGroup", "cache", authTokenUpdateStrategy="SET")
    cache = world.cloud.all("elasticache.replication-group")["cache"]
    assert cache["PasswordlessStill"] is False


def test_a_user_group_takes_the_place_of_a_token_only_with_delete(world: World) -> None:
    world.make("ReplicationGroup", "cache", userGroupIds=None, authToken=TOKEN)
    access = {"authToken": None, "userGroupIds": ["valkey"]}
    said = refusal(world.change, "ReplicationGroup", "cache", **access)
    assert "User group can't be associated with auth token enabled. Pass AuthStrategy del" in said
    world.change("ReplicationGroup", "cache", **access, authTokenUpdateStrategy="DELETE")
    assert requests(world, "ModifyReplicationGroup")[-1]["UserGroupIdsToAdd"] == ["valkey"]
    # The strategy is part of the state now: taking it out is a change of its own, which fails.
    said = refusal(world.change, "ReplicationGroup", "cache", authTokenUpdateStrategy=None)
    assert "Invalid AuthToken provided" in said


def test_tls_is_turned_on_in_two_steps(world: World) -> None:
    off = {"transitEncryptionEnabled": False, "transitEncryptionMode": None, "userGroupIds": None}
    world.make("ReplicationGroup", "cache", **off)
    on = {"transitEncryptionEnabled": True}
    said = refusal(
        world.change, "ReplicationGroup", "cache", **on, transitEncryptionMode="required"
    )
    assert "must be set to preferred before it is set to required" in said
    both = {**on, "transitEncryptionMode": "preferred"}
    said = refusal(world.change, "ReplicationGroup", "cache", **both, userGroupIds=["valkey"])
    assert "User group based access control requires encryption-in-transit" in said
    world.change("ReplicationGroup", "cache", **both)
    world.change("ReplicationGroup", "cache", **on, transitEncryptionMode="required")
    world.change("ReplicationGroup", "cache", userGroupIds=["valkey"])
    said = refusal(world.change, "ReplicationGroup", "cache", **off)
    assert "must be set to preferred before encryption is turned off" in said


def test_tls_of_an_old_engine_is_fixed(world: World) -> None:
    world.make(
        "ReplicationGroup",
        "cache",
        engine="redis",
        engineVersion="6.2",
        parameterGroupName=None,
        userGroupIds=None,
        transitEncryptionEnabled=False,
        transitEncryptionMode=None,
    )
    found = world.replaces("ReplicationGroup", "cache", transitEncryptionEnabled=True)
    assert found == {"transitEncryptionEnabled"}


def test_engines_and_versions_go_forward_in_place(world: World) -> None:
    redis = {"engine": "redis", "engineVersion": "7.0", "parameterGroupName": "redis7",
             "userGroupIds": ["redis"]}  # fmt: skip
    world.make("ReplicationGroup", "cache", **redis)
    to_valkey = {"engine": "valkey", "parameterGroupName": None}
    said = refusal(world.change, "ReplicationGroup", "cache", **to_valkey, engineVersion=None)
    assert "must explicitly set 'engine_version' attribute for Replication Group (cache)" in said
    world.change("ReplicationGroup", "cache", engineVersion="7.1")
    valkey = {"engine": "valkey", "engineVersion": "8.1", "parameterGroupName": "valkey8"}
    assert world.replaces("ReplicationGroup", "cache", **valkey) == set()
    wrong = {**valkey, "parameterGroupName": "redis7"}
    said = refusal(world.change, "ReplicationGroup", "cache", **wrong)
    assert "Expected a parameter group of family valkey8" in said
    world.change("ReplicationGroup", "cache", **valkey)
    assert world.replaces("ReplicationGroup", "cache", engineVersion="8.0") == {"engineVersion"}
    back = {"engine": "redis", "engineVersion": "7.1", "parameterGroupName": "redis7"}
    assert world.replaces("ReplicationGroup", "cache", **back) == {"engine", "engineVersion"}
    params = {"ReplicationGroupId": "cache", "Engine": "redis", "EngineVersion": "7.1"}
    said = refusal(world.ask, "elasticache", "ModifyReplicationGroup", **params)
    assert "supports only cross-engine upgrades to Valkey" in said


def test_a_downgrade_is_refused_by_the_service(world: World) -> None:
    world.make("ReplicationGroup", "cache")
    params = {"ReplicationGroupId": "cache", "EngineVersion": "8.0"}
    said = refusal(world.ask, "elasticache", "ModifyReplicationGroup", **params)
    assert "The engine version cannot be downgraded from 8.1.0 to 8.0" in said


def test_sizes_wait_for_the_window_unless_they_are_applied_at_once(world: World) -> None:
    world.make("ReplicationGroup", "cache", applyImmediately=False)
    world.change("ReplicationGroup", "cache", nodeType="cache.t4g.medium")
    assert world.changes("ReplicationGroup", "cache") == {"nodeType"}
    pass_window(world.account)
    world.change("ReplicationGroup", "cache")
    assert world.changes("ReplicationGroup", "cache") == set()
    world.change("ReplicationGroup", "cache", nodeType="cache.m7g.large", applyImmediately=True)
    assert world.changes("ReplicationGroup", "cache") == set()


def test_replicas_go_after_failover_and_not_before(world: World) -> None:
    world.make("ReplicationGroup", "cache")
    params = {"ReplicationGroupId": "cache", "NewReplicaCount": 0, "ApplyImmediately": True}
    said = refusal(world.ask, "elasticache", "DecreaseReplicaCount", **params)
    assert "InvalidParameterValue: Must have at least 1 replica for Multi-AZ" in said
    single = {"automaticFailoverEnabled": False, "multiAzEnabled": False, "numCacheClusters": 1}
    world.change("ReplicationGroup", "cache", **single)
    assert world.state["ReplicationGroup", "cache"].outputs["memberClusters"] == ["cache-001"]
    several = {"automaticFailoverEnabled": True, "multiAzEnabled": True, "numCacheClusters": 3}
    world.change("ReplicationGroup", "cache", **several)
    last = world.cloud.journal[-1]["requests"]
    operations = [one["operation"] for one in last]
    assert operations == ["IncreaseReplicaCount", "ModifyReplicationGroup"]


def test_cluster_mode_goes_through_compatible(world: World) -> None:
    world.make("ReplicationGroup", "cache", parameterGroupName=None)
    said = refusal(world.change, "ReplicationGroup", "cache", clusterMode="enabled")
    assert "cannot be changed from disabled to enabled" in said
    world.change("ReplicationGroup", "cache", clusterMode="compatible")
    world.change("ReplicationGroup", "cache", clusterMode="enabled")
    outputs = world.state["ReplicationGroup", "cache"].outputs
    assert outputs["configurationEndpointAddress"].startswith("clustercfg.cache.")
    assert outputs["primaryEndpointAddress"] == ""
    assert outputs["readerEndpointAddress"] == ""
    said = refusal(world.change, "ReplicationGroup", "cache", clusterMode="disabled")
    assert "cannot be changed from enabled to disabled" in said


def test_shards_are_a_matter_of_cluster_mode(world: World) -> None:
    world.make(
        "ReplicationGroup",
        "cache",
        numCacheClusters=None,
        numNodeGroups=2,
        replicasPerNodeGroup=1,
        parameterGroupName="valkey8-on",
        snapshotRetentionLimit=0,
    )
    world.change("ReplicationGroup", "cache", numNodeGroups=3)
    world.change("ReplicationGroup", "cache", numNodeGroups=1, replicasPerNodeGroup=2)
    removed = requests(world, "ModifyReplicationGroupShardConfiguration")[-1]
    assert removed["NodeGroupsToRemove"] == ["0003", "0002"]
    # The provider names a node that cluster mode does not have.
    said = refusal(world.change, "ReplicationGroup", "cache", snapshotRetentionLimit=7)
    assert "CacheClusterNotFound: CacheCluster not found: cache-001" in said
    world.make("ReplicationGroup", "other", replicationGroupId="other")
    params = {"ReplicationGroupId": "other", "NodeGroupCount": 2, "ApplyImmediately": True}
    said = refusal(world.ask, "elasticache", "ModifyReplicationGroupShardConfiguration", **params)
    assert "only supported for replication groups with cluster mode enabled" in said


def test_a_last_snapshot_needs_a_new_name(world: World) -> None:
    for identifier in ("one", "two"):
        world.make(
            "ReplicationGroup",
            identifier,
            replicationGroupId=identifier,
            finalSnapshotIdentifier="last",
        )
    world.drop("ReplicationGroup", "one")
    said = refusal(world.drop, "ReplicationGroup", "two")
    assert "SnapshotAlreadyExistsFault: A snapshot with the name last already exists." in said


def test_a_redis_group_keeps_its_default_user(world: World) -> None:
    said = refusal(world.change, "UserGroup", "redis", userIds=["redis-app"])
    assert "DefaultUserRequired" in said
    world.change("UserGroup", "valkey", userIds=["valkey-app"])
    world.make("User", "extra", userId="extra")
    world.change("UserGroup", "valkey", userIds=["extra"])
    last = requests(world, "ModifyUserGroup")[-1]
    assert (last["UserIdsToAdd"], last["UserIdsToRemove"]) == (["extra"], ["valkey-app"])
    said = refusal(world.change, "User", "redis-app", engine="valkey")
    assert "A user of a redis user group must have the engine redis" in said
    world.change("User", "extra", passwords=[PASSWORD, PASSWORD[::-1]])
    assert PASSWORD not in str(world.cloud.journal)


def test_an_access_string_that_is_not_in_order_is_a_change_for_ever(world: World) -> None:
    world.make("User", "x", accessString="off +get ~keys*")
    assert world.state["User", "x"].outputs["accessString"] == "off ~keys* -@all +get"
    assert world.changes("User", "x") == {"accessString"}


def test_a_serverless_cache_takes_one_field_a_request(world: World) -> None:
    world.make("ServerlessCache", "cache")
    params = {"ServerlessCacheName": "serverless", "Description": "x", "DailySnapshotTime": "04:00"}
    said = refusal(world.ask, "elasticache", "ModifyServerlessCache", **params)
    assert "Serverless Cache modifications only support modifying one field per request." in said
    world.change("ServerlessCache", "cache", description="x", dailySnapshotTime="04:00")
    assert len(requests(world, "ModifyServerlessCache")) == 2
    said = refusal(world.ask, "elasticache", "ModifyServerlessCache",
                   ServerlessCacheName="serverless", Engine="redis")  # fmt: skip
    assert "This API supports only cross-engine upgrades to Valkey engine currently" in said


def test_a_secret_version_takes_the_place_of_the_current_one(world: World) -> None:
    said = refusal(
        world.ask,
        "secretsmanager",
        "UpdateSecretVersionStage",
        SecretId="world",
        VersionStage="AWSCURRENT",
        RemoveFromVersionId="x" * 32,
    )
    assert "It can't be completely removed." in said
    first = world.state["SecretVersion", "world"].identifier.partition("|")[2]
    world.change("SecretVersion", "world", secretString='{"a": 2}')
    versions = world.cloud.all("secretsmanager.secret")["world"]["Versions"]
    assert versions[first]["Stages"] == ["AWSPREVIOUS"]
    assert sorted(one["Stages"][0] for one in versions.values()) == ["AWSCURRENT", "AWSPREVIOUS"]


def test_a_rotation_needs_a_value_and_a_permission(world: World) -> None:
    world.make("Secret", "empty")
    identifier = world.state["Secret", "empty"].identifier
    said = refusal(world.make, "SecretRotation", "x", secretId=identifier)
    assert "You can't rotate a secret that has no value" in said
    world.drop("Permission", "world")
    said = refusal(world.make, "SecretRotation", "x")
    assert "Ensure that the function policy grants access to the principal secretsmanager" in said


def test_a_key_that_is_going_cannot_be_used(world: World) -> None:
    world.drop("Key", "world")
    said = refusal(world.make, "ReplicationGroup", "cache")
    assert "is PendingDeletion." in said
    said = refusal(world.make, "Alias", "x")
    assert "KMSInvalidStateException" in said


def test_subnets_in_use_stay_in_their_group(world: World) -> None:
    world.make("ReplicationGroup", "cache")
    said = refusal(world.change, "SubnetGroup", "world", subnetIds=world.net["subnetIds"][:1])
    assert "SubnetInUse: Some subnets to be removed are in use" in said


def test_a_rule_keeps_the_kind_of_its_source(world: World) -> None:
    world.make("SecurityGroupIngressRule", "rule")
    rule = world.state["SecurityGroupIngressRule", "rule"].identifier
    world.change("SecurityGroupIngressRule", "rule", cidrIpv4="10.10.0.0/17")
    assert world.state["SecurityGroupIngressRule", "rule"].identifier == rule
    found = world.replaces(
        "SecurityGroupIngressRule",
        "rule",
        cidrIpv4=None,
        referencedSecurityGroupId=world.group,
    )
    assert found == {"cidrIpv4", "referencedSecurityGroupId"}


REPLACING: list[tuple[str, dict[str, Any]]] = [
    ("ReplicationGroup", {"atRestEncryptionEnabled": False}),
    ("ReplicationGroup", {"dataTieringEnabled": True}),
    ("ReplicationGroup", {"kmsKeyId": None}),
    ("ReplicationGroup", {"networkType": "dual_stack"}),
    ("ReplicationGroup", {"port": 6380}),
    ("ReplicationGroup", {"replicationGroupId": "other"}),
    ("ReplicationGroup", {"snapshotArns": ["arn:aws:s3:::bucket/file"]}),
    ("ReplicationGroup", {"snapshotName": "last"}),
    ("ReplicationGroup", {"subnetGroupName": "narrow"}),
    ("ServerlessCache", {"name": "other"}),
    ("ServerlessCache", {"engine": "redis"}),
    ("ServerlessCache", {"majorEngineVersion": "9"}),
    ("ServerlessCache", {"kmsKeyId": "other"}),
    ("ServerlessCache", {"subnetIds": ["subnet-1"]}),
    ("User", {"userId": "other"}),
    ("User", {"userName": "other"}),
    ("UserGroup", {"engine": "redis"}),
    ("UserGroup", {"userGroupId": "other"}),
    ("ParameterGroup", {"family": "valkey7"}),
    ("ParameterGroup", {"name": "other"}),
    ("ParameterGroup", {"description": "other"}),
    ("SubnetGroup", {"name": "other"}),
    ("Secret", {"name": "other"}),
    ("SecretVersion", {"secretId": "other"}),
    ("SecretVersion", {"secretString": "other"}),
    ("SecretRotation", {"secretId": "other"}),
    ("SecurityGroup", {"name": "other"}),
    ("SecurityGroup", {"description": "other"}),
    ("SecurityGroup", {"vpcId": "vpc-other"}),
    ("SecurityGroupIngressRule", {"securityGroupId": "sg-other"}),
    ("Vpc", {"cidrBlock": "10.40.0.0/16"}),
    ("Subnet", {"cidrBlock": "10.10.241.0/24"}),
    ("Subnet", {"availabilityZone": "eu-west-1b"}),
    ("Key", {"multiRegion": True}),
    ("Alias", {"name": "alias/other"}),
    ("LogGroup", {"name": "/other"}),
    ("MetricAlarm", {"name": "other"}),
    ("Function", {"name": "other"}),
    ("Permission", {"principal": "sns.amazonaws.com"}),
    ("Policy", {"description": "other"}),
]

IN_PLACE: list[tuple[str, dict[str, Any]]] = [
    ("ReplicationGroup", {"nodeType": "cache.m7g.large"}),
    ("ReplicationGroup", {"numCacheClusters": 3}),
    ("ReplicationGroup", {"engineVersion": "8.2"}),
    ("ReplicationGroup", {"securityGroupIds": None}),
    ("ReplicationGroup", {"userGroupIds": None}),
    ("ReplicationGroup", {"clusterMode": "compatible"}),
    ("ReplicationGroup", {"transitEncryptionMode": "preferred"}),
    ("ReplicationGroup", {"snapshotRetentionLimit": 14}),
    ("ReplicationGroup", {"maintenanceWindow": "mon:05:00-mon:06:00"}),
    ("ReplicationGroup", {"logDeliveryConfigurations": None}),
    ("ReplicationGroup", {"tags": {"team": "platform"}}),
    ("ServerlessCache", {"userGroupId": None}),
    ("User", {"accessString": "on ~* -@all +@write"}),
    ("User", {"engine": "redis"}),
    ("UserGroup", {"userIds": ["valkey-app", "valkey-default"]}),
    ("ParameterGroup", {"parameters": [{"name": "timeout", "value": "300"}]}),
    ("SubnetGroup", {"description": "other"}),
    ("Secret", {"recoveryWindowInDays": 30}),
    ("SecretRotation", {"rotationRules": {"automaticallyAfterDays": 7}}),
    ("SecurityGroupIngressRule", {"cidrIpv4": "10.0.0.0/8"}),
    ("Vpc", {"enableDnsHostnames": False}),
    ("Key", {"enableKeyRotation": False, "rotationPeriodInDays": None}),
    ("LogGroup", {"retentionInDays": 90}),
    ("MetricAlarm", {"threshold": 80}),
    ("Function", {"timeout": 60}),
]


@pytest.fixture(scope="module")
def full(base: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with one resource of every type, that nobody changes."""
    world = base.copy(tmp_path_factory.mktemp("full") / "cloud")
    for kind in dict.fromkeys(kind for kind, _ in (*REPLACING, *IN_PLACE)):
        world.make(kind, kind)
    return world


@pytest.mark.parametrize(("kind", "changes"), REPLACING)
def test_what_cannot_change_in_place_makes_a_new_resource(
    full: World, kind: str, changes: dict[str, Any]
) -> None:
    assert full.replaces(kind, kind, **changes) == set(changes)


@pytest.mark.parametrize(("kind", "changes"), IN_PLACE)
def test_what_can_change_in_place_makes_no_new_resource(
    full: World, kind: str, changes: dict[str, Any]
) -> None:
    assert full.replaces(kind, kind, **changes) == set()


@pytest.mark.parametrize(("kind", "changes"), IN_PLACE)
def test_a_change_in_place_is_made_and_then_unchanged(
    base: World, tmp_path: Path, kind: str, changes: dict[str, Any]
) -> None:
    world = base.copy(tmp_path / "cloud")
    before = world.make(kind, kind).identifier
    assert world.change(kind, kind, **changes).identifier == before
    assert world.changes(kind, kind) == set()


IMPORTED = (
    "Vpc", "Subnet", "RouteTable", "SecurityGroup", "SecurityGroupIngressRule", "Key", "Alias",
    "LogGroup", "Topic", "SubnetGroup", "ParameterGroup", "User", "UserGroup", "ReplicationGroup",
    "ServerlessCache", "Secret", "SecretVersion", "Role", "RolePolicy", "Policy", "MetricAlarm",
)  # fmt: skip


@pytest.mark.parametrize("kind", IMPORTED)
def test_what_is_there_can_be_read_by_its_id_alone(world: World, kind: str) -> None:
    held = world.make(kind, kind)
    urn = Urn(TOKENS[kind], kind)
    outputs, inputs = world.stand_in.read(urn, held.identifier, {}, {})
    known = world.stand_in.resource(urn.token).kept
    assert {name: held.outputs[name] for name in held.outputs if name not in known} == {
        name: outputs.get(name) for name in held.outputs if name not in known
    }
    given = {name for name in held.inputs if not name.startswith("__") and name not in known}
    assert {name for name in given if held.inputs[name] not in ("", [], {})} <= set(inputs)


def test_what_is_gone_is_read_as_gone(world: World) -> None:
    for kind in IMPORTED:
        held = world.make(kind, kind)
        world.drop(kind, kind)
        if kind == "SecretVersion":
            # The value goes with its secret.
            continue
        urn = Urn(TOKENS[kind], kind)
        assert world.stand_in.read(urn, held.identifier, held.outputs, held.inputs) == ({}, {})
