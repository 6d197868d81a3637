"""What the doctor found: one finding a check at least, and the verdict over all of them.

The models are the published form of the report: `secure-redis doctor --json` prints a `Report`, and
its JSON Schema is derived from them. Nothing in a report is secret.
"""

from collections.abc import Iterable, Mapping
from enum import Enum

from pydantic import BaseModel, ConfigDict, Field

from .checks import CHECKS, Layer

REPORT_VERSION = "1"
"""Raised when a field changes its meaning or goes away."""

Fact = str | int | float | bool | list[str]
"""A measured value, as JSON knows it."""


class Status(str, Enum):
    """What came out of a check, from good to bad."""

    OK = "ok"
    """Looked at, and right."""
    INFO = "info"
    """Looked at; nothing to judge."""
    SKIPPED = "skipped"
    """Not looked at; `observed` says why."""
    WARNING = "warning"
    """To be looked into; applications work."""
    FAILED = "failed"
    """Not safe, or not working."""

    @property
    def troubled(self) -> bool:
        """Whether it says that something is to be done."""
        return self in {Status.WARNING, Status.FAILED}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(_Model):
    """One thing that a check found."""

    check: str = Field(description="Id of the check, D01 to D26.")
    layer: Layer = Field(description="Where between configuration and governance it lies.")
    title: str = Field(description="What the check looks at.")
    status: Status
    problem: str = Field(default="", description="Id in the catalogue of problems; empty if none.")
    observed: str = Field(description="What was seen, one sentence, or why nothing was looked at.")
    cause: str = Field(default="", description="The usual cause of the problem.")
    fix: str = Field(default="", description="What to change.")
    controls: tuple[str, ...] = Field(default=(), description="Ids of the controls it bears on.")
    where: str = Field(default="", description="Address, file or node, where there are several.")
    facts: Mapping[str, Fact] = Field(default_factory=dict, description="Measured values.")


class Certificate(_Model):
    """A certificate that the server sent."""

    subject: str
    issuer: str
    names: tuple[str, ...] = Field(description="Names and addresses of the SAN extension.")
    not_before: str = Field(description="RFC 3339.")
    not_after: str = Field(description="RFC 3339.")
    key: str = Field(description="Kind and size, such as RSA 2048 or EC secp256r1.")
    signature: str = Field(description="Hash of the signature, such as sha256.")
    fingerprint: str = Field(description="SHA-256 of the certificate, hex.")


class Handshake(_Model):
    """What client and server agreed on."""

    version: str = Field(description="TLSv1.2 or TLSv1.3.")
    cipher: str
    bits: int
    verify: str = Field(description="What was verified: full, ca or none.")
    server_name: str = Field(description="The name that was verified.")
    milliseconds: float
    chain: tuple[Certificate, ...]


class Refusal(_Model):
    """Something that must not work, was tried, and how the server refused it."""

    attempt: str
    answer: str


class Counts(_Model):
    """How many findings of each status."""

    ok: int = 0
    info: int = 0
    skipped: int = 0
    warning: int = 0
    failed: int = 0


class Report(_Model):
    """A whole examination of one endpoint."""

    report_version: str = REPORT_VERSION
    tool: str = Field(description="secure-redis and its version.")
    started_at: str = Field(description="RFC 3339.")
    seconds: float = Field(description="How long it took.")
    subject: str = Field(description="What was examined, such as a cache of a stack or a file.")
    endpoint: str = Field(description="The URL without credentials.")
    target: str = Field(description="aws, azure, gcp, docker, external, or empty if unknown.")
    environment: str = Field(description="Of the stack; empty if unknown.")
    server: str = Field(default="", description="Engine and version as the server says them.")
    verdict: Status = Field(description="ok, warning or failed.")
    counts: Counts
    findings: tuple[Finding, ...]
    handshake: Handshake | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 ok, 1 warnings, 2 failed."""
        return {Status.WARNING: 1, Status.FAILED: 2}.get(self.verdict, 0)


def verdict(findings: Iterable[Finding]) -> Status:
    """The worst of all: failed, warning or ok."""
    return worst(finding.status for finding in findings) or Status.OK


def worst(statuses: Iterable[Status]) -> Status | None:
    """Failed or warning, if one of them is; else None."""
    return max((one for one in statuses if one.troubled), key=list(Status).index, default=None)


def counts(findings: Iterable[Finding]) -> Counts:
    """How many findings have which status."""
    numbers = dict.fromkeys((status.value for status in Status), 0)
    for finding in findings:
        numbers[finding.status.value] += 1
    return Counts(**numbers)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sorted by layer and check; the worst of a check first."""
    layers, statuses, ids = list(Layer), list(Status), list(CHECKS)
    return tuple(
        sorted(
            findings,
            key=lambda one: (
                layers.index(one.layer),
                ids.index(one.check),
                -statuses.index(one.status),
                one.where,
            ),
        )
    )
