"""Names in AWS: legal for every project, stack and cache, and no two alike."""

import re
from string import ascii_letters, ascii_lowercase, digits
from unittest.mock import patch

import botocore.session
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from secure_redis.aws import names
from secure_redis.aws.logs import FOLDER, LOG_TYPES
from secure_redis.settings import CACHE_NAME, CACHE_NAME_LENGTH

PULUMI_NAME = st.text(f"{ascii_letters}{digits}_.-", min_size=1, max_size=100)
"""What Pulumi takes as a project's or a stack's name."""
WORD = st.builds(
    str.__add__,
    st.sampled_from(ascii_lowercase),
    st.text(f"{ascii_lowercase}{digits}", max_size=12),
)
CACHES = (
    st.lists(WORD, min_size=1, max_size=4)
    .map("-".join)
    .filter(lambda name: len(name) <= CACHE_NAME_LENGTH)
)
"""Names that a stack file may give to caches."""
SUFFIX = "0a1b2c3d"
WORDS = ("app", "iam", "default")
"""What follows an identity in the ids of users."""


def limits(service: str, operation: str, member: str) -> dict[str, object]:
    """What the API's own model says of a member: min, max, pattern."""
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return dict(shape.members[member].metadata)  # pyright: ignore[reportAttributeAccessIssue]


USER_ID = limits("elasticache", "CreateUser", "UserId")
LOG_GROUP = limits("logs", "CreateLogGroup", "logGroupName")
SECRET = limits("secretsmanager", "CreateSecret", "Name")
ALIAS = limits("kms", "CreateAlias", "AliasName")


def prefix(project: str, stack: str, cache: str) -> str:
    with (
        patch("pulumi.get_project", return_value=project),
        patch("pulumi.get_stack", return_value=stack),
    ):
        return names.prefix(cache)


def path(project: str, stack: str, cache: str) -> str:
    with (
        patch("pulumi.get_project", return_value=project),
        patch("pulumi.get_stack", return_value=stack),
    ):
        return names.path(cache)


def assert_legal_id(text: str) -> None:
    assert re.fullmatch(str(USER_ID["pattern"]), text)
    assert 1 <= len(text) <= 40
    assert "--" not in text
    assert not text.endswith("-")
    assert text == text.lower()


@example("-", "-", "a")
@example("9", "9", "a")
@example("...", "___", "z" * 30)
@example("a" * 100, "b" * 100, "c" * 30)
@example("secure-redis", "prod", "c")
@given(PULUMI_NAME, PULUMI_NAME, CACHES)
def test_ids_are_legal_for_every_project_stack_and_cache(
    project: str, stack: str, cache: str
) -> None:
    readable = prefix(project, stack, cache)
    assert_legal_id(readable)
    identity = f"{readable}-{SUFFIX}"
    assert_legal_id(identity)
    for word in WORDS:
        assert_legal_id(f"{identity}-{word}")
    assert_legal_id(f"{readable}-final-{SUFFIX}")
    alias = f"alias/{identity}"
    assert re.fullmatch(str(ALIAS["pattern"]), alias)
    assert len(alias) <= int(str(ALIAS["max"]))


@given(PULUMI_NAME, PULUMI_NAME, CACHES)
def test_names_with_folders_are_legal_too(project: str, stack: str, cache: str) -> None:
    folder = path(project, stack, cache)
    for what in ("credentials", "connection"):
        secret = f"{folder}/{what}-{SUFFIX}"
        assert re.fullmatch(r"[A-Za-z0-9/_+=.@-]+", secret)
        assert len(secret) <= int(str(SECRET["max"]))
        assert not re.search(r"-[A-Za-z0-9]{6}$", secret), "Secrets Manager's own ending"
    for log_type in LOG_TYPES:
        log_group = f"{FOLDER}/{folder}-{SUFFIX}/{log_type}"
        assert re.fullmatch(str(LOG_GROUP["pattern"]), log_group)
        assert len(log_group) <= int(str(LOG_GROUP["max"]))
        assert log_group.startswith("/aws/vendedlogs/")


@given(PULUMI_NAME, PULUMI_NAME, st.lists(CACHES, min_size=2, max_size=6, unique=True))
def test_caches_of_a_stack_have_names_of_their_own(
    project: str, stack: str, caches: list[str]
) -> None:
    assert len({path(project, stack, cache) for cache in caches}) == len(caches)
    assert len({prefix(project, stack, cache) for cache in caches}) == len(caches)


@given(CACHES)
def test_what_is_generated_here_is_what_a_stack_file_accepts(cache: str) -> None:
    assert re.fullmatch(CACHE_NAME, cache)


@pytest.mark.parametrize(
    ("words", "readable"),
    [
        (("shop", "prod", "cache"), "shop-prod-cache"),
        (("Shop_API", "prod.eu", "cache"), "shop-api-prod-eu-cache"),
        (("4ever", "prod", "cache"), "r-4ever-prod-cache"),
    ],
)
def test_short_names_stay_readable(words: tuple[str, ...], readable: str) -> None:
    assert names.readable(*words, length=names.PREFIX_LENGTH) == readable


def test_long_names_that_begin_alike_stay_two() -> None:
    one, other = (
        names.readable("secure-redis", "production", f"cache-{n}", length=names.PREFIX_LENGTH)
        for n in "ab"
    )
    assert one != other
    assert one[:17] == other[:17] == "secure-redis-prod"
