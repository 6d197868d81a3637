"""A run on Azure that breaks off anywhere is finished by the next one: nothing doubled or lost."""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud.azure.cloud import AzureCloud
from cloud.azure.services.key_vault_items import value_of
from cloud.azure.subscription import CALLER_ID
from cloud.azure.witness import (
    CLUSTER,
    DATABASE,
    SECRET,
    VAULT,
    AzureWitness,
    stack_text,
    unprotected,
)
from cloud.trial import (
    Resource,
    Trial,
    Twin,
    counted,
    disturbed,
    each_alone,
    finished,
    finished_by_the_next_run,
    killed_while_making,
    taken_down,
    undisturbed,
)
from engine.deployment import PROJECT_NAME, redacted
from harness import eventually
from secure_redis.azure import leftovers

UNDER_WAY = "_operation"
STACKS = ("azure-dev", "azure-prod", "azure-entra", "azure-classic")
LINKED = "Microsoft.Network/privateEndpoints"
PACKAGE = "azure-native:"

EVERYTHING = {
    "azure-native:location": "westeurope",
    f"{PROJECT_NAME}:target": "azure",
    f"{PROJECT_NAME}:environment": "staging",
    f"{PROJECT_NAME}:caches": {
        "cache": {"azure": {"customerManagedKey": {}, "lock": True}},
        "tokens": {"azure": {"auth": "entra", "principalIds": [CALLER_ID]}},
        "legacy": {
            "azure": {
                "auth": "entra",
                "principalIds": [CALLER_ID],
                "publicAccess": True,
                "classic": {
                    "acknowledgeRetirement": True,
                    "firewallRules": [{"startIp": "192.0.2.1", "endIp": "192.0.2.9"}],
                    "patchWindows": [{"day": "Sunday", "hour": 3}],
                },
            }
        },
    },
    f"{PROJECT_NAME}:access": {"cidrs": ["10.20.0.0/16"], "secretReaders": [CALLER_ID]},
    f"{PROJECT_NAME}:alarms": {"profile": "basic"},
}
"""A stack with every type of resource that the component makes."""


def making(name: str) -> Callable[[Path], AzureWitness]:
    """What makes a witness of a stack file in a directory: of the repository, or `everything`."""

    def make(root: Path) -> AzureWitness:
        witness = AzureWitness(root)
        text = {"config": EVERYTHING} if name == "everything" else stack_text(name, witness.cloud)
        witness.write_file(text)
        return witness

    return make


def keeps(resource: Resource) -> bool:
    """Whether nobody deletes it: secrets and keys go with their vault."""
    return resource[0] in {f"{PACKAGE}keyvault:Secret", f"{PACKAGE}keyvault:Key"}


def unlocked(trial: Trial[AzureWitness]) -> None:
    """Lifts what protects a stack, as the page says to; its locks are gone then."""
    witness = trial.witness
    witness.write_file(unprotected(yaml.safe_load(witness.stack_file.read_text())))
    witness.applied()
    left = {one for one in trial.twin.resources if not one[0].endswith("LockByScope")}
    trial.twin = replace(trial.twin, resources=frozenset(left))


@pytest.mark.timeout(900)
def test_development_survives_a_failure_at_each_resource(tmp_path: Path, twin: Twin) -> None:
    trial = disturbed(making("azure-dev")(tmp_path), twin, "before")
    finished(trial)
    assert len(twin.resources) > 12
    trial.witness.close()


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_entra_survives_half_made_resources(tmp_path: Path) -> None:
    """What failed after it came to exist is not made a second time."""
    entra = undisturbed(making("azure-entra")(tmp_path / "twin"))
    trial = disturbed(making("azure-entra")(tmp_path / "trial"), entra, "after")
    finished(trial)
    kinds = {kind.rpartition(":")[2] for kind, _ in entra.resources}
    assert kinds >= {"AccessPolicyAssignment", "DiagnosticSetting", "MetricAlert", "Workspace"}
    trial.witness.close()


@pytest.mark.sweep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", [*STACKS, "everything"])
def test_every_stack_survives_a_failure_at_each_resource(
    tmp_path: Path, name: str, when: str
) -> None:
    """On the way up and on the way down."""
    twin = undisturbed(making(name)(tmp_path / "twin"))
    trial = disturbed(making(name)(tmp_path / "trial"), twin, when)
    finished(trial)
    unlocked(trial)
    taken_down(trial, keeps)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_each_failure_alone_is_made_good_by_the_next_run(tmp_path: Path, twin: Twin) -> None:
    """One failure, one more run, for each resource of the smallest stack."""
    each_alone(tmp_path, making("azure-dev"), twin)


@pytest.mark.timeout(600)
def test_a_stack_in_trouble_can_be_taken_down(tmp_path: Path) -> None:
    """Half up, and with failures on the way down."""
    witness = making("azure-dev")(tmp_path)
    witness.fail("create", f"{PACKAGE}redisenterprise:RedisEnterprise", when="after")
    assert witness.heard("up").code != 0
    assert len(witness.cloud.all(CLUSTER)) == 1
    for kind in ("redisenterprise:RedisEnterprise", "resources:ResourceGroup"):
        witness.fail("delete", f"{PACKAGE}{kind}", error="Azure is busy.")
        down = witness.heard("down")
        assert down.code != 0
        assert "Azure is busy." in down.text
        assert witness.cloud.left != {}
    witness.heard("down").succeeded()
    assert witness.cloud.left == {}


@pytest.mark.timeout(600)
def test_a_change_that_fails_is_made_by_the_next_run(tmp_path: Path) -> None:
    """Keys that change places, in a run that breaks off before the vault: both let clients in."""
    witness = making("azure-dev")(tmp_path)
    witness.applied()
    keys = witness.keys()
    before = witness.secret("url")
    witness.set(caches={"cache": {"azure": {"activeKey": "secondary"}}})
    witness.fail("update", f"{PACKAGE}keyvault:Secret", "cache-url", error="Azure is busy.")
    assert "Azure is busy." in witness.heard("up").text
    (kept,) = [one for one in witness.cloud.all(SECRET).values() if one["id"] == before["id"]]
    assert kept["_versions"] == before["_versions"]
    assert witness.keys() == keys
    witness.applied()
    witness.unchanged()
    connection = witness.connection()
    assert connection.password == keys["secondary"]
    assert value_of(witness.secret("url")) == connection.url
    witness.close()


FUNCTIONS = {
    "authorization:getClientConfig": "privatedns:PrivateZone",
    "redisenterprise:listDatabaseKeys": "network:PrivateEndpoint",
}
"""What the program asks of Azure, and a resource that is made at the same time."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_question_that_a_failure_cuts_short_says_nothing(tmp_path: Path, function: str) -> None:
    """The provider goes while it has one to answer: what it failed at is all that is to be read."""
    witness = making("azure-dev")(tmp_path)
    witness.fail("invoke", f"{PACKAGE}{function}", delay=3)
    witness.fail("create", f"{PACKAGE}{FUNCTIONS[function]}", error="Azure is busy.", delay=1)
    run = witness.heard("up")
    assert run.code != 0
    assert "Azure is busy." in run.text
    assert "Traceback" not in run.text, redacted(run.text[-6000:])
    assert "the client connection is closing" not in run.text
    assert witness.cloud.faults_left == 0
    witness.applied()
    witness.close()


KILLED = (
    ("redisenterprise:RedisEnterprise", CLUSTER, "after"),
    ("keyvault:Secret", SECRET, "after"),
    pytest.param("keyvault:Vault", VAULT, "after", marks=pytest.mark.sweep),
    pytest.param("network:PrivateEndpoint", LINKED, "after", marks=pytest.mark.sweep),
    pytest.param("redisenterprise:Database", DATABASE, "after", marks=pytest.mark.sweep),
    pytest.param("redisenterprise:Database", DATABASE, "before", marks=pytest.mark.sweep),
    pytest.param("redisenterprise:RedisEnterprise", CLUSTER, "before", marks=pytest.mark.sweep),
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("token", "kind", "when"), KILLED)
def test_a_killed_run_is_finished_by_the_next_one(
    tmp_path: Path, twin: Twin, token: str, kind: str, when: str
) -> None:
    """SIGKILL while a resource is being made: what was made already is taken over by its id."""
    witness = making("azure-dev")(tmp_path)
    before = killed_while_making(witness, f"{PACKAGE}{token}", kind, when)
    assert (kind in before) is (when == "after")
    finished_by_the_next_run(witness, twin)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """The smallest stack, undisturbed."""
    return undisturbed(making("azure-dev")(tmp_path_factory.mktemp("twin")))


@pytest.mark.timeout(600)
def test_azure_goes_on_with_what_a_killed_run_began(tmp_path: Path, twin: Twin) -> None:
    """A cluster takes its time: while Azure makes it, runs are told to wait."""
    witness = making("azure-dev")(tmp_path)
    witness.cloud.settings(slow=600.0)
    running = witness.start("up")
    eventually(lambda: CLUSTER in counted(witness), "a cluster")
    running.kill_tree()
    witness.cloud.settings(slow=0.05)
    early = witness.heard("up")
    assert early.code != 0
    assert "The cluster has an operation under way" in early.text
    assert len(witness.cloud.all(CLUSTER)) == 1
    time_passes(witness.cloud)
    finished_by_the_next_run(witness, twin)


def time_passes(cloud: AzureCloud) -> None:
    """Ends all that Azure has under way."""
    with cloud.locked():
        for kind in cloud.kinds():
            for identifier, thing in cloud.all(kind).items():
                if UNDER_WAY in thing:
                    thing[UNDER_WAY]["until"] = 0
                    cloud.put(kind, identifier, thing)


@pytest.mark.timeout(600)
def test_an_answer_that_was_lost_is_mended_by_an_import(tmp_path: Path, twin: Twin) -> None:
    """Azure made it, and nobody heard of it: the next run names it, and an import takes it over."""
    witness = making("azure-dev")(tmp_path)
    lost = {(f"{PACKAGE}{kind}", "cache") for kind in ("redisenterprise:RedisEnterprise",
                                                       "keyvault:Vault")}  # fmt: skip
    assert {(one["type"], one["name"]) for one in imported(witness, lost)} == lost
    finished_by_the_next_run(witness, twin)


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_every_answer_that_was_lost_is_mended_by_an_import(tmp_path: Path, twin: Twin) -> None:
    witness = making("azure-dev")(tmp_path)
    found = imported(witness, twin.resources)
    assert {(one["type"], one["name"]) for one in found} == twin.resources
    finished_by_the_next_run(witness, twin)


EXISTS = re.compile(r"cannot create already existing resource '(.+)'")


def imported(witness: AzureWitness, lost: Collection[Resource]) -> list[dict[str, Any]]:
    """Brings a stack up whose answers get lost, with what docs/azure.md says to do about it.

    Answers the entries of the journal for what was there already.
    """
    for kind, name in lost:
        witness.fail("create", kind, name, when="lost", error="the connection was reset.")
    found: list[dict[str, Any]] = []
    for _ in range(2 * len(lost) + 1):
        begin = len(witness.cloud.journal)
        run = witness.heard("up")
        if not run.code:
            assert witness.cloud.faults_left == 0
            return found
        for entry in [one for one in witness.cloud.journal[begin:] if "error" in one]:
            assert entry["error"] in run.text
            there = EXISTS.search(entry["error"])
            if there is None:
                assert entry["error"] == "the connection was reset."
                continue
            found.append(entry)
            resource = (entry["type"], entry["name"], there[1])
            options = ("--protect=false", "--generate-code=false", "--yes", "--skip-preview")
            parent = f"component={component_of(witness, entry['name'])}"
            witness.pulumi("import", "--parent", parent, *options, *resource).succeeded()
    raise AssertionError("more failed runs than lost answers")


def component_of(witness: AzureWitness, name: str) -> str:
    """The URN of the component that a resource belongs to."""
    kind = "AzureNetwork" if name.startswith("network") else "ManagedRedis"
    (found,) = [
        one["urn"] for one in witness.resources() if one["type"] == f"secure-redis:index:{kind}"
    ]
    return found


@pytest.mark.timeout(600)
def test_ids_of_everything_that_may_be_left_over_are_known(tmp_path: Path) -> None:
    """Of every type: what the code tells from the inputs is the id that Azure gave."""
    witness = making("everything")(tmp_path)
    witness.applied()
    resources = witness.resources()
    ours = [one for one in resources if one["type"].startswith(PACKAGE)]
    assert {one["type"].removeprefix(PACKAGE) for one in ours} == {
        *leftovers.PATHS,
        *leftovers.SCOPED,
    }
    for resource in ours:
        others = [one for one in resources if one is not resource]
        ((urn, identifier),) = leftovers.ids([resource], others)
        assert urn == resource["urn"]
        assert identifier.lower() == resource["id"].lower()
    witness.close()
