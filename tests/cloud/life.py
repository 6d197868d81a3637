"""A stack's life on any cloud, from its first preview to its end, and what must be true of it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import yaml
from cloud.witness import Witness, leaks
from engine.deployment import PROJECT_NAME, SECRET_MARK, Run
from secure_redis.component import OUTPUTS
from secure_redis.connection import SECRET_FIELDS, Connection

OwnWitness = TypeVar("OwnWitness", bound=Witness)

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Life(Generic[OwnWitness]):
    """What happened to a stack from its first preview to its end."""

    name: str
    witness: OwnWitness
    preview: Run
    after_preview: Mapping[str, list[str]]
    preview_steps: list[str]
    second: Run
    refreshed: Run
    commands: Mapping[str, Run]
    outputs: Mapping[str, Any]
    state: list[dict[str, Any]]
    connections: Mapping[str, Connection]
    cloud: Mapping[str, dict[str, Any]]
    """What the fake cloud held while the stack was up, by kind and id."""
    refused: Run | None
    """In production: `down` before the protection was lifted."""
    after_refusal: Mapping[str, dict[str, Any]]
    down: Run
    left: Mapping[str, list[str]]
    """What nobody needs any more, and is there all the same."""

    @property
    def production(self) -> bool:
        """Whether it was in production, and `down` therefore refused at first."""
        return self.refused is not None

    def of(self, kind: str, cache: str, tags: str = "Tags") -> dict[str, Any]:
        """The object of a cache, by the tags that all of them carry."""
        found = [
            thing
            for thing in self.cloud[kind].values()
            if thing[tags].get("secure-redis:cache") == cache
        ]
        assert len(found) == 1, f"{len(found)} of {kind} for {cache}"
        return found[0]


def lived(
    name: str, witness: OwnWitness, text: str, unprotected: Callable[[Document], Document]
) -> Life[OwnWitness]:
    """Leads a stack through its life.

    Args:
        name: what the stack is called in reports.
        witness: where it lives.
        text: the stack file.
        unprotected: gives the stack file with what the documentation says to write before the end.
    """
    witness.write_file(text)
    preview = witness.heard("preview")
    after_preview, preview_steps = witness.cloud.left, witness.steps()
    witness.applied()
    second = witness.heard("up")
    refreshed = witness.heard("preview", "--refresh", "--expect-no-changes")
    caches = yaml.safe_load(text)["config"][f"{PROJECT_NAME}:caches"]
    first = min(caches)
    commands = {
        "output": witness.run("output"),
        "url": witness.run("url", "--cache", first),
        "env": witness.run("env", "--cache", first),
        "reveal": witness.run("env", "--cache", first, "--reveal"),
    }
    shown = witness.pulumi("stack", "output", "--json").succeeded()
    connections = {cache: witness.connection(cache) for cache in caches}
    state, cloud = witness.resources(), witness.things()
    refused = witness.heard("down") if "production" in text else None
    after_refusal = witness.things()
    if refused is not None:
        witness.write_file(unprotected(yaml.safe_load(text)))
        witness.applied()
    down = witness.heard("down")
    return Life(
        name=name,
        witness=witness,
        preview=preview,
        after_preview=after_preview,
        preview_steps=preview_steps,
        second=second,
        refreshed=refreshed,
        commands=commands,
        outputs=json.loads(shown.stdout),
        state=state,
        connections=connections,
        cloud=cloud,
        refused=refused,
        after_refusal=after_refusal,
        down=down,
        left=witness.forgotten,
    )


def label(resource: Mapping[str, Any]) -> str:
    """Type and logical name of a resource in the state, as `Vpc:net`."""
    return f"{resource['type'].rpartition(':')[2]}:{resource['urn'].rpartition('::')[2]}"


class LifeTests:
    """What must be true on every cloud. A subclass has the fixture `life`."""

    PROVIDER: ClassVar[str]
    """How the types of the cloud's provider begin."""
    STAYS: ClassVar[tuple[str, ...]] = ()
    """How the labels begin of what may stay at the end."""

    def test_a_preview_makes_nothing(self, life: Life[Any]) -> None:
        life.preview.succeeded()
        assert life.after_preview == {}
        assert life.preview_steps == []
        planned = life.preview.changes["to"]
        assert planned == len([r for r in life.state if "pulumi:providers" not in r["type"]])

    def test_a_preview_knows_no_address_and_shows_no_password(self, life: Life[Any]) -> None:
        """What the cloud decides is unknown before: a value there would be an invention."""
        outputs = life.preview.stdout.partition("Outputs:")[2]
        for cache in life.connections:
            for output in ("Url", "UrlRedacted", "Host"):
                line = re.search(rf"^\W*{cache}{output} *: (.+)$", outputs, re.MULTILINE)
                assert line, f"no {cache}{output}"
                assert line[1] in {"[unknown]", "[secret]"}
        assert "rediss://" not in life.preview.text

    def test_a_second_up_changes_nothing(self, life: Life[Any]) -> None:
        life.second.succeeded()
        known = [one for one in life.state if "pulumi:providers" not in one["type"]]
        assert life.second.changes == {"unchanged": len(known)}

    def test_a_refresh_finds_nothing_to_do(self, life: Life[Any]) -> None:
        life.refreshed.succeeded()

    def test_all_outputs_are_there(self, life: Life[Any]) -> None:
        parts = ("Url", "UrlRedacted", "Host", "Port", "SecretRef", "Grants")
        expected = {f"{cache}{part}" for cache in life.connections for part in parts}
        assert life.outputs.keys() >= expected | {"connections"}
        assert life.outputs.keys() <= expected | {"connections", "exceptions", "replacements"}
        (stack,) = [one for one in life.state if one["type"] == "pulumi:pulumi:Stack"]
        for cache, connection in life.connections.items():
            contract = stack["outputs"]["connections"][cache]
            # One secret as a whole.
            assert contract[SECRET_MARK]
            assert "ciphertext" in contract
            # Where clients log in with tokens, the URL holds nothing secret.
            if connection.password:
                assert life.outputs[f"{cache}Url"] == "[secret]"
        assert life.outputs["connections"] == dict.fromkeys(life.connections, "[secret]")

    def test_the_components_keep_their_secrets_secret(self, life: Life[Any]) -> None:
        components = [
            one
            for one in life.state
            if one["type"].startswith("secure-redis:index:") and "password" in one["outputs"]
        ]
        assert len(components) >= len(life.connections)
        for resource in components:
            assert resource["outputs"].keys() >= set(OUTPUTS)
            for name in SECRET_FIELDS | {"env"}:
                value = resource["outputs"][name]
                assert isinstance(value, dict)
                assert value[SECRET_MARK], name
            assert isinstance(resource["outputs"]["host"], str)

    def test_the_commands_read_the_contract(self, life: Life[Any]) -> None:
        connection = life.connections[min(life.connections)]
        for run in life.commands.values():
            run.succeeded()
        assert life.commands["url"].stdout == f"{connection.url}\n"
        assert connection.password in life.commands["reveal"].stdout
        for quiet in ("output", "env"):
            text = life.commands[quiet].text
            assert connection.host in text
            if connection.password:
                secret = {"password": connection.password}
                assert leaks(secret, {"output": text.encode()}) == []

    def test_nothing_is_made_before_or_deleted_after_what_it_needs(self, life: Life[Any]) -> None:
        """By the dependencies in the state; the stand-in refuses what the cloud would besides."""
        made, gone = (life.witness.cloud.order(what) for what in ("create", "delete"))
        known = {one["urn"]: label(one) for one in life.state}
        pairs = [
            (known[one["urn"]], known[other])
            for one in life.state
            for other in one.get("dependencies", [])
        ]
        pairs = [(one, other) for one, other in pairs if one in made and other in made]
        assert len(pairs) > 10
        for one, other in pairs:
            assert made.index(other) < made.index(one), f"{one} was made before {other}"
            kept = {each for each in (one, other) if each.startswith(self.STAYS)} - set(gone)
            if not kept:
                assert gone.index(one) < gone.index(other), f"{other} was deleted before {one}"

    def test_no_password_is_where_it_does_not_belong(self, life: Life[Any]) -> None:
        passwords, places = life.witness.passwords, life.witness.places()
        for cache, connection in life.connections.items():
            assert not connection.password or connection.password in passwords.values(), cache
        found = leaks(passwords, places)
        assert "\n".join(found) == ""

    def test_down_does_not_touch_protected_data(self, life: Life[Any]) -> None:
        """It says how to lift the protection; the run that follows that advice is the end."""
        assert life.production is life.name.endswith("-prod")
        if life.refused is not None:
            assert life.refused.code != 0
            for words in ("protect: false", "unprotected-data", "nothing was removed"):
                assert words in " ".join(life.refused.text.split())
        assert life.after_refusal == life.cloud

    def test_the_end_leaves_nothing(self, life: Life[Any]) -> None:
        life.down.succeeded()
        assert life.left == {}
        assert not any(one["type"].startswith(self.PROVIDER) for one in life.witness.resources())
