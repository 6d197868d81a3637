"""Names in Google Cloud: legal for every project, stack and cache, and no two alike."""

import re
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from package_google import document, properties
from secure_redis import clouds
from secure_redis.gcp import names
from test_aws_names import CACHES, PULUMI_NAME, SUFFIX

COMPONENTS = st.one_of(
    CACHES,
    st.from_regex(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", fullmatch=True).filter(
        lambda name: len(name) <= clouds.NAME_LENGTH
    ),
)
"""Names of components: those that a stack file takes, and capitals as well."""
REDIS = r"[a-z][a-z0-9-]{0,38}[a-z0-9]"
"""1 to 40 characters by the API; one alone is refused by the provider."""
VALKEY = r"[a-z][a-z0-9-]{2,61}[a-z0-9]"
SECRET = r"[A-Za-z0-9_-]{1,255}"
RING = r"[a-zA-Z0-9_-]{1,63}"
COMPUTE = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
LABEL_KEY, LABEL_VALUE = r"[a-z][a-z0-9_-]{0,62}", r"[a-z0-9_-]{0,63}"
GENERATIONS = ("", "-g2", "-g1000000")
RULES = ("-clients", "-everybody-else")
SECRETS = ("-connection", "-url")


@pytest.mark.parametrize("schema", ["Network", "Subnetwork", "Address", "Firewall"])
def test_the_pattern_of_computes_names_is_the_apis(schema: str) -> None:
    assert properties("compute.v1", schema)["name"]["pattern"] == COMPUTE


def test_the_pattern_of_a_key_rings_name_is_the_apis() -> None:
    locations = document("cloudkms.v1")["resources"]["projects"]["resources"]["locations"]
    create = locations["resources"]["keyRings"]["methods"]["create"]
    assert f"`{RING}`" in create["parameters"]["keyRingId"]["description"]


def in_stack(project: str, stack: str, name: str) -> str:
    """The identity of a cache or a network."""
    with (
        patch("pulumi.get_project", return_value=project),
        patch("pulumi.get_stack", return_value=stack),
    ):
        return f"{names.prefix(name)}-{SUFFIX}"


@example("-", "-", "a")
@example("9", "9", "a")
@example("...", "___", "z" * 30)
@example("a" * 100, "b" * 100, "c" * 30)
@example("secure-redis", "prod", "c")
@given(PULUMI_NAME, PULUMI_NAME, COMPONENTS)
def test_names_are_legal_for_every_project_stack_and_cache(
    project: str, stack: str, name: str
) -> None:
    identity = in_stack(project, stack, name)
    for end in GENERATIONS:
        assert re.fullmatch(REDIS, f"{identity}{end}"), "40 characters at most"
    assert re.fullmatch(VALKEY, identity)
    assert re.fullmatch(RING, identity)
    for end in ("", *RULES):
        assert re.fullmatch(COMPUTE, f"{identity}{end}")
    for end in SECRETS:
        assert re.fullmatch(SECRET, f"{identity}{end}")


@given(PULUMI_NAME, PULUMI_NAME, st.lists(CACHES, min_size=2, max_size=6, unique=True))
def test_caches_of_a_stack_have_names_of_their_own(
    project: str, stack: str, caches: list[str]
) -> None:
    """Even if chance gave all of them the same digits."""
    assert len({in_stack(project, stack, cache) for cache in caches}) == len(caches)


@given(
    PULUMI_NAME,
    PULUMI_NAME,
    COMPONENTS,
    st.sampled_from(["", "development", "staging", "production"]),
)
def test_labels_are_legal_for_every_project_stack_and_cache(
    project: str, stack: str, name: str, environment: str
) -> None:
    with (
        patch("pulumi.get_project", return_value=project),
        patch("pulumi.get_stack", return_value=stack),
    ):
        found = names.labels(name, environment, {"team": "platform"})
    for key, value in found.items():
        assert re.fullmatch(LABEL_KEY, key)
        assert re.fullmatch(LABEL_VALUE, value)
    assert ("secure-redis-environment" in found) == bool(environment)
    assert found["team"] == "platform"
    assert len(found) <= 5


@given(st.text(max_size=100))
def test_any_word_is_a_legal_label(word: str) -> None:
    assert re.fullmatch(LABEL_VALUE, names.label(word))


def test_short_names_stay_readable() -> None:
    assert in_stack("shop", "prod", "cache") == f"shop-prod-cache-{SUFFIX}"
    with (
        patch("pulumi.get_project", return_value="Shop.EU"),
        patch("pulumi.get_stack", return_value="prod"),
    ):
        assert names.labels("cache", "staging", {}) == {
            "secure-redis-project": "shop-eu",
            "secure-redis-stack": "prod",
            "secure-redis-name": "cache",
            "secure-redis-environment": "staging",
        }
