"""Names of Google Cloud's resources and members: which are taken, and what is said of others."""

from typing import Any

import pulumi
import pytest
from gcp_cases import ACCOUNT, ALICE, CHANNEL, KEY, NETWORK, RANGE, SHOP, SUBNET
from hypothesis import given
from hypothesis import strategies as st
from package_google import document
from secure_redis.gcp import identifiers
from secure_redis.gcp.identifiers import Kind, identifier_problems, member_problems, project_of

KINDS = {
    "network": (identifiers.NETWORK, NETWORK),
    "subnet": (identifiers.SUBNET, SUBNET),
    "range": (identifiers.RANGE, RANGE),
    "key": (identifiers.KEY, KEY),
    "channel": (identifiers.CHANNEL, CHANNEL),
}
EACH_KIND = pytest.mark.parametrize(("kind", "name"), KINDS.values(), ids=KINDS)


@EACH_KIND
def test_a_name_and_the_example_of_it(kind: Kind, name: str) -> None:
    assert list(identifier_problems("x", [name, kind.example], kind)) == []


@EACH_KIND
@pytest.mark.parametrize("value", ["", "/", " ", "Shop Shop", "https://example.com/shop", "shop\n"])
def test_what_is_no_name(kind: Kind, name: str, value: str) -> None:
    for wrong in {value, f"{value}{name}", f"{name}{value}"} - {name}:
        (problem,) = identifier_problems("where", [wrong], kind)
        assert problem.path == "where"
        assert kind.words in problem.reason or "not its name" in problem.reason
        assert problem.fix == f"Write it as in {kind.example}."


@EACH_KIND
def test_which_one_is_wrong_is_said_where_there_are_several(kind: Kind, name: str) -> None:
    found = list(identifier_problems("where", [name, "SHOP/", name, "/"], kind))
    assert [problem.path for problem in found] == ["where.1", "where.3"]


@EACH_KIND
def test_what_another_resource_provides_is_not_judged(kind: Kind, name: str) -> None:
    output = pulumi.Output.from_input("SHOP")
    assert list(identifier_problems("where", [output, None], kind)) == []


WRONG: list[tuple[Kind, str, str]] = [
    (identifiers.NETWORK, "shop", "is no name of a network"),
    # With the number every later run would make the cache anew.
    (identifiers.NETWORK, "projects/123456789012/global/networks/shop", "is no name of a network"),
    (identifiers.NETWORK, "projects/shop-test/global/networks/Shop", "is no name of a network"),
    (
        identifiers.NETWORK,
        "https://www.googleapis.com/compute/v1/projects/shop-test/global/networks/shop",
        "is no name of a network",
    ),
    (identifiers.SUBNET, "projects/shop-test/subnetworks/caches", "is no name of a subnet"),
    (identifiers.RANGE, "10.64.0.0/20", "is the addresses of a range, or a path"),
    (
        identifiers.RANGE,
        "projects/shop-test/global/addresses/google-services",
        "is the addresses of a range, or a path",
    ),
    (identifiers.RANGE, "Google-services", "is no name of a range"),
    (identifiers.RANGE, "a" * 64, "is no name of a range"),
    (identifiers.KEY, f"{KEY}/cryptoKeyVersions/1", "names a version of a key"),
    (identifiers.KEY, KEY.rpartition("/cryptoKeys/")[0], "is no name of a key"),
    (identifiers.CHANNEL, "on-call@example.com", "is no name of a notification channel"),
    (
        identifiers.CHANNEL,
        "projects/shop-test/notificationChannels/mail",
        "is no name of a notification channel",
    ),
]


@pytest.mark.parametrize(("kind", "value", "words"), WRONG)
def test_what_is_said_of_a_name(kind: Kind, value: str, words: str) -> None:
    (problem,) = identifier_problems("where", [value], kind)
    assert words in problem.reason


RIGHT: list[tuple[Kind, str]] = [
    (identifiers.NETWORK, "projects/example.com:shop-test/global/networks/a"),
    (identifiers.NETWORK, f"projects/shop-test/global/networks/{'a' * 63}"),
    (identifiers.SUBNET, "projects/network-host/regions/us-central1/subnetworks/a-1"),
    (identifiers.RANGE, "a" * 63),
    (identifiers.KEY, "projects/shop-test/locations/global/keyRings/R_1/cryptoKeys/K_1"),
    (identifiers.CHANNEL, "projects/123456789012/notificationChannels/1"),
]


@pytest.mark.parametrize(("kind", "value"), RIGHT)
def test_names_that_are_taken(kind: Kind, value: str) -> None:
    assert list(identifier_problems("where", [value], kind)) == []


def test_the_shapes_of_names_are_googles() -> None:
    keys = document("cloudkms.v1")["resources"]["projects"]["resources"]["locations"]["resources"]
    method = keys["keyRings"]["resources"]["cryptoKeys"]["methods"]["get"]
    assert method["parameters"]["name"]["pattern"] == (
        "^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$"
    )
    channels = document("monitoring.v3")["resources"]["projects"]["resources"]
    method = channels["notificationChannels"]["methods"]["get"]
    assert method["parameters"]["name"]["pattern"] == "^projects/[^/]+/notificationChannels/[^/]+$"


# Members.


@pytest.mark.parametrize(
    "member",
    [
        SHOP,
        ALICE,
        "group:shop@example.com",
        "domain:example.com",
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
    ],
)
def test_members_that_are_taken(member: str) -> None:
    assert list(member_problems("where", [member])) == []


@pytest.mark.parametrize(
    "member",
    [
        ACCOUNT,
        "",
        "*",
        "shop",
        "serviceaccount:shop@example.com",
        "serviceAccount:",
        "serviceAccount: shop@example.com",
        f"deleted:{SHOP}?uid=1",
        "role:roles/owner",
        "projectOwner:shop-test",
    ],
)
def test_what_is_no_member(member: str) -> None:
    (problem,) = member_problems("where", [member])
    assert problem.path == "where"
    assert problem.reason.startswith("is no member: serviceAccount, user, group, domain, principal")
    assert "serviceAccount:shop@" in problem.fix


@pytest.mark.parametrize("member", ["allUsers", "allAuthenticatedUsers"])
def test_nothing_is_given_to_everybody(member: str) -> None:
    (problem,) = member_problems("where", [SHOP, member])
    assert (problem.path, problem.reason) == ("where.1", "is everybody on the internet")


@pytest.mark.parametrize("kind", ["group", "domain", "principal", "principalSet"])
def test_kinds_that_are_not_asked_for_are_refused(kind: str) -> None:
    (problem,) = member_problems("where", [f"{kind}:x"], kinds=("serviceAccount", "user"))
    assert problem.reason == "is no member: serviceAccount, user, a colon and who it is"


def test_members_that_another_resource_provides_are_not_judged() -> None:
    given_: list[Any] = [pulumi.Output.from_input("*"), None]
    assert list(member_problems("where", given_)) == []


# The project of a network.


@pytest.mark.parametrize(
    ("network", "project"),
    [
        (NETWORK, "shop-test"),
        ("projects/example.com:shop-test/global/networks/shop", "example.com:shop-test"),
        ("shop", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_project_of_a_network(network: Any, project: str) -> None:
    assert project_of(network) == project


def test_it_is_unknown_where_another_resource_provides_the_network() -> None:
    assert project_of(pulumi.Output.from_input(NETWORK)) == ""


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_error(value: str) -> None:
    for kind, _ in KINDS.values():
        assert len(list(identifier_problems("where", [value], kind))) <= 1
    assert len(list(member_problems("where", [value]))) <= 1
