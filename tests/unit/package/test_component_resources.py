"""What a component registers: children, names, secrets, confinement, protection, options."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pulumi
import pulumi_docker
import pytest
from cryptography import x509
from package_components import (
    ALL_MODES,
    PASSWORD_MODES,
    PREVIEW_AND_UPDATE,
    built,
    docker,
    external,
    labels_of,
    outputs_of,
    secure,
    uploaded,
)
from package_monitor import (
    ISSUED,
    OWNER,
    Secret,
    World,
    identity,
    leaves,
    reveal,
    rotation_deadline,
    succeed,
)
from secure_redis.component import OUTPUTS, SECRET_OUTPUTS, CacheComponent
from secure_redis.connection import Connection

NAMES = {
    "none": [
        ("Container", "cache"),
        ("Container", "cache-files"),
        ("DockerNetwork", "cache"),
        ("DockerRedis", "cache"),
        ("Network", "cache"),
        ("RandomId", "cache-owner"),
        ("RemoteImage", "cache"),
        ("SecureRedis", "cache"),
        ("Volume", "cache-config"),
        ("Volume", "cache-data"),
    ],
    "password": [
        ("Container", "cache-reload"),
        ("RandomPassword", "cache-app-password-1"),
        ("RandomPassword", "cache-health-password"),
        ("RandomPassword", "cache-operator-password"),
        ("RandomPassword", "cache-readonly-password-1"),
        ("RandomUuid7", "cache-app-issued-1"),
    ],
    "tls": [
        ("CertRequest", "cache-server"),
        ("LocallySignedCert", "cache-server"),
        ("PrivateKey", "cache-ca-key"),
        ("PrivateKey", "cache-server-key"),
        ("SelfSignedCert", "cache-ca"),
    ],
    "mtls": [
        ("CertRequest", "cache-client"),
        ("LocallySignedCert", "cache-client"),
        ("PrivateKey", "cache-client-key"),
    ],
}
"""Logical names, by the first mode that has them. They are for ever: another name is another
resource, and the data of the old one is gone."""


def named(world: World) -> list[tuple[str, str]]:
    return sorted((r.type.rpartition(":")[2], r.name) for r in world.made)


@PREVIEW_AND_UPDATE
@ALL_MODES
def test_logical_names_are_for_ever(mode: str, preview: bool) -> None:
    expected: list[tuple[str, str]] = []
    for each, names in NAMES.items():
        expected += names
        if each == mode:
            break
    assert named(built(secure, mode, preview=preview)) == sorted(expected)


@PREVIEW_AND_UPDATE
@ALL_MODES
def test_every_child_has_a_component_as_its_parent(mode: str, preview: bool) -> None:
    world = built(secure, mode, preview=preview)
    by_urn = {r.urn: r for r in world.resources}
    for resource in world.made:
        parent = by_urn[resource.parent]
        if resource.type.startswith("secure-redis:index:SecureRedis"):
            assert parent is world.stack
        else:
            assert parent.type.startswith("secure-redis:index:"), resource.urn


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize("make", [secure, docker, external], ids=lambda make: make.__name__)
@ALL_MODES
def test_every_component_registers_its_outputs(
    make: Callable[..., Any], mode: str, preview: bool
) -> None:
    world = built(make, mode, preview=preview)
    components = [r for r in world.made if r.type.startswith("secure-redis:")]
    assert components
    for component in components:
        assert component.outputs is not None, component.urn
        service = {"service": "docker"} if component.type.endswith(":SecureRedis") else {}
        assert component.inputs == service, "a component's inputs are stored in plain text"
    cache = components[0]
    assert set(reveal(cache.outputs)) == set(OUTPUTS)


@pytest.mark.parametrize("make", [secure, docker, external], ids=lambda make: make.__name__)
@ALL_MODES
def test_outputs_with_a_credential_are_secret_and_the_others_are_not(
    make: Callable[..., Any], mode: str
) -> None:
    outputs = outputs_of(built(make, mode))
    secret = {name for name, value in outputs.items() if isinstance(value, Secret)}
    assert secret == SECRET_OUTPUTS
    assert not any(
        marked for name in set(OUTPUTS) - secret for _, _, marked in leaves(outputs[name])
    )


@pytest.mark.parametrize("make", [secure, docker, external], ids=lambda make: make.__name__)
@ALL_MODES
def test_the_outputs_are_the_contract(make: Callable[..., Any], mode: str) -> None:
    world = built(make, mode)
    outputs = reveal(outputs_of(world))
    contract = Connection.from_dict(outputs)
    for name, value in contract.to_dict().items():
        assert outputs[name] == value, name
    assert contract.tls == (mode in {"tls", "mtls"})
    assert bool(contract.password) == (mode != "none")
    assert bool(contract.client_key_pem) == (mode == "mtls")
    assert contract.contract_version == "1"
    assert contract.database == 0


@pytest.mark.parametrize("make", [secure, docker, external], ids=lambda make: make.__name__)
@ALL_MODES
def test_public_variables_are_those_of_the_application(make: Callable[..., Any], mode: str) -> None:
    outputs = outputs_of(built(make, mode))
    assert outputs["env_public"].items() <= reveal(outputs["env"]).items()
    assert "REDIS_USERNAME" in outputs["env_public"]


def test_the_annotations_are_the_outputs() -> None:
    assert set(CacheComponent.__annotations__) == set(OUTPUTS)
    assert len(OUTPUTS) == len(set(OUTPUTS))


@ALL_MODES
def test_a_preview_knows_what_needs_no_resource(mode: str) -> None:
    update = outputs_of(built(secure, mode))
    preview = outputs_of(built(secure, mode, preview=True))
    known = {
        "contract_version",
        "target",
        "engine",
        "host",
        "port",
        "tls",
        "tls_verify",
        "database",
        "username",
        "url_redacted",
        "otel_attributes",
        "secret_ref",
    }
    assert {name: preview[name] for name in known} == {name: update[name] for name in known}
    # What depends on a resource is unknown, never an invented value.
    assert reveal(preview["resource_id"]) != reveal(update["resource_id"])
    assert "None" not in str(reveal(preview["url"]))


@pytest.mark.parametrize("mode", PASSWORD_MODES)
def test_what_the_contract_says_of_a_cache_in_docker(mode: str) -> None:
    world = succeed(lambda: secure(mode=mode, rotation_days=30))
    contract = Connection.from_dict(reveal(outputs_of(world)))
    passwords = {r.name: r.state["result"] for r in world.all("RandomPassword")}
    assert contract.host == "127.0.0.1"
    assert contract.port == 6380
    assert contract.username == ("default" if mode == "password" else "app")
    assert contract.password == passwords["cache-app-password-1"]
    assert contract.readonly_username == "readonly"
    assert contract.readonly_password == passwords["cache-readonly-password-1"]
    assert contract.credential_issued_at == ISSUED
    assert contract.rotate_by == rotation_deadline(30)
    assert contract.secret_ref["id"] == "secure-redis/local"
    assert contract.secret_ref["json_key"] == "connections.cache.password"
    assert contract.network == {
        "name": "secure-redis.local",
        "host": "cache",
        "port": "6379" if mode == "password" else "6380",
    }
    assert contract.ca_source.value == ("none" if mode == "password" else "local")
    if contract.tls:
        found = x509.load_pem_x509_certificate(contract.ca_pem.encode())
        end = found.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert (contract.ca_not_after, contract.ca_last_not_after) == (end, end)


def test_what_the_contract_says_of_an_open_cache() -> None:
    contract = Connection.from_dict(reveal(outputs_of(built(secure, "none"))))
    assert contract.url == contract.url_redacted == "redis://127.0.0.1:6380/0"
    assert contract.username == contract.password == contract.rotate_by == ""
    assert contract.secret_ref == {}
    assert contract.tls_verify.value == "none"


# Secrets.


@ALL_MODES
def test_no_secret_is_in_any_input_but_marked_uploads_and_keys(mode: str) -> None:
    world = succeed(lambda: secure(mode=mode, rotation={"generation": 2, "keep_previous": True}))
    secrets = world.secrets()
    assert bool(secrets) == (mode != "none")
    keys = {"privateKeyPem", "caPrivateKeyPem"}
    for resource in world.made:
        for path, value, marked in leaves(resource.inputs):
            if not any(secret in str(value) for secret in secrets):
                continue
            assert marked, f"{resource.urn}{path} holds a secret in plain text"
            field = path.split(".")[1].split("[")[0]
            allowed = {"uploads"} if resource.type.endswith(":Container") else keys
            assert field in allowed, f"{resource.urn}{path}"


def test_uploads_are_secret_in_the_state_too() -> None:
    files = built(secure).one("Container", "cache-files")
    assert list(files.request.additionalSecretOutputs) == ["uploads"]


@ALL_MODES
def test_the_server_gets_no_file_and_no_secret(mode: str) -> None:
    world = built(secure, mode)
    for name in ["cache"] if mode == "none" else ["cache", "cache-reload"]:
        container = world.one("Container", name).plain
        assert "uploads" not in container
        assert "envs" not in container
        assert not any(secret in str(container) for secret in world.secrets())


@pytest.mark.parametrize("mode", PASSWORD_MODES)
def test_passwords_that_no_parser_misreads(mode: str) -> None:
    for resource in built(secure, mode).all("RandomPassword"):
        assert resource.plain == {
            "length": 48,
            "special": False,
            "minLower": 4,
            "minUpper": 4,
            "minNumeric": 4,
        }


# Rotation.


def hashes(world: World, user: str) -> list[str]:
    (line,) = [
        line
        for line in uploaded(world, "users.acl").splitlines()
        if line.startswith(f"user {user} ")
    ]
    return [word for word in line.split() if word.startswith("#")]


def password_hash(world: World, name: str) -> str:
    result = world.one("RandomPassword", name).state["result"]
    return f"#{sha256(result.encode()).hexdigest()}"


def test_a_rotation_in_two_steps() -> None:
    steps = [(1, False), (2, True), (2, False)]
    worlds = [
        succeed(lambda g=g, k=k: secure(rotation={"generation": g, "keep_previous": k}))
        for g, k in steps
    ]
    first, both, second = worlds
    for user in ("app", "readonly"):
        old = password_hash(first, f"cache-{user}-password-1")
        new = password_hash(both, f"cache-{user}-password-2")
        assert hashes(first, user) == [old]
        assert hashes(both, user) == [new, old]
        assert hashes(second, user) == [new]
        assert old == password_hash(both, f"cache-{user}-password-1"), "the old resource stays"
    names = [{r.name for r in world.all("RandomPassword")} for world in worlds]
    assert "cache-app-password-1" not in names[2]
    urls = [reveal(outputs_of(world)["url"]) for world in worlds]
    assert urls[0] != urls[1] == urls[2], "applications get the new password at the first step"
    for user in ("health", "operator"):
        assert hashes(first, user) == hashes(both, user) == hashes(second, user)
    versions = [reveal(outputs_of(world)["secret_ref"])["version"] for world in worlds]
    assert versions == ["1", "2", "2"]


def test_a_rotation_changes_neither_the_server_nor_its_data() -> None:
    before = built(secure)
    after = succeed(lambda: secure(rotation={"generation": 2, "keep_previous": True}))
    for type_, name in [
        ("Container", "cache"),
        ("Volume", "cache-data"),
        ("Volume", "cache-config"),
        ("SelfSignedCert", "cache-ca"),
    ]:
        assert before.one(type_, name).inputs == after.one(type_, name).inputs, name


# Containers.


@ALL_MODES
def test_every_container_is_confined(mode: str) -> None:
    world = built(secure, mode)
    for container in world.containers():
        inputs = container.plain
        assert inputs["capabilities"] == {"drops": ["ALL"]}
        assert inputs["securityOpts"] == ["no-new-privileges:true"]
        assert "privileged" not in inputs
        assert inputs["logOpts"] == {"max-size": "10m", "max-file": "3"}
        assert "noexec" in inputs["tmpfs"]["/tmp"]
        assert all(m["type"] == "volume" for m in inputs["mounts"]), "nothing of the host"
    running = [c for c in world.containers() if c.plain.get("start", True)]
    assert {c.name for c in running} == {"cache"} | (set() if mode == "none" else {"cache-reload"})
    for container in running:
        assert container.plain["readOnly"] is True
        assert container.plain["user"] == "999:999"
        assert container.plain["memory"] == container.plain["memorySwap"]
        config_mount = container.plain["mounts"][0]
        assert config_mount["target"] == "/etc/redis"
        assert config_mount["readOnly"] is True
    files = world.one("Container", "cache-files").plain
    assert files["start"] is files["mustRun"] is False
    assert files["networkMode"] == "none"
    assert "user" not in files, "the daemon would look it up among its own users"


def test_the_server_as_it_was_asked_for() -> None:
    world = succeed(
        lambda: secure(
            memory_gb=0.5,
            engine="valkey",
            docker={
                "port": 7001,
                "publish_address": "10.0.0.5",
                "user": "999:1000",
                "cpus": 0.5,
                "max_clients": 100,
                "image": "valkey/valkey:8.0.1",
            },
        )
    )
    server_inputs = world.one("Container", "cache").plain
    assert server_inputs["memory"] == server_inputs["memorySwap"] == 512
    assert server_inputs["cpus"] == "0.5"
    assert server_inputs["user"] == "999:1000"
    assert server_inputs["ports"] == [
        {"internal": 6380, "external": 7001, "ip": "10.0.0.5", "protocol": "tcp"}
    ]
    assert server_inputs["ulimits"] == [{"name": "nofile", "soft": 132, "hard": 132}]
    assert server_inputs["entrypoints"] == ["valkey-server"]
    assert server_inputs["command"] == ["/etc/redis/redis.conf"]
    assert server_inputs["destroyGraceSeconds"] == server_inputs["stopTimeout"] == 30
    assert server_inputs["wait"] is True
    assert world.one("RemoteImage", "cache").plain == {
        "name": "valkey/valkey:8.0.1",
        "keepLocally": True,
    }
    for upload in world.one("Container", "cache-files").plain["uploads"]:
        assert (upload["owner"], upload["group"]) == ("999", "1000")


@ALL_MODES
def test_files_are_readable_by_the_server_alone(mode: str) -> None:
    world = built(secure, mode)
    modes = {
        upload["file"].removeprefix("/etc/redis/"): upload["permissions"]
        for upload in world.one("Container", "cache-files").plain["uploads"]
    }
    expected = {"redis.conf": "0400", "users.acl": "0400"}
    if mode != "none":
        expected |= {"health_password": "0400", "operator_password": "0400", "reload.sh": "0400"}
    if mode in {"tls", "mtls"}:
        expected |= {"tls/ca.crt": "0444", "tls/server.crt": "0444", "tls/server.key": "0400"}
    assert modes == expected


def test_the_key_of_the_ca_is_never_uploaded() -> None:
    world = built(secure, "mtls")
    ca_key = world.one("PrivateKey", "cache-ca-key").state["privateKeyPem"]
    client_key = world.one("PrivateKey", "cache-client-key").state["privateKeyPem"]
    for container in world.containers():
        assert ca_key not in str(container.plain)
        assert client_key not in str(container.plain)


@pytest.mark.parametrize("persistence", ["none", "rdb", "aof"])
def test_where_the_data_is(persistence: str) -> None:
    world = succeed(lambda: secure(persistence=persistence))
    inputs = world.one("Container", "cache").plain
    mounted = {m["target"]: m["source"] for m in inputs["mounts"]}
    if persistence == "none":
        assert "/data" not in mounted
        assert "uid=999,gid=999,mode=0700" in inputs["tmpfs"]["/data"]
        assert [v.name for v in world.all("Volume")] == ["cache-config"]
    else:
        assert mounted["/data"] == "secure-redis.local.cache-data"
        assert "/data" not in inputs["tmpfs"]


def test_tags_are_labels_of_everything_that_takes_labels() -> None:
    tags = {"team": "platform", "cost-center": "7"}
    world = succeed(lambda: secure(tags=tags))
    labelled = [*world.containers(), *world.all("Volume"), *world.all("Network")]
    assert [len(world.containers()), len(labelled)] == [3, 6]
    for resource in labelled:
        found = labels_of(resource)
        assert tags.items() <= found.items(), resource.name
        assert found["secure-redis.owner"] == OWNER


def test_tags_do_not_displace_the_marks_by_which_things_are_found() -> None:
    tags = {"secure-redis.owner": "me", "secure-redis.cache": "mine", "secure-redis.config": "x"}
    world = succeed(lambda: secure(tags=tags))
    assert labels_of(world.one("Network", "cache"))["secure-redis.owner"] == OWNER
    for resource in (*world.containers(), *world.all("Volume")):
        found = labels_of(resource)
        assert found["secure-redis.owner"] == OWNER, resource.name
        assert found["secure-redis.cache"] == "cache"
    assert labels_of(world.one("Container", "cache"))["secure-redis.config"] != "x"


def test_another_redis_conf_replaces_the_server() -> None:
    key = "secure-redis.config"
    marks = {
        labels_of(succeed(lambda a=a: secure(**a)).one("Container", "cache"))[key]
        for a in ({}, {"eviction_policy": "noeviction"}, {"tls_profile": "fips"}, {"mode": "mtls"})
    }
    assert len(marks) == 4
    same = succeed(lambda: secure(rotation_days=5)).one("Container", "cache")
    assert labels_of(same)[key] in marks


def test_new_files_are_brought_to_the_server_once() -> None:
    world = built(secure)
    reload = world.one("Container", "cache-reload")
    files = world.one("Container", "cache-files")
    assert labels_of(reload)["secure-redis.files"] == identity(files.name)
    server_request = world.one("Container", "cache").request
    assert files.urn in list(server_request.dependencies)


# Options.


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
@pytest.mark.parametrize("protect", [None, True, False])
def test_only_the_data_is_protected(environment: str, protect: bool | None) -> None:
    args: dict[str, Any] = {"environment": environment}
    if protect is not None:
        args |= {"protect": protect, "exceptions": {"unprotected-data": "why"}}
    world = succeed(lambda: secure(**args))
    wanted = environment == "production" if protect is None else protect
    assert [r.name for r in world.made if r.request.protect] == (["cache-data"] if wanted else [])


def test_the_data_volume_ignores_other_labels() -> None:
    volume = built(secure).one("Volume", "cache-data")
    assert list(volume.request.ignoreChanges) == ["labels"]
    assert not volume.request.deleteBeforeReplace


def test_what_has_a_fixed_name_is_deleted_before_it_is_replaced() -> None:
    world = built(secure)
    assert world.one("Network", "cache").request.deleteBeforeReplace
    assert world.one("Volume", "cache-config").request.deleteBeforeReplace
    assert list(world.one("Network", "cache").request.ignoreChanges) == ["labels"]


def test_changes_that_the_provider_would_swallow_replace_the_container() -> None:
    world = built(secure)
    for name in ("cache", "cache-reload"):
        swallowed = list(world.one("Container", name).request.replaceOnChanges)
        assert "healthcheck" in swallowed
        assert "tmpfs" in swallowed


class Umbrella(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Umbrella", name, {}, opts)


@PREVIEW_AND_UPDATE
def test_a_parent_and_protect_reach_the_children(preview: bool) -> None:
    def program() -> None:
        umbrella = Umbrella("umbrella", pulumi.ResourceOptions(protect=True))
        secure(opts=pulumi.ResourceOptions(parent=umbrella))

    world = succeed(program, preview=preview)
    assert world.one("SecureRedis", "cache").parent == world.one("Umbrella", "umbrella").urn
    assert all(r.request.protect for r in world.made)


def test_a_provider_reaches_the_children() -> None:
    def program() -> None:
        provider = pulumi_docker.Provider("remote", host="ssh://example")
        secure(opts=pulumi.ResourceOptions(providers=[provider]))

    world = succeed(program)
    ours = [r for r in world.made if r.type.startswith("docker:")]
    assert ours
    for resource in ours:
        assert "::remote::" in resource.request.provider, resource.urn
    assert not any(
        "remote" in r.request.provider for r in world.made if r.type.startswith(("random:", "tls:"))
    )


def test_transforms_run_for_the_component_and_reach_the_engine() -> None:
    seen: list[str] = []

    def transform(args: pulumi.ResourceTransformArgs) -> None:
        seen.append(args.name)

    world = succeed(lambda: secure(opts=pulumi.ResourceOptions(transforms=[transform])))
    cache = world.one("SecureRedis", "cache")
    # The engine runs them for the component and, by inheritance, for its children.
    assert len(cache.request.transforms) == 1


def test_aliases_belong_to_the_component_alone() -> None:
    opts = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])
    world = succeed(lambda: secure(opts=opts))
    assert world.one("SecureRedis", "cache").request.aliases
