"""What depends on the order of things: what is refused too early or too late, what changes how."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cloud.gcp.cloud import PROJECT_ID, REGION
from cloud.gcp.driver import TOKENS, Held, RefusedError
from cloud.gcp.google import GoogleError
from cloud.gcp.iam import AGENT
from cloud.gcp.services import redis as redis_service
from cloud.gcp.services.kms import VERSION
from cloud.gcp.world import APPLICATION, HOST, READER, STRANGER, USER, World, condition
from cloud.standin.operations import Urn
from cloud.standin.wire import contains_unknown
from cryptography import x509

HERE = f"projects/{PROJECT_ID}/locations/{REGION}"
CACHE = f"redis.googleapis.com/v1/{HERE}/instances/cache"
VALUE = f"secretmanager.googleapis.com/v1/projects/{PROJECT_ID}/secrets/world"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that nobody changes, to be copied."""
    return World(tmp_path_factory.mktemp("base") / "cloud")


@pytest.fixture
def world(base: World, tmp_path: Path) -> World:
    """A world of the test's own."""
    return base.copy(tmp_path / "cloud")


def refusal(action: Callable[..., Any], *args: Any, **inputs: Any) -> str:
    """What is said when this is refused."""
    with pytest.raises(RefusedError) as refused:
        action(*args, **inputs)
    return str(refused.value)


# private service access


def test_an_instance_comes_after_the_connection_of_its_network(world: World) -> None:
    network, early = world.make("Network", "Network").identifier, "cache-services"
    inputs = {"authorizedNetwork": network, "reservedIpRange": early}
    assert "Google private service access is not enabled" in refusal(
        world.make, "Instance", "cache", **inputs
    )
    world.make("GlobalAddress", "GlobalAddress")
    assert "Google private service access is not enabled" in refusal(
        world.make, "Instance", "cache", **inputs
    )
    world.make("Connection", "Connection")
    made = world.make("Instance", "cache", **inputs)
    assert made.outputs["host"].startswith(made.outputs["effectiveReservedIpRange"].split(".")[0])


def test_a_connection_comes_after_its_range(world: World) -> None:
    world.make("Network", "Network")
    said = refusal(world.make, "Connection", "early", reservedPeeringRanges=["cache-services"])
    assert "Allocated IP range 'cache-services' not found in network." in said
    world.make("GlobalAddress", "GlobalAddress")
    world.make("Connection", "Connection")


def test_a_network_has_one_connection(world: World) -> None:
    network = world.net["network"]
    second = world.make("GlobalAddress", "second", name="second", network=network)
    inputs = {"network": network, "reservedPeeringRanges": [second.outputs["name"]]}
    said = refusal(world.make, "Connection", "second", **inputs)
    assert "Cannot modify allocated ranges in CreateConnection." in said
    world.make("Connection", "second", **inputs, updateOnCreationFail=True)


def test_a_connection_stays_as_long_as_an_instance_uses_it(world: World) -> None:
    for kind in ("Network", "GlobalAddress", "Connection"):
        world.make(kind, kind)
    network = world.state["Network", "Network"].identifier
    world.make("Instance", "cache", authorizedNetwork=network, reservedIpRange=None)
    said = refusal(world.drop, "Connection", "Connection")
    assert "Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using" in said
    world.drop("Instance", "cache")
    world.drop("Connection", "Connection")


def test_a_network_stays_as_long_as_something_is_in_it(world: World) -> None:
    for kind in ("Network", "Subnetwork", "GlobalAddress", "Connection"):
        world.make(kind, kind)
    for last in ("Connection", "GlobalAddress", "Subnetwork"):
        said = refusal(world.drop, "Network", "Network")
        assert "is already being used by" in said, last
        world.drop(last, last)
    world.drop("Network", "Network")


def test_addresses_of_a_range_come_back_with_their_instance(world: World) -> None:
    network = world.tiny["network"]
    small = {
        "authorizedNetwork": network,
        "reservedIpRange": world.tiny_range,
        "readReplicasMode": None,
        "replicaCount": None,
    }
    first = world.make("Instance", "first", name="first", **small)
    assert first.outputs["effectiveReservedIpRange"] == "10.22.0.0/29"
    said = refusal(world.make, "Instance", "second", name="second", **small)
    assert "do not have enough available IPs" in said
    world.drop("Instance", "first")
    second = world.make("Instance", "second", name="second", **small)
    assert second.outputs["effectiveReservedIpRange"] == "10.22.0.0/29"


def test_a_shared_network_needs_the_projects_to_be_attached(world: World) -> None:
    inputs = {"authorizedNetwork": world.shared["network"], "reservedIpRange": world.shared_range}
    world.make("Instance", "cache", **inputs)
    world.drop("Instance", "cache")
    world.cloud.share(None, PROJECT_ID)  # pyright: ignore[reportArgumentType] - of nobody
    said = refusal(world.make, "Instance", "cache", **inputs)
    assert f"Project {HOST} referenced is not the host project for {PROJECT_ID}." in said


# an instance and its password


def ask_for_instance(world: World, **changes: Any) -> None:
    """Begins to make an instance without waiting for it."""
    body = {
        "tier": "STANDARD_HA",
        "memorySizeGb": 5,
        "authEnabled": True,
        "connectMode": "PRIVATE_SERVICE_ACCESS",
        "authorizedNetwork": world.net["network"],
        **changes,
    }
    world.ask("POST", CACHE.rpartition("/")[0], body, instanceId="cache")


def test_the_password_comes_after_the_instance_and_is_the_servers(world: World) -> None:
    world.cloud.settings(slow=60)
    ask_for_instance(world)
    shown = world.ask("GET", CACHE)
    assert shown["state"] == "CREATING"
    assert shown.keys().isdisjoint({"host", "port", "authString", "serverCaCerts"})
    said = refusal(world.ask, "GET", f"{CACHE}/authString")
    assert "Please wait until instance is in READY state." in said


def test_a_preview_knows_nothing_of_what_only_the_server_decides(world: World) -> None:
    urn = Urn(TOKENS["Instance"], "cache")
    inputs, failures = world.stand_in.check(urn, {}, world.valid("Instance"))
    assert failures == []
    _, planned = world.stand_in.create(urn, inputs, preview=True)
    decided = {
        "authString", "host", "port", "serverCaCerts", "readEndpoint", "readEndpointPort",
        "currentLocationId", "createTime", "nodes", "effectiveReservedIpRange",
    }  # fmt: skip
    assert {name for name in decided if not contains_unknown(planned[name])} == set()
    assert planned["tier"] == "STANDARD_HA"
    assert not (world.cloud.root / "journal.jsonl").read_text().count('"Instance"')


def test_every_time_that_auth_is_turned_on_there_is_another_password(world: World) -> None:
    first = world.make("Instance", "cache").outputs["authString"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first)
    assert world.change("Instance", "cache", memorySizeGb=6).outputs["authString"] == first
    off = world.change("Instance", "cache", authEnabled=False)
    assert off.outputs["authString"] == ""
    on = world.change("Instance", "cache", authEnabled=True)
    assert on.outputs["authString"] not in {"", first}
    assert world.ask("GET", f"{CACHE}/authString")["authString"] == on.outputs["authString"]


def test_who_may_not_see_the_password_gets_an_instance_by_half(world: World) -> None:
    world.cloud.settings(denied=["redis.instances.getAuthString"])
    said = refusal(world.make, "Instance", "cache")
    assert (
        "Error reading AuthString: googleapi: Error 403: Permission 'redis.instances.getA" in said
    )
    assert world.ask("GET", CACHE)["state"] == "READY"
    assert "Error 409: Resource 'projects/" in refusal(world.make, "Instance", "again")


def test_an_instance_is_changed_only_when_it_is_ready(world: World) -> None:
    world.make("Instance", "cache")
    world.cloud.settings(slow=60)
    mask = {"updateMask": "displayName"}
    world.ask("PATCH", CACHE, {"displayName": "one"}, **mask)
    assert world.ask("GET", CACHE)["state"] == "UPDATING"
    for method, body, query in (("PATCH", {"displayName": "two"}, mask), ("DELETE", None, {})):
        said = refusal(world.ask, method, CACHE, body, **query)
        assert "due to ongoing operations. Please wait until instance is in READY state." in said
    said = refusal(world.ask, "POST", f"{CACHE}:upgrade", {"redisVersion": "REDIS_7_2"})
    assert "Unable to upgrade due to ongoing operations." in said


def test_an_instance_that_cannot_be_placed_is_not_there(world: World) -> None:
    said = refusal(world.make, "Instance", "cache", reservedIpRange="nothing")
    assert "Error waiting to create Instance: Error waiting for Creating Instance: Error c" in said
    assert "Error 404, NOT_FOUND" in refusal(world.ask, "GET", CACHE)
    world.make("Instance", "cache")


def test_two_certificates_of_cas_are_valid_at_once(world: World) -> None:
    made = world.make("Instance", "cache").outputs
    certificates = [
        x509.load_pem_x509_certificate(c["cert"].encode()) for c in made["serverCaCerts"]
    ]
    newer, older = certificates
    assert newer.not_valid_after_utc > older.not_valid_after_utc
    years = (newer.not_valid_after_utc - older.not_valid_after_utc).days / 365
    assert years == pytest.approx(5, abs=0.01)
    for told, certificate in zip(made["serverCaCerts"], certificates, strict=True):
        expires = datetime.fromisoformat(told["expireTime"].replace("Z", "+00:00"))
        assert abs((expires - certificate.not_valid_after_utc).total_seconds()) < 1
        assert told["serialNumber"] == str(certificate.serial_number)
    serving = redis_service.serving(world.cloud.google, f"{HERE}/instances/cache", "127.0.0.1")
    server = x509.load_pem_x509_certificate(serving["certificate"].encode())
    server.verify_directly_issued_by(older)
    with pytest.raises(ValueError, match="Issuer certificate subject does not match"):
        server.verify_directly_issued_by(newer)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one.value) for one in names] == ["127.0.0.1"]
    redis_service.expire(world.cloud.google, f"{HERE}/instances/cache")
    refreshed = world.refresh("Instance", "cache")
    assert refreshed
    assert [c["cert"] for c in refreshed.outputs["serverCaCerts"]] == [
        made["serverCaCerts"][0]["cert"]
    ]


@pytest.mark.parametrize(("mode", "port"), [("SERVER_AUTHENTICATION", 6378), ("DISABLED", 6379)])
def test_the_port_follows_encryption(world: World, mode: str, port: int) -> None:
    made = world.make("Instance", "cache", transitEncryptionMode=mode).outputs
    assert made["port"] == made["readEndpointPort"] == port
    assert len(made["serverCaCerts"]) == (2 if port == 6378 else 0)
    assert made["host"] != made["readEndpoint"]


# what can change


def test_read_replicas_come_later_with_a_range_and_stay(world: World) -> None:
    single = {"readReplicasMode": None, "replicaCount": None}
    world.make("Instance", "cache", **single)
    said = refusal(world.change, "Instance", "cache", replicaCount=2)
    assert "Read Replicas mode must be enabled on the instance in order to update" in said
    said = refusal(world.change, "Instance", "cache", secondaryIpRange="auto")
    assert "can only be set when read replicas are enabled on an existing instance." in said
    on = {"readReplicasMode": "READ_REPLICAS_ENABLED", "replicaCount": 3}
    said = refusal(world.change, "Instance", "cache", **on)
    assert "secondary_ip_range is required when enabling read replicas" in said
    held = world.change("Instance", "cache", **on, secondaryIpRange="auto")
    assert held.outputs["readEndpoint"]
    assert held.outputs["replicaCount"] == 3
    assert len(held.outputs["nodes"]) == 4
    said = refusal(
        world.change,
        "Instance",
        "cache",
        readReplicasMode="READ_REPLICAS_DISABLED",
        replicaCount=None,
    )
    assert "Read replicas cannot be disabled on an instance once they have been enabled." in said
    world.drop("Instance", "cache")


def test_versions_only_go_up(world: World) -> None:
    world.make("Instance", "cache", redisVersion="REDIS_6_X")
    held = world.change("Instance", "cache", redisVersion="REDIS_7_0")
    assert held.outputs["redisVersion"] == "REDIS_7_0"
    # The provider does not see that this is a step back; to one that it sees it makes a new one.
    said = refusal(world.change, "Instance", "cache", redisVersion="REDIS_6_X")
    assert "Instance can only be upgraded to a newer version than REDIS_7_0." in said
    assert world.replaces("Instance", "cache", redisVersion="REDIS_5_0") == {"redisVersion"}
    assert "POST redis projects/{project}/locations/{location}/instances/{instance}:upgrade" in {
        request["operation"] for entry in world.cloud.journal for request in entry["requests"]
    }


def test_what_is_protected_is_not_deleted(world: World) -> None:
    world.make("Instance", "cache", deletionProtection=True)
    said = refusal(world.drop, "Instance", "cache")
    assert "cannot destroy redis instance without setting deletion_protection=false and run" in said
    sent = len(world.cloud.journal[-1]["requests"])
    world.change("Instance", "cache", deletionProtection=False)
    assert world.cloud.journal[-1]["requests"] == []
    assert sent == 0
    world.drop("Instance", "cache")

    world.make("Secret", "secret", deletionProtection=True)
    said = refusal(world.drop, "Secret", "secret")
    assert "cannot destroy secret manager secret without setting deletion_protection=false" in said
    world.change("Secret", "secret", deletionProtection=False)
    world.drop("Secret", "secret")

    world.make("Valkey", "valkey", deletionProtectionEnabled=True)
    said = refusal(world.drop, "Valkey", "valkey")
    assert "Error 400: Invalid resource state for" in said
    assert "deletion protect" in said
    world.change("Valkey", "valkey", deletionProtectionEnabled=False)
    world.drop("Valkey", "valkey")


PREVENTED = {
    "Instance": "RedisInstance",
    "Valkey": "MemorystoreInstance",
    "Secret": "SecretManagerSecret",
    "SecretVersion": "SecretManagerSecretVersion",
    "CryptoKey": "KMSCryptoKey",
    "AlertPolicy": "MonitoringAlertPolicy",
    "NotificationChannel": "MonitoringNotificationChannel",
}


@pytest.mark.parametrize(("kind", "called"), PREVENTED.items())
def test_a_policy_of_deletion_is_kept(world: World, kind: str, called: str) -> None:
    held = world.make(kind, "x", deletionPolicy="PREVENT")
    said = refusal(world.drop, kind, "x")
    assert f'cannot destroy {called} without setting deletion_policy="DELETE" and running' in said
    before = len(world.cloud.journal)
    world.change(kind, "x", deletionPolicy="ABANDON")
    world.drop(kind, "x")
    sent = [one for entry in world.cloud.journal[before:] for one in entry["requests"]]
    assert sent == []
    urn = Urn(TOKENS[kind], "x")
    assert world.stand_in.read(urn, held.identifier, held.outputs, held.inputs)[0]


# Valkey


def test_valkey_comes_after_its_policy(world: World) -> None:
    network = [{"projectId": PROJECT_ID, "network": world.bare["network"]}]
    said = refusal(world.make, "Valkey", "early", desiredAutoCreatedEndpoints=network)
    assert "Error code 9, message: Invalid resource state for" in said
    assert "No service connection policy is associated with project" in said
    other = world.make("ServiceConnectionPolicy", "other", serviceClass="gcp-memorystore-redis")
    assert "No service connection policy" in refusal(
        world.make, "Valkey", "early", desiredAutoCreatedEndpoints=network
    )
    world.drop("ServiceConnectionPolicy", "other")
    assert other
    world.make("ServiceConnectionPolicy", "right")
    world.make("Valkey", "valkey", desiredAutoCreatedEndpoints=network)


def test_there_is_one_policy_for_a_network_region_and_class(world: World) -> None:
    world.make("ServiceConnectionPolicy", "first")
    said = refusal(world.make, "ServiceConnectionPolicy", "second", name="second")
    assert "Error 4" in said
    world.make(
        "ServiceConnectionPolicy", "third", name="third", serviceClass="gcp-memorystore-redis"
    )


def test_a_policy_and_its_subnetwork_stay_as_long_as_valkey_uses_them(world: World) -> None:
    world.make("ServiceConnectionPolicy", "policy")
    endpoints = [{"projectId": PROJECT_ID, "network": world.bare["network"]}]
    world.make("Valkey", "valkey", desiredAutoCreatedEndpoints=endpoints)
    assert "Error" in refusal(world.drop, "ServiceConnectionPolicy", "policy")
    world.drop("Valkey", "valkey")
    world.drop("ServiceConnectionPolicy", "policy")


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        ("CLUSTER", ["CONNECTION_TYPE_DISCOVERY", None]),
        ("CLUSTER_DISABLED", ["CONNECTION_TYPE_PRIMARY", "CONNECTION_TYPE_READER"]),
    ],
)
def test_valkey_has_two_connections_whose_kinds_follow_the_mode(
    world: World, mode: str, kinds: list[str | None]
) -> None:
    made = world.make("Valkey", "valkey", mode=mode).outputs
    (endpoint,) = made["endpoints"]
    connections = [one["pscAutoConnection"] for one in endpoint["connections"]]
    assert [one.get("connectionType") for one in connections] == kinds
    assert [one["port"] for one in connections] == [6379, 6379]
    assert len({one["ipAddress"] for one in connections}) == 2
    (authority,) = made["managedServerCas"]
    assert [len(chain["certificates"]) for chain in authority["caCerts"]] == [1, 1]


def test_valkey_in_a_network_of_strangers_is_refused(world: World) -> None:
    strangers = f"projects/{STRANGER}"
    body = {
        "network": world.foreign["network"],
        "serviceClass": "gcp-memorystore",
        "pscConfig": {"subnetworks": [world.foreign["subnetwork"]]},
    }
    world.cloud.add_agent(STRANGER, "networkconnectivity.googleapis.com")
    place = f"networkconnectivity.googleapis.com/v1/{strangers}/locations/{REGION}"
    query = {"serviceConnectionPolicyId": "theirs"}
    world.ask("POST", f"{place}/serviceConnectionPolicies", body, **query)
    endpoints = [{"projectId": PROJECT_ID, "network": world.foreign["network"]}]
    said = refusal(world.make, "Valkey", "valkey", desiredAutoCreatedEndpoints=endpoints)
    assert "because the endpoint project is not a Shared VPC service project." in said
    world.cloud.share(STRANGER, PROJECT_ID)
    world.make("Valkey", "valkey", desiredAutoCreatedEndpoints=endpoints)


def test_one_thing_at_a_time_happens_to_valkey(world: World) -> None:
    world.make("Valkey", "valkey")
    assert "Error 409: Resource 'projects/" in refusal(world.make, "Valkey", "again")
    world.cloud.settings(slow=60)
    place = f"memorystore.googleapis.com/v1/{HERE}/instances/cache"
    world.ask("PATCH", place, {"replicaCount": 2}, updateMask="replicaCount")
    said = refusal(world.ask, "PATCH", place, {"replicaCount": 3}, updateMask="replicaCount")
    assert "unable to update an instance in the state UPDATING." in said
    assert "unable to delete an instance in the state UP" in refusal(world.ask, "DELETE", place)


def test_without_encryption_there_is_no_ca_to_ask_for(world: World) -> None:
    plain = {
        "transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED",
        "authorizationMode": "AUTH_DISABLED",
    }
    assert world.make("Valkey", "valkey", **plain).outputs["managedServerCas"] == []
    place = f"memorystore.googleapis.com/v1/{HERE}/instances/cache/certificateAuthority"
    assert "does not have in-transit encryption enabled." in refusal(world.ask, "GET", place)


def test_a_ca_of_ones_own_is_not_told(world: World) -> None:
    pool = f"{HERE}/caPools/pool"
    own = {"serverCaMode": "CUSTOMER_MANAGED_CAS_CA", "serverCaPool": pool}
    assert world.make("Valkey", "valkey", **own).outputs["managedServerCas"] == []


def test_the_network_of_valkey_is_never_changed_and_nobody_says_so(world: World) -> None:
    world.make("ServiceConnectionPolicy", "bare")
    world.make("Valkey", "valkey")
    other = [{"projectId": PROJECT_ID, "network": world.bare["network"]}]
    assert world.replaces("Valkey", "valkey", desiredAutoCreatedEndpoints=other) == set()
    held = world.change("Valkey", "valkey", desiredAutoCreatedEndpoints=other)
    assert world.cloud.journal[-1]["requests"] == []
    assert held.outputs["desiredAutoCreatedEndpoints"][0]["network"] == world.net["network"]
    assert world.changes("Valkey", "valkey") == {"desiredAutoCreatedEndpoints"}


def test_engine_versions_of_valkey_only_go_up(world: World) -> None:
    world.make("Valkey", "valkey")
    held = world.change("Valkey", "valkey", engineVersion="VALKEY_9_0")
    assert held.outputs["engineVersion"] == "VALKEY_9_0"
    said = refusal(world.change, "Valkey", "valkey", engineVersion="VALKEY_8_0")
    assert "Engine version cannot be downgraded from VALKEY_9_0." in said


def test_changes_of_valkey_go_in_one_request(world: World) -> None:
    world.make("Valkey", "valkey")
    world.change("Valkey", "valkey", nodeType="HIGHMEM_MEDIUM", replicaCount=2, labels={"a": "b"})
    (request,) = world.cloud.journal[-1]["requests"]
    assert request["params"]["query"]["updateMask"] == "replicaCount,nodeType,labels"


# keys


def test_an_agent_comes_before_its_grant_and_the_grant_before_the_cache(world: World) -> None:
    agent = world.agents["redis"]
    world.cloud.remove(AGENT, f"{PROJECT_ID}/redis.googleapis.com")
    said = refusal(world.make, "CryptoKeyIAMMember", "grant")
    assert f"Service account {agent} does not exist." in said
    assert "Unable to delegate the access of CMEK" in refusal(
        world.make, "Instance", "cache", customerManagedKey=world.locked_key
    )
    world.make("ServiceIdentity", "agent", service="redis.googleapis.com")
    assert "Unable to delegate the access of CMEK" in refusal(
        world.make, "Instance", "cache", customerManagedKey=world.locked_key
    )
    world.make("CryptoKeyIAMMember", "grant")
    world.make("Instance", "cache", customerManagedKey=world.locked_key)


def test_rings_and_keys_keep_their_names_for_ever(world: World) -> None:
    world.make("KeyRing", "ring")
    world.drop("KeyRing", "ring")
    said = refusal(world.make, "KeyRing", "ring")
    assert f"Error creating KeyRing: googleapi: Error 409: KeyRing {HERE}/keyRings/caches" in said
    assert "already exists." in said
    key = world.make("CryptoKey", "key").identifier
    world.drop("CryptoKey", "key")
    assert f"Error 409: CryptoKey {key} already exists." in refusal(world.make, "CryptoKey", "key")
    states = {one["state"] for name, one in world.cloud.all(VERSION).items() if key in name}
    assert states == {"DESTROY_SCHEDULED"}
    shown = world.ask("GET", f"cloudkms.googleapis.com/v1/{key}")
    assert "rotationPeriod" not in shown
    version = f"cloudkms.googleapis.com/v1/{key}/cryptoKeyVersions/1:destroy"
    said = refusal(world.ask, "POST", version, {})
    assert "has value DESTROY_SCHEDULED in field crypto_key_version.state." in said


def test_a_destroyed_key_wraps_nothing_any_more(world: World) -> None:
    key = world.make("CryptoKey", "key").identifier
    world.make("CryptoKeyIAMMember", "grant", cryptoKeyId=key)
    world.make("Instance", "cache", customerManagedKey=key)
    world.drop("Instance", "cache")
    world.drop("CryptoKey", "key")
    said = refusal(world.make, "Instance", "cache", customerManagedKey=key)
    assert "Unable to delegate the access of CMEK" in said


# secrets


def test_a_version_comes_after_its_secret_and_readers_too(world: World) -> None:
    later = f"projects/{PROJECT_ID}/secrets/cache-url"
    for kind in ("SecretVersion", "SecretIamMember"):
        key = "secret" if kind == "SecretVersion" else "secretId"
        assert "Error 404" in refusal(world.make, kind, kind, **{key: later})
    world.make("Secret", "secret")
    world.make("SecretVersion", "version", secret=later)
    world.make("SecretIamMember", "member", secretId=later)


def test_the_name_of_a_deleted_secret_is_free_at_once(world: World) -> None:
    world.make("Secret", "secret")
    assert "Error 409: Secret [projects/" in refusal(world.make, "Secret", "again")
    secret = world.state["Secret", "secret"].identifier
    world.make("SecretVersion", "version", secret=secret)
    world.drop("Secret", "secret")
    assert world.refresh("SecretVersion", "version") is None
    world.make("Secret", "again")
    held = world.make("SecretVersion", "version", secret=secret)
    assert held.outputs["version"] == "1"


def test_a_new_value_comes_before_the_old_one_goes(world: World) -> None:
    first = world.make("SecretVersion", "value", secretData="one")
    number = first.identifier
    assert world.replaces("SecretVersion", "value", secretData="two") == {"secretData"}
    second = world.change("SecretVersion", "value", secretData="two")
    assert (first.outputs["version"], second.outputs["version"]) == ("1", "2")
    assert "is in DESTROYED state." in refusal(world.ask, "GET", f"{VALUE}/versions/1:access")
    latest = world.ask("GET", f"{VALUE}/versions/latest:access")
    assert latest["name"] == second.identifier
    assert re.fullmatch(r"projects/\d+/secrets/world/versions/1", number)
    for verb in ("enable", "disable", "destroy"):
        said = refusal(world.ask, "POST", f"{VALUE}/versions/1:{verb}")
        assert "Error 400, FAILED_PRECONDITION: Secret Version [" in said


def test_a_delayed_destruction_only_disables_at_first(world: World) -> None:
    secret = world.make("Secret", "secret").identifier
    world.make("SecretVersion", "value", secret=secret, secretData="one")
    world.drop("SecretVersion", "value")
    address = f"secretmanager.googleapis.com/v1/{secret}/versions/1"
    version = world.ask("GET", address)
    assert version["state"] == "DISABLED"
    assert "scheduledDestroyTime" in version
    assert "is in DISABLED state." in refusal(world.ask, "GET", f"{address}:access")
    world.ask("POST", f"{address}:enable")
    assert world.ask("GET", f"{address}:access")["payload"]["data"] == "b25l"


def test_a_version_is_disabled_and_enabled_in_place(world: World) -> None:
    held = world.make("SecretVersion", "value", secretData="one")
    off = world.change("SecretVersion", "value", enabled=False)
    assert off.identifier == held.identifier
    assert "is in DISABLED state." in refusal(world.ask, "GET", f"{VALUE}/versions/1:access")
    assert world.changes("SecretVersion", "value") == set()
    world.change("SecretVersion", "value", enabled=True)
    world.ask("GET", f"{VALUE}/versions/1:access")


def test_where_a_secret_is_kept_never_changes_but_its_keys_do(world: World) -> None:
    world.make("Secret", "secret")
    other = {"userManaged": {"replicas": [{"location": "us-east1"}]}}
    assert world.replaces("Secret", "secret", replication=other) == {"replication"}
    assert world.replaces("Secret", "secret", replication={"auto": {}}) == {"replication"}
    keyless = {"userManaged": {"replicas": [{"location": REGION}]}}
    assert world.replaces("Secret", "secret", replication=keyless) == set()
    before = world.state["Secret", "secret"].identifier
    assert world.change("Secret", "secret", replication=keyless).identifier == before
    assert world.changes("Secret", "secret") == set()
    address = f"secretmanager.googleapis.com/v1/{before}"
    said = refusal(
        world.ask, "PATCH", address, {"replication": {"automatic": {}}}, updateMask="replication"
    )
    assert "The replication policy of a secret cannot be changed." in said


def test_readers_are_written_one_by_one_and_nobody_is_lost(world: World) -> None:
    for index in range(3):
        member = f"serviceAccount:app{index}@{PROJECT_ID}.iam.gserviceaccount.com"
        world.make("SecretIamMember", f"reader{index}", member=member)
    world.drop("SecretIamMember", "reader1")
    policy = world.ask("GET", f"{VALUE}:getIamPolicy")
    (binding,) = policy["bindings"]
    assert binding["role"] == READER
    assert [one.split("@")[0][-4:] for one in binding["members"]] == ["app0", "app2"]
    stale = {"policy": {"bindings": [], "etag": "c3RhbGU="}}
    said = refusal(world.ask, "POST", f"{VALUE}:setIamPolicy", stale)
    assert "Error 409, ABORTED: There were concurrent policy changes." in said
    assert APPLICATION not in binding["members"]
    assert USER not in {one["role"] for one in policy["bindings"]}


# alerts


def test_a_channel_stays_as_long_as_a_policy_has_it(world: World) -> None:
    channel = world.make("NotificationChannel", "channel")
    policy = world.make("AlertPolicy", "policy", notificationChannels=[channel.identifier])
    said = refusal(world.drop, "NotificationChannel", "channel")
    assert f"it is used by the alerting policies {policy.identifier}." in said
    world.change("NotificationChannel", "channel", forceDelete=True)
    world.drop("NotificationChannel", "channel")
    assert world.changes("AlertPolicy", "policy") == {"notificationChannels"}
    inputs = {**world.valid("AlertPolicy"), "notificationChannels": [channel.identifier]}
    world.refresh("AlertPolicy", "policy")
    assert "does not exist." in refusal(world.put, "AlertPolicy", "policy", **inputs)


def test_a_policy_is_changed_in_place(world: World) -> None:
    held = world.make("AlertPolicy", "policy")
    changed = world.change(
        "AlertPolicy", "policy", conditions=[condition(thresholdValue=0.9)], severity="ERROR"
    )
    assert changed.identifier == held.identifier
    assert world.changes("AlertPolicy", "policy") == set()
    assert "Error 400" in refusal(
        world.change, "AlertPolicy", "policy", conditions=[condition(duration="90s")]
    )


# what changes how

REPLACING: list[tuple[str, dict[str, Any]]] = [
    ("Instance", {"name": "other"}),
    ("Instance", {"tier": "BASIC"}),
    ("Instance", {"transitEncryptionMode": "DISABLED"}),
    ("Instance", {"connectMode": "DIRECT_PEERING"}),
    ("Instance", {"authorizedNetwork": "projects/x/global/networks/y"}),
    ("Instance", {"reservedIpRange": "other"}),
    ("Instance", {"customerManagedKey": None}),
    ("Instance", {"locationId": "europe-west1-d"}),
    ("Instance", {"alternativeLocationId": "europe-west1-d"}),
    ("Instance", {"region": "europe-west2"}),
    ("Instance", {"redisVersion": "REDIS_7_0"}),
    ("Valkey", {"instanceId": "other"}),
    ("Valkey", {"mode": "CLUSTER"}),
    ("Valkey", {"authorizationMode": "AUTH_DISABLED"}),
    ("Valkey", {"transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED"}),
    ("Valkey", {"kmsKey": None}),
    ("Valkey", {"serverCaMode": "GOOGLE_MANAGED_SHARED_CA"}),
    ("Valkey", {"zoneDistributionConfig": {"mode": "SINGLE_ZONE", "zone": "europe-west1-b"}}),
    ("Valkey", {"location": "europe-west2"}),
    ("Secret", {"secretId": "other"}),
    ("SecretVersion", {"secretData": "other"}),
    ("SecretVersion", {"secret": "other"}),
    ("SecretIamMember", {"role": "roles/secretmanager.viewer"}),
    ("SecretIamMember", {"member": "user:a@example.com"}),
    ("KeyRing", {"name": "other"}),
    ("KeyRing", {"location": "global"}),
    ("CryptoKey", {"name": "other"}),
    ("CryptoKey", {"purpose": "MAC"}),
    ("CryptoKey", {"destroyScheduledDuration": "86400s"}),
    ("CryptoKeyIAMMember", {"role": "roles/cloudkms.viewer"}),
]

IN_PLACE: list[tuple[str, dict[str, Any]]] = [
    ("Instance", {"memorySizeGb": 10}),
    ("Instance", {"authEnabled": False}),
    ("Instance", {"displayName": "other"}),
    ("Instance", {"redisConfigs": {"maxmemory-policy": "noeviction"}}),
    ("Instance", {"redisConfigs": None}),
    ("Instance", {"replicaCount": 4}),
    ("Instance", {"persistenceConfig": {"persistenceMode": "DISABLED"}}),
    ("Instance", {"maintenancePolicy": None}),
    ("Instance", {"labels": {"team": "other", "more": "x"}}),
    ("Instance", {"labels": None}),
    ("Instance", {"deletionProtection": True}),
    ("Valkey", {"replicaCount": 0}),
    ("Valkey", {"nodeType": "HIGHMEM_XLARGE"}),
    ("Valkey", {"engineConfigs": None}),
    ("Valkey", {"persistenceConfig": {"mode": "DISABLED"}}),
    ("Valkey", {"automatedBackupConfig": None}),
    ("Valkey", {"maintenancePolicy": None}),
    ("Valkey", {"deletionProtectionEnabled": True}),
    ("Valkey", {"labels": {"team": "other"}}),
    ("Secret", {"labels": None}),
    ("Secret", {"versionDestroyTtl": None}),
    ("Secret", {"rotation": None, "topics": None}),
    ("Secret", {"annotations": {"note": "x"}}),
    ("CryptoKey", {"rotationPeriod": "8640000s"}),
    ("CryptoKey", {"labels": {"a": "b"}}),
    ("AlertPolicy", {"displayName": "other"}),
    ("AlertPolicy", {"enabled": False}),
    ("AlertPolicy", {"notificationChannels": None}),
    ("AlertPolicy", {"userLabels": {"team": "other"}}),
    ("NotificationChannel", {"displayName": "other"}),
    ("NotificationChannel", {"enabled": False}),
]

SILENT: list[tuple[str, str]] = [
    ("Instance", "persistenceConfig"),
    ("Instance", "readReplicasMode"),
    ("Instance", "replicaCount"),
    ("Instance", "redisVersion"),
    ("Instance", "reservedIpRange"),
    ("Valkey", "nodeType"),
    ("Valkey", "persistenceConfig"),
    ("Valkey", "replicaCount"),
    ("Valkey", "engineVersion"),
    ("Valkey", "desiredAutoCreatedEndpoints"),
]
"""Inputs that change nothing when the program says nothing of them any more."""

KINDS = dict.fromkeys(kind for kind, _ in (*REPLACING, *IN_PLACE))


@pytest.fixture(scope="module")
def full(base: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with one resource of every type, that nobody changes."""
    world = base.copy(tmp_path_factory.mktemp("full") / "cloud")
    for kind in KINDS:
        world.make(kind, kind)
    return world


def named(changes: dict[str, Any]) -> str:
    """A short name of a change."""
    return "-".join(changes)


@pytest.mark.parametrize(("kind", "changes"), REPLACING)
def test_what_cannot_change_in_place_makes_a_new_resource(
    full: World, kind: str, changes: dict[str, Any]
) -> None:
    assert full.replaces(kind, kind, **changes) == set(changes)


@pytest.mark.parametrize(("kind", "changes"), IN_PLACE)
def test_what_can_change_in_place_is_changed_and_then_unchanged(
    full: World, tmp_path: Path, kind: str, changes: dict[str, Any]
) -> None:
    assert full.replaces(kind, kind, **changes) == set()
    world = full.copy(tmp_path / "cloud")
    before = world.state[kind, kind].identifier
    assert world.change(kind, kind, **changes).identifier == before
    assert world.changes(kind, kind) == set()


@pytest.mark.parametrize(("kind", "name"), SILENT)
def test_what_google_fills_in_stays_when_nothing_is_said_of_it(
    full: World, kind: str, name: str
) -> None:
    old = full.state[kind, kind]
    given = {key: value for key, value in full.valid(kind).items() if key != name}
    urn = Urn(TOKENS[kind], kind)
    checked, failures = full.stand_in.check(urn, old.inputs, given)
    assert failures == []
    assert full.stand_in.diff(urn, old.outputs, checked).found == []


IMPORTED = (
    "Instance", "Valkey", "Secret", "SecretVersion", "KeyRing", "CryptoKey", "AlertPolicy",
    "NotificationChannel",
)  # fmt: skip
UNTOLD = {
    "Instance": {"reservedIpRange", "deletionProtection"},
    "Secret": {"deletionProtection"},
    "NotificationChannel": {"forceDelete"},
}
"""Inputs that the cloud never tells: an import does not know them."""


@pytest.mark.parametrize("kind", IMPORTED)
def test_what_is_there_can_be_read_by_its_id_alone(full: World, kind: str) -> None:
    held: Held = full.state[kind, kind]
    # A value is known by the number of the project; to import it, its id has to be given.
    identifier = re.sub(r"^projects/\d+/", f"projects/{PROJECT_ID}/", held.identifier)
    outputs, inputs = full.stand_in.read(Urn(TOKENS[kind], kind), identifier, {}, {})
    untold = UNTOLD.get(kind, set())
    given = {name for name in full.valid(kind) if held.inputs[name] not in ("", [], {}, False)}
    assert given - inputs.keys() <= untold | {"labels"}
    told = {name for name in given - untold - {"labels"} if name in held.outputs}
    for name in told:
        assert outputs[name] == held.outputs[name], name


def test_what_is_gone_is_read_as_gone(world: World) -> None:
    for kind in ("Instance", "Valkey", "Secret", "SecretVersion", "AlertPolicy"):
        held = world.make(kind, kind)
        urn = Urn(TOKENS[kind], kind)
        world.stand_in.delete(urn, held.identifier, held.outputs)
        assert world.refresh(kind, kind) is None
        if kind != "SecretVersion":
            # Deleting what is gone is no error, but for a value: its number stays.
            world.stand_in.delete(urn, held.identifier, held.outputs)


def test_an_operation_that_fails_tells_its_number(world: World) -> None:
    world.cloud.settings(slow=0)
    ask_for_instance(world, reservedIpRange="nothing")
    world.cloud.settle()
    (operation,) = [
        one
        for one in world.cloud.all("operations").values()
        if one["target"].endswith("/instances/cache")
    ]
    assert operation["error"]["code"] == 9
    with pytest.raises(GoogleError):
        world.cloud.google.ask("GET", f"https://{CACHE}")
