"""Names in Azure: legal for every project, stack and cache, and no two alike."""

import inspect
import re
from ipaddress import IPv4Address
from unittest.mock import patch

import pytest
from azure.mgmt.redis import operations as classic_operations
from azure.mgmt.redisenterprise import operations as managed_operations
from azure_cases import ALICE, BOB
from hypothesis import example, given
from hypothesis import strategies as st
from secure_redis import clouds
from secure_redis.azure import names
from secure_redis.azure.users import assignment_name
from test_aws_names import CACHES, PULUMI_NAME, SUFFIX

COMPONENTS = st.one_of(
    CACHES,
    st.from_regex(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", fullmatch=True).filter(
        lambda name: len(name) <= clouds.NAME_LENGTH
    ),
)
"""Names of components: those that a stack file takes, and capitals as well."""
ALARMS = ("memory", "memory-full", "processor", "connections", "evictions", "latency", "errors")
PARTS = (*ALARMS, "cache", "vault", "data", "metrics", "logs", "diagnostics")
"""What follows an identity in names of parts."""
SECRETS = ("url", "primary-key", "secondary-key", "connection")


def pattern(module: object, argument: str) -> str:
    """What an SDK of Azure's writes of a name in its requests."""
    file = inspect.getmodule(module)
    assert file is not None
    source = inspect.getsource(file)
    found = set(re.findall(rf'url\(\s*"{argument}",[^)]*?pattern=r"(.+?)"', source))
    assert len(found) == 1, found
    return found.pop()


CLUSTER = pattern(managed_operations.RedisEnterpriseOperations, "cluster_name")
DATABASE = pattern(managed_operations.DatabasesOperations, "database_name")
ASSIGNMENT = pattern(
    managed_operations.AccessPolicyAssignmentOperations, "access_policy_assignment_name"
)
CLASSIC_ASSIGNMENT = pattern(
    classic_operations.AccessPolicyAssignmentOperations, "access_policy_assignment_name"
)
VAULT = r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]"
CLASSIC = r"(?=.{1,63}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*"
SECRET = r"[A-Za-z0-9-]{1,127}"
OTHER = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?"
"""Most other names: 64 characters, the least that a part has."""


def test_the_patterns_are_those_of_the_api() -> None:
    assert CLUSTER == DATABASE == r"^(?=.{1,60}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*$"
    assert ASSIGNMENT == r"^[A-Za-z0-9]{1,60}$"
    assert re.fullmatch(DATABASE, "default")


def in_stack(project: str, stack: str, cache: str) -> tuple[str, str]:
    """The identity of a cache, and the name of its vault."""
    with (
        patch("pulumi.get_project", return_value=project),
        patch("pulumi.get_stack", return_value=stack),
    ):
        return f"{names.prefix(cache)}-{SUFFIX}", f"{names.vault_prefix(cache)}-{SUFFIX}"


@example("-", "-", "a")
@example("9", "9", "a")
@example("...", "___", "z" * 30)
@example("a" * 100, "b" * 100, "c" * 30)
@example("secure-redis", "prod", "c")
@given(PULUMI_NAME, PULUMI_NAME, COMPONENTS)
def test_names_are_legal_for_every_project_stack_and_cache(
    project: str, stack: str, cache: str
) -> None:
    identity, vault = in_stack(project, stack, cache)
    assert re.match(CLUSTER, identity)
    assert re.fullmatch(CLASSIC, identity)
    assert re.fullmatch(VAULT, vault), vault
    assert 3 <= len(vault) <= 24
    for part in PARTS:
        assert re.fullmatch(OTHER, f"{identity}-{part}")
    for what in SECRETS:
        secret = f"{names.secret(cache, what)}-{SUFFIX}"
        assert re.fullmatch(SECRET, secret)
        assert len(secret) <= names.SECRET_LENGTH


@given(PULUMI_NAME, PULUMI_NAME, st.lists(CACHES, min_size=2, max_size=6, unique=True))
def test_caches_of_a_stack_have_names_of_their_own(
    project: str, stack: str, caches: list[str]
) -> None:
    found = [in_stack(project, stack, cache) for cache in caches]
    assert len({identity for identity, _ in found}) == len(caches)
    secrets = {names.secret(cache, what) for cache in caches for what in SECRETS}
    assert len(secrets) == len(caches) * len(SECRETS)


@pytest.mark.parametrize("object_id", [ALICE, BOB, ALICE.upper(), "f" * 8 + ALICE[8:]])
def test_assignments_have_legal_names(object_id: str) -> None:
    name = assignment_name(object_id)
    assert re.fullmatch(ASSIGNMENT, name)
    assert re.search(CLASSIC_ASSIGNMENT, name)
    assert name == assignment_name(object_id.lower()), "one id is one name"


@given(st.lists(st.uuids(), min_size=2, max_size=4, unique=True))
def test_assignments_have_names_of_their_own(ids: list[object]) -> None:
    found = {assignment_name(str(each)) for each in ids}
    assert len(found) == len(ids)
    assert all(re.match(ASSIGNMENT, name) for name in found)


ADDRESS = st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number)))


@given(ADDRESS, ADDRESS, ADDRESS, ADDRESS)
def test_firewall_rules_have_names_of_their_own(a: str, b: str, c: str, d: str) -> None:
    one, other = (names.identifier("from", x, "to", y) for x, y in ((a, b), (c, d)))
    assert re.fullmatch(r"[A-Za-z0-9_]{1,256}", one)
    assert (one == other) == ((a, b) == (c, d))


def test_short_names_stay_readable() -> None:
    assert in_stack("shop", "prod", "cache") == (
        f"shop-prod-cache-{SUFFIX}",
        f"prod-cache-{SUFFIX}",
    )
    assert names.secret("job_queue", "url") == "job-queue-redis-url"
