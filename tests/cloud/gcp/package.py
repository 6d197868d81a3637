"""The `gcp` provider: its configuration, its resource types, its functions."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloud.standin.errors import Failure, ProviderError
from cloud.standin.provider import StandIn
from cloud.standin.resource import Resource, Values, Work
from cloud.standin.schema import arguments_of, check
from cloud.standin.store import FakeCloud

from . import services  # noqa: F401 - declares them
from .api import ApiError, GoogleApi
from .functions import FUNCTIONS
from .resources import RESOURCES

NO_CREDENTIALS = (
    "failed to load application credentials.\n"
    "To use your default gcloud credentials, run:\n"
    "\t`gcloud auth application-default login`\n"
    "See https://www.pulumi.com/registry/packages/gcp/installation-configuration/ for details.\n"
    "Expanded error message: "
)
NONE_LOADED = (
    "Attempted to load application default credentials since neither `credentials` nor "
    "`access_token` was set in the provider block.  No credentials loaded. To use your gcloud "
    "credentials, run 'gcloud auth application-default login'"
)

ENVIRONMENT = {
    "project": (
        "GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"
    ),
    "region": ("GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"),
    "zone": ("GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"),
    "accessToken": ("GOOGLE_OAUTH_ACCESS_TOKEN",),
    "credentials": (
        "GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"
    ),
}  # fmt: skip
"""Variables that stand for a key, the first that is set."""

_SETTLED = {"version", "pluginDownloadURL"}
"""Keys that the engine adds to every provider's configuration."""

_MODELLED = {
    "accessToken", "addPulumiAttributionLabel", "credentials", "disableGlobalProjectWarning",
    "project", "region", "skipRegionValidation", "zone",
}  # fmt: skip
"""Keys whose effect is modelled. Others, such as default labels, are refused."""


class GooglePackage:
    """Google's part of a stand-in."""

    name = "gcp"
    version = "10.2.0"
    resources: Mapping[str, Resource] = RESOURCES

    def check_config(self, values: Values) -> list[Failure]:
        """What is wrong with the keys of the provider's own configuration."""
        given = {name for name in values if name not in _SETTLED and not name.startswith("__")}
        known = arguments_of("pulumi_gcp:ProviderArgs").keys()
        failures = [
            Failure(
                name,
                "could not validate provider configuration: Invalid or unknown key. Examine values "
                f"at '<provider>.{name}'.",
            )
            for name in sorted(given - known)
        ]
        if values.get("credentials") and values.get("accessToken"):
            failures.append(
                Failure(
                    "credentials",
                    "could not validate provider configuration: Conflicting configuration "
                    'arguments. "credentials": conflicts with access_token. Examine values at '
                    "'<provider>.credentials'.",
                )
            )
        return failures + [
            Failure(name, f'What the provider does with "{name}" is not known to this stand-in')
            for name in sorted((given & known) - _MODELLED)
        ]

    def replaces_provider(self, old: Values, new: Values) -> list[str]:
        """Nothing: another project or region is planned for each resource."""
        return []

    def api(self, cloud: FakeCloud, config: Values, work: Work, inputs: Values) -> GoogleApi:
        """Google's services, asked with the provider's configuration."""
        return GoogleApi(cloud, config, work)

    def invoke(self, cloud: FakeCloud, config: Values, token: str, arguments: Values) -> Values:
        """Answers a function. Raises ProviderError."""
        if token not in FUNCTIONS:
            raise ProviderError(f"unknown function {token}")
        function = FUNCTIONS[token]
        wrong = check(function.arguments, arguments)
        if wrong:
            raise ProviderError(f"{token}: {wrong[0].path}: {wrong[0].reason}")
        api = GoogleApi(cloud, config, Work("invoke", token, ""))
        try:
            return function.answer(api, arguments)
        except ApiError as error:
            raise ProviderError(f"invocation of {token} returned an error: {error}") from None


class GoogleStandIn(StandIn):
    """The stand-in of the `gcp` provider over one fake cloud."""

    def __init__(self, cloud: FakeCloud) -> None:
        super().__init__(GooglePackage(), cloud)

    def configure(self, values: Values) -> None:
        """Takes the configuration, completed from the environment.

        As the provider does, it looks at credentials only where there is a project. Raises
        ProviderError where none can be loaded.
        """
        found = {name: _plain(name, value) for name, value in values.items()}
        for name, variables in ENVIRONMENT.items():
            if not found.get(name):
                text = next((os.environ[one] for one in variables if os.environ.get(one)), None)
                if text:
                    found[name] = text
        if found.get("project"):
            _credentials(found)
        self.config = found


def _credentials(config: Values) -> None:
    """Raises ProviderError where nothing gives credentials. No text holds their content."""
    if config.get("accessToken"):
        return
    text = config.get("credentials")
    if text:
        try:
            named = len(text) < 4096 and Path(text).is_file()
            found = json.loads(Path(text).read_text() if named else text)
        except (ValueError, OSError):
            raise ProviderError(
                f"{NO_CREDENTIALS}error unmarshaling credentials: invalid JSON"
            ) from None
        if not isinstance(found, dict) or "type" not in found:
            raise ProviderError(
                f"{NO_CREDENTIALS}unable to parse credentials: missing 'type' field in credentials"
            )
        return
    file = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not file or not Path(file).is_file():
        raise ProviderError(NO_CREDENTIALS + NONE_LOADED)


def _plain(name: str, value: Any) -> Any:
    """A configuration value: all but strings come as JSON in a string."""
    if isinstance(value, str) and name not in {"credentials", "accessToken", "project"}:
        if value in {"true", "false"}:
            return value == "true"
        if value[:1] in {"{", "["}:
            try:
                return json.loads(value)
            except ValueError:
                return value
    return value
