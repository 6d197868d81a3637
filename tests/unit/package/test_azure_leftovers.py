"""Where to look for what a run that broke off had begun: ids of every type, as Azure has them."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from azure.mgmt.redis import operations as classic_operations
from azure.mgmt.redisenterprise import operations as managed_operations
from azure_cases import VARIANTS, built
from package_azure_cloud import GROUP, SUBSCRIPTION
from package_monitor import Registered, World
from secure_redis.azure import leftovers

IDS = re.compile(r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/{}]+(/[^/{}]+)*")
WITHOUT_NAMES = {
    "authorization:RoleAssignment": "the provider makes up its name, and writes it down at once",
}
"""Types whose names are not among the inputs that the program gives, and why that is no harm."""


@pytest.fixture(autouse=True)
def no_subscription(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine names none."""
    for name in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)


def kind(resource: Registered) -> str:
    return resource.type.removeprefix("azure-native:")


def ours(world: World) -> Iterator[Registered]:
    return (r for r in world.made if r.type.startswith("azure-native:"))


def in_state(resource: Registered, id_: str = "") -> dict[str, Any]:
    """A resource as the state has it."""
    return {"urn": resource.urn, "type": resource.type, "id": id_, "inputs": resource.plain}


PROVIDER = {
    "type": "pulumi:providers:azure-native",
    "id": "b1c2",
    "inputs": {"subscriptionId": SUBSCRIPTION},
}
REGISTERED = {kind(r) for variant in VARIANTS for r in ours(built(variant))}


def test_every_type_of_the_room_has_a_path() -> None:
    assert leftovers.PATHS.keys() | leftovers.SCOPED.keys() == REGISTERED
    assert WITHOUT_NAMES.keys() <= REGISTERED


@pytest.mark.parametrize("variant", VARIANTS)
def test_ids_are_those_that_azure_gives(variant: str) -> None:
    pending = [in_state(r) for r in ours(built(variant))]
    found = dict(leftovers.ids(pending, [PROVIDER]))
    wanted = {r.urn: r.state["id"] for r in ours(built(variant)) if kind(r) not in WITHOUT_NAMES}
    assert found == wanted
    for id_ in found.values():
        assert IDS.fullmatch(id_), id_


@pytest.mark.parametrize("variant", ["production-full", "adopted-vault"])
def test_a_role_whose_name_is_known_is_looked_up(variant: str) -> None:
    roles = [r for r in ours(built(variant)) if kind(r) in WITHOUT_NAMES]
    assert roles
    assert list(leftovers.ids([in_state(r) for r in roles], [PROVIDER])) == []
    for role in roles:
        named = {**in_state(role), "inputs": {**role.plain, "roleAssignmentName": "0f1e"}}
        ((urn, id_),) = leftovers.ids([named], [PROVIDER])
        assert urn == role.urn
        tail = "/providers/Microsoft.Authorization/roleAssignments/0f1e"
        assert id_ == f"{role.plain['scope']}{tail}"


def urls(module: Any) -> set[str]:
    """The paths that one of Azure's SDKs asks for, without the names in them."""
    path = re.compile(r'"(/subscriptions/\{subscriptionId\}/resourceGroups/[^"]+)"')
    found: set[str] = set()
    for operations in filter(inspect.isclass, vars(module).values()):
        file = inspect.getmodule(operations)
        assert file is not None
        found |= set(path.findall(inspect.getsource(file)))
    return {re.sub(r"\{[^}]+\}", "{}", url) for url in found}


@pytest.mark.parametrize(
    ("module", "prefix"),
    [(classic_operations, "redis:"), (managed_operations, "redisenterprise:")],
)
def test_the_paths_are_those_of_azures_sdks(module: Any, prefix: str) -> None:
    known = urls(module)
    assert len(known) > 10
    paths = {k: path for k, path in leftovers.PATHS.items() if k.startswith(prefix)}
    assert len(paths) >= 3
    for path in paths.values():
        assert re.sub(r"\{[^}]+\}", "{}", f"/subscriptions/{{}}{path}") in known


# Which subscription.


def one() -> dict[str, Any]:
    return in_state(built("keys").one("RedisEnterprise", "cache"))


@pytest.mark.parametrize(
    ("environ", "recorded"),
    [
        ({}, [{"type": "azure-native:network:VirtualNetwork", "id": f"{GROUP}/a/b"}]),
        ({}, [PROVIDER]),
        ({"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}, []),
        ({"AZURE_SUBSCRIPTION_ID": SUBSCRIPTION}, []),
        ({"ARM_SUBSCRIPTION_ID": "other"}, [PROVIDER]),
        ({"ARM_SUBSCRIPTION_ID": "other"}, [{"type": "x", "id": "0a1b"}, {"id": f"{GROUP}/a"}]),
    ],
)
def test_the_subscription_is_that_of_the_stack(
    environ: dict[str, str], recorded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ((_, id_),) = leftovers.ids([one()], recorded)
    assert id_.startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/")


def test_nothing_is_guessed() -> None:
    assert list(leftovers.ids([one()], [])) == [], "no subscription is known"
    incomplete = {**one(), "inputs": {"resourceGroupName": "a"}}
    assert list(leftovers.ids([incomplete], [PROVIDER])) == []
    unknown = {**one(), "type": "azure-native:storage:StorageAccount"}
    assert list(leftovers.ids([unknown], [PROVIDER])) == []
