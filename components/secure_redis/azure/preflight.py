"""What is missing to reach Azure, known before a resource is made: a location and credentials.

The sources and their order are those of Pulumi's azure-native provider: it takes the first way to
log in that is set, and no other if that one fails. Nothing is logged in to: whether credentials
are valid and allow enough, only Azure can tell. What is set is never part of a message, only the
name under which it is set.
"""

import configparser
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pulumi

from secure_redis.problems import Problem
from secure_redis.settings import CacheSettings

METADATA_SECONDS = 1.0
"""How long the question to the metadata service of a virtual machine may take."""
METADATA_ENDPOINT = "http://169.254.169.254"

NAMESPACE = "azure-native"

# Where the provider looks for a setting when the stack has none.
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "clientCertificatePath": ("ARM_CLIENT_CERTIFICATE_PATH",),
    "clientId": ("ARM_CLIENT_ID",),
    "clientSecret": ("ARM_CLIENT_SECRET",),
    "environment": ("ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"),
    "location": (),
    "metadataHost": ("ARM_METADATA_HOSTNAME",),
    "oidcRequestToken": ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    "oidcRequestUrl": ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    "oidcToken": ("ARM_OIDC_TOKEN",),
    "oidcTokenFilePath": ("ARM_OIDC_TOKEN_FILE_PATH",),
    "subscriptionId": ("ARM_SUBSCRIPTION_ID",),
    "tenantId": ("ARM_TENANT_ID",),
    "useDefaultAzureCredential": ("ARM_USE_DEFAULT_AZURE_CREDENTIAL",),
    "useMsi": ("ARM_USE_MSI",),
    "useOidc": ("ARM_USE_OIDC",),
}
_SWITCHES = ("useDefaultAzureCredential", "useMsi", "useOidc")
_WHAT = {"clientId": "client id", "subscriptionId": "subscription id", "tenantId": "tenant id"}
# Keys that the provider passes over without a word, and what is meant by them.
_MISTAKEN = {"region": "location", "useMSI": "useMsi", "useOIDC": "useOidc"}

PUBLIC, GOVERNMENT, CHINA = "AzureCloud", "AzureUSGovernment", "AzureChinaCloud"
_CLOUDS = {
    **dict.fromkeys(("public", "azurecloud"), PUBLIC),
    **dict.fromkeys(("china", "azurechinacloud"), CHINA),
    **dict.fromkeys(
        (
            "usgov",
            "usgovernment",
            "azureusgovernment",
            "azureusgovernmentcloud",
            "usgovernmentl4",
        ),
        GOVERNMENT,
    ),
}
_CLOUD_NAMES = {PUBLIC: "public", GOVERNMENT: "usgovernment", CHINA: "china"}
_REGIONS_OF = {"china": CHINA, "usgov": GOVERNMENT, "usdod": GOVERNMENT}
_PUBLIC_HOST = "management.azure.com"

_LOCATION = re.compile(r"[a-z]{4,}[a-z0-9]*")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LOG_IN = (
    "Log in with `az login`, or set ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID and "
    "ARM_SUBSCRIPTION_ID; in CI, let the job log in by OIDC (ARM_USE_OIDC=true with the same ids "
    "and no secret), on a machine in Azure by its identity (ARM_USE_MSI=true)."
)


def check() -> list[Problem]:
    """What is missing on this machine for the current stack. Empty when Azure can be asked."""
    return problems(*_current())


def not_offered(caches: Mapping[str, CacheSettings]) -> list[Problem]:
    """What the stack's cloud does not have."""
    if not in_sovereign_cloud():
        return []
    return [
        Problem(
            f"caches.{name}",
            "Azure Managed Redis is offered in Azure's public cloud only",
            "Use azure.classic: { acknowledgeRetirement: true }, or a region of the public cloud.",
        )
        for name, cache in sorted(caches.items())
        if cache.azure.classic is None
    ]


def in_sovereign_cloud() -> bool:
    """Whether the current stack is made elsewhere than in Azure's public cloud; see `sovereign`."""
    return sovereign(*_current())


def _current() -> tuple[dict[str, str], Mapping[str, str], Path]:
    settings = pulumi.Config(NAMESPACE)
    keys = (*_VARIABLES, *_MISTAKEN)
    config = {key: value for key in keys if (value := settings.get(key)) is not None}
    return config, os.environ, Path("~").expanduser()


def problems(config: Mapping[str, str], environ: Mapping[str, str], home: Path) -> list[Problem]:
    """What is missing: a location, a subscription, credentials, or a part of what is half set.

    `config` has the stack's keys of the namespace `azure-native`, `home` the user's directory that
    `.azure` is in. Reads what the Azure CLI has written there; asks the metadata service of a
    virtual machine only where its identity is to be used. Tells no values.
    """
    given = _Given(config, environ, home)
    mistaken = [
        Problem(
            f"{NAMESPACE}:{key}", "the provider knows no such key", f"Write {NAMESPACE}:{meant}."
        )
        for key, meant in _MISTAKEN.items()
        if key in config
    ]
    return [
        *mistaken,
        *_cloud_problems(given),
        *_location_problems(given),
        *_switch_problems(given),
        *_credential_problems(given),
    ]


def sovereign(
    config: Mapping[str, str], environ: Mapping[str, str], home: Path | None = None
) -> bool:
    """Whether the stack is made in Azure Government, Azure China or a cloud of one's own.

    Azure Managed Redis is offered in the public cloud only. The settings tell, or the region; with
    `home`, the user's directory, also the cloud that the Azure CLI is logged in to, which decides
    where the provider logs in by it.
    """
    given = _Given(config, environ, home)
    return _cloud(given) != PUBLIC or _region_cloud(given.value("location")) != PUBLIC


@dataclass(frozen=True)
class _Given:
    """What the stack, the environment and the user's directory say."""

    config: Mapping[str, str]
    environ: Mapping[str, str]
    home: Path | None

    def find(self, key: str) -> tuple[str, str]:
        """Where a setting stands, or should, and its value. What the stack says is final."""
        if key in self.config:
            return f"{NAMESPACE}:{key}", self.config[key]
        for variable in _VARIABLES[key]:
            if self.environ.get(variable):
                return variable, self.environ[variable]
        return f"{NAMESPACE}:{key}", ""

    def value(self, key: str) -> str:
        """The value of a setting; empty if there is none."""
        return self.find(key)[1]

    def on(self, switch: str) -> bool:
        """Whether the provider takes a switch for on."""
        return self.value(switch) == "true"

    @property
    def by_cli(self) -> bool:
        """Whether the provider logs in by the Azure CLI: when nothing else is set."""
        secrets = ("clientCertificatePath", "clientSecret")
        return not (any(map(self.on, _SWITCHES)) or any(map(self.value, secrets)))

    @property
    def cli_folder(self) -> Path | None:
        """The directory of the Azure CLI's own files."""
        named = self.environ.get("AZURE_CONFIG_DIR")
        if named:
            return Path(named)
        return self.home / ".azure" if self.home else None


# The cloud and the region in it.


def _cloud(given: _Given) -> str:
    """The cloud that the provider would use: a name of the Azure CLI's; empty for one's own."""
    host = given.value("metadataHost").rpartition("://")[2].split("/")[0].lower()
    if host:
        return PUBLIC if host == _PUBLIC_HOST else ""
    named = given.value("environment").lower()
    if named:
        return _CLOUDS.get(named, PUBLIC)
    return _cli_cloud(given) if given.by_cli else PUBLIC


def _cli_cloud(given: _Given) -> str:
    """The cloud that the Azure CLI works in."""
    name = given.environ.get("AZURE_CLOUD_NAME", "")
    if not name and given.cli_folder:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string((given.cli_folder / "config").read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            return PUBLIC  # what the CLI itself falls back to
        name = parser.get("cloud", "name", fallback="")
    return _CLOUDS.get(name.lower(), "") if name else PUBLIC


def _region_cloud(location: str) -> str:
    """The cloud that a region is in, by its name."""
    code = location.lower().replace(" ", "")
    return next((cloud for start, cloud in _REGIONS_OF.items() if code.startswith(start)), PUBLIC)


def _cloud_problems(given: _Given) -> list[Problem]:
    where, named = given.find("environment")
    if not named or named.lower() in _CLOUDS:
        return []
    reason = "it is none of Azure's clouds, and the provider would use the public one"
    return [Problem(where, reason, "Write public, usgovernment or china.")]


def _location_problems(given: _Given) -> list[Problem]:
    """No location, a text that is none, or one of another cloud."""
    where, location = given.find("location")
    if not location:
        reason = "no Azure region is set"
        return [Problem(where, reason, f"Set it in the stack file: {where}: westeurope.")]
    if not _LOCATION.fullmatch(location):
        if _LOCATION.fullmatch(location.lower().replace(" ", "")):
            fix = "Write its code: lower case, without spaces, such as westeurope."
            return [Problem(where, "it is the display name of a region, not its code", fix)]
        fix = "Write the region's code, such as westeurope or eastus2."
        return [Problem(where, "it is not the name of an Azure region", fix)]
    cloud, home = _cloud(given), _region_cloud(location)
    if not cloud or cloud == home:
        return []
    reason = "that region is in another of Azure's clouds than the one that the stack uses"
    fix = f"Set {NAMESPACE}:environment: {_CLOUD_NAMES[home]}, or choose another region."
    return [Problem(where, reason, fix)]


# Credentials.


def _switch_problems(given: _Given) -> list[Problem]:
    """Switches that are meant to be on, and that the provider takes for off."""
    found = (given.find(switch) for switch in _SWITCHES)
    reason = "it is neither true nor false, and the provider would take it for false"
    return [
        Problem(where, reason, "Write true or false, in lower case.")
        for where, value in found
        if value not in {"", "true", "false"}
    ]


_Answer = list[Problem] | None
"""What a way to log in says: None when it is not set, else what is wrong with it."""


def _credential_problems(given: _Given) -> list[Problem]:
    """No way to log in, or the first one that is set lacks a part."""
    ways: Iterable[Callable[[_Given], _Answer]] = (
        _default_credential,
        _certificate,
        _secret,
        _oidc,
        _managed_identity,
    )
    answers = (way(given) for way in ways)
    decided = next((answer for answer in answers if answer is not None), None)
    return _cli(given) if decided is None else [*decided, *_subscription_problems(given)]


def _subscription_problems(given: _Given) -> list[Problem]:
    """No subscription, or a text that is no id of one. Only the Azure CLI can tell one itself."""
    where, subscription = given.find("subscriptionId")
    if not subscription:
        reason = "no subscription is set, neither here nor as ARM_SUBSCRIPTION_ID"
        return [Problem(where, reason, "Set it: `az account list` prints the ids.")]
    if _GUID.fullmatch(subscription):
        return []
    reason = "it is not the id of a subscription"
    fix = "Write the id, not the name: 8-4-4-4-12 hexadecimal digits, as `az account list` prints."
    return [Problem(where, reason, fix)]


def _missing(given: _Given, where: str, what: str, keys: Iterable[str]) -> list[Problem]:
    """What belongs to a way to log in and is not set, as one problem at what is set."""
    absent = [key for key in keys if not given.value(key)]
    if not absent:
        return []
    names = " and the ".join(_WHAT[key] for key in absent)
    variables = " and ".join(_VARIABLES[key][0] for key in absent)
    reason = f"{what} is set without the {names} that {_belong(absent)} to it"
    return [Problem(where, reason, f"Set {variables} too, or the keys of {NAMESPACE} for them.")]


def _belong(things: list[str]) -> str:
    return "belongs" if len(things) == 1 else "belong"


def _certificate(given: _Given) -> _Answer:
    """A service principal with a certificate."""
    where, path = given.find("clientCertificatePath")
    if not path:
        return None
    found = _missing(given, where, "a client certificate", ("clientId", "tenantId"))
    if not Path(path).is_file():
        reason = "the file that should hold the client certificate is not there"
        found.append(Problem(where, reason, "Name a file with certificate and key: PFX or PEM."))
    return found


def _secret(given: _Given) -> _Answer:
    """A service principal with a secret."""
    where, secret = given.find("clientSecret")
    if not secret:
        return None
    return _missing(given, where, "a client secret", ("clientId", "tenantId"))


def _oidc(given: _Given) -> _Answer:
    """A service principal that an identity provider vouches for: a token, its file, or a URL."""
    if not given.on("useOidc"):
        return None
    switch = given.find("useOidc")[0]
    found = _missing(given, switch, "a log-in by OIDC", ("clientId", "tenantId"))
    if given.value("oidcToken"):
        return found
    where, path = given.find("oidcTokenFilePath")
    if path:
        if not Path(path).is_file():
            reason = "the file that should hold the token is not there"
            fix = "Let the job write the token first, or name the file that it writes."
            found.append(Problem(where, reason, fix))
        return found
    token, url = (given.value(key) for key in ("oidcRequestToken", "oidcRequestUrl"))
    if not (token and url):
        reason = "a log-in by OIDC is set without a token, or a URL and token to request one"
        fix = (
            "Set ARM_OIDC_TOKEN or ARM_OIDC_TOKEN_FILE_PATH; in GitHub Actions, give the job the "
            "permission `id-token: write`."
        )
        found.append(Problem(switch, reason, fix))
    return found


def _managed_identity(given: _Given) -> _Answer:
    """The identity that Azure has given to this machine."""
    if not given.on("useMsi"):
        return None
    if _has_identity(given.environ):
        return []
    reason = "this machine has no managed identity: no service that would vouch for it answers"
    return [Problem(given.find("useMsi")[0], reason, f"Run this in Azure, or unset it. {_LOG_IN}")]


def _default_credential(given: _Given) -> _Answer:
    """The chain of the Azure SDK: the first link that is there."""
    if not given.on("useDefaultAzureCredential"):
        return None
    environ = given.environ
    here = [name for name in _SDK_SECRETS if environ.get(name)]
    if _has(environ, "AZURE_CLIENT_ID", "AZURE_TENANT_ID") and here:
        return []
    # Whether these programs are logged in, only they can tell.
    others = any(_which(environ, program) for program in ("azd", "pwsh"))
    if others or (_which(environ, "az") and _subscriptions(given)):
        return []
    if _has_identity(environ):
        return []
    where = given.find("useDefaultAzureCredential")[0]
    reason = (
        "the chain of credentials that it turns on is empty: no AZURE_* variables, no workload or "
        "managed identity, and no login of the Azure CLI"
    )
    fix = "Log in with `az login`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET."
    return [Problem(where, reason, fix)]


_SDK_SECRETS = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_USERNAME",
)


def _has(environ: Mapping[str, str], *names: str) -> bool:
    return all(environ.get(name) for name in names)


def _which(environ: Mapping[str, str], program: str) -> bool:
    return shutil.which(program, path=environ.get("PATH", os.defpath)) is not None


# The Azure CLI. It is not run: starting it takes a second, and its files say the same.


def _cli(given: _Given) -> list[Problem]:
    """The login of the Azure CLI, which the provider uses when no other way is set."""
    subscriptions = _subscriptions(given)
    if subscriptions is None:
        fix = "Mend it with `az account clear` and `az login`, or move it away."
        return [Problem(_PROFILE, "it cannot be read as the Azure CLI's list of accounts", fix)]
    if not subscriptions or not _which(given.environ, "az"):
        return [_no_credentials(given)]
    cloud = _cli_cloud(given)
    where, named = given.find("environment")
    if _CLOUDS.get(named.lower(), cloud) != cloud:
        reason = "the Azure CLI works in another cloud than the one that it names"
        fix = f"Run `az cloud set --name {_CLOUDS[named.lower()]}` and `az login`."
        return [Problem(where, reason, fix)]
    return _cli_subscription_problems(given, [s for s in subscriptions if _cloud_of(s) == cloud])


def _cloud_of(subscription: Mapping[str, Any]) -> str:
    """The cloud of a subscription: a name of the Azure CLI's; empty for one's own."""
    return _CLOUDS.get(_text(subscription, "environmentName").lower(), "")


def _cli_subscription_problems(given: _Given, subscriptions: list[dict[str, Any]]) -> list[Problem]:
    """Which of these subscriptions of the Azure CLI is meant."""
    where, wanted = given.find("subscriptionId")
    if not wanted:
        if any(subscription.get("isDefault") is True for subscription in subscriptions):
            return []
        fix = "Choose one: `az account set --subscription ID`, or set ARM_SUBSCRIPTION_ID."
        return [Problem(where, "no subscription is set, and the Azure CLI has no default", fix)]
    known = {_text(entry, key).lower() for entry in subscriptions for key in ("id", "name")}
    if wanted.lower() in known:
        return []
    reason = "the Azure CLI is not logged in to the subscription that it names"
    fix = "Log in with `az login`, or name a subscription that `az account list` prints."
    return [Problem(where, reason, fix)]


_PROFILE = "~/.azure/azureProfile.json"


def _subscriptions(given: _Given) -> list[dict[str, Any]] | None:
    """The subscriptions that the Azure CLI is logged in to; None if its file cannot be read."""
    if given.cli_folder is None:
        return []
    try:
        # The CLI begins the file with a byte order mark.
        text = (given.cli_folder / "azureProfile.json").read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        return None
    profile = _json(text)
    listed = profile.get("subscriptions") if isinstance(profile, dict) else None
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        return None
    return listed


def _no_credentials(given: _Given) -> Problem:
    reason = (
        "no Azure credentials were found: no service principal, OIDC or managed identity is set, "
        "and the Azure CLI is not logged in"
    )
    ignored = [name for name in ("AZURE_CLIENT_ID", *_SDK_SECRETS) if given.environ.get(name)]
    if ignored:
        fix = (
            f"{ignored[0]} counts with {NAMESPACE}:useDefaultAzureCredential: true only. {_LOG_IN}"
        )
        return Problem(NAMESPACE, reason, fix)
    return Problem(NAMESPACE, reason, _LOG_IN)


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


# The managed identity of this machine.


def _has_identity(environ: Mapping[str, str]) -> bool:
    """Whether something would vouch for this machine; asks the metadata service for 1 s at most.

    App Service, Functions, Container Apps, Arc and Cloud Shell name their own service in the
    environment. A virtual machine's is asked without the header that it demands: it refuses at
    once, and nothing is logged in to.
    """
    if any(environ.get(name) for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")):
        return True
    path = "/metadata/identity/oauth2/token?api-version=2018-02-01"
    try:
        parts = urlsplit(METADATA_ENDPOINT)
        address = (parts.hostname or "", parts.port or 80)
        connection = HTTPConnection(*address, timeout=METADATA_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status > 0
        finally:
            connection.close()
    except (OSError, ValueError, HTTPException):
        return False


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
