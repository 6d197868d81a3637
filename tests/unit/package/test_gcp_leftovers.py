"""Where to look for what a run that broke off had begun: ids of every type, as Google has them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from gcp_cases import VARIANTS, built
from package_gcp_cloud import CONNECTION, KINDS, PROJECT, REGION
from package_monitor import Registered, World
from secure_redis.gcp import leftovers, plan

WITHOUT_IDS = {
    "kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "made twice it is there once",
    "monitoring/alertPolicy:AlertPolicy": "its id is a number of Google's",
    "projects/iAMMember:IAMMember": "made twice it is there once",
    "projects/service:Service": "turned on twice it is on once, and stays on",
    "projects/serviceIdentity:ServiceIdentity": "asked for twice it is there once",
    "secretmanager/secretIamMember:SecretIamMember": "made twice it is there once",
    "secretmanager/secretVersion:SecretVersion": "its number is Google's; it goes with its secret",
}
"""Types that are not looked for, and why that is no harm."""
SHAPE = re.compile(
    r"projects/[a-z0-9-]+/[^{}]+|projects%2F[^/{}]+:servicenetworking.googleapis.com"
)
PROVIDER = {"type": "pulumi:providers:gcp", "id": "b1c2", "inputs": {"project": PROJECT}}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine names neither a project nor a region."""
    for names in plan.VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


def kind(resource: Registered) -> str:
    return resource.type.removeprefix("gcp:")


def ours(world: World) -> Iterator[Registered]:
    return (r for r in world.made if r.type.startswith("gcp:"))


def in_state(resource: Registered) -> dict[str, Any]:
    """A resource as the state has it: what was begun has no id."""
    return {"urn": resource.urn, "type": resource.type, "inputs": resource.plain}


def test_every_type_of_the_room_has_a_path_or_a_reason() -> None:
    looked_for = {*leftovers.IDS, leftovers.CONNECTION}
    assert looked_for | WITHOUT_IDS.keys() == KINDS
    assert not looked_for & WITHOUT_IDS.keys()
    assert leftovers.CONNECTION == CONNECTION


@pytest.mark.parametrize("variant", VARIANTS)
def test_ids_are_those_that_google_gives(variant: str) -> None:
    pending = [in_state(r) for r in ours(built(variant))]
    found = dict(leftovers.ids(pending, [PROVIDER]))
    wanted = {r.urn: r.state["id"] for r in ours(built(variant)) if kind(r) not in WITHOUT_IDS}
    assert found == wanted
    for id_ in found.values():
        assert SHAPE.fullmatch(id_), id_


def test_a_firewall_rule_is_in_the_project_of_its_network() -> None:
    rule = next(r for r in ours(built("tagged")) if "Firewall" in kind(r))
    there = {**in_state(rule), "inputs": {**rule.plain, "project": "network-host"}}
    ((_, id_),) = leftovers.ids([there], [PROVIDER])
    assert id_.startswith("projects/network-host/global/firewalls/")


# Which project.


def one() -> dict[str, Any]:
    return in_state(built("plain").one("compute/network:Network", "cache"))


MADE = {"type": "gcp:compute/subnetwork:Subnetwork", "id": f"projects/{PROJECT}/regions/r/x/y"}
OTHER = {**PROVIDER, "inputs": {"project": "other"}}


@pytest.mark.parametrize(
    ("environ", "recorded"),
    [
        ({}, [MADE]),
        ({}, [PROVIDER]),
        ({}, [OTHER, MADE]),
        ({"GOOGLE_PROJECT": PROJECT}, []),
        ({"CLOUDSDK_CORE_PROJECT": PROJECT}, [{"type": "x", "id": "0a1b"}]),
        ({"GOOGLE_PROJECT": "other"}, [PROVIDER]),
        ({"GOOGLE_PROJECT": "other"}, [MADE]),
        ({"GOOGLE_PROJECT": PROJECT}, [{"type": "pulumi:providers:gcp", "inputs": {}}]),
    ],
)
def test_the_project_is_that_of_the_stack(
    environ: dict[str, str], recorded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ((_, id_),) = leftovers.ids([one()], recorded)
    assert id_.startswith(f"projects/{PROJECT}/global/networks/")


def test_a_region_that_was_not_given_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subnet = in_state(built("plain").one("Subnetwork", "cache"))
    inputs = {k: v for k, v in subnet["inputs"].items() if k != "region"}
    without = {**subnet, "inputs": inputs}
    assert list(leftovers.ids([without], [PROVIDER])) == []
    monkeypatch.setenv("GOOGLE_REGION", REGION)
    ((_, id_),) = leftovers.ids([without], [PROVIDER])
    assert f"/regions/{REGION}/" in id_


def test_nothing_is_guessed() -> None:
    assert list(leftovers.ids([one()], [])) == [], "no project is known"
    unnamed = {**one(), "inputs": {"description": "Caches"}}
    assert list(leftovers.ids([unnamed], [PROVIDER])) == []
    unknown = {**one(), "type": "gcp:storage/bucket:Bucket"}
    assert list(leftovers.ids([unknown], [PROVIDER])) == []
    begun = {"urn": "urn", "type": one()["type"]}
    assert list(leftovers.ids([begun], [PROVIDER])) == []


@pytest.mark.parametrize("missing", ["network", "service"])
def test_half_a_connection_is_no_id(missing: str) -> None:
    connection = in_state(built("plain").one("Connection", "cache"))
    inputs = {k: v for k, v in connection["inputs"].items() if k != missing}
    ((_, id_),) = leftovers.ids([connection], [PROVIDER])
    assert id_.startswith(f"projects%2F{PROJECT}%2Fglobal%2Fnetworks%2F")
    assert id_.endswith(":servicenetworking.googleapis.com")
    assert list(leftovers.ids([{**connection, "inputs": inputs}], [PROVIDER])) == []
