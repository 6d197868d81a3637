"""What the engine says of a preview or a refresh, read from its event log.

Everything that comes out of here has gone through the redaction: nothing keeps a raw text.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from secure_redis.posture import aws, azure, gcp
from secure_redis.posture.resources import SIGNATURE, UNKNOWN_SIGNS
from secure_redis.posture.tokens import canonical

from .redaction import MASK, Redaction

LONGEST_VALUE = 160
"""Characters of a value that are shown."""

UNKNOWN = "[unknown]"
NOTHING = "(nothing)"
FILE = "[file]"

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's sign for a secret's map
_FILES = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")
"""The engine's signs for assets and archives."""

HOLD_DATA = frozenset(
    {
        *aws.CACHES,
        aws.CLUSTER,
        "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup",
        "aws:memorydb/multiRegionCluster:MultiRegionCluster",
        *azure.CACHES,
        azure.DATABASE,
        *azure.OLD_CACHES,
        azure.OLD_DATABASE,
        *gcp.CACHES,
        "docker:index/volume:Volume",
    }
)
"""Types of resources that hold the data of a cache."""


class Operation(str, Enum):
    """What is done to a resource."""

    REPLACE = "replace"
    DELETE = "delete"
    CREATE = "create"
    UPDATE = "update"
    IMPORT = "import"
    READ = "read"
    FORGET = "forget"


_OPERATIONS: Mapping[str, Operation] = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "import": Operation.IMPORT,
    "import-replacement": Operation.REPLACE,
    "read-replacement": Operation.READ,
    "read": Operation.READ,
    "discard": Operation.FORGET,
    "discard-replaced": Operation.FORGET,
    "remove-pending-replace": Operation.FORGET,
}


@dataclass(frozen=True)
class Difference:
    """A property that changes. Values are shown ones: short, and without secrets."""

    path: str
    before: str
    after: str
    replaces: bool
    """Whether it cannot change in place."""


@dataclass(frozen=True)
class Change:
    """What is done to one resource."""

    urn: str
    type: str
    operation: Operation
    differences: tuple[Difference, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """Its type without the module's file, as the engine shows it."""
        package, _, rest = self.type.partition(":")
        module, _, last = rest.rpartition(":")
        return f"{package}:{module.partition('/')[0]}:{last}" if module else self.type

    @property
    def loses_data(self) -> bool:
        """Whether the data of a cache are in what goes."""
        holds = canonical(self.type) in HOLD_DATA and not self._holds_files()
        return holds and self.operation in {Operation.REPLACE, Operation.DELETE}

    def _holds_files(self) -> bool:
        # Volume of a container of ours with its configuration: written anew each time.
        return "DockerRedis$docker:" in self.urn and self.name.endswith("-config")


@dataclass(frozen=True)
class Finding:
    """What a policy says of a resource, or of the stack where `urn` is empty."""

    policy: str
    level: str
    """mandatory, advisory, remediate or disabled."""
    urn: str
    message: str

    @property
    def mandatory(self) -> bool:
        """Whether it stops the run. A remediation that was reported did not succeed."""
        return self.level != "advisory"

    @property
    def subject(self) -> str:
        """The last word of the resource's type, and its name."""
        if not self.urn or "::" not in self.urn:
            return "the stack"
        parts = self.urn.split("::")
        return f"{parts[-2].rpartition(':')[2]} {parts[-1]}"


@dataclass(frozen=True)
class Outcome:
    """What a run of the engine came to. Nothing in it is secret."""

    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unchanged: int = 0
    finished: bool = False
    """Whether the engine came to its end and says that all went well."""
    policies: tuple[str, ...] = field(default=())
    """Policy packs that were run, as `name version`."""

    @property
    def losses(self) -> tuple[Change, ...]:
        """Changes that put an empty cache in the place of a full one, or none."""
        return tuple(one for one in self.changes if one.loses_data)

    @property
    def refused(self) -> bool:
        """Whether a policy forbids it."""
        return any(one.mandatory for one in self.findings)


def read(lines: Iterable[str], redaction: Redaction, *, refresh: bool = False) -> Outcome:
    """What an event log says.

    A line that is not whole, as of an engine that was killed, is passed over.
    refresh: whether it is of a refresh, which compares what is recorded with what there is.
    """
    steps: dict[str, tuple[Operation, Mapping[str, Any]]] = {}
    findings: list[Finding] = []
    errors: list[str] = []
    warnings: list[str] = []
    packs: list[str] = []
    unchanged, finished = 0, False
    for event in _events(lines):
        if pre := event.get("resourcePreEvent"):
            _note(steps, pre["metadata"])
        elif outputs := event.get("resOutputsEvent"):
            _note(steps, outputs["metadata"])
        elif policy := event.get("policyEvent"):
            findings.append(_finding(policy, redaction))
        elif diagnostic := event.get("diagnosticEvent"):
            text = redaction.text(_plain(diagnostic.get("message", ""))).strip()
            told = {"error": errors, "warning": warnings}.get(diagnostic.get("severity", ""))
            if told is not None and text and text not in told:
                told.append(text)
        elif summary := event.get("summaryEvent"):
            unchanged = (summary.get("resourceChanges") or {}).get("same", 0)
            finished = summary.get("result", "succeeded") == "succeeded"
            packs = [
                redaction.text(f"{name.partition('|')[0]} {version}".strip())
                for name, version in (summary.get("PolicyPacks") or {}).items()
            ]
    changes = [_change(urn, *step, redaction, refresh=refresh) for urn, step in steps.items()]
    return Outcome(
        changes=tuple(changes),
        findings=tuple(dict.fromkeys(findings)),
        errors=tuple(errors),
        warnings=tuple(warnings),
        unchanged=unchanged,
        finished=finished,
        policies=tuple(packs),
    )


def _events(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, Mapping):
            yield cast("Mapping[str, Any]", event)


def _plain(message: str) -> str:
    """A message without the engine's directives for colours."""
    return re.sub(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m", "", message)


def _finding(event: Mapping[str, Any], redaction: Redaction) -> Finding:
    return Finding(
        policy=redaction.known(str(event.get("policyName", ""))),
        level=str(event.get("enforcementLevel", "")).lower(),
        urn=redaction.known(str(event.get("resourceUrn") or "")),
        message=redaction.text(_plain(str(event.get("message", "")))).strip(),
    )


def _note(
    steps: dict[str, tuple[Operation, Mapping[str, Any]]], metadata: Mapping[str, Any]
) -> None:
    """Keeps, for each resource, the step that says most of it."""
    operation = _OPERATIONS.get(metadata["op"])
    urn = metadata["urn"]
    # The providers that the engine starts by itself are nobody's resources.
    if operation is None or _DEFAULT_PROVIDER.search(urn):
        return
    known = steps.get(urn)
    # A replacement is told as a creation and a deletion too; only one of the three has the reasons.
    if known and known[0] is Operation.REPLACE and metadata["op"] != "replace":
        return
    if known and known[1].get("detailedDiff") and not metadata.get("detailedDiff"):
        return
    steps[urn] = (operation, metadata)


def _change(
    urn: str,
    operation: Operation,
    metadata: Mapping[str, Any],
    redaction: Redaction,
    *,
    refresh: bool,
) -> Change:
    differs = operation in {Operation.UPDATE, Operation.REPLACE}
    return Change(
        urn=redaction.known(urn),
        type=str(metadata.get("type", "")),
        operation=operation,
        differences=tuple(_differences(metadata, redaction, refresh=refresh)) if differs else (),
    )


def _differences(
    metadata: Mapping[str, Any], redaction: Redaction, *, refresh: bool
) -> Iterator[Difference]:
    old, new = (_side(metadata.get(which)) for which in ("old", "new"))
    forcing = set(metadata.get("keys") or ())
    detailed: Mapping[str, Mapping[str, Any]] = metadata.get("detailedDiff") or {}
    side = 1 if refresh else 0
    if refresh:
        new = (new[1], new[0])
    named = list(detailed) or list(metadata.get("diffs") or ())
    paths = named or [*_unlike(old[side], new[0])]
    for path in sorted(paths):
        kind = str(detailed.get(path, {}).get("diffKind", ""))
        # The outputs of the step before, or the inputs where these are what is compared.
        first = old if detailed.get(path, {}).get("inputDiff") else (old[1], old[0])
        before, after = (_at(sides, path) for sides in (first, new))
        yield Difference(
            path=redaction.known(path),
            before=_shown(before, redaction),
            after=_shown(after, redaction),
            replaces=kind.endswith("replace") or path in forcing or path.split(".")[0] in forcing,
        )


def _side(state: Any) -> tuple[Any, Any]:
    """Inputs and outputs of a resource before or after the step."""
    found = state if isinstance(state, Mapping) else {}
    return found.get("inputs") or {}, found.get("outputs") or {}


def _unlike(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Names of the properties that differ, where the engine does not say which."""
    for key in sorted({*old, *new}):
        if not key.startswith("__") and old.get(key) != new.get(key):
            yield key


_DEFAULT_PROVIDER = re.compile(r"pulumi:providers:[\w-]+::default")

_STEP = re.compile(r'\.?([^.\[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]')


def _at(sides: tuple[Any, Any], path: str) -> Any:
    """The value at a property path: of the first side that has it, else None."""
    for side in sides:
        found: Any = side
        for name, quoted, number in _STEP.findall(path):
            if isinstance(found, Mapping) and SIGNATURE in found:
                break  # what is inside of a secret is secret
            if isinstance(found, Mapping):
                found = found.get(name or quoted)
            elif isinstance(found, list) and number and int(number) < len(found):
                found = found[int(number)]
            else:
                found = None
        if found is not None:
            return found
    return None


def _shown(value: Any, redaction: Redaction) -> str:
    """A value for people: short, on one line, without secrets."""
    if value is None:
        return NOTHING
    plain = _without_marks(redaction.value(value))
    text = plain if plain in (MASK, UNKNOWN, FILE) else json.dumps(plain, ensure_ascii=False)
    text = redaction.text(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _without_marks(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWN_SIGNS else value
    if isinstance(value, Mapping):
        mark = value.get(SIGNATURE)
        if mark == _SECRET:
            return MASK
        if mark in _FILES:
            return FILE
        return {key: _without_marks(one) for key, one in value.items() if key != SIGNATURE}
    return [_without_marks(one) for one in value] if isinstance(value, list) else value
