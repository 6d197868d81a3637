"""What is wrong with a configuration: said all at once, where it stands, and without its values."""

import copy
import json
import string
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
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
from secure_redis.configuration import read_stack
from secure_redis.problems import ConfigurationError, Problem, report
from secure_redis.schema import join, suggestion

CACHE = "caches.cache"

WRONG_TYPES = [
    ("purpose", 3),
    ("engine", True),
    ("mode", ["tls"]),
    ("memoryGb", "1"),
    ("memoryGb", True),
    ("memoryGb", None),
    ("evictionPolicy", {}),
    ("persistence", 0),
    ("protect", "yes"),
    ("protect", 1),
    ("rotation", 2),
    ("rotation", []),
    ("rotation.generation", "2"),
    ("rotation.generation", 1.5),
    ("rotation.generation", True),
    ("rotation.keepPrevious", "true"),
    ("rotationDays", "90"),
    ("tlsProfile", 140),
    ("docker", "local"),
    ("docker", ["x"]),
    ("docker.port", "6380"),
    ("docker.port", 6380.5),
    ("docker.port", True),
    ("docker.publishAddress", 127),
    ("docker.advertisedHost", {}),
    ("docker.hostNames", "one"),
    ("docker.image", 7),
    ("docker.user", 999),
    ("docker.cpus", "2"),
    ("docker.maxClients", "10"),
    ("docker.certificates", []),
    ("docker.certificates.authority", "pem"),
    ("docker.certificates.server", 3),
    ("docker.certificates.validityDays", "365"),
    ("docker.certificates.renewBeforeDays", 1.5),
]

WRONG_VALUES = [
    ("purpose", "database"),
    ("engine", "keydb"),
    ("mode", "ssl"),
    ("memoryGb", 0),
    ("memoryGb", -1),
    ("memoryGb", 1025),
    ("memoryGb", float("nan")),
    ("memoryGb", float("inf")),
    ("evictionPolicy", "lru"),
    ("persistence", "disk"),
    ("rotation.generation", 0),
    ("rotationDays", 0),
    ("rotationDays", 3651),
    ("tlsProfile", "old"),
    ("docker.port", 0),
    ("docker.port", 65536),
    ("docker.publishAddress", ""),
    ("docker.publishAddress", "localhost"),
    ("docker.user", "redis"),
    ("docker.user", "999"),
    ("docker.cpus", 0),
    ("docker.maxClients", 9),
    ("docker.certificates.validityDays", 1),
    ("docker.certificates.renewBeforeDays", 0),
]

EXTERNAL_WRONG_TYPES = [
    ("host", 3),
    ("port", "6380"),
    ("username", True),
    ("password", 12345678),
    ("tlsVerify", 1),
    ("tlsServerName", []),
    ("authority", {}),
    ("client", "pem"),
    ("readerHost", 4),
    ("clusterMode", "no"),
    ("issuedAt", 2026),
]

UNKNOWN_KEYS = [
    ("", "enviroment", "environment"),
    ("", "cache", "caches"),
    ("", "tag", "tags"),
    (CACHE, "evictionpolicy", "evictionPolicy"),
    (CACHE, "memory_gb", "memoryGb"),
    (CACHE, "dockr", "docker"),
    (f"{CACHE}.rotation", "keepPrevios", "keepPrevious"),
    (f"{CACHE}.docker", "hostnames", "hostNames"),
    (f"{CACHE}.docker.certificates", "autority", "authority"),
    (f"{CACHE}.docker.certificates.authority", "privatekey", "privateKey"),
    (f"{CACHE}.docker.certificates.server", "certificat", "certificate"),
    (f"{CACHE}.external", "passwort", "password"),
    (f"{CACHE}.external.client", "privateky", "privateKey"),
]


def nested(path: str, value: Any) -> dict[str, Any]:
    """A mapping with `value` at `path`."""
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


@pytest.mark.parametrize(("path", "value"), WRONG_TYPES + WRONG_VALUES)
def test_a_wrong_value_is_one_problem_at_its_path(path: str, value: Any) -> None:
    problems = problems_of(one(nested(path, value)))
    assert list(problems) == [f"{CACHE}.{path}"]
    problem = problems[f"{CACHE}.{path}"]
    assert problem.reason
    assert problem.fix.endswith((".", "?"))


@pytest.mark.parametrize(("path", "value"), WRONG_TYPES)
def test_a_wrong_type_says_which_is_right(path: str, value: Any) -> None:
    reason = problems_of(one(nested(path, value)))[f"{CACHE}.{path}"].reason
    assert reason.startswith("must be "), reason


@pytest.mark.parametrize(("key", "value"), EXTERNAL_WRONG_TYPES)
def test_a_wrong_type_in_an_endpoint_is_one_problem(key: str, value: Any) -> None:
    raw = external({"external": endpoint(**{key: value})})
    assert paths_of(raw) == [f"{CACHE}.external.{key}"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x", "must be a whole number, not text. Write it without quotes."),
        (True, "must be a whole number, not true or false. Correct its type."),
        (1.5, "must be a whole number, not a fraction. Correct its type."),
        ([], "must be a whole number, not a list. Correct its type."),
        ({}, "must be a whole number, not a mapping. Correct its type."),
    ],
)
def test_the_words_for_a_wrong_type(value: Any, words: str) -> None:
    error = error_of(one({"docker": {"port": value}}))
    assert str(error) == (
        f"the configuration has 1 problem; nothing was changed:\n  {CACHE}.docker.port: {words}"
    )


def test_an_item_of_a_list_is_named_by_its_place() -> None:
    assert paths_of(one({"docker": {"hostNames": ["a", 3, "", None]}})) == [
        f"{CACHE}.docker.hostNames.1",
        f"{CACHE}.docker.hostNames.2",
        f"{CACHE}.docker.hostNames.3",
    ]


@pytest.mark.parametrize(("where", "key", "meant"), UNKNOWN_KEYS)
def test_an_unknown_key_gets_a_suggestion_at_every_level(where: str, key: str, meant: str) -> None:
    raw = external() if ".external" in where else one()
    full = join(where, key)
    place: dict[str, Any] = raw
    for part in full.split(".")[:-1]:
        place = place.setdefault(part, {})
    place[key] = "x"
    problem = problems_of(raw)[full]
    assert problem.reason == "unknown key"
    assert problem.fix == f"Did you mean {meant}?"


def test_an_unknown_key_that_resembles_nothing_gets_the_list() -> None:
    problem = problems_of(one({"rotation": {"zzz": 1}}))[f"{CACHE}.rotation.zzz"]
    assert problem.fix == "Known: generation, keepPrevious."


@pytest.mark.parametrize("key", ["target", "environment", "caches"])
def test_what_has_no_default_is_required(key: str) -> None:
    raw = stack()
    del raw[key]
    assert problems_of(raw)[key].reason == "is required"


def test_an_empty_configuration_names_all_that_is_required() -> None:
    assert paths_of({}) == ["caches", "environment", "target"]


@pytest.mark.parametrize("caches", [{}, [], "cache", 3, None, {"cache": None}, {"cache": 3}])
def test_caches_that_are_none_are_one_problem(caches: Any) -> None:
    raw = {**stack(), "caches": caches}
    expected = "caches.cache" if isinstance(caches, dict) and caches else "caches"
    assert paths_of(raw) == [expected]


@pytest.mark.parametrize("environment", ["prod", "Production", "", 3, None, True])
def test_a_wrong_environment_is_reported_once(environment: Any) -> None:
    raw = stack({"a": {}, "b": {"purpose": "sessions"}}, environment=environment)
    assert paths_of(raw) == ["environment"]


def test_a_missing_environment_is_reported_once() -> None:
    assert paths_of({"target": "docker", "caches": {"a": {}, "b": {}}}) == ["environment"]


@pytest.mark.parametrize("environment", ["development", "prod", 3])
def test_a_cache_has_no_environment_of_its_own(environment: Any) -> None:
    """One of its own would dodge what the stack's environment refuses."""
    raw = one({"environment": environment, "mode": "none"}, environment="production")
    problems = problems_of(raw)
    assert problems[f"{CACHE}.environment"].reason == "is set once, for the whole stack"
    assert f"{CACHE}.mode" in problems


def test_all_problems_of_all_caches_come_in_one_message() -> None:
    raw = {
        "target": "docker",
        "environment": "production",
        "cachez": {},
        "tags": {"team": 3},
        "caches": {
            "a": {"memoryGb": "1", "mode": "none", "docker": {"prot": 1, "port": 99999}},
            "b": {"purpose": "queue", "evictionPolicy": "allkeys-lru", "rotation": {"gen": 2}},
            "Bad_Name": {"purpose": "cache"},
            "c": {"purpose": "sessions", "persistence": "none", "protect": False},
        },
    }
    error = error_of(raw)
    assert [problem.path for problem in error.problems] == [
        "caches.Bad_Name",
        "caches.a.docker.port",
        "caches.a.docker.prot",
        "caches.a.memoryGb",
        "caches.a.mode",
        "caches.b.evictionPolicy",
        "caches.b.rotation.gen",
        "caches.c.persistence",
        "caches.c.protect",
        "cachez",
        "tags.team",
    ]
    lines = str(error).splitlines()
    assert lines[0] == "the configuration has 11 problems; nothing was changed:"
    assert lines[1:] == [f"  {problem}" for problem in error.problems]


def test_a_missing_key_of_one_cache_does_not_hide_the_rules_of_another() -> None:
    raw = stack(
        {"a": {"external": {"port": 1, "password": "p"}}, "b": {"external": endpoint(port="x")}},
        target="external",
    )
    raw["caches"]["c"] = {"external": endpoint(tlsVerify="none")}
    assert paths_of(raw) == [
        "caches.a.external.host",
        "caches.b.external.port",
        "caches.c.external.tlsVerify",
    ]


def test_a_value_of_the_wrong_type_is_not_missing_as_well() -> None:
    assert paths_of(external({"external": "redis.example.com"})) == [f"{CACHE}.external"]
    assert paths_of(external({"external": endpoint(password=3)})) == [f"{CACHE}.external.password"]


@pytest.mark.parametrize("name", ["cache", "a", "a1", "job-queue", "a-b-c2", "x" * 30])
def test_good_names_of_caches(name: str) -> None:
    assert list(accepted(stack({name: {}})).caches) == [name]


@pytest.mark.parametrize(
    "name",
    ["", "Cache", "1a", "a-", "-a", "a--b", "a_b", "a.b", "a b", "a-1", "ü", "a\n", "x" * 31],
)
def test_bad_names_of_caches(name: str) -> None:
    assert paths_of(stack({name: {}})) == [join("caches", name)]


@pytest.mark.parametrize("part", ["files", "reload"])
def test_a_cache_may_not_have_the_name_of_anothers_container(part: str) -> None:
    name = f"jobs-{part}"
    accepted(stack({name: {}}))
    raw = stack({"jobs": {}, name: {"docker": {"port": 7000}}})
    assert "container that belongs to the cache jobs" in problems_of(raw)[f"caches.{name}"].reason


def test_wired_values_may_be_outputs() -> None:
    wired = pulumi.Output.from_input("later")
    cache = cache_of(
        external(
            {"external": endpoint(host=wired, username=wired, password=wired, authority=wired)}
        )
    )
    assert cache.external is not None
    assert cache.external.host is wired
    assert cache.external.password is wired
    certificates = {"server": {"certificate": wired, "privateKey": wired, "authority": wired}}
    cache = cache_of(one({"docker": {"certificates": certificates}}))
    assert cache.docker.certificates.server is not None
    assert cache.docker.certificates.server.private_key is wired


def test_other_values_may_not_be_outputs() -> None:
    wired = pulumi.Output.from_input(6380)
    for key in ("port", "image", "publishAddress"):
        assert paths_of(one({"docker": {key: wired}})) == [f"{CACHE}.docker.{key}"]


def test_the_raw_configuration_is_left_as_it_was() -> None:
    raw = one({"docker": {"prot": 1, "port": 7000}, "rotation": {"generation": 2.0}})
    before = copy.deepcopy(raw)
    error_of(raw)
    assert raw == before


def test_a_problem_is_said_once_and_in_order() -> None:
    problems = [Problem("b", "x", "y."), Problem("a", "x", "y."), Problem("b", "x", "y.")]
    error = ConfigurationError(problems)
    assert [problem.path for problem in error.problems] == ["a", "b"]
    assert isinstance(error, ValueError)
    assert report(error.problems) == str(error)


def test_a_rule_that_can_be_excepted_says_how() -> None:
    problem = Problem("a.b", "is bad", "Mend it.", rule="some-rule")
    assert str(problem) == ('a.b: is bad. Mend it. Or accept it: exceptions: { some-rule: "why" }.')


@given(st.sampled_from(["memoryGb", "docker", "purpose"]), st.data())
def test_a_near_miss_of_a_known_word_is_suggested(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    miss = word[:place] + word[place + 1 :]
    assert suggestion(miss, ["memoryGb", "docker", "purpose"]) == f"Did you mean {word}?"


# What no message may repeat: whatever a user could have put into the wrong place.

FULL_DOCKER = {
    "target": "docker",
    "environment": "production",
    "tags": {"team": "platform"},
    "exceptions": {"public-address": "why"},
    "caches": {
        "cache": {
            "purpose": "cache",
            "engine": "redis",
            "mode": "mtls",
            "evictionPolicy": "allkeys-lru",
            "persistence": "aof",
            "tlsProfile": "modern",
            "memoryGb": "text",
            "rotation": {"generation": "text", "keepPrevious": "text"},
            "docker": {
                "publishAddress": "127.0.0.1",
                "advertisedHost": "h",
                "hostNames": ["a", "b"],
                "image": "redis:7",
                "user": "999:999",
                "port": "text",
                "certificates": {
                    "authority": {"certificate": "text", "privateKey": "text"},
                    "server": {"certificate": "text", "privateKey": "text", "authority": "text"},
                },
            },
        },
        "two": {"docker": {"certificates": {"authority": {"certificate": "t", "privateKey": "t"}}}},
        "three": {
            "docker": {
                "certificates": {
                    "server": {"certificate": "t", "privateKey": "t", "authority": "t"}
                }
            }
        },
    },
}

FULL_EXTERNAL = {
    "target": "external",
    "environment": "production",
    "caches": {
        "cache": {
            "mode": "mtls",
            "external": {
                "host": "h",
                "port": "text",
                "username": "u",
                "password": "p",
                "tlsVerify": "full",
                "tlsServerName": "n",
                "authority": "text",
                "client": {"certificate": "text", "privateKey": "text"},
                "readerHost": "r",
                "clusterMode": "text",
                "issuedAt": "text",
            },
        },
        "plain": {"mode": "password", "external": {"host": "h", "port": 1, "password": "p"}},
    },
}


def strings(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of each text in `value`."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from strings(item, (*path, key))


def planted(raw: Any, places: list[tuple[Any, ...]], secret: str) -> Any:
    raw = copy.deepcopy(raw)
    for place in places:
        holder = raw
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = secret
    return raw


PLACES = [(raw, place) for raw in (FULL_DOCKER, FULL_EXTERNAL) for place in strings(raw)]

SECRETS = st.one_of(
    st.text(string.ascii_letters + string.digits, min_size=16, max_size=48),
    st.text(string.printable, min_size=16, max_size=48),
    st.text(string.ascii_letters, min_size=16).map("-----BEGIN PRIVATE KEY-----\n{}\n".format),
    st.text(string.ascii_letters, min_size=16).map("-----BEGIN CERTIFICATE-----\n{}\n".format),
    st.text(string.ascii_letters, min_size=16).map("~{}/key".format),
    st.text(string.ascii_letters, min_size=16).map("{}\0".format),
)


def revealed(secret: str, message: str) -> bool:
    """Whether a message holds the telling part of a secret."""
    core = max(secret.replace("-----BEGIN", "\n").split("\n"), key=len)
    return core in message


@given(st.sampled_from(PLACES), SECRETS)
@example(PLACES[0], "-----BEGIN PRIVATE KEY-----\nabcdefghijklmnop\n")
def test_no_message_repeats_a_text_from_the_configuration(
    case: tuple[Any, tuple[Any, ...]], secret: str
) -> None:
    raw, place = case
    message = str(error_of(planted(raw, [place], secret)))
    assert not revealed(secret, message)


@given(SECRETS)
def test_no_message_repeats_a_text_that_stands_everywhere(secret: str) -> None:
    for raw in (FULL_DOCKER, FULL_EXTERNAL):
        error = error_of(planted(raw, list(strings(raw)), secret))
        assert not revealed(secret, str(error))
        assert not revealed(secret, repr(error.problems))


@pytest.mark.parametrize(
    "place",
    [place for raw, place in PLACES if raw is FULL_DOCKER],
    ids=lambda p: ".".join(map(str, p)),
)
def test_every_place_is_tried(place: tuple[Any, ...]) -> None:
    """The planted text stands where the test says, so that the property above means something."""
    holder: Any = planted(FULL_DOCKER, [place], "planted")
    for key in place:
        holder = holder[key]
    assert holder == "planted"


# From the engine's configuration.


def configured(values: dict[str, Any]) -> dict[str, str]:
    return {
        f"secure-redis:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }


def read(values: dict[str, Any], secrets: tuple[str, ...] = ()) -> Any:
    keys = [f"secure-redis:{key}" for key in secrets]
    pulumi.runtime.set_all_config(configured(values), keys)
    return read_stack()


def message_of(values: dict[str, Any], secrets: tuple[str, ...] = ()) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        read(values, secrets)
    return str(caught.value)


def test_a_stack_is_read_from_the_engines_configuration() -> None:
    values = {**stack({"cache": {"docker": {"port": 7000}}}), "tags": {"team": "a"}}
    found = read(values, secrets=("caches",))
    assert found.caches["cache"].docker.port == 7000
    assert found.tags == {"team": "a"}


def test_configuration_of_other_namespaces_is_none_of_its_business() -> None:
    other = {"docker:host": "unix:///x", "secure-redis-other:target": "x"}
    pulumi.runtime.set_all_config({**configured(stack()), **other})
    assert read_stack().target.value == "docker"


@pytest.mark.parametrize("key", ["caches", "tags", "exceptions"])
def test_text_where_a_mapping_belongs(key: str) -> None:
    message = message_of({**stack(), key: "hunter2hunter2"}, secrets=(key,))
    assert f"{key}: must be a mapping. Write it as nested keys." in message
    assert "hunter2" not in message


def test_an_unknown_key_of_the_stack_is_named_as_such() -> None:
    values = {"target": "docker", "caches": {"cache": {}}, "enviroment": "production"}
    message = message_of(values)
    assert "enviroment: unknown key. Did you mean environment?" in message
    assert "environment: is required" in message
    assert "2 problems" in message


def test_problems_of_reading_and_of_judging_come_together() -> None:
    message = message_of({**one({"docker": {"port": "x"}}), "tags": "x"})
    assert "tags: must be a mapping" in message
    assert "caches.cache.docker.port: must be a whole number" in message


def test_an_error_from_the_configuration_has_no_cause_that_shows_values() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        read({**stack(), "tags": "hunter2hunter2"})
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
