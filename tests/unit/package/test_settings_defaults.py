"""What a stack gets that says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from package_cases import accepted, cache_of, external, one, stack
from pydantic import ValidationError
from secure_redis.configuration import parse_stack
from secure_redis.docker.rules import published_port
from secure_redis.docker.settings import DockerSettings
from secure_redis.settings import (
    CacheSettings,
    Engine,
    Environment,
    EvictionPolicy,
    Mode,
    Persistence,
    Purpose,
    Target,
    TlsProfile,
)


@pytest.mark.parametrize(
    ("environment", "memory_gb", "protect"),
    [("development", 0.25, False), ("staging", 0.5, False), ("production", 1.0, True)],
)
@pytest.mark.parametrize(
    ("purpose", "policy", "port"),
    [
        (None, EvictionPolicy.ALLKEYS_LRU, 6380),
        ("cache", EvictionPolicy.ALLKEYS_LRU, 6380),
        ("sessions", EvictionPolicy.VOLATILE_LRU, 6381),
        ("queue", EvictionPolicy.NOEVICTION, 6382),
    ],
)
def test_defaults_follow_from_environment_and_purpose(
    *,
    environment: str,
    memory_gb: float,
    protect: bool,
    purpose: str | None,
    policy: EvictionPolicy,
    port: int,
) -> None:
    cache = cache_of(one({"purpose": purpose} if purpose else {}, environment=environment))
    assert cache.environment == Environment(environment)
    assert cache.memory_gb == memory_gb
    assert cache.protect is protect
    assert cache.purpose == Purpose(purpose or "cache")
    assert cache.eviction_policy is policy
    assert published_port(cache) == port


def test_defaults_that_depend_on_nothing() -> None:
    cache = cache_of(one())
    assert cache.engine is Engine.REDIS
    assert cache.mode is Mode.TLS
    assert cache.persistence is Persistence.AOF
    assert cache.tls_profile is TlsProfile.MODERN
    assert (cache.rotation.generation, cache.rotation.keep_previous) == (1, False)
    assert cache.rotation_days == 90
    assert cache.external is None
    docker = cache.docker
    assert docker.port is None
    assert docker.publish_address == "127.0.0.1"
    assert docker.user == "999:999"
    assert docker.cpus == 1.0
    assert docker.max_clients == 10_000
    assert docker.host_names == []
    assert docker.image is docker.advertised_host is None
    assert (docker.certificates.validity_days, docker.certificates.renew_before_days) == (365, 30)
    assert docker.certificates.server is docker.certificates.authority is None


def test_an_external_endpoint_has_defaults_too() -> None:
    endpoint = cache_of(external()).external
    assert endpoint is not None
    assert endpoint.username == "default"
    assert endpoint.tls_verify.value == "full"
    assert endpoint.cluster_mode is False
    assert endpoint.authority is endpoint.client is endpoint.reader_host is None


def test_a_stack_has_no_tags_and_no_exceptions_by_default() -> None:
    found = accepted(stack())
    assert found.target is Target.DOCKER
    assert found.tags == found.exceptions == {}
    assert list(found.caches) == ["cache"]


def test_defaults_are_not_shared_between_caches() -> None:
    caches = accepted(stack({"a": {}, "b": {"docker": {"port": 7000}}})).caches
    assert caches["a"].docker.host_names is not caches["b"].docker.host_names


def test_settings_are_frozen() -> None:
    cache = cache_of(one())
    with pytest.raises(ValidationError):
        cache.mode = Mode.NONE


def test_what_was_said_wins_over_every_default() -> None:
    cache = cache_of(
        one(
            {
                "purpose": "sessions",
                "engine": "valkey",
                "mode": "mtls",
                "memoryGb": 2,
                "evictionPolicy": "volatile-ttl",
                "persistence": "rdb",
                "protect": True,
                "rotation": {"generation": 4, "keepPrevious": True},
                "rotationDays": 30,
                "tlsProfile": "fips",
                "docker": {
                    "port": 7000,
                    "publishAddress": "10.0.0.5",
                    "advertisedHost": "redis.internal",
                    "hostNames": ["a.internal", "10.0.0.6"],
                    "image": "redis:7.2.5",
                    "user": "999:1000",
                    "cpus": 0.5,
                    "maxClients": 50,
                    "certificates": {"validityDays": 10, "renewBeforeDays": 3},
                },
            }
        )
    )
    assert cache.arguments() == {
        "environment": Environment.DEVELOPMENT,
        "purpose": Purpose.SESSIONS,
        "engine": Engine.VALKEY,
        "mode": Mode.MTLS,
        "memory_gb": 2.0,
        "eviction_policy": EvictionPolicy.VOLATILE_TTL,
        "persistence": Persistence.RDB,
        "protect": True,
        "rotation": {"generation": 4, "keep_previous": True},
        "rotation_days": 30,
        "tls_profile": TlsProfile.FIPS,
        "docker": {
            "port": 7000,
            "publish_address": "10.0.0.5",
            "advertised_host": "redis.internal",
            "host_names": ["a.internal", "10.0.0.6"],
            "image": "redis:7.2.5",
            "user": "999:1000",
            "cpus": 0.5,
            "max_clients": 50,
            "certificates": {"validity_days": 10, "renew_before_days": 3},
        },
    }


def test_arguments_hold_only_what_was_set() -> None:
    assert cache_of(one()).arguments() == {"environment": Environment.DEVELOPMENT}


def test_a_chosen_image_becomes_an_argument_and_changes_nothing_else() -> None:
    cache = cache_of(one({"docker": {"port": 7000}}))
    chosen = cache.with_docker_image("redis:7.2.5")
    assert chosen.arguments()["docker"] == {"port": 7000, "image": "redis:7.2.5"}
    assert chosen.with_docker_image("x:1").docker.port == 7000
    assert cache.docker.image is None
    plain = cache_of(one()).with_docker_image("redis:7.2.5")
    assert plain.arguments()["docker"] == {"image": "redis:7.2.5"}


@given(st.integers(min_value=1, max_value=65535))
def test_whole_numbers_arrive_as_floats_from_the_engine(port: int) -> None:
    given_as_float = cache_of(one({"docker": {"port": float(port)}})).docker.port
    assert given_as_float == port
    assert type(given_as_float) is int


@given(st.sampled_from(["development", "staging", "production"]), st.sampled_from(list(Purpose)))
def test_a_cache_read_again_from_its_arguments_is_the_same(
    environment: str, purpose: Purpose
) -> None:
    cache = cache_of(one({"purpose": purpose.value}, environment=environment))
    raw = {"target": "docker", "environment": environment, "purpose": purpose.value}
    assert CacheSettings.model_validate(raw) == cache


def test_every_setting_says_what_it_means() -> None:
    for model in (CacheSettings, DockerSettings):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


def test_a_fraction_that_the_engine_wrote_as_text_is_a_number() -> None:
    """`pulumi config set --path` knows whole numbers only, and writes 0.5 as text."""
    raw = {"target": "docker", "environment": "development"}
    stack = parse_stack({**raw, "caches": {"cache": {"memoryGb": "0.5"}}})
    assert stack.caches["cache"].memory_gb == 0.5
