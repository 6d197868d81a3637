"""What goes together, what production refuses, and what may be accepted with a reason."""

from typing import Any

import pytest
from package_cases import (
    accepted,
    cache_of,
    endpoint,
    error_of,
    external,
    one,
    paths_of,
    problems_of,
    stack,
)
from secure_redis import rules
from secure_redis.configuration import parse_cache
from secure_redis.docker.rules import advertised_host
from secure_redis.problems import ConfigurationError
from secure_redis.settings import EvictionPolicy, Mode, Persistence, Purpose, Target

CACHE = "caches.cache"
PRODUCTION = {"environment": "production"}


@pytest.mark.parametrize("policy", list(EvictionPolicy))
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_queue_evicts_nothing(purpose: Purpose, policy: EvictionPolicy) -> None:
    raw = one({"purpose": purpose.value, "evictionPolicy": policy.value})
    if purpose is Purpose.QUEUE and policy is not EvictionPolicy.NOEVICTION:
        problem = problems_of(raw)[f"{CACHE}.evictionPolicy"]
        assert policy.value in problem.reason
        assert not problem.rule, "nobody wants a queue that loses entries"
    else:
        assert cache_of(raw).eviction_policy is policy


@pytest.mark.parametrize(
    ("generation", "keep_previous", "fine"),
    [(1, False, True), (1, True, False), (2, True, True), (2, False, True), (7, True, True)],
)
def test_the_first_generation_has_nothing_to_keep(
    generation: int, keep_previous: bool, fine: bool
) -> None:
    raw = one({"rotation": {"generation": generation, "keepPrevious": keep_previous}})
    if fine:
        assert cache_of(raw).rotation.generation == generation
    else:
        assert paths_of(raw) == [f"{CACHE}.rotation.keepPrevious"]


@pytest.mark.parametrize(
    ("cache", "where", "rule"),
    [
        ({"mode": "none"}, "mode", "plaintext-in-production"),
        ({"mode": "password"}, "mode", "plaintext-in-production"),
        ({"purpose": "sessions", "persistence": "none"}, "persistence", "volatile-data"),
        ({"purpose": "queue", "persistence": "none"}, "persistence", "volatile-data"),
        ({"protect": False}, "protect", "unprotected-data"),
        ({"docker": {"publishAddress": "8.8.8.8"}}, "docker.publishAddress", "public-address"),
        (
            {"docker": {"publishAddress": "0.0.0.0", "advertisedHost": "h.example"}},
            "docker.publishAddress",
            "public-address",
        ),
        (
            {"docker": {"publishAddress": "::", "advertisedHost": "h.example"}},
            "docker.publishAddress",
            "public-address",
        ),
    ],
)
def test_production_refuses_unless_the_stack_says_why(
    cache: dict[str, Any], where: str, rule: str
) -> None:
    problems = problems_of(one(cache, **PRODUCTION))
    assert list(problems) == [f"{CACHE}.{where}"]
    problem = problems[f"{CACHE}.{where}"]
    assert problem.rule == rule
    assert f'exceptions: {{ {rule}: "why" }}' in str(problem)
    for environment in ("development", "staging"):
        accepted(one(cache, environment=environment))
    excepted = accepted(one(cache, **PRODUCTION, exceptions={rule: "the reason"}))
    assert excepted.exceptions == {rule: "the reason"}


@pytest.mark.parametrize(
    "cache",
    [
        {},
        {"mode": "mtls"},
        {"persistence": "none"},
        {"purpose": "sessions", "persistence": "rdb"},
        {"protect": True},
        {"docker": {"publishAddress": "10.1.2.3"}},
        {"docker": {"publishAddress": "192.168.0.9"}},
        {"docker": {"publishAddress": "::1"}},
    ],
)
def test_production_accepts(cache: dict[str, Any]) -> None:
    accepted(one(cache, **PRODUCTION))


def test_every_rule_that_can_be_broken_with_a_reason_is_listed() -> None:
    everything = {
        "purpose": "queue",
        "mode": "password",
        "persistence": "none",
        "protect": False,
        "docker": {"publishAddress": "8.8.8.8"},
    }
    alone = {"replicas": 0}
    on_azure = one(alone, **PRODUCTION, target="azure", access={"cidrs": ["10.1.0.0/16"]})
    problems = [*error_of(one(everything, **PRODUCTION)).problems, *error_of(on_azure).problems]
    assert {problem.rule for problem in problems} - {""} == set(rules.WAIVABLE)


@pytest.mark.parametrize(
    ("rule", "reason", "fix"),
    [
        ("plaintext-in-prodution", "no such rule", "Did you mean plaintext-in-production?"),
        ("everything", "no such rule", "Known: " + ", ".join(sorted(rules.WAIVABLE)) + "."),
        ("volatile-data", "nothing here breaks this rule", "Remove it."),
    ],
)
def test_an_exception_must_be_known_and_needed(rule: str, reason: str, fix: str) -> None:
    raw = one({"mode": "tls"}, **PRODUCTION, exceptions={rule: "why"})
    problem = problems_of(raw)[f"exceptions.{rule}"]
    assert problem.reason.startswith(reason)
    assert problem.fix == fix


@pytest.mark.parametrize("reason", ["", 3, None, True])
def test_an_exception_needs_a_reason(reason: Any) -> None:
    rule = "plaintext-in-production"
    raw = one({"mode": "password"}, **PRODUCTION, exceptions={rule: reason})
    assert f"exceptions.{rule}" in paths_of(raw)
    assert f"{CACHE}.mode" in paths_of(raw), "without a reason the rule holds"


def test_one_exception_does_not_accept_another_rule() -> None:
    raw = one(
        {"mode": "password", "protect": False},
        **PRODUCTION,
        exceptions={"plaintext-in-production": "why"},
    )
    assert paths_of(raw) == [f"{CACHE}.protect"]


def test_an_exception_is_not_called_useless_while_values_cannot_be_read() -> None:
    raw = one({"mode": 3}, **PRODUCTION, exceptions={"plaintext-in-production": "why"})
    assert paths_of(raw) == [f"{CACHE}.mode"]


@pytest.mark.parametrize("target", ["docker", "external"])
def test_sections_of_other_targets_have_no_effect(target: str) -> None:
    other = "external" if target == "docker" else "docker"
    cache = {"docker": {"port": 7000}, "external": endpoint()}
    raw = one(cache, target=target)
    problem = problems_of(raw)[f"{CACHE}.{other}"]
    assert problem.reason == f"has no effect on the target {target}"


# Docker.


@pytest.mark.parametrize(("memory", "fine"), [(0.0625, True), (0.062, False), (0.01, False)])
def test_memory_that_a_server_can_live_with(memory: float, fine: bool) -> None:
    raw = one({"memoryGb": memory})
    if fine:
        assert cache_of(raw).memory_gb == memory
    else:
        assert "64 MiB" in problems_of(raw)[f"{CACHE}.memoryGb"].fix


@pytest.mark.parametrize("mode", ["none", "password"])
@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("fe80::1", False),
    ],
)
def test_plain_text_stays_on_the_machine(mode: str, address: str, fine: bool) -> None:
    docker = {"publishAddress": address, "advertisedHost": "h.example"}
    raw = one({"mode": mode, "docker": docker})
    if fine:
        accepted(raw)
        return
    problem = problems_of(raw)[f"{CACHE}.docker.publishAddress"]
    assert not problem.rule
    assert mode in problem.reason


@pytest.mark.parametrize("address", ["localhost", "redis.example.com", "127.0.0", "1.2.3.4/24"])
def test_a_port_is_published_on_an_address(address: str) -> None:
    raw = one({"docker": {"publishAddress": address}})
    assert problems_of(raw)[f"{CACHE}.docker.publishAddress"].reason == "must be an IP address"


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_all_addresses_are_no_address_to_connect_to(address: str) -> None:
    raw = one({"docker": {"publishAddress": address}})
    assert paths_of(raw) == [f"{CACHE}.docker.advertisedHost"]
    named = one({"docker": {"publishAddress": address, "advertisedHost": "h.example"}})
    assert advertised_host(cache_of(named)) == "h.example"


@pytest.mark.parametrize(
    ("image", "fine"),
    [
        ("redis:7.2.5", True),
        ("valkey/valkey:8.0", True),
        ("localhost:5000/redis:7", True),
        ("localhost:5000/team/redis:7@sha256:" + "a" * 64, True),
        ("redis@sha256:" + "a" * 64, True),
        ("redis", False),
        ("redis:latest", False),
        ("localhost:5000/redis", False),
        ("localhost:5000/redis:latest", False),
        ("bitnami/redis:7.2", False),
        ("docker.io/bitnami/valkey:8.0", False),
    ],
)
def test_an_image_names_its_version(image: str, fine: bool) -> None:
    raw = one({"docker": {"image": image}})
    if fine:
        assert cache_of(raw).docker.image == image
    else:
        assert paths_of(raw) == [f"{CACHE}.docker.image"]


@pytest.mark.parametrize(
    ("caches", "where"),
    [
        ({"a": {}, "b": {}}, ["caches.b.docker.port"]),
        ({"a": {}, "b": {}, "c": {}}, ["caches.b.docker.port", "caches.c.docker.port"]),
        ({"a": {"docker": {"port": 6381}}, "z": {"purpose": "sessions"}}, ["caches.z.docker.port"]),
    ],
)
def test_one_port_for_one_cache(caches: dict[str, Any], where: list[str]) -> None:
    problems = problems_of(stack(caches))
    assert list(problems) == where
    assert all("taken by the cache a of this stack" in p.reason for p in problems.values())


def test_the_purposes_have_ports_of_their_own() -> None:
    accepted(stack({"a": {}, "b": {"purpose": "sessions"}, "c": {"purpose": "queue"}}))


@pytest.mark.parametrize("mode", ["none", "password"])
def test_a_mode_without_tls_has_no_certificates(mode: str) -> None:
    raw = one({"mode": mode, "docker": {"certificates": {"validityDays": 10}}})
    assert f"{CACHE}.docker.certificates" in paths_of(raw)


@pytest.mark.parametrize(
    ("validity", "before", "fine"),
    [(365, 30, True), (30, 30, False), (20, 40, False), (2, 1, True)],
)
def test_a_certificate_is_not_due_for_renewal_from_the_start(
    validity: int, before: int, fine: bool
) -> None:
    certificates = {"validityDays": validity, "renewBeforeDays": before}
    raw = one({"docker": {"certificates": certificates}})
    if fine:
        accepted(raw)
    else:
        assert paths_of(raw) == [f"{CACHE}.docker.certificates.renewBeforeDays"]


# External.


@pytest.mark.parametrize("port", [6380, 6380.0])
def test_a_good_endpoint(port: float) -> None:
    cache = cache_of(external({"external": endpoint(port=port)}, **PRODUCTION))
    assert cache.external is not None
    assert cache.external.port == 6380


def test_an_endpoint_is_required() -> None:
    assert paths_of(one(target="external")) == [f"{CACHE}.external"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memoryGb", 1),
        ("evictionPolicy", "noeviction"),
        ("persistence", "aof"),
        ("protect", True),
        ("rotation", {"generation": 2}),
    ],
)
def test_what_is_decided_where_the_endpoint_runs(key: str, value: Any) -> None:
    problem = problems_of(external({key: value}))[f"{CACHE}.{key}"]
    assert problem.reason.startswith("has no effect: ")


@pytest.mark.parametrize(
    ("mode", "settings", "where"),
    [
        ("tls", {"password": None}, ["password"]),
        ("password", {"host": "localhost", "password": None}, ["password"]),
        ("none", {"host": "localhost"}, ["password"]),
        ("none", {"host": "localhost", "password": None}, []),
        ("password", {"host": "localhost"}, []),
        ("password", {"host": "127.0.0.1"}, []),
        ("password", {"host": "::1"}, []),
        ("password", {"host": "10.0.0.1"}, ["host"]),
        ("password", {"host": "redis.example.com"}, ["host"]),
        ("password", {"host": "localhost.example.com"}, ["host"]),
        ("tls", {"tlsVerify": "none"}, ["tlsVerify"]),
        ("tls", {"tlsVerify": "ca"}, ["tlsVerify"]),
        ("mtls", {}, ["client"]),
        ("tls", {"client": {"certificate": "x", "privateKey": "y"}}, ["client"]),
        ("tls", {"issuedAt": "2026-01-31T09:00:00Z"}, []),
        ("tls", {"issuedAt": "2026-01-31T09:00:00+02:00"}, []),
        ("tls", {"issuedAt": "2026-01-31T09:00:00"}, ["issuedAt"]),
        ("tls", {"issuedAt": "yesterday"}, ["issuedAt"]),
    ],
)
def test_what_an_endpoint_needs(mode: str, settings: dict[str, Any], where: list[str]) -> None:
    given = {k: v for k, v in endpoint(**settings).items() if v is not None}
    raw = external({"mode": mode, "external": given})
    if where:
        assert paths_of(raw) == [f"{CACHE}.external.{key}" for key in where]
    else:
        accepted(raw)


# The same rules judge a component's arguments.


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("persistence", list(Persistence))
def test_a_component_is_judged_like_a_stack(mode: Mode, persistence: Persistence) -> None:
    raw = {"purpose": "sessions", "mode": mode.value, "persistence": persistence.value}
    try:
        parse_cache({**raw, "environment": "production"}, Target.DOCKER, {})
        alone = []
    except ConfigurationError as error:
        alone = [f"{CACHE}.{problem.path}" for problem in error.problems]
    try:
        accepted(one(raw, **PRODUCTION))
        together = []
    except ConfigurationError as error:
        together = [problem.path for problem in error.problems]
    assert alone == together
    assert bool(alone) == (not mode.tls or persistence is Persistence.NONE)
