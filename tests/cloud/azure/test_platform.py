"""What every type has alike, and networks, endpoints, names, roles, groups: refusals and orders.

Each row is a resource that is accepted, with one thing changed; the first test takes them as they
are.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud.azure.arm import TYPES, ArmError
from cloud.azure.driver import RefusedError
from cloud.azure.services.private_link import TARGETS
from cloud.azure.services.workspaces import DELETED
from cloud.azure.subscription import CALLER_ID, SUBSCRIPTION_SCOPE
from cloud.azure.world import HOME, SERVICE, USER, ZONE, World, role

NET = "Microsoft.Network"
OTHER_ROLE = role("b86a8fe4-44ce-4948-aee5-eccb2c155cd7")
RULE: dict[str, Any] = {
    "networkSecurityGroupName": "guard",
    "securityRuleName": "redis",
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Tcp",
    "sourceAddressPrefix": "10.10.0.0/16",
    "sourcePortRange": "*",
    "destinationAddressPrefixes": ["VirtualNetwork", "10.10.1.4"],
    "destinationPortRanges": ["10000", "8500-8599"],
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that every test gets a copy of."""
    made = World(tmp_path_factory.mktemp("base") / "cloud")
    made.named("NetworkSecurityGroup", "guard", "networkSecurityGroupName")
    return made


@pytest.fixture
def world(base: World, tmp_path: Path) -> World:
    return base.copy(tmp_path / "cloud")


def refusal(work: Any, *arguments: Any, **options: Any) -> str:
    """What is said when something is refused."""
    with pytest.raises(RefusedError) as refused:
        work(*arguments, **options)
    return str(refused.value)


def valid(world: World, kind: str) -> dict[str, Any]:
    if kind == "SecurityRule":
        return {**RULE, "resourceGroupName": "world"}
    if kind == "NetworkSecurityGroup":
        return {"networkSecurityGroupName": "more", "resourceGroupName": "world"}
    return world.valid(kind)


KINDS = (
    "ResourceGroup", "VirtualNetwork", "Subnet", "NetworkSecurityGroup", "SecurityRule",
    "PrivateEndpoint", "PrivateZone", "VirtualNetworkLink", "UserAssignedIdentity",
    "RoleAssignment", "Workspace", "ManagementLockByScope",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_valid_resource_is_taken_and_stays_as_it_is(world: World, kind: str) -> None:
    world.put(kind, "one", **valid(world, kind))
    assert world.changes(kind, "one") == set()


NETWORK_ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("VirtualNetwork", {"addressSpace": None}, "AddressSpaceNotSpecified"),
    (
        "VirtualNetwork",
        {"addressSpace": {"addressPrefixes": ["10.20.0.0"]}},
        "InvalidAddressPrefixFormat",
    ),
    (
        "VirtualNetwork",
        {"addressSpace": {"addressPrefixes": ["10.20.0.1/16"]}},
        "For the given prefix length, the address prefix should be 10.20.0.0/16.",
    ),
    (
        "VirtualNetwork",
        {"addressSpace": {"addressPrefixes": ["10.20.0.0/16", "10.20.1.0/24"]}},
        "VnetAddressSpaceOverlaps",
    ),
    ("VirtualNetwork", {"virtualNetworkName": "-net"}, "InvalidResourceName"),
    ("VirtualNetwork", {"location": "Europe"}, "LocationNotAvailableForResourceType"),
    ("VirtualNetwork", {"resourceGroupName": "none"}, "ResourceGroupNotFound"),
    ("VirtualNetwork", {"tags": {"a<b": "c"}}, "InvalidTagName"),
    ("VirtualNetwork", {"tags": {"a": "x" * 257}}, "InvalidTagValueLength"),
    ("VirtualNetwork", {"tags": {str(n): "" for n in range(51)}}, "InvalidTagCount"),
    ("Subnet", {"virtualNetworkName": "none"}, "ParentResourceNotFound"),
    ("Subnet", {"addressPrefix": None}, "must have exactly one of addressPrefix and addressPref"),
    ("Subnet", {"addressPrefixes": ["10.10.3.0/24"]}, "must have exactly one of addressPrefix an"),
    ("Subnet", {"addressPrefix": "10.11.0.0/24"}, "NetcfgSubnetRangeOutsideVnet"),
    ("Subnet", {"addressPrefix": "10.10.1.128/25"}, "NetcfgSubnetRangesOverlap"),
    ("Subnet", {"addressPrefix": "10.10.2.0/30"}, "the smallest subnet is /29"),
    (
        "Subnet",
        {"networkSecurityGroup": {"id": f"{HOME}/providers/{NET}/networkSecurityGroups/none"}},
        "InvalidResourceReference",
    ),
    ("Subnet", {"networkSecurityGroup": {"id": "guard"}}, "InvalidResourceReference"),
    ("SecurityRule", {"priority": 99}, "Value provided: 99 Allowed range 100-4096."),
    ("SecurityRule", {"sourcePortRange": None}, "must have either sourcePortRange or sourcePortR"),
    ("SecurityRule", {"destinationPortRanges": ["8599-8500"]}, "Value provided: 8599-8500"),
    ("SecurityRule", {"destinationPortRanges": ["70000"]}, "Value provided: 70000"),
    ("SecurityRule", {"sourceAddressPrefix": "10.10"}, "invalid sourceAddressPrefix. Value prov"),
    ("SecurityRule", {"networkSecurityGroupName": "none"}, "ParentResourceNotFound"),
    ("PrivateEndpoint", {"subnet": None}, "SubnetNotProvidedForPrivateEndpoint"),
    ("PrivateEndpoint", {"location": "eastus"}, "both resources are in the same region"),
    (
        "PrivateEndpoint",
        {"subnet": {"id": f"{HOME}/providers/{NET}/virtualNetworks/world/subnets/none"}},
        "InvalidResourceReference",
    ),
    (
        "PrivateEndpoint",
        {"privateLinkServiceConnections": []},
        "must have exactly one private link service connection",
    ),
    (
        "PrivateEndpoint",
        {"customDnsConfigs": [{"fqdn": "a", "ipAddresses": ["10.10.1.9"]}]},
        "What Azure does with names that are given to a private endpoint is not known",
    ),
    ("PrivateZone", {"privateZoneName": "azure"}, "InvalidPrivateDnsZoneName"),
    ("PrivateZone", {"location": None}, "resource type 'Microsoft.Network/privateDnsZones'"),
    ("VirtualNetworkLink", {"virtualNetwork": None}, "'virtualNetwork' of the link is missing"),
    (
        "VirtualNetworkLink",
        {"virtualNetwork": {"id": f"{HOME}/providers/{NET}/virtualNetworks/none"}},
        "ResourceNotFound",
    ),
    ("VirtualNetworkLink", {"location": "westeurope"}, "List of available regions for the resour"),
]

OTHER_ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("ManagementLockByScope", {"level": "NotSpecified"}, "InvalidLockLevel"),
    ("ManagementLockByScope", {"notes": "x" * 513}, "InvalidLockNotes"),
    ("ManagementLockByScope", {"scope": f"{HOME}/providers/Microsoft.Cache/redis/none"},
     "ResourceNotFound"),
    ("RoleAssignment", {"roleAssignmentName": "reader"}, "InvalidRoleAssignmentId"),
    ("RoleAssignment", {"principalId": "app"}, "InvalidPrincipalId"),
    ("RoleAssignment", {"principalType": None}, "'ServicePrincipal' , which is different from spe"),
    ("RoleAssignment", {"principalId": USER}, "UnmatchedPrincipalType"),
    ("RoleAssignment", {"roleDefinitionId": "Reader"}, "RoleDefinitionDoesNotExist"),
    ("RoleAssignment", {"roleDefinitionId": role(SERVICE)}, "RoleDefinitionDoesNotExist"),
    ("RoleAssignment", {"condition": "@Resource[x]"}, "InvalidConditionVersion"),
    ("Workspace", {"workspaceName": "abc"}, "is too short (3): at least 4 characters required"),
    ("Workspace", {"sku": {"name": "Standard"}}, "InvalidPricingTier"),
    ("Workspace", {"retentionInDays": 7}, "'RetentionInDays' property doesn't match the SKU lim"),
    ("UserAssignedIdentity", {"resourceName": "ab"}, "InvalidResourceName"),
    ("ResourceGroup", {"resourceGroupName": "a."}, "InvalidResourceName"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "text"), [*NETWORK_ROWS, *OTHER_ROWS])
def test_a_wrong_resource_is_refused(
    world: World, kind: str, changes: dict[str, Any], text: str
) -> None:
    # The SDK's class gives this value where the program gives none; the driver has no SDK.
    if changes == {"principalType": None}:
        changes = {"principalType": "User"}
    assert text in refusal(world.put, kind, "one", **{**valid(world, kind), **changes})
    world.put(kind, "one", **valid(world, kind))


LINKS: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "has no name"),
    ({"groupIds": ["redisCache"]}, "InvalidGroupIds"),
    ({"groupIds": None}, "InvalidGroupIds"),
    ({"requestMessage": "x" * 141}, "InvalidRequestMessage"),
    ({"privateLinkServiceId": f"{HOME}/providers/Microsoft.Cache/redis/none"}, "ResourceNotFound"),
    ({"privateLinkServiceId": "cluster"}, "LinkedInvalidPropertyId"),
    ({"privateLinkServiceId": HOME}, "PrivateEndpointUnsupportedResourceType"),
]


@pytest.mark.parametrize(("changes", "text"), LINKS)
def test_a_wrong_target_is_refused(world: World, changes: dict[str, Any], text: str) -> None:
    link = {name: value for name, value in world.link(**changes).items() if value is not None}
    inputs = {**world.valid("PrivateEndpoint"), "privateLinkServiceConnections": [link]}
    assert text in refusal(world.put, "PrivateEndpoint", "one", **inputs)


ZONES: list[tuple[Any, str]] = [
    (lambda world, zone: [], "has 1 to 5 private dns zone configurations"),
    (lambda world, zone: [{"privateDnsZoneId": zone}], "a private dns zone configuration has no"),
    (
        lambda world, zone: [{"name": "a", "privateDnsZoneId": zone.replace("redis", "none")}],
        "ResourceNotFound",
    ),
    (
        lambda world, zone: [
            {
                "name": "a",
                "privateDnsZoneId": world.make("PrivateZone", "vault").identifier,
            }
        ],
        "is not the zone of Microsoft.Cache/redisEnterprise, which is privatelink.redis.azure.net",
    ),
]


@pytest.mark.parametrize(("configs", "text"), ZONES)
def test_a_wrong_zone_is_refused(world: World, configs: Any, text: str) -> None:
    world.make("PrivateEndpoint", "one")
    zone = world.state["PrivateZone", ZONE].identifier
    inputs = {**world.valid("PrivateDnsZoneGroup"), "privateDnsZoneConfigs": configs(world, zone)}
    assert text.lower() in refusal(world.put, "PrivateDnsZoneGroup", "one", **inputs).lower()


def test_an_endpoint_has_one_group_of_zones(world: World) -> None:
    world.make("PrivateEndpoint", "one")
    world.make("PrivateDnsZoneGroup", "one")
    said = refusal(world.make, "PrivateDnsZoneGroup", "two", privateDnsZoneGroupName="two")
    assert "Cannot create more than one private dns zone groups in the private endpoint" in said
    # Its records follow it.
    record = world.cloud.one(f"{NET}/privateDnsZones/A")
    assert record["properties"]["aRecords"] == [{"ipv4Address": "10.10.1.4"}]
    zone = world.ask("GET", world.state["PrivateZone", ZONE].identifier)
    assert zone["properties"]["numberOfRecordSets"] == 2
    world.drop("PrivateEndpoint", "one")
    assert world.cloud.all(f"{NET}/privateDnsZones/A") == {}
    assert world.cloud.all(f"{NET}/networkInterfaces") == {}


def test_a_network_is_linked_to_a_name_once(world: World) -> None:
    world.make("VirtualNetworkLink", "one")
    said = refusal(world.make, "VirtualNetworkLink", "two", virtualNetworkLinkName="two")
    assert "A virtual network cannot be linked to multiple zones with overlapping names" in said
    other = world.make("VirtualNetwork", "net").identifier
    moved = refusal(world.change, "VirtualNetworkLink", "one", virtualNetwork={"id": other})
    assert "The virtual network of a virtual network link cannot change." in moved
    # A network that goes takes its links along.
    world.make("VirtualNetworkLink", "three", virtualNetworkLinkName="three",
               virtualNetwork={"id": other})  # fmt: skip
    world.drop("VirtualNetwork", "net")
    assert len(world.cloud.all(f"{NET}/privateDnsZones/virtualNetworkLinks")) == 1


def test_addresses_of_a_subnet_are_taken_one_by_one(world: World) -> None:
    world.make("Subnet", "small", subnetName="small", addressPrefix="10.10.2.0/29")
    small = {"id": world.state["Subnet", "small"].identifier}
    for number in range(3):
        world.make("PrivateEndpoint", str(number), privateEndpointName=f"e{number}", subnet=small)
    said = refusal(world.make, "PrivateEndpoint", "full", privateEndpointName="full", subnet=small)
    assert "Subnet small with address prefix 10.10.2.0/29 does not have enough capacity" in said
    for change in ({"addressPrefix": "10.10.2.0/28"}, {"addressPrefix": "10.10.4.0/28"}):
        assert "InUseSubnetCannotBeUpdated" in refusal(world.change, "Subnet", "small", **change)
    assert "InUseSubnetCannotBeDeleted" in refusal(world.drop, "Subnet", "small")
    interface = next(iter(world.arm.all(f"{NET}/networkInterfaces")))
    assert "NicInUseWithPrivateEndpoint" in refusal(world.ask, "DELETE", interface)
    assert "OperationNotAllowed" in refusal(world.ask, "PUT", interface, {"location": "westeurope"})


def test_a_cache_has_so_many_endpoints(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = "microsoft.cache/redisenterprise"
    assert TARGETS[kind].limit == 84
    monkeypatch.setitem(TARGETS, kind, replace(TARGETS[kind], limit=2))
    for name in ("one", "two"):
        world.make("PrivateEndpoint", name, privateEndpointName=name)
    said = refusal(world.make, "PrivateEndpoint", "more", privateEndpointName="more")
    assert "PrivateEndpointLimitReached" in said


def test_an_endpoint_keeps_its_place_and_its_target(world: World) -> None:
    made = world.make("PrivateEndpoint", "one")
    body = {
        "location": "westeurope",
        "properties": {
            "subnet": {"id": world.subnet.identifier},
            "privateLinkServiceConnections": [
                {
                    "name": "cache",
                    "properties": {
                        "groupIds": ["redisEnterprise"],
                        "privateLinkServiceId": world.cluster.identifier,
                    },
                }
            ],
        },
    }
    world.ask("PUT", made.identifier, body)
    world.make("Subnet", "more")
    moved = {"id": world.state["Subnet", "more"].identifier}
    body["properties"]["subnet"], kept = moved, body["properties"]["subnet"]
    assert "PrivateEndpointSubnetCannotBeChanged" in refusal(
        world.ask, "PUT", made.identifier, body
    )
    body["properties"]["subnet"] = kept
    link = body["properties"]["privateLinkServiceConnections"][0]["properties"]
    link |= {"privateLinkServiceId": world.vault.identifier, "groupIds": ["vault"]}
    assert "PrivateEndpointConnectionCannotBeChanged" in refusal(
        world.ask, "PUT", made.identifier, body
    )


def test_a_delegated_subnet_takes_no_endpoints(world: World) -> None:
    place = f"{HOME}/providers/{NET}/virtualNetworks/world/subnets/given"
    properties = {"addressPrefix": "10.10.9.0/24", "delegations": [{"name": "a"}]}
    world.ask("PUT", place, {"properties": properties})
    said = refusal(world.make, "PrivateEndpoint", "one", subnet={"id": place})
    assert "PrivateEndpointCannotBeCreatedInSubnetThatHasDelegation" in said


def test_rules_have_priorities_of_their_own_and_groups_stay_while_used(world: World) -> None:
    world.put("SecurityRule", "one", **valid(world, "SecurityRule"))
    said = refusal(
        world.put,
        "SecurityRule",
        "two",
        **{**valid(world, "SecurityRule"), "securityRuleName": "b"},
    )
    assert "Rules cannot have the same Priority and Direction." in said
    guard = world.state["NetworkSecurityGroup", "guard"].identifier
    world.make("Subnet", "more", networkSecurityGroup={"id": guard})
    said = refusal(world.drop, "NetworkSecurityGroup", "guard")
    assert "InUseNetworkSecurityGroupCannotBeDeleted" in said
    # Rules that are resources stay when their group is written again.
    world.change("NetworkSecurityGroup", "guard", tags={"team": "data"})
    assert len(world.cloud.all(f"{NET}/networkSecurityGroups/securityRules")) == 1
    world.drop("Subnet", "more")
    world.drop("NetworkSecurityGroup", "guard")
    assert world.cloud.all(f"{NET}/networkSecurityGroups/securityRules") == {}


def test_rules_and_subnets_may_stand_in_their_parents(world: World) -> None:
    rule = {
        name: RULE[name]
        for name in RULE
        if name not in {"networkSecurityGroupName", "securityRuleName"}
    }
    where = {"resourceGroupName": "world"}
    inline = [{"name": "a", **rule}, {"name": "b", **rule, "priority": 200}]
    guard = world.put("NetworkSecurityGroup", "in", **where, securityRules=inline)
    assert [one["name"] for one in guard.outputs["securityRules"]] == ["a", "b"]
    assert world.changes("NetworkSecurityGroup", "in") == set()
    world.change("NetworkSecurityGroup", "in", securityRules=inline[:1])
    assert len(world.cloud.all(f"{NET}/networkSecurityGroups/securityRules")) == 1
    subnets = [{"name": "a", "addressPrefix": "10.20.1.0/24"}]
    net = world.make("VirtualNetwork", "net", subnets=subnets)
    assert net.outputs["subnets"][0]["addressPrefix"] == "10.20.1.0/24"
    assert world.changes("VirtualNetwork", "net") == set()
    narrower = {"addressPrefixes": ["10.20.8.0/24"]}
    assert "InUsePrefixCannotBeDeleted" in refusal(
        world.change, "VirtualNetwork", "net", addressSpace=narrower
    )
    for wrong, text in (
        ({"direction": "Up"}, "'Up' is no value of direction"),
        ({"protocol": "Quic"}, "'Quic' is no value of protocol"),
    ):
        place = f"{guard.identifier}/securityRules/c"
        assert text in refusal(world.ask, "PUT", place, {"properties": {**rule, **wrong}})
    wrong_policy = {"addressPrefix": "10.10.9.0/24", "privateEndpointNetworkPolicies": "On"}
    place = f"{world.network.identifier}/subnets/c"
    assert "'On' is no value of privateEndpointNetworkPolicies" in refusal(
        world.ask, "PUT", place, {"properties": wrong_policy}
    )


def test_a_classic_cache_in_a_subnet_holds_it(world: World) -> None:
    world.make("Subnet", "more")
    subnet = world.state["Subnet", "more"].identifier
    world.make("Redis", "cache", subnetId=subnet, publicNetworkAccess=None)
    assert "is in use by" in refusal(world.drop, "Subnet", "more")


def test_an_assignment_is_fixed_and_a_directory_can_be_complete(world: World) -> None:
    world.make("RoleAssignment", "one")
    said = refusal(world.change, "RoleAssignment", "one", roleDefinitionId=OTHER_ROLE)
    assert "RoleAssignmentUpdateNotPermitted" in said
    nobody = "cccccccc-0000-4000-8000-000000000009"
    world.make("RoleAssignment", "two", principalId=nobody,
               roleAssignmentName="dddddddd-0000-4000-8000-000000000003")  # fmt: skip
    world.drop("RoleAssignment", "two")
    world.cloud.settings(directoryIsComplete=True)
    said = refusal(
        world.make,
        "RoleAssignment",
        "two",
        principalId=nobody,
        roleAssignmentName="dddddddd-0000-4000-8000-000000000003",
    )
    assert "cccccccc000040008000000000000009 does not exist in the directory" in said
    # Without the subscription in front, a role's id means the same.
    short = OTHER_ROLE.removeprefix(SUBSCRIPTION_SCOPE)
    made = world.make("RoleAssignment", "three", principalId=CALLER_ID, roleDefinitionId=short,
                      roleAssignmentName="dddddddd-0000-4000-8000-000000000004")  # fmt: skip
    assert made.outputs["roleDefinitionId"] == OTHER_ROLE
    assert world.changes("RoleAssignment", "three") == set()


def test_locks_hold_what_is_under_them_and_what_it_is_in(world: World) -> None:
    world.make("DiagnosticSetting", "metrics")
    world.make("ManagementLockByScope", "keep")
    for kind, name in (
        ("Database", "world-amr"),
        ("RedisEnterprise", "world-amr"),
        ("DiagnosticSetting", "metrics"),
        ("ResourceGroup", "world"),
    ):
        said = refusal(world.drop, kind, name)
        assert 'Status=409 Code="ScopeLocked"' in said
        assert f"following scope(s) are locked: '{world.cluster.identifier}'" in said
    # It keeps nobody from changing anything, nor from deleting what is beside it.
    world.change("Database", "world-amr", evictionPolicy="NoEviction")
    world.drop("RedisEnterprise", "world-bare")
    world.drop("ManagementLockByScope", "keep")
    world.make("ManagementLockByScope", "still", level="ReadOnly")
    said = refusal(world.change, "Database", "world-amr", evictionPolicy="VolatileLRU")
    assert "cannot perform write operation because following scope(s) are locked" in said
    world.drop("ManagementLockByScope", "still")
    world.drop("DiagnosticSetting", "metrics")


def test_a_group_that_cannot_go_says_why(world: World) -> None:
    other = f"{SUBSCRIPTION_SCOPE}/resourceGroups/other"
    world.make("ResourceGroup", "other")
    place = f"{other}/providers/{NET}/privateEndpoints/away"
    body = {
        "location": "westeurope",
        "properties": {
            "subnet": {"id": world.subnet.identifier},
            "privateLinkServiceConnections": [
                {
                    "name": "cache",
                    "properties": {
                        "groupIds": ["redisEnterprise"],
                        "privateLinkServiceId": world.cluster.identifier,
                    },
                }
            ],
        },
    }
    world.ask("PUT", place, body)
    said = refusal(world.drop, "ResourceGroup", "world")
    assert "ResourceGroupDeletionBlocked" in said
    assert "world/providers/Microsoft.Cache/redisEnterprise/world-amr" in said
    world.drop("ResourceGroup", "other")
    world.drop("ResourceGroup", "world")
    assert world.cloud.left == {}


def test_nothing_moves(world: World) -> None:
    vault = world.vault.identifier
    said = refusal(world.change, "Vault", "world-vault", location="eastus")
    assert f"The resource '{vault.rpartition('/')[2]}' already exists in location" in said
    said = refusal(world.ask, "PUT", HOME, {"location": "eastus"})
    assert "Invalid resource group location 'eastus'. The Resource group already exists" in said


def test_a_deleted_workspace_comes_back_with_its_name(world: World) -> None:
    first = world.make("Workspace", "logs").outputs["customerId"]
    world.drop("Workspace", "logs")
    assert len(world.cloud.all(DELETED)) == 1
    assert world.cloud.softly_deleted.keys() == {DELETED}
    assert world.make("Workspace", "logs").outputs["customerId"] == first
    assert world.cloud.all(DELETED) == {}


def test_requests_that_nobody_answers_are_refused(world: World) -> None:
    arm, api = world.arm, TYPES["microsoft.cache/redis"].api
    storage = f"{HOME}/providers/Microsoft.Storage/storageAccounts/a"
    asked: list[tuple[str, str, dict[str, Any], str, str]] = [
        ("PUT", storage, {}, "2024-01-01", "InvalidResourceType"),
        ("PUT", f"{HOME}/providers/Microsoft.Cache/redis", {}, api, "InvalidResourceId"),
        ("PUT", "cache", {}, api, "InvalidResourceId"),
        ("GET", world.cache.identifier, {}, "2015-08-01", "NoRegisteredProviderFound"),
        ("POST", f"{world.cache.identifier}/listSecrets", {}, api, "NotFound"),
        ("GET", f"{world.cache.identifier}x", {}, api, "ResourceNotFound"),
        ("GET", f"{HOME}x", {}, TYPES["microsoft.resources/resourcegroups"].api, "ResourceGroupN"),
        ("PUT", f"{world.cache.identifier}x", {"properties": {}}, api, "LocationRequired"),
        (
            "PUT",
            f"{world.network.identifier}/subnets/x",
            {"tags": {}, "properties": {}},
            "2024-05-01",
            "Could not find member 'tags'",
        ),
    ]
    for method, identifier, body, version, text in asked:
        with pytest.raises(ArmError) as refused:
            arm.request(method, identifier, body, version)
        assert text in f"{refused.value.code}: {refused.value.message}"
    world.cloud.settings(unregistered=["Microsoft.Cache"])
    said = refusal(world.make, "Redis", "other", name="other")
    assert "MissingSubscriptionRegistration" in said


def test_a_long_operation_is_seen_by_others_until_it_ends(world: World) -> None:
    world.cloud.settings(slow=60)
    net = f"{HOME}/providers/{NET}/virtualNetworks/slow"
    space = {"addressSpace": {"addressPrefixes": ["10.30.0.0/16"]}}
    body = {"location": "westeurope", "properties": space}
    made = world.arm.request("PUT", net, body, "2024-05-01")
    assert made is not None
    assert made["properties"]["provisioningState"] == "Creating"
    assert world.arm.pending(net)
    # Subnets take turns with their network; the provider tries again, and then gives up.
    subnet = {"virtualNetworkName": "slow", "addressPrefix": "10.30.1.0/24"}
    said = refusal(world.make, "Subnet", "one", **subnet)
    assert 'Status=409 Code="AnotherOperationInProgress"' in said
    world.cloud.settings(slow=0)
    stored = world.cloud.get(f"{NET}/virtualNetworks", "world:slow")
    assert stored is not None
    stored["_operation"]["until"] = 0
    world.cloud.put(f"{NET}/virtualNetworks", "world:slow", stored)
    assert world.ask("GET", net)["properties"]["provisioningState"] == "Succeeded"
    world.make("Subnet", "one", **subnet)
    world.cloud.settings(slow=60)
    world.arm.request("DELETE", net, api="2024-05-01")
    assert world.ask("GET", net)["properties"]["provisioningState"] == "Deleting"
