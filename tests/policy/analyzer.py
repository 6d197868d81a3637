"""The pack as the engine runs it: a process that is asked over gRPC, without an engine."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from engine.deployment import REPOSITORY
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto import analyzer_pb2_grpc

PACK = REPOSITORY / "policy"
ADVISORY, MANDATORY, DISABLED = messages.ADVISORY, messages.MANDATORY, messages.DISABLED
POLICY_TYPE_RESOURCE = messages.POLICY_TYPE_RESOURCE

Level = messages.EnforcementLevel.ValueType

Document = Mapping[str, Any]
"""A resource as a state has it."""


@dataclass(frozen=True)
class Violation:
    """What a policy reported."""

    policy: str
    urn: str
    level: int
    message: str
    of_stack: bool
    """Whether it came when all resources were known, not with its resource."""


class Pack:
    """A running pack."""

    def __init__(self, stub: analyzer_pb2_grpc.AnalyzerStub) -> None:
        self._stub = stub
        self.info = stub.GetAnalyzerInfo(empty_pb2.Empty())
        self.version = stub.GetPluginInfo(empty_pb2.Empty())

    @property
    def policies(self) -> dict[str, Any]:
        """What it tells of its policies, by name."""
        return {one.name: one for one in self.info.policies}

    def configure(
        self,
        levels: Mapping[str, Level] | None = None,
        exceptions: Mapping[str, Mapping[str, str]] | None = None,
        others: Level | None = None,
    ) -> None:
        """Sets levels of policies, and of all others; by default each has its own."""
        config = {}
        for name, policy in self.policies.items():
            own = policy.enforcementLevel if others is None else others
            level = (levels or {}).get(name, own)
            config[name] = messages.PolicyConfig(enforcementLevel=level)
            if name in (exceptions or {}):
                config[name].properties.update({"exceptions": dict((exceptions or {})[name])})
        self._stub.Configure(messages.ConfigureAnalyzerRequest(policyConfig=config))

    def analyze(self, documents: Iterable[Document]) -> list[Violation]:
        """What it reports of a run that declares these resources, in this order."""
        found = list(documents)
        reported = [one for each in found for one in self.analyze_resource(each)]
        return reported + self.analyze_stack(found)

    def analyze_resource(self, document: Document) -> list[Violation]:
        """What it reports before a resource is made."""
        answer = self._stub.Analyze(
            messages.AnalyzeRequest(
                type=document["type"],
                urn=document["urn"],
                name=document["urn"].rpartition("::")[2],
                properties=_struct(document["inputs"]),
                options=_options(document),
            )
        )
        return [_violation(one, document["urn"], of_stack=False) for one in answer.diagnostics]

    def analyze_stack(self, documents: Iterable[Document]) -> list[Violation]:
        """What it reports at the end."""
        answer = self._stub.AnalyzeStack(
            messages.AnalyzeStackRequest(resources=[_of_stack(one) for one in documents])
        )
        return [_violation(one, one.urn, of_stack=True) for one in answer.diagnostics]


@contextmanager
def running(pack: Path = PACK) -> Iterator[Pack]:
    """Starts a pack as the language host does, and stops it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")}
    with subprocess.Popen(
        [pack / ".venv" / "bin" / "python", "-u", "-m", "pulumi.policy", "127.0.0.1:1", pack],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            port = process.stdout.readline().strip()
            assert port.isdigit(), _last_words(process)
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
        finally:
            process.kill()


def _last_words(process: "subprocess.Popen[str]") -> str:
    process.kill()
    return f"the pack did not start:\n{process.communicate()[1]}"


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(properties)
    return made


def _options(document: Document) -> messages.AnalyzerResourceOptions:
    return messages.AnalyzerResourceOptions(
        protect=document.get("protect", False), parent=document.get("parent", "")
    )


def _of_stack(document: Document) -> messages.AnalyzerResource:
    sources = document.get("propertyDependencies", {})
    return messages.AnalyzerResource(
        type=document["type"],
        urn=document["urn"],
        name=document["urn"].rpartition("::")[2],
        # Before a resource is made its provider answers with what is declared.
        properties=_struct(document.get("outputs") or document["inputs"]),
        options=_options(document),
        parent=document.get("parent", ""),
        dependencies=document.get("dependencies", []),
        propertyDependencies={
            key: messages.AnalyzerPropertyDependencies(urns=urns) for key, urns in sources.items()
        },
    )


def _violation(diagnostic: Any, urn: str, *, of_stack: bool) -> Violation:
    return Violation(
        policy=diagnostic.policyName,
        urn=urn,
        level=diagnostic.enforcementLevel,
        message=diagnostic.message,
        of_stack=of_stack,
    )


__all__ = [
    "ADVISORY",
    "DISABLED",
    "MANDATORY",
    "PACK",
    "POLICY_TYPE_RESOURCE",
    "Pack",
    "Violation",
    "running",
]
