"""Each stack file for Google Cloud through its life: preview, up, nothing to do, down, up again."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from cloud.gcp.google import SEEDED
from cloud.gcp.services.compute import ADDRESS, FIREWALL, NETWORK
from cloud.gcp.services.kms import KEY
from cloud.gcp.services.memorystore import INSTANCE as VALKEY
from cloud.gcp.services.monitoring import POLICY as ALARM
from cloud.gcp.services.network_connectivity import SCP
from cloud.gcp.services.redis import INSTANCE as REDIS
from cloud.gcp.services.secret_manager import SECRET, VERSION
from cloud.gcp.services.service_networking import CONNECTION
from cloud.gcp.witness import GcpWitness, of_cache, stack_text, unprotected, value_of
from cloud.life import Life as AnyLife
from cloud.life import LifeTests, label, lived
from cloud.witness import forms, leaks
from cryptography import x509
from engine.deployment import PROJECT_NAME, SECRET_MARK, Run

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

STACKS = {
    "gcp-dev": "gcp-dev",
    "gcp-prod": "gcp-prod",
    "gcp-valkey-prod": "gcp-valkey",
    "gcp-shared-vpc": "gcp-shared-vpc",
}
"""Stack files by what the life is called: all of production end alike."""

Life = AnyLife[GcpWitness]

PLANTED = "4f6a1c52-0b7d-4e8e-9c1a-planted00001"


@dataclass(frozen=True)
class Twice:
    """A life, and the same stack made once more in the same project."""

    life: Life
    rings: Mapping[str, dict[str, Any]]
    """What nobody can delete: the keys of the first life."""
    again: Run
    second: Mapping[str, dict[str, Any]]
    """What the fake cloud held in the second life, by kind and name."""
    down: Run
    left: Mapping[str, list[str]]


@pytest.fixture(scope="module", params=STACKS)
def twice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    name: str = request.param
    witness = GcpWitness(tmp_path_factory.mktemp(name))
    text = stack_text(STACKS[name], witness.cloud)
    if name == "gcp-dev":
        # A new project: the stack turns on what it needs.
        apis = ("redis", "compute", "servicenetworking", "secretmanager")
        witness.cloud.disable(witness.cloud.project, *(f"{one}.googleapis.com" for one in apis))
    life = lived(name, witness, text, unprotected)
    rings = witness.cloud.all(KEY)
    # As the end left it: in production without the protection.
    again = witness.heard("up")
    witness.learn()
    second = witness.things()
    down = witness.heard("down")
    return Twice(life, rings, again, second, down, witness.forgotten)


@pytest.fixture(scope="module")
def life(twice: Twice) -> Life:
    return twice.life


def engine(life: Life, cache: str) -> str:
    """The engine of a cache: each is a service of its own."""
    return life.connections[cache].engine


def instance(life: Life, cache: str) -> dict[str, Any]:
    """What the contract of a cache leads to, as it was while the stack was up: secret."""
    kind = VALKEY if engine(life, cache) == "valkey" else REDIS
    return life.cloud[kind][life.connections[cache].resource_id]


class TestLife(LifeTests):
    """What must be true on every cloud."""

    PROVIDER = "gcp:"
    # APIs stay on, rings and keys are never deleted, and accounts of services stay.
    STAYS = ("Service:", "KeyRing:", "CryptoKey:", "ServiceIdentity:")


def test_the_contract_is_what_the_cloud_has(life: Life) -> None:
    for name, connection in life.connections.items():
        made = instance(life, name)
        assert (connection.tls, connection.tls_verify.value) == (True, "ca")
        assert connection.ca_source.value == "instance"
        assert connection.url.startswith("rediss://")
        assert connection.url.endswith(f"{connection.host}:{connection.port}/0")
        assert connection.username == "default"
        assert connection.network["network_id"]
        place = f"projects/{life.witness.cloud.project}/locations/europe-west1/instances/"
        assert connection.resource_id.startswith(f"{place}{PROJECT_NAME}-")
        if engine(life, name) == "valkey":
            _logins_of_iam(life, name, made)
        else:
            assert (connection.host, connection.port) == (made["host"], 6378)
            assert (connection.auth.value, connection.cluster_mode) == ("password", False)
            assert len(connection.password) == 36
            assert connection.password == made["_auth"]
            assert f":{made['_auth']}@{connection.host}:6378/0" in connection.url
            reads = made["readReplicasMode"] == "READ_REPLICAS_ENABLED"
            assert reads is (life.name == "gcp-prod" and name == "cache")
            assert connection.reader_host == (made["readEndpoint"] if reads else "")
            assert connection.reader_port == (6378 if reads else 0)
            assert bool(connection.reader_url) is reads


def _logins_of_iam(life: Life, name: str, made: Mapping[str, Any]) -> None:
    """No password anywhere; the members log in to this cache alone."""
    connection = life.connections[name]
    ends = {one.get("connectionType", ""): one for one in made["_connections"]}
    cluster = name == "catalog"
    entry = ends["CONNECTION_TYPE_DISCOVERY" if cluster else "CONNECTION_TYPE_PRIMARY"]
    assert (connection.host, connection.port) == (entry["ipAddress"], entry["port"])
    assert (connection.auth.value, connection.password) == ("identity", "")
    assert connection.url == f"rediss://{connection.host}:{connection.port}/0"
    assert connection.secret_ref == {}
    assert connection.cluster_mode is cluster
    assert made["mode"] == ("CLUSTER" if cluster else "CLUSTER_DISABLED")
    reader = ends.get("CONNECTION_TYPE_READER")
    replica = reader is not None and life.production
    assert connection.reader_host == (reader["ipAddress"] if reader and replica else "")
    assert connection.grants["role"] == "roles/memorystore.dbConnectionUser"
    assert connection.grants["condition"] == f'resource.name == "{made["name"]}"'
    member = f"serviceAccount:shop@{life.witness.cloud.project}.iam.gserviceaccount.com"
    policy = life.cloud["iam.Policy"][f"projects/{life.witness.cloud.project}"]
    granted = [
        (one["role"], one["members"], one["condition"]["expression"])
        for one in policy["bindings"]
        if "condition" in one and one["condition"]["expression"] == connection.grants["condition"]
    ]
    assert granted == [(connection.grants["role"], [member], connection.grants["condition"])]


def test_all_authorities_are_in_the_contract(life: Life) -> None:
    """A client trusts both: the server's certificate is of the older one, then of the other."""
    for name, connection in life.connections.items():
        found = x509.load_pem_x509_certificates(connection.ca_pem.encode())
        stored = {one["cert"].strip() for one in instance(life, name)["_authorities"]}
        assert len(found) == len(stored) == 2
        assert set(_blocks(connection.ca_pem)) == stored
        ends = sorted(one.not_valid_after_utc for one in found)
        times = (connection.ca_not_after, connection.ca_last_not_after)
        assert [datetime.fromisoformat(one.replace("Z", "+00:00")) for one in times] == ends
        if engine(life, name) == "redis":
            assert ends[0] < ends[1]
            assert connection.ca_not_after < connection.ca_last_not_after


def _blocks(pem: str) -> list[str]:
    end = "-----END CERTIFICATE-----"
    return [f"{part.strip()}\n{end}" for part in pem.split(end) if part.strip()]


def test_the_secrets_hold_the_connection(life: Life) -> None:
    for name, connection in life.connections.items():
        held = {
            secret.rpartition("-")[2]: _newest(life.cloud, secret)
            for secret, one in life.cloud[SECRET].items()
            if of_cache(one, name)
        }
        facts = json.loads(value_of(held.pop("connection")))
        expected = {
            "host": connection.host,
            "port": connection.port,
            "tls": True,
            "tls_verify": "ca",
            "ca_pem": connection.ca_pem,
            "resource_id": connection.resource_id,
            "cluster_mode": connection.cluster_mode,
        }
        assert facts.items() >= expected.items()
        if engine(life, name) == "valkey":
            assert held == {}
            assert not {"password", "url"} & facts.keys()
            continue
        assert (facts["password"], facts["url"]) == (connection.password, connection.url)
        assert {what: value_of(one) for what, one in held.items()} == {"url": connection.url}
        reference = connection.secret_ref
        assert reference["kind"] == "gcp-secret-manager"
        assert reference["id"] in life.cloud[SECRET]
        assert (reference["version"], reference["json_key"]) == ("1", "password")
        assert connection.grants["url_secret"].endswith("-url")


def _newest(cloud: Mapping[str, dict[str, Any]], secret: str) -> dict[str, Any]:
    found = [one for one in cloud[VERSION] if one.startswith(f"{secret}/versions/")]
    assert len(found) == 1
    return cloud[VERSION][found[0]]


def test_only_who_was_named_reads_the_secrets(life: Life) -> None:
    readers = {
        resource: [(one["role"], one["members"]) for one in policy["bindings"]]
        for resource, policy in life.cloud.get("iam.Policy", {}).items()
        if "/secrets/" in resource and policy["bindings"]
    }
    if life.name == "gcp-dev":
        assert readers == {}
        return
    member = f"serviceAccount:shop@{life.witness.cloud.project}.iam.gserviceaccount.com"
    assert readers.keys() == life.cloud[SECRET].keys()
    expected = [("roles/secretmanager.secretAccessor", [member])]
    assert all(one == expected for one in readers.values())


def test_secrets_are_kept_as_the_environment_says(life: Life) -> None:
    for name, secret in life.cloud[SECRET].items():
        assert secret.get("versionDestroyTtl") == (f"{30 * 86400}s" if life.production else None)
        expected: dict[str, Any] = {"automatic": {}}
        if life.name == "gcp-shared-vpc" and of_cache(secret, "cache"):
            places = ("europe-west1", "europe-west4")
            expected = {"userManaged": {"replicas": [{"location": one} for one in places]}}
        assert secret["replication"] == expected, name


def test_no_auth_string_is_in_the_open_state(life: Life) -> None:
    versions = [one for one in life.state if one["type"].endswith(":SecretVersion")]
    assert len(versions) >= len(life.connections)
    for version in versions:
        for side in ("inputs", "outputs"):
            value = version[side]["secretData"]
            assert value[SECRET_MARK]
            assert "ciphertext" in value
    for one in life.state:
        if one["type"] == "gcp:redis/instance:Instance":
            assert one["outputs"]["authString"][SECRET_MARK]
            assert "ciphertext" in one["outputs"]["authString"]


UNLABELLED = {
    "Connection",
    "CryptoKeyIAMMember",
    "Firewall",
    "IAMMember",
    "KeyRing",
    "Network",
    "SecretIamMember",
    "SecretVersion",
    "Service",
    "ServiceIdentity",
    "Subnetwork",
}
"""Types that take no labels."""


def test_everything_is_labelled(life: Life) -> None:
    kinds = set[str]()
    for one in life.state:
        kind = one["type"].rpartition(":")[2]
        if one["type"].startswith("gcp:") and kind not in UNLABELLED:
            labels = one["inputs"].get("userLabels" if kind == "AlertPolicy" else "labels")
            assert labels, one["urn"]
            assert labels["secure-redis-stack"] == life.witness.name
            assert labels.get("team") == ("platform" if life.name == "gcp-prod" else None)
            kinds.add(kind)
    assert kinds >= {"Instance", "Secret"}


def test_caches_are_what_the_rules_demand(life: Life) -> None:
    """AUTH, TLS, the private way in: said in the request, whatever the service's defaults are."""
    asked = life.witness.cloud.requests(
        "POST redis projects/{project}/locations/{location}/instances"
    )
    redis = [name for name in life.connections if engine(life, name) == "redis"]
    # Both lives.
    assert len(asked) == 2 * len(redis)
    for request in asked:
        body = request["body"]
        assert body["authEnabled"] is True
        assert body["transitEncryptionMode"] == "SERVER_AUTHENTICATION"
        assert body["connectMode"] == "PRIVATE_SERVICE_ACCESS"
        assert body["redisVersion"] == "REDIS_7_2"
        assert body["tier"] == ("BASIC" if life.name == "gcp-dev" else "STANDARD_HA")
        assert body["reservedIpRange"]
    valkey = life.witness.cloud.requests(
        "POST memorystore projects/{project}/locations/{location}/instances"
    )
    assert len(valkey) == 2 * (len(life.connections) - len(redis))
    for request in valkey:
        body = request["body"]
        assert body["authorizationMode"] == "IAM_AUTH"
        assert body["transitEncryptionMode"] == "SERVER_AUTHENTICATION"


def test_a_range_a_connection_and_a_policy_are_there_once(life: Life) -> None:
    redis = any(engine(life, name) == "redis" for name in life.connections)
    valkey = any(engine(life, name) == "valkey" for name in life.connections)
    assert [len(life.cloud.get(kind, {})) for kind in (NETWORK, ADDRESS, CONNECTION, SCP)] == [
        1, int(redis), int(redis), int(valkey),
    ]  # fmt: skip
    made = [label(one) for one in life.state]
    shared = life.name == "gcp-shared-vpc"
    for kind in ("Network", "Subnetwork"):
        assert made.count(f"{kind}:network") == int(not shared)
    for kind in ("GlobalAddress", "Connection"):
        assert made.count(f"{kind}:network") == int(redis and not shared)
    assert made.count("ServiceConnectionPolicy:network") == int(valkey and not shared)


def test_a_shared_network_is_not_touched(life: Life) -> None:
    """The host project's network, range and policy: as they were, before, between and after."""
    if life.name != "gcp-shared-vpc":
        assert not [one for one in life.cloud[NETWORK].values() if one.get(SEEDED)]
        return
    cloud = life.witness.cloud
    host = "projects/network-host/"
    for kind in (NETWORK, ADDRESS, SCP):
        assert all(name.startswith(host) for name in life.cloud[kind])
        assert cloud.all(kind).keys() == life.cloud[kind].keys()
    changes = [
        one
        for one in life.witness.asked()
        if f"/{host}" in one["params"]["url"] and not one["operation"].startswith("GET")
    ]
    assert changes == []


def test_only_production_is_protected(life: Life) -> None:
    protected = {label(one) for one in life.state if one.get("protect")}
    flags = {
        label(one): one["inputs"].get("deletionProtection", one["inputs"].get(
            "deletionProtectionEnabled"))
        for one in life.state
        if one["type"].startswith("gcp:") and label(one).startswith(("Instance:", "Secret:"))
    }  # fmt: skip
    assert set(flags.values()) == {life.production}
    expected = {f"Instance:{name}" for name in life.connections} if life.production else set()
    if life.name == "gcp-prod":
        # Without its key nobody could read the data.
        expected |= {"CryptoKey:sessions"}
    assert protected == expected
    if life.production:
        served = life.cloud.get(VALKEY, {}).values()
        assert all(one["deletionProtectionEnabled"] for one in served)


def test_the_firewall_lets_out_who_was_named(life: Life) -> None:
    rules = life.cloud.get(FIREWALL, {}).values()
    if life.name != "gcp-prod":
        assert not rules
        return
    assert len(rules) == 2 * len(life.connections)
    for name in life.connections:
        block = instance(life, name)["reservedIpRange"]
        own = sorted(
            (one for one in rules if one["destinationRanges"] == [block]),
            key=lambda one: one["priority"],
        )
        assert [one["direction"] for one in own] == ["EGRESS", "EGRESS"]
        allow, deny = own
        assert allow["allowed"] == [{"IPProtocol": "tcp", "ports": ["6378"]}]
        assert allow["targetTags"] == ["shop"]
        assert deny["denied"] == [{"IPProtocol": "all"}]
        assert not deny.get("targetTags")


def test_alarms_watch_each_cache(life: Life) -> None:
    """Off in development, a few in staging, all and with somebody to tell in production."""
    for name, connection in life.connections.items():
        own = [one for one in life.cloud.get(ALARM, {}).values() if of_cache(one, name)]
        filters = [one["conditions"][0]["conditionThreshold"]["filter"] for one in own]
        least = {"gcp-dev": 0, "gcp-shared-vpc": 1}.get(life.name, 2)
        assert len(own) >= least
        assert bool(own) is bool(least)
        last = connection.resource_id.rpartition("/")[2]
        assert all(f'{last}"' in one for one in filters)
        told = {channel for one in own for channel in one.get("notificationChannels", [])}
        channel = "projects/shop-prod/notificationChannels/1234567890"
        assert told == ({channel} if life.production else set())


def test_the_beginning_comes_in_the_order_that_google_demands(life: Life) -> None:
    whole = life.witness.cloud.order("create")
    # The first life's: it ends before the second one begins.
    made = whole[: len(whole) // 2]
    assert sorted(made) == sorted(whole[len(whole) // 2 :])
    for name in life.connections:
        place = made.index(f"Instance:{name}")
        before = [one for one in made if one.startswith(("Service:", "Connection:", "Service"))]
        before = [one for one in before if one.endswith((":network", f":{name}")) or name in one]
        before += [one for one in made if one == f"CryptoKeyIAMMember:{name}"]
        valkey = engine(life, name) == "valkey"
        before = [one for one in before if not (valkey and one.startswith("Connection:"))]
        before = [one for one in before if valkey or not one.startswith("ServiceConnectionPolicy")]
        assert all(made.index(one) < place for one in before)
        assert place < made.index(f"SecretVersion:{name}-connection")
        if life.name != "gcp-shared-vpc":
            way = "ServiceConnectionPolicy" if valkey else "Connection"
            assert f"{way}:network" in before
    if life.name == "gcp-dev":
        apis = {one for one in made if one.startswith("Service:")}
        own = {"Network:network": "Service:network-compute",
               "GlobalAddress:network": "Service:network-compute",
               "Connection:network": "Service:network-servicenetworking",
               "Instance:cache": "Service:cache-redis",
               "Secret:cache-url": "Service:cache-secretmanager"}  # fmt: skip
        # The connection names the project by a number, which that API tells.
        assert apis == {*own.values(), "Service:network-cloudresourcemanager"}
        for one, api in own.items():
            assert made.index(api) < made.index(one)
    if life.name == "gcp-prod":
        chain = ("KeyRing:sessions", "CryptoKey:sessions", "CryptoKeyIAMMember:sessions",
                 "Instance:sessions")  # fmt: skip
        places = [made.index(one) for one in chain]
        assert places == sorted(places)
        assert made.index("ServiceIdentity:sessions") < places[2]


def test_the_end_comes_in_the_order_that_google_demands(life: Life) -> None:
    whole = life.witness.cloud.order("delete")
    gone = whole[: len(whole) // 2]
    assert sorted(gone) == sorted(whole[len(whole) // 2 :])
    shared = life.name == "gcp-shared-vpc"
    for name in life.connections:
        place = gone.index(f"Instance:{name}")
        valkey = engine(life, name) == "valkey"
        way = "ServiceConnectionPolicy" if valkey else "Connection"
        assert shared or place < gone.index(f"{way}:network")
        if f"CryptoKeyIAMMember:{name}" in gone:
            assert place < gone.index(f"CryptoKeyIAMMember:{name}")
    if not shared:
        parts = [one for one in gone if one.endswith(":network") and one != "RandomId:network"]
        # A network goes when nothing is in it any more.
        assert [one for one in parts if not one.startswith("Service:")][-1] == "Network:network"


def test_nothing_stays_but_keys_and_apis(twice: Twice) -> None:
    """Cloud KMS deletes no ring and no key; a key without versions encrypts nothing more."""
    cloud = twice.life.witness.cloud
    assert len(twice.rings) == int(twice.life.name == "gcp-prod")
    # Made anew with the second life: the first one's names are taken for ever.
    assert len(cloud.all(KEY)) == 2 * len(twice.rings)
    versions = cloud.all("cloudkms.googleapis.com/CryptoKeyVersion").values()
    assert {one["state"] for one in versions} <= {"DESTROY_SCHEDULED"}
    for kind in (REDIS, VALKEY, SECRET, VERSION, FIREWALL, ALARM):
        assert cloud.all(kind) == {}
    services = cloud.google.project(cloud.project)["services"]
    assert {"redis.googleapis.com", "secretmanager.googleapis.com"} <= set(services)


def test_the_same_stack_can_be_made_again(twice: Twice) -> None:
    planned = twice.life.preview.changes["to"]
    assert twice.again.succeeded().changes == {"created": planned}
    twice.down.succeeded()
    assert twice.left == {}
    for kind in (REDIS, VALKEY, SECRET):
        first, second = twice.life.cloud.get(kind, {}), twice.second.get(kind, {})
        assert len(first) == len(second)
        # Names of their own in each life.
        assert not first.keys() & second.keys()


def test_the_places_are_searched(life: Life) -> None:
    """What is searched for is what was made, and the search finds what is there, in any form."""
    passwords, places = life.witness.passwords, life.witness.places()
    strings = {name: one for name, one in passwords.items() if name != "access token"}
    redis = [name for name in life.connections if engine(life, name) == "redis"]
    # Two lives with an AUTH string for each cache of Redis.
    assert len(strings) == 2 * len(redis)
    assert all(len(one) == 36 for one in strings.values())
    needed = {"journal", f"file {life.witness.name}.json", f"cloud {SECRET}"}
    needed |= {f"cloud {REDIS}"} if redis else set()
    assert needed <= places.keys()
    ups = [place for place in places if place.endswith(" events of up")]
    assert len(ups) >= 3
    assert all(b"gcp:secretmanager" in places[place] for place in ups)
    assert b"addVersion" in places["journal"]
    planted = (
        PLANTED,
        base64.b64encode(f"xy{PLANTED}z".encode()).decode(),
        base64.b64encode(f"rediss://:{PLANTED}@h:6378/0".encode()).decode(),
        PLANTED.encode().hex(),
        json.dumps({"x": PLANTED}),
    )
    for text in planted:
        found = leaks({"planted": PLANTED}, {"a": text.encode(), "b": b"nothing"})
        assert found == ["planted in a"]
    assert len(forms(PLANTED)) > 4


def test_labels_are_read_from_the_state(life: Life) -> None:
    """The orders above compare the journal with the state: both name the same things."""
    made = set(life.witness.cloud.order("create"))
    known = {label(one) for one in life.state if one["type"].startswith("gcp:")}
    assert known <= made
