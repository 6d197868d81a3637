"""A run on Google Cloud that breaks off anywhere is finished by the next one: nothing is doubled.

But for what has a name of Google's choice and was made by a run that was killed: nobody knows it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud.gcp.cloud import PROJECT_ID, REGION, GcpCloud
from cloud.gcp.google import OPERATION
from cloud.gcp.services.compute import NETWORK
from cloud.gcp.services.redis import INSTANCE as REDIS
from cloud.gcp.services.secret_manager import SECRET, VERSION
from cloud.gcp.services.service_networking import CONNECTION
from cloud.gcp.witness import (
    GcpWitness,
    seed,
    stack_text,
    unprotected,
    value_of,
    versions,
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
from engine.deployment import PROJECT_NAME
from harness import eventually
from secure_redis.gcp import leftovers

PACKAGE = "gcp:"
STACKS = ("gcp-dev", "gcp-prod", "gcp-valkey", "gcp-shared-vpc")
READER = f"serviceAccount:shop@{PROJECT_ID}.iam.gserviceaccount.com"

EVERYTHING = {
    "gcp:project": PROJECT_ID,
    "gcp:region": REGION,
    f"{PROJECT_NAME}:target": "gcp",
    f"{PROJECT_NAME}:environment": "staging",
    f"{PROJECT_NAME}:caches": {
        "cache": {"gcp": {"customerManagedKey": {}, "enableApis": True}},
        "tokens": {"engine": "valkey", "gcp": {"principals": [READER]}},
    },
    f"{PROJECT_NAME}:access": {"networkTags": ["shop"], "secretReaders": [READER]},
    f"{PROJECT_NAME}:alarms": {
        "profile": "basic",
        "notify": [f"projects/{PROJECT_ID}/notificationChannels/1234567890"],
    },
}
"""A stack with every type of resource that the component makes."""

CHOSEN_BY_GOOGLE = {
    "kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "monitoring/alertPolicy:AlertPolicy",
    "projects/iAMMember:IAMMember",
    "projects/service:Service",
    "projects/serviceIdentity:ServiceIdentity",
    "secretmanager/secretIamMember:SecretIamMember",
    "secretmanager/secretVersion:SecretVersion",
}
"""Types whose ids the inputs do not tell, or whose second creation makes no second one."""


def making(name: str) -> Callable[[Path], GcpWitness]:
    """What makes a witness of a stack file in a directory: of the repository, or `everything`."""

    def make(root: Path) -> GcpWitness:
        witness = GcpWitness(root)
        text = yaml.safe_dump({"config": EVERYTHING})
        if name == "everything":
            seed(witness.cloud, text)
        else:
            text = stack_text(name, witness.cloud)
        witness.write_file(text)
        return witness

    return make


def stays(resource: Resource) -> bool:
    """Whether nobody comes to delete it: Google keeps rings, APIs stay on, agents are Google's."""
    kind = resource[0].removeprefix(PACKAGE)
    return kind in {
        "kms/keyRing:KeyRing",
        "projects/service:Service",
        "projects/serviceIdentity:ServiceIdentity",
    }


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """The smallest stack, undisturbed."""
    return undisturbed(making("gcp-dev")(tmp_path_factory.mktemp("twin")))


@pytest.mark.timeout(900)
def test_development_survives_a_failure_at_each_resource(tmp_path: Path, twin: Twin) -> None:
    trial = disturbed(making("gcp-dev")(tmp_path), twin, "before")
    finished(trial)
    assert len(twin.resources) > 12
    trial.witness.close()


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_valkey_survives_half_made_resources(tmp_path: Path) -> None:
    """What failed after it came to exist is not made a second time."""
    valkey = undisturbed(making("gcp-valkey")(tmp_path / "twin"))
    trial = disturbed(making("gcp-valkey")(tmp_path / "trial"), valkey, "after")
    finished(trial)
    kinds = {kind.rpartition(":")[2] for kind, _ in valkey.resources}
    assert kinds >= {"ServiceConnectionPolicy", "IAMMember", "AlertPolicy", "SecretVersion"}
    trial.witness.close()


def unlocked(trial: Trial[GcpWitness]) -> None:
    """Lifts what protects a stack, as the page says to."""
    witness = trial.witness
    witness.write_file(unprotected(yaml.safe_load(witness.stack_file.read_text())))
    witness.applied()


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
    taken_down(trial, stays)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_each_failure_alone_is_made_good_by_the_next_run(tmp_path: Path, twin: Twin) -> None:
    """One failure, one more run, for each resource of the smallest stack."""
    each_alone(tmp_path, making("gcp-dev"), twin)


@pytest.mark.timeout(600)
def test_a_stack_in_trouble_can_be_taken_down(tmp_path: Path) -> None:
    """Half up, and with failures on the way down."""
    witness = making("gcp-dev")(tmp_path)
    witness.fail("create", f"{PACKAGE}redis/instance:Instance", when="after")
    assert witness.heard("up").code != 0
    assert len(witness.cloud.all(REDIS)) == 1
    for kind in ("redis/instance:Instance", "compute/network:Network"):
        witness.fail("delete", f"{PACKAGE}{kind}", error="Google is busy.")
        down = witness.heard("down")
        assert down.code != 0
        assert "Google is busy." in down.text
        assert witness.cloud.left != {}
    witness.heard("down").succeeded()
    assert witness.cloud.left == {}


@pytest.mark.timeout(600)
def test_a_next_generation_that_fails_leaves_the_clients_where_they_are(tmp_path: Path) -> None:
    """A rotation that breaks off between the second cache and the secret, and at its end."""
    witness = making("gcp-dev")(tmp_path)
    witness.applied()
    before, secret = witness.connection(), witness.component()["secret_ids"]["url"]
    document = yaml.safe_load(witness.stack_file.read_text())
    cache = document["config"][f"{PROJECT_NAME}:caches"]["cache"]
    both = {**cache, "rotation": {"generation": 2, "keepPrevious": True}}
    alone = {**cache, "rotation": {"generation": 2}}
    witness.set(caches={"cache": both})
    version = f"{PACKAGE}secretmanager/secretVersion:SecretVersion"
    for name in ("cache-connection", "cache-url"):
        witness.fail("create", version, name, error="Google is busy.")
    assert "Google is busy." in witness.heard("up").text
    assert len(witness.cloud.all(REDIS)) == 2
    assert value_of(versions(witness.cloud, secret)[-1]) == before.url
    while witness.cloud.faults_left:
        assert "Google is busy." in witness.heard("up").text
    witness.applied()
    witness.unchanged()
    after = witness.connection()
    assert (after.host, after.password) != (before.host, before.password)
    assert witness.value("url") == after.url
    witness.set(caches={"cache": alone})
    witness.fail("delete", f"{PACKAGE}redis/instance:Instance", error="Google is busy.")
    assert "Google is busy." in witness.heard("up").text
    witness.applied()
    assert witness.cloud.one(REDIS)["host"] == after.host
    assert witness.value("url") == after.url
    witness.close()


KILLED = (
    ("redis/instance:Instance", REDIS, "after"),
    ("servicenetworking/connection:Connection", CONNECTION, "after"),
    ("secretmanager/secret:Secret", SECRET, "after"),
    pytest.param("redis/instance:Instance", REDIS, "before", marks=pytest.mark.sweep),
    pytest.param("compute/network:Network", NETWORK, "after", marks=pytest.mark.sweep),
    pytest.param(
        "servicenetworking/connection:Connection", CONNECTION, "before", marks=pytest.mark.sweep
    ),
    pytest.param("secretmanager/secret:Secret", SECRET, "before", marks=pytest.mark.sweep),
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("token", "kind", "when"), KILLED)
def test_a_killed_run_is_finished_by_the_next_one(
    tmp_path: Path, twin: Twin, token: str, kind: str, when: str
) -> None:
    """SIGKILL while a resource is being made: what was made already is taken over by its id."""
    witness = making("gcp-dev")(tmp_path)
    before = killed_while_making(witness, f"{PACKAGE}{token}", kind, when)
    assert (kind in before) is (when == "after")
    finished_by_the_next_run(witness, twin)


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_a_version_that_a_killed_run_made_goes_with_its_secret(tmp_path: Path, twin: Twin) -> None:
    """Its number is Google's choice: the next run makes another, and readers get that one."""
    witness = making("gcp-dev")(tmp_path)
    token = f"{PACKAGE}secretmanager/secretVersion:SecretVersion"
    killed_while_making(witness, token, VERSION, "after", "cache-url")
    witness.applied()
    assert counted(witness) == {**twin.whole, VERSION: twin.whole[VERSION] + 1}
    assert witness.value("url") == witness.connection().url
    assert set(witness.up().changes) == {"unchanged"}
    witness.close()


@pytest.mark.timeout(600)
def test_google_goes_on_with_what_a_killed_run_began(tmp_path: Path, twin: Twin) -> None:
    """A cache takes its minutes: a run that is killed meanwhile leaves one that is being made."""
    witness = making("gcp-dev")(tmp_path)
    redis = f"{PACKAGE}redis/instance:Instance"
    witness.fail("create", redis, error="no luck.")
    assert "no luck." in witness.heard("up").text
    witness.cloud.settings(slow=600.0)
    running = witness.start("up")
    eventually(lambda: REDIS in counted(witness), "a cache")
    running.kill_tree()
    assert witness.cloud.one(REDIS)["state"] == "CREATING"
    witness.cloud.settings(slow=0.05)
    time_passes(witness.cloud)
    finished_by_the_next_run(witness, twin)


def time_passes(cloud: GcpCloud) -> None:
    """Ends all that Google has under way."""
    with cloud.locked():
        for name, operation in cloud.all(OPERATION).items():
            if not operation.get("done"):
                cloud.put(OPERATION, name, {**operation, "until": 0})
    cloud.settle()


LOST = ("compute/network:Network", "redis/instance:Instance", "secretmanager/secret:Secret")


@pytest.mark.timeout(600)
def test_an_answer_that_was_lost_is_mended_as_the_page_says(tmp_path: Path, twin: Twin) -> None:
    """Google made it, and nobody heard of it: the next run names it, an import takes it over."""
    lost = {one for one in twin.resources if one[0].removeprefix(PACKAGE) in LOST}
    witness = making("gcp-dev")(tmp_path)
    assert mended(witness, lost) == lost
    finished_by_the_next_run(witness, twin)


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_every_answer_that_was_lost_is_mended(tmp_path: Path, twin: Twin) -> None:
    """Most by an import, or because a second creation makes no second one.

    Versions of secrets have numbers of Google's choice: the lost ones stay beside those that are
    known, and go with their secrets.
    """
    witness = making("gcp-dev")(tmp_path)
    found = mended(witness, twin.resources)
    doubled = {one for one in twin.resources if one[0].endswith(":SecretVersion")}
    assert {kind.removeprefix(PACKAGE) for kind, _ in twin.resources - found - doubled} <= {
        *CHOSEN_BY_GOOGLE,
        leftovers.CONNECTION,
    }
    more = {VERSION: twin.whole[VERSION] + len(doubled)}
    finished_by_the_next_run(witness, replace(twin, whole={**twin.whole, **more}))


EXISTS = re.compile(r"'(projects/[^']+)' already exists|\[projects/\d+/(secrets/\S+)\] already")


def mended(witness: GcpWitness, lost: Collection[Resource]) -> set[Resource]:
    """Brings a stack up whose answers get lost, with what docs/gcp.md says to do about it.

    Answers what was there already.
    """
    for kind, name in lost:
        witness.fail("create", kind, name, when="lost", error="the connection was reset.")
    found: set[Resource] = set()
    for _ in range(2 * len(lost) + 1):
        begin = len(witness.cloud.journal)
        run = witness.heard("up")
        if not run.code:
            assert witness.cloud.faults_left == 0
            return found
        for entry in [one for one in witness.cloud.journal[begin:] if "error" in one]:
            assert entry["error"] in run.text
            if entry["error"] != "the connection was reset.":
                mend(witness, entry)
                found.add((entry["type"], entry["name"]))
    raise AssertionError("more failed runs than lost answers")


def mend(witness: GcpWitness, entry: Mapping[str, Any]) -> None:
    """Takes over what is there already; a cache of Redis, which is empty, is deleted by hand."""
    there = EXISTS.search(entry["error"])
    assert there, entry["error"]
    identifier = there[1] or f"projects/{witness.cloud.project}/{there[2]}"
    if entry["type"] == f"{PACKAGE}redis/instance:Instance":
        witness.cloud.google.ask("DELETE", f"https://redis.googleapis.com/v1/{identifier}")
        eventually(lambda: gone(witness.cloud, identifier), "a deletion")
        return
    kind = "GcpNetwork" if entry["name"] == "network" else "MemorystoreRedis"
    (component,) = [
        one["urn"] for one in witness.resources() if one["type"] == f"secure-redis:index:{kind}"
    ]
    options = ("--protect=false", "--generate-code=false", "--yes", "--skip-preview")
    parent = ("--parent", f"component={component}")
    resource = (entry["type"], entry["name"], identifier)
    witness.pulumi("import", *parent, *options, *resource).succeeded()


def gone(cloud: GcpCloud, instance: str) -> bool:
    """Whether Google has deleted an instance."""
    cloud.settle()
    return cloud.get(REDIS, instance) is None


@pytest.mark.timeout(600)
def test_ids_of_everything_that_may_be_left_over_are_known(tmp_path: Path) -> None:
    """Of every type: what the code tells from the inputs is the id that the provider gave."""
    witness = making("everything")(tmp_path)
    witness.applied()
    resources = witness.resources()
    ours = [one for one in resources if one["type"].startswith(PACKAGE)]
    told = {*leftovers.IDS, leftovers.CONNECTION}
    assert {one["type"].removeprefix(PACKAGE) for one in ours} == told | CHOSEN_BY_GOOGLE
    for resource in ours:
        others = [one for one in resources if one is not resource]
        found = list(leftovers.ids([resource], others))
        known = resource["type"].removeprefix(PACKAGE) in told
        assert found == ([(resource["urn"], resource["id"])] if known else [])
    witness.close()
