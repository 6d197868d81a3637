"""Stacks on a fake cloud: the real engine, the stand-in of the cloud's provider."""

import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cloud.aws import cloud as aws
from cloud.azure import cloud as azure
from cloud.gcp import cloud as gcp
from cloud.standin.observed import ObservedCloud
from cloud.standin.schema import CACHE
from engine.deployment import PROJECT_NAME, REPOSITORY, Deployment, Run, redacted

TESTS = Path(__file__).resolve().parents[1]

_PLUGIN = """\
#!/bin/sh
# Starts the stand-in of the provider `{package}`.
exec {python} -c 'import sys
sys.path.insert(0, {tests})
from cloud.{target}.plugin import main
main()' "$@"
"""


@dataclass(frozen=True)
class StandInCloud:
    """What stands in for a target's cloud."""

    package: str
    """Name of the provider."""
    cloud: type[ObservedCloud]
    credentials: Mapping[str, str]
    """Environment that the provider needs."""
    variables: re.Pattern[str]
    """Names of variables that could lead to a real account."""
    config: Mapping[str, str]
    """Configuration that every stack needs."""


CLOUDS = {
    "aws": StandInCloud(
        "aws", aws.AwsCloud, aws.CREDENTIALS, aws.VARIABLES, {"aws:region": "eu-west-1"}
    ),
    "azure": StandInCloud(
        "azure-native",
        azure.AzureCloud,
        azure.CREDENTIALS,
        azure.VARIABLES,
        {"azure-native:location": "westeurope"},
    ),
    "gcp": StandInCloud(
        "gcp",
        gcp.GcpCloud,
        gcp.CREDENTIALS,
        gcp.VARIABLES,
        {"gcp:project": gcp.PROJECT_ID, "gcp:region": gcp.REGION},
    ),
}
"""Clouds by target."""


def target_of(document: Mapping[str, Any]) -> str | None:
    """The target that a stack file names, if it is one of a cloud."""
    named = (document.get("config") or {}).get(f"{PROJECT_NAME}:target")
    return named if named in CLOUDS else None


def parsed(stack: str | Mapping[str, Any]) -> dict[str, Any]:
    """A stack file as a document."""
    return dict(yaml.safe_load(stack) if isinstance(stack, str) else stack)


class CloudDeployment(Deployment):
    """A stack whose provider is a stand-in.

    Args:
        root: directory for everything of it.
        stack: the stack file, as a text, as a document, or None to write it later.
        target: the cloud: what the stack file says, aws if it says nothing.
    """

    target = "aws"
    cloud: Any
    """AwsCloud, AzureCloud or GcpCloud, as the target is."""

    def __init__(
        self,
        root: Path,
        stack: str | Mapping[str, Any] | None = None,
        *,
        label: str = "cloud",
        target: str | None = None,
    ) -> None:
        self.target = target or (target_of(parsed(stack)) if stack else None) or self.target
        chosen = CLOUDS[self.target]
        self._package = package = chosen.package
        self._plugin = root / "plugin"
        super().__init__(root, label)
        self._plugin.mkdir()
        launcher = self._plugin / f"pulumi-resource-{package}"
        python, tests = shlex.quote(sys.executable), repr(str(TESTS)).replace("'", '"')
        text = _PLUGIN.format(package=package, target=self.target, python=python, tests=tests)
        launcher.write_text(text)
        launcher.chmod(0o755)
        self.cloud = chosen.cloud(root / "cloud")
        patterns = [one.variables for one in CLOUDS.values()]
        for name in [one for one in self.environment if any(p.fullmatch(one) for p in patterns)]:
            del self.environment[name]
        self.environment |= {
            **chosen.credentials,
            "SECURE_REDIS_FAKE_CLOUD": str(self.cloud.root),
            CACHE: str(REPOSITORY / ".pytest_cache" / "sdk-schemas"),
        }
        if stack is not None:
            self.write_file(stack)

    def _manifest(self) -> dict[str, Any]:
        manifest = super()._manifest()
        provider = {"name": self._package, "path": str(self._plugin)}
        return {**manifest, "plugins": {"providers": [provider]}}

    def write_file(self, stack: str | Mapping[str, Any]) -> None:
        """Writes the stack file; its salt stays."""
        document = parsed(stack)
        if self.stack_file.exists():
            old = yaml.safe_load(self.stack_file.read_text())
            document = {**{key: old[key] for key in old if key != "config"}, **document}
        self._write(document)

    def _write(self, document: Mapping[str, Any]) -> None:
        self.cloud.prepare(document.get("config") or {})
        self.stack_file.write_text(yaml.safe_dump(document))

    def set(self, **values: Any) -> None:
        """Changes keys of ours in the stack file; None takes one away. Whole keys have a colon."""
        document = yaml.safe_load(self.stack_file.read_text())
        for name, value in values.items():
            key = name if ":" in name else f"{PROJECT_NAME}:{name}"
            document["config"].pop(key, None)
            if value is not None:
                document["config"][key] = value
        self._write(document)

    def refresh(self) -> Run:
        """`pulumi refresh`, which must succeed."""
        return self.pulumi("refresh", "--yes", "--skip-preview").succeeded()

    def fail(
        self,
        operation: str | None = None,
        type: str | None = None,  # noqa: A002 - as the engine calls it
        name: str | None = None,
        **fault: Any,
    ) -> None:
        """Makes one operation to come fail, or slow: see FakeCloud.add_fault."""
        self.cloud.add_fault(operation=operation, type=type, name=name, **fault)

    def close(self) -> None:
        """Takes the stack down and asserts that the fake cloud is empty."""
        if self.exists:
            self.run("down").succeeded()
        left = self.cloud.left
        assert left == {}, redacted(str(left))


class ProgramDeployment(CloudDeployment):
    """A stack of another program than the repository's: it is run by the engine alone.

    Args:
        root: directory for everything of it.
        program: text of the program.
        config: configuration of the stack; the region is in western Europe if it says nothing else.
        target: the cloud.
    """

    def __init__(
        self,
        root: Path,
        program: str,
        config: Mapping[str, Any] | None = None,
        *,
        target: str = "aws",
    ) -> None:
        whole = {**CLOUDS[target].config, **(config or {})}
        super().__init__(root, {"config": whole}, target=target)
        self.write_program(program)

    def write_program(self, program: str) -> None:
        """Writes the program that the next run takes."""
        (self.project / "__main__.py").write_text(program)

    def run(self, operation: str, *arguments: str, timeout: float = 240, **environment: str) -> Run:
        """Runs the engine: up, preview, refresh or down."""
        if not self.exists:
            self.pulumi("stack", "init").succeeded()
        confirmed = () if operation == "preview" else ("--yes", "--skip-preview")
        verb = {"down": "destroy"}.get(operation, operation)
        where = ("--stack", self.name, "--non-interactive")
        command = ["pulumi", verb, *where, *confirmed, *(one for one in arguments if one != "--")]
        return self._execute(command, timeout, environment)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets open."""
        shown = self.pulumi("stack", "output", "--json", "--show-secrets").succeeded()
        return json.loads(shown.stdout)


def repository_stack(name: str) -> str:
    """A stack file of the repository."""
    return (REPOSITORY / "stacks" / f"Pulumi.{name}.yaml").read_text()


@contextmanager
def deployed(
    root: Path, stack: str | Mapping[str, Any] | None = None, **options: Any
) -> Iterator[CloudDeployment]:
    """A deployment that is closed at the end; up already, if a stack file is given."""
    deployment = CloudDeployment(root, stack, **options)
    try:
        if stack is not None:
            deployment.up()
        yield deployment
    finally:
        deployment.close()
