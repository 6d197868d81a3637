"""What the server reads: redis.conf, the ACL file, the health check, and the sizes behind them."""

import re
import shlex
import string
import subprocess
from hashlib import sha256
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from package_cases import cache_of, one
from secure_redis.docker import config
from secure_redis.docker.images import candidates
from secure_redis.docker.names import is_address, is_wildcard
from secure_redis.docker.sizes import MINIMUM_MB, maxmemory_mb, memory_mb
from secure_redis.settings import (
    CacheSettings,
    Engine,
    EvictionPolicy,
    Mode,
    Persistence,
    Purpose,
    TlsProfile,
)

MODES = list(Mode)
PASSWORD = st.text(string.ascii_letters + string.digits, min_size=48, max_size=48)


def made(**settings: Any) -> CacheSettings:
    return cache_of(one(settings))


def directives(cache: CacheSettings) -> dict[str, str]:
    """redis.conf as directives; one given twice is a mistake."""
    found: dict[str, str] = {}
    for line in config.redis_conf(cache).splitlines():
        name, _, value = line.partition(" ")
        assert name not in found, name
        found[name] = value
    return found


@pytest.mark.parametrize(
    ("mode", "expected", "absent"),
    [
        ("none", {"port": "6379", "protected-mode": "no"}, ["tls-port", "tls-cert-file"]),
        ("password", {"port": "6379", "protected-mode": "yes"}, ["tls-port", "tls-cert-file"]),
        (
            "tls",
            {"port": "0", "tls-port": "6380", "protected-mode": "yes", "tls-auth-clients": "no"},
            ["tls-auth-clients-user"],
        ),
        (
            "mtls",
            {"port": "0", "tls-port": "6380", "protected-mode": "yes", "tls-auth-clients": "yes"},
            [],
        ),
    ],
)
def test_how_the_server_listens(mode: str, expected: dict[str, str], absent: list[str]) -> None:
    found = directives(made(mode=mode))
    assert {name: found.get(name) for name in expected} == expected
    assert not set(absent) & found.keys()
    assert found["bind"] == "* -::*"


@pytest.mark.parametrize("mode", ["tls", "mtls"])
def test_tls_is_modern_and_names_its_files(mode: str) -> None:
    found = directives(made(mode=mode))
    assert found["tls-protocols"] == '"TLSv1.2 TLSv1.3"'
    assert found["tls-cert-file"] == "/etc/redis/tls/server.crt"
    assert found["tls-key-file"] == "/etc/redis/tls/server.key"
    assert found["tls-ca-cert-file"] == "/etc/redis/tls/ca.crt"
    assert found["tls-prefer-server-ciphers"] == "yes"


@pytest.mark.parametrize("profile", list(TlsProfile))
def test_every_suite_has_forward_secrecy_and_authenticated_encryption(profile: TlsProfile) -> None:
    found = directives(made(tlsProfile=profile.value))
    tls12 = found["tls-ciphers"].split(":")
    tls13 = found["tls-ciphersuites"].split(":")
    assert all(re.fullmatch(r"ECDHE-(ECDSA|RSA)-.*(GCM|CHACHA20).*", suite) for suite in tls12)
    assert all(re.fullmatch(r"TLS_.*(GCM|CHACHA20).*", suite) for suite in tls13)
    chacha = any("CHACHA20" in suite for suite in (*tls12, *tls13))
    assert chacha == (profile is TlsProfile.MODERN)
    # A certificate of either kind of key finds a suite.
    assert {suite.split("-")[1] for suite in tls12} == {"ECDSA", "RSA"}


@pytest.mark.parametrize(
    ("persistence", "expected"),
    [
        (Persistence.NONE, {"appendonly": "no", "save": '""'}),
        (Persistence.RDB, {"appendonly": "no", "save": "3600 1 300 100 60 10000"}),
        (Persistence.AOF, {"appendonly": "yes", "appendfsync": "everysec", "save": '""'}),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_persistence(mode: Mode, persistence: Persistence, expected: dict[str, str]) -> None:
    found = directives(made(mode=mode.value, persistence=persistence.value))
    assert {name: found.get(name) for name in expected} == expected
    assert ("appendfsync" in found) == (persistence is Persistence.AOF)
    assert found["dir"] == "/data"


@pytest.mark.parametrize("policy", list(EvictionPolicy))
def test_eviction(policy: EvictionPolicy) -> None:
    assert directives(made(evictionPolicy=policy.value))["maxmemory-policy"] == policy.value


@pytest.mark.parametrize("purpose", list(Purpose))
def test_eviction_follows_from_the_purpose(purpose: Purpose) -> None:
    cache = made(purpose=purpose.value)
    assert directives(cache)["maxmemory-policy"] == cache.eviction_policy.value


def test_the_bounds_that_were_set_arrive() -> None:
    found = directives(made(memoryGb=0.5, docker={"maxClients": 77}))
    assert found["maxmemory"] == "384mb"
    assert found["maxclients"] == "77"


@pytest.mark.parametrize("mode", MODES)
def test_what_holds_in_every_mode(mode: Mode) -> None:
    found = directives(made(mode=mode.value))
    assert found["aclfile"] == "/etc/redis/users.acl"
    assert found["enable-debug-command"] == "no"
    assert found["enable-module-command"] == "no"
    assert found["enable-protected-configs"] == "no"
    assert found["logfile"] == '""'
    assert found["daemonize"] == "no"
    # The server refuses to start with both an ACL file and one of these.
    assert not {"requirepass", "user", "masterauth"} & found.keys()


def test_the_same_settings_give_the_same_text() -> None:
    settings = {"mode": "mtls", "purpose": "queue"}
    assert config.redis_conf(made(**settings)) == config.redis_conf(made(**settings))


def users_of(mode: Mode, *, app: list[str], readonly: list[str]) -> str:
    accounts = config.users(mode, app=app, readonly=readonly, health="H" * 48, operator="O" * 48)
    return config.acl_file(accounts)


def parsed(acl: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in acl.splitlines():
        keyword, name, *rules = line.split(" ")
        assert keyword == "user"
        assert name not in found
        found[name] = rules
    return found


@pytest.mark.parametrize("mode", MODES)
def test_the_default_user_is_always_named(mode: Mode) -> None:
    """An ACL file that leaves it out leaves it open to everybody."""
    found = parsed(users_of(mode, app=["A" * 48], readonly=["R" * 48]))
    rules = found["default"]
    if mode is Mode.NONE:
        assert found == {"default": ["on", "nopass", "~*", "&*", "+@all"]}
    elif mode is Mode.PASSWORD:
        assert rules[:2] == ["on", f"#{sha256(b'A' * 48).hexdigest()}"]
        assert "nopass" not in rules
    else:
        assert rules == ["off", "resetpass", "resetkeys", "resetchannels", "-@all"]
        assert next(iter(found)) == "default"


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        (Mode.NONE, {"default"}),
        (Mode.PASSWORD, {"default", "readonly", "health", "operator"}),
        (Mode.TLS, {"default", "app", "readonly", "health", "operator"}),
        (Mode.MTLS, {"default", "app", "readonly", "health", "operator"}),
    ],
)
def test_who_is_known(mode: Mode, names: set[str]) -> None:
    assert set(parsed(users_of(mode, app=["A"], readonly=["R"]))) == names


def test_what_each_user_may_do() -> None:
    found = parsed(users_of(Mode.TLS, app=["A"], readonly=["R"]))
    rights = {name: " ".join(r for r in rules if r[0] != "#") for name, rules in found.items()}
    assert rights == {
        "default": "off resetpass resetkeys resetchannels -@all",
        "app": "on ~* &* +@all -@admin -@dangerous +info",
        "readonly": "on ~* resetchannels -@all +@read +@connection -@dangerous",
        "health": "on resetkeys resetchannels -@all +ping",
        "operator": "on resetkeys resetchannels -@all +ping +acl|setuser +config|set",
    }


@given(
    st.sampled_from([Mode.PASSWORD, Mode.TLS, Mode.MTLS]),
    st.lists(PASSWORD, min_size=1, max_size=2, unique=True),
    st.lists(PASSWORD, min_size=1, max_size=2, unique=True),
)
def test_passwords_stand_there_as_hashes_only(
    mode: Mode, app: list[str], readonly: list[str]
) -> None:
    acl = users_of(mode, app=app, readonly=readonly)
    assert ">" not in acl
    assert "nopass" not in acl
    for password in (*app, *readonly, "H" * 48, "O" * 48):
        assert password not in acl
        assert f"#{sha256(password.encode()).hexdigest()}" in acl
    hashes = {
        name: [rule for rule in rules if rule.startswith("#")]
        for name, rules in parsed(acl).items()
    }
    assert len(hashes[config.app_user(mode)]) == len(app)
    assert len(hashes["readonly"]) == len(readonly)
    assert acl.endswith("\n")


def test_a_user_does_not_show_its_password() -> None:
    assert "secret" not in repr(config.User("app", "~*", ["secret"]))


# The health check.


@pytest.mark.parametrize(("mode", "engine"), list(product(MODES, Engine)))
def test_the_health_check_is_a_shell_command(mode: Mode, engine: Engine) -> None:
    command = config.health_command(made(mode=mode.value, engine=engine.value))
    subprocess.run(["sh", "-n", "-c", command], check=True)
    assert f"{engine.value}-cli " in command
    assert ("--tls" in command) == mode.tls
    assert ("--user health" in command) == (mode is not Mode.NONE)
    assert ("< /etc/redis/health_password" in command) == (mode is not Mode.NONE)
    assert f"-p {6380 if mode.tls else 6379} " in command
    words = shlex.split(command)
    assert not {"-a", "--pass", "--askpass"} & set(words), "a password in an argument"


# Sizes, names, images.


@given(st.floats(min_value=MINIMUM_MB / 1024, max_value=1024))
def test_memory_leaves_the_server_room_beside_the_data(memory_gb: float) -> None:
    limit, data = memory_mb(memory_gb), maxmemory_mb(memory_gb)
    assert abs(limit - memory_gb * 1024) <= 0.5
    assert 0 < data <= limit * 0.75
    assert data > limit * 0.75 - 1


@pytest.mark.parametrize(
    ("memory_gb", "limit", "data"), [(0.0625, 64, 48), (0.25, 256, 192), (1.0, 1024, 768)]
)
def test_sizes(memory_gb: float, limit: int, data: int) -> None:
    assert (memory_mb(memory_gb), maxmemory_mb(memory_gb)) == (limit, data)


@pytest.mark.parametrize(
    ("name", "address", "wildcard"),
    [
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("0.0.0.0", True, True),
        ("::", True, True),
        ("0:0:0:0:0:0:0:0", True, True),
        ("localhost", False, False),
        ("", False, False),
    ],
)
def test_addresses(name: str, address: bool, wildcard: bool) -> None:
    assert is_address(name) is address
    assert is_wildcard(name) is wildcard


@pytest.mark.parametrize("engine", list(Engine))
def test_images(engine: Engine) -> None:
    local, official = candidates(made(engine=engine.value))
    assert local.startswith(f"secure-redis/{engine.value}:")
    assert re.fullmatch(rf"({engine.value}/)?{engine.value}:\d+\.\d+\.\d+[a-z0-9-]*", official)
    assert candidates(made(engine=engine.value, docker={"image": "mine:1"})) == ["mine:1"]


@pytest.mark.parametrize("engine", list(Engine))
def test_programs(engine: Engine) -> None:
    assert config.server_program(engine) == f"{engine.value}-server"
    assert config.client_program(engine) == f"{engine.value}-cli"
