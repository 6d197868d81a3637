"""The components for programs in other languages: a Pulumi plugin.

The engine asks it for its schema and to construct components. The schema is the one that lies
beside this file, so that a plugin starts without the SDK of any target; a component is imported,
with its target's SDK, when it is first constructed. A plugin of yours with fewer packages is a
folder with a `PulumiPlugin.yaml`, a `requirements.txt` that names `secure-redis[docker]`, and a
`__main__.py` that calls `main()`.
"""

import json
import re
import sys
from collections.abc import Sequence
from importlib import import_module, metadata, resources
from pathlib import Path
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, Provider
from pulumi.provider import main as serve
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from .component import SECRET_OUTPUTS
from .replacement import Process
from .schema import suggestion

PACKAGE = "secure-redis"
"""Name of the package in every language, and of the distribution."""

SCHEMA = "schema.json"
"""The committed schema, beside this file. It names no version."""

COMPONENTS = (
    "AwsNetwork",
    "AzureNetwork",
    "ClassicRedis",
    "DockerNetwork",
    "DockerRedis",
    "ElastiCacheRedis",
    "ExternalRedis",
    "GcpNetwork",
    "ManagedRedis",
    "MemorystoreRedis",
    "MemorystoreValkey",
    "SecureRedis",
)
"""What the plugin offers: names of `secure_redis`."""

_FURTHER_SECRETS = frozenset({"secondary_url", "previous_url"})
"""Secret outputs that only some components have."""


def version() -> str:
    """The version of the distribution: of the source tree that this is, or of what is installed."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if project.is_file():
        found = re.search(
            r'^version = "([^"]+)"$', project.read_text(encoding="utf-8"), re.MULTILINE
        )
        if found:
            return found.group(1)
    return metadata.version(PACKAGE)


def schema() -> dict[str, Any]:
    """The committed schema, with the version of this distribution."""
    text = resources.files(__package__ or "").joinpath(SCHEMA).read_text(encoding="utf-8")
    return {**json.loads(text), "version": version()}


def derived_schema() -> dict[str, Any]:
    """The schema as the components have it now, without a version. Imports the SDK of each target.

    Outputs that carry a credential are marked secret, which Pulumi's analyzer has no way to say:
    SDKs then mark them too, beside the values themselves.
    """
    components = [_component(name) for name in COMPONENTS]
    derived = json.loads(ComponentProvider(components, PACKAGE).schema or "")
    del derived["version"]
    secret = {_camel(name) for name in SECRET_OUTPUTS | _FURTHER_SECRETS}
    for resource in derived["resources"].values():
        for name, output in resource["properties"].items():
            if name in secret:
                output["secret"] = True
    return derived


class Plugin(Provider):
    """Constructs components; each is imported when a program first asks for it."""

    def __init__(self) -> None:
        super().__init__(version(), json.dumps(schema()))
        # Each component is constructed with a connection of its own to the one engine of the run.
        Process.is_plugin = True
        self._providers: dict[str, ComponentProvider] = {}

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Constructs a component of this package.

        Raises InputPropertiesError, whose text the engine shows as it is, if the component refuses
        its arguments or its target's SDK is not installed.
        """
        try:
            return self._provider(resource_type).construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            raise _readable(error.inner) from error

    def _provider(self, resource_type: str) -> ComponentProvider:
        component = resource_type.rpartition(":")[2]
        if component not in COMPONENTS:
            fix = suggestion(component, list(COMPONENTS))
            raise _refusal(f"{resource_type} is not a component. {fix}")
        if component not in self._providers:
            found = _component(component)
            self._providers[component] = ComponentProvider([found], PACKAGE, version=version())
        return self._providers[component]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves the engine until it ends. Arguments: the engine's, by default of the command line."""
    serve(Plugin(), list(sys.argv[1:] if arguments is None else arguments))


def _component(name: str) -> Any:
    try:
        return getattr(import_module(__package__ or ""), name)
    except ModuleNotFoundError as error:
        raise _refusal(str(error)) from None


def _readable(problem: Exception) -> Exception:
    """A refusal by its text; anything else as it is, which the server shows with its traceback."""
    if isinstance(problem, pulumi.RunError | pulumi.InputPropertiesError):
        return _refusal(str(problem))
    return ComponentInitError(problem)


def _refusal(text: str) -> pulumi.InputPropertiesError:
    """An error that the engine shows without a traceback.

    The text names each property and what is wrong with it. Details by property are left out: the
    engine would print the properties' values with them, a private key among the others. An empty
    list, because the server fails without one.
    """
    return pulumi.InputPropertiesError(text, [])


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def write_schema() -> None:
    """Writes the committed schema anew: `python -m secure_redis.plugin`, then review the change."""
    path = Path(__file__).with_name(SCHEMA)
    path.write_text(schema_text(derived_schema()), encoding="utf-8")


def schema_text(document: dict[str, Any]) -> str:
    """A schema as the committed file has it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_schema()
