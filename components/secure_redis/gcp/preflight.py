"""What is missing to reach Google Cloud, known before a resource is made.

A project, a region and credentials. The sources and their order are those of the Pulumi provider
for Google Cloud and of Google's libraries below it: what the stack says comes before what the
environment says, a token before a key, and the first source that is set is used, whole or not.
Nothing is logged in to: whether credentials are valid and allow enough, only Google can tell. What
is set is never part of a message, only the name under which it is set.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pulumi
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from secure_redis.problems import Problem

from . import plan

METADATA_SECONDS = 1.0
"""How long the question to the metadata service of a machine at Google may take."""
METADATA_ENDPOINT = "http://169.254.169.254"

# Where the provider looks for a setting when the stack has none.
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "accessToken": ("GOOGLE_OAUTH_ACCESS_TOKEN",),
    "credentials": ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"),
    "externalCredentials": (),
    "impersonateServiceAccount": ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",),
    **plan.VARIABLES,
    "skipRegionValidation": ("PULUMI_GCP_SKIP_REGION_VALIDATION",),
    "zone": ("GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"),
}
# Of these the stack may set one.
_WAYS = ("externalCredentials", "accessToken", "credentials")
_NOT_EMPTY = (
    "accessToken",
    "credentials",
    "impersonateServiceAccount",
    "project",
    "region",
    "zone",
)
# Keys that other tools have, and what is meant by them.
_MISTAKEN = {"location": "region", "projectId": "project"}

# europe-west12, northamerica-northeast1; u-germany-northeast1 in a cloud of its own.
_REGION = re.compile(r"[a-z]+(-[a-z]+)+\d{1,2}")
_ZONE = re.compile(rf"{_REGION.pattern}-[a-z]")
# With the domain before it in old projects (example.com:shop) and in clouds of their own.
_PROJECT = re.compile(r"([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_ACCOUNT = re.compile(r"[^@\s/]+@[a-z0-9.-]+\.gserviceaccount\.com|\d+")

_LOGIN_FILE = "~/.config/gcloud/application_default_credentials.json"
_LOG_IN = (
    "Log in with `gcloud auth application-default login` (`gcloud auth login` alone does not "
    "count), or let GOOGLE_APPLICATION_CREDENTIALS name a credentials file; in CI, let the job log "
    "in by workload identity federation (a step that writes such a file)."
)
_PEM = re.compile(r"\s*-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n")
_OK = 200
_MOST_BYTES = 4096


def check() -> list[Problem]:
    """What is missing on this machine for the current stack. Empty when Google can be asked."""
    settings = pulumi.Config(plan.NAMESPACE)
    keys = (*_VARIABLES, *_MISTAKEN)
    config = {key: value for key in keys if (value := settings.get(key)) is not None}
    return problems(config, os.environ, Path("~").expanduser())


def problems(config: Mapping[str, str], environ: Mapping[str, str], home: Path) -> list[Problem]:
    """What is missing: a project, a region, credentials, or a part of what is half set.

    `config` has the stack's keys of the namespace `gcp` (objects as JSON), `home` the user's
    directory that `.config/gcloud` is in. Reads the credentials file that would be used; asks the
    metadata service only when there is no other source. Tells no values.
    """
    given = _Given(config, environ, home)
    return [
        *_key_problems(given),
        *_project_problems(given),
        *_region_problems(given),
        *_impersonation_problems(given),
        *_credential_problems(given),
    ]


@dataclass(frozen=True)
class _Given:
    """What the stack, the environment and the user's directory say."""

    config: Mapping[str, str]
    environ: Mapping[str, str]
    home: Path

    def find(self, key: str) -> tuple[str, str]:
        """Where a setting stands, or should, and its value. What the stack says is final."""
        if key in self.config:
            return f"{plan.NAMESPACE}:{key}", self.config[key]
        return self.find_variable(key) or (f"{plan.NAMESPACE}:{key}", "")

    def find_variable(self, key: str) -> tuple[str, str] | None:
        """The first variable of the environment that has a setting, and its value."""
        names = (name for name in _VARIABLES[key] if self.environ.get(name))
        return next(((name, self.environ[name]) for name in names), None)


def _key_problems(given: _Given) -> list[Problem]:
    """Keys of the stack that the provider does not know, or refuses because they are empty."""
    mistaken = [
        Problem(
            f"{plan.NAMESPACE}:{key}",
            "the provider knows no such key",
            f"Write {plan.NAMESPACE}:{meant}.",
        )
        for key, meant in _MISTAKEN.items()
        if key in given.config
    ]
    reason = "it is empty, which the provider refuses"
    empty = [
        Problem(
            f"{plan.NAMESPACE}:{key}", reason, "Set it, or take the line out of the stack file."
        )
        for key in _NOT_EMPTY
        if given.config.get(key) == ""
    ]
    return [*mistaken, *empty]


# Where the resources are made.


def _project_problems(given: _Given) -> list[Problem]:
    """No project, or a text that is no id of one.

    The project that gcloud works in does not count, nor does that of the credentials: the provider
    takes neither.
    """
    where, project = given.find("project")
    if not project and "project" in given.config:
        return []  # said already
    if not project:
        reason = "no Google Cloud project is set, neither here nor as GOOGLE_PROJECT"
        fix = f"Set it in the stack file: {where}: my-project-id (gcloud's own does not count)."
        return [Problem(where, reason, fix)]
    if _PROJECT.fullmatch(project):
        return []
    if project.isdigit():
        # The provider would take it; what Google answers names the id, and nothing would match.
        fix = "Write the id: `gcloud projects describe NUMBER` prints it."
        return [Problem(where, "it is the number of a project, not its id", fix)]
    reason = "it is not the id of a project"
    fix = (
        "Write the id, not the name, without projects/ before it: 6 to 30 lower-case letters, "
        "digits and hyphens, as `gcloud projects list` prints."
    )
    return [Problem(where, reason, fix)]


def _region_problems(given: _Given) -> list[Problem]:
    """No region, or a text that is none.

    The region of a zone does not count, though the provider would take it: a zone is for machines,
    and what is made here spans the zones of a region.
    """
    where, region = given.find("region")
    if not region and "region" in given.config:
        return []  # said already
    if not region:
        reason = "no Google Cloud region is set, neither here nor as GOOGLE_REGION"
        zone = given.find("zone")[1]
        but = " (a zone is set, which is not enough)" if zone else ""
        fix = f"Set it in the stack file: {where}: europe-west1."
        return [Problem(where, reason + but, fix)]
    if _REGION.fullmatch(region) or _true(given.find("skipRegionValidation")[1]):
        return []
    if _ZONE.fullmatch(region):
        fix = "Leave out the hyphen and the letter at its end."
        return [Problem(where, "it names a zone, not a region", fix)]
    reason = "it is not the name of a Google Cloud region"
    return [Problem(where, reason, "Write the region's name, such as europe-west1 or us-east4.")]


# Credentials.


_Answer = list[Problem] | None
"""What a source of credentials says: None when it is not set, else what is wrong with it."""


def _impersonation_problems(given: _Given) -> list[Problem]:
    """A service account to act as that is none. It is no source: it is reached with credentials."""
    where, account = given.find("impersonateServiceAccount")
    if not account or _ACCOUNT.fullmatch(account):
        return []
    fix = "Write its email: NAME@PROJECT.iam.gserviceaccount.com."
    return [Problem(where, "it is not the email of a service account", fix)]


def _credential_problems(given: _Given) -> list[Problem]:
    """No source of credentials, or the first one that is set cannot be used."""
    sources: tuple[Callable[[_Given], _Answer], ...] = (
        _of_stack,
        _of_environment,
        _named_file,
        _login_of_gcloud,
    )
    answers = (source(given) for source in sources)
    decided = next((answer for answer in answers if answer is not None), None)
    if decided is not None:
        return decided
    return [] if _has_account(given.environ) else [_no_credentials(given)]


def _no_credentials(given: _Given) -> Problem:
    reason = (
        "no Google Cloud credentials were found: no key, token or credentials file is set, there "
        "is no application-default login, and no metadata service of Google answers"
    )
    folder = given.environ.get("CLOUDSDK_CONFIG")
    if folder and _is_file(Path(folder) / Path(_LOGIN_FILE).name):
        fix = (
            "gcloud's login is in CLOUDSDK_CONFIG, where the provider does not look: let "
            "GOOGLE_APPLICATION_CREDENTIALS name the file application_default_credentials.json "
            "there."
        )
        return Problem(plan.NAMESPACE, reason, fix)
    return Problem(plan.NAMESPACE, reason, _LOG_IN)


def _of_stack(given: _Given) -> _Answer:
    """The credentials in the stack's configuration. With any of them, the environment's are off."""
    ways = [key for key in _WAYS if given.config.get(key)]
    if not ways:
        return None
    where = f"{plan.NAMESPACE}:{ways[0]}"
    value = given.config[ways[0]]
    if len(ways) > 1:
        others = " and ".join(f"{plan.NAMESPACE}:{key}" for key in ways[1:])
        reason = f"the provider does not take it together with {others}"
        return [Problem(where, reason, "Keep one of them.")]
    if ways[0] == "externalCredentials":
        return _federated(where, value)
    if ways[0] == "accessToken":
        return _token(given, where, value)
    if value.startswith("~"):
        reason = "the provider knows no ~ in this key"
        return [Problem(where, reason, "Write the whole path of the file.")]
    return _key(given, where, value)


def _of_environment(given: _Given) -> _Answer:
    """A token or a key in the environment."""
    token = given.find_variable("accessToken")
    if token:
        return _token(given, *token)
    key = given.find_variable("credentials")
    return _key(given, *key) if key else None


def _federated(where: str, text: str) -> list[Problem]:
    """A service account that an identity provider vouches for with a token."""
    details = _json(text)
    keys = ("audience", "serviceAccountEmail", "identityToken")
    if not isinstance(details, dict):
        fix = f"Write an object: {{ {', '.join(f'{key}: ...' for key in keys)} }}."
        return [Problem(where, "it is no object", fix)]
    missing = [key for key in keys if not details.get(key)]
    if not missing:
        return []
    return [Problem(where, f"it has no {_listed(missing)}", "Set what is missing in it.")]


def _token(given: _Given, where: str, text: str) -> list[Problem]:
    """An access token, or the path of a file that holds one."""
    if not text.startswith(("/", "~/")) or _is_file(_path(text, given.home)):
        return []
    reason = "the file that should hold the token is not there"
    fix = "Let the job write the token first, or set the token itself."
    return [Problem(where, reason, fix)]


def _key(given: _Given, where: str, text: str) -> list[Problem]:
    """Credentials as JSON, or the path of a file that holds them."""
    file = _path(text, given.home)
    if _is_file(file):
        return _file(given, where, file)
    if text.lstrip().startswith("{"):
        return _content(given, where, "it", text)
    reason = "it is neither the JSON of credentials nor a file that is there"
    return [Problem(where, reason, "Name the file, or set what is in it.")]


def _named_file(given: _Given) -> _Answer:
    """The credentials file that the environment names for Google's libraries."""
    where = "GOOGLE_APPLICATION_CREDENTIALS"
    text = given.environ.get(where)
    if not text:
        return None
    if text.lstrip().startswith("{"):
        fix = "Write it to a file and name that, or set GOOGLE_CREDENTIALS to it instead."
        return [Problem(where, "it holds credentials, and must name a file with them", fix)]
    if _is_file(Path(text)):
        return _file(given, where, Path(text))
    reason = "the credentials file that it names is not there"
    fix = "Let the job write the file first, or unset the variable."
    if text.startswith("~"):
        fix = "Write the whole path: Google's libraries know no ~ in this variable."
    return [Problem(where, reason, fix)]


def _login_of_gcloud(given: _Given) -> _Answer:
    """What `gcloud auth application-default login` has written."""
    try:
        text = _path(_LOGIN_FILE, given.home).read_text(encoding="utf-8-sig")
    except OSError:
        return None  # as for the provider, which then asks the metadata service
    except UnicodeDecodeError:
        text = ""
    return _content(given, _LOGIN_FILE, "it", text)


def _file(given: _Given, where: str, file: Path) -> list[Problem]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError:
        reason = "the credentials file that it names cannot be read"
        return [Problem(where, reason, "Let its owner be the user who runs this.")]
    except UnicodeDecodeError:
        text = ""
    return _content(given, where, "the file that it names", text)


# What is in credentials.


_IMPERSONATED = "impersonated_service_account"
_PARTS: Mapping[str, tuple[str, ...]] = {
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
    "external_account": ("audience", "subject_token_type", "credential_source"),
    "external_account_authorized_user": (
        "client_id",
        "client_secret",
        "refresh_token",
        "token_url",
    ),
    _IMPERSONATED: ("service_account_impersonation_url", "source_credentials"),
    "service_account": ("client_email", "private_key"),
}
_TOKEN_SOURCES = ("certificate", "environment_id", "executable", "file", "url")
_EXECUTABLES = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"
_AGAIN = "Make it anew: `gcloud auth application-default login`, or the step that has written it."


def _content(given: _Given, where: str, what: str, text: str) -> list[Problem]:
    """What is wrong with credentials, without a word of them."""
    flaw = _flaw(given, _json(text))
    return [Problem(where, f"{what} {flaw[0]}", flaw[1])] if flaw else []


def _flaw(given: _Given, content: object) -> tuple[str, str] | None:
    """What is wrong with credentials, as the end of a sentence, and what to do about it."""
    flaw = _incomplete(content)
    # A service account to act as: what counts is what it is reached with.
    while flaw is None and isinstance(content, dict) and content["type"] == _IMPERSONATED:
        content = content["source_credentials"]
        flaw = _incomplete(content)
    if flaw or not isinstance(content, dict):
        return flaw
    if content["type"] == "external_account":
        return _source_flaw(given, content["credential_source"])
    broken = content["type"] == "service_account" and not _is_private_key(content["private_key"])
    return _BROKEN_KEY if broken else None


def _incomplete(content: object) -> tuple[str, str] | None:
    """What credentials of their type must have and these have not."""
    if not isinstance(content, dict):
        return "cannot be read as the JSON of credentials", _AGAIN
    kind = content.get("type")
    parts = _PARTS.get(kind) if isinstance(kind, str) else None
    if parts is None:
        if "installed" in content or "web" in content:
            return "describes an application for users to log in to, and holds no login", _LOG_IN
        return "holds no credentials of a type that the provider knows", _AGAIN
    missing = [part for part in parts if not content.get(part)]
    if missing:
        return f"holds credentials of type {kind} without {_listed(missing)}", _AGAIN
    return None


_BROKEN_KEY = (
    "holds a private_key that cannot be read as PEM",
    "Copy the key file as it is: its line ends are \\n inside of the JSON's text.",
)


def _is_private_key(text: object) -> bool:
    # As strict as the provider's parser: `cryptography` would take a key without line ends.
    if not _PEM.match(str(text)):
        return False
    try:
        load_pem_private_key(str(text).encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _source_flaw(given: _Given, source: Any) -> tuple[str, str] | None:
    """What is wrong with the place that a workload's own token comes from."""
    if not isinstance(source, dict) or not any(source.get(key) for key in _TOKEN_SOURCES):
        return "holds a credential_source that names no place to get a token from", _AGAIN
    file = source.get("file")
    if file and not _is_file(Path(str(file))):
        reason = "takes its token from a file that is not there"
        return reason, "Let the job write the token first."
    if source.get("executable") and given.environ.get(_EXECUTABLES) != "1":
        reason = "gets its token by running a program, which is not allowed"
        return reason, f"Set {_EXECUTABLES}=1 if that program is to be trusted."
    return None


def _has_account(environ: Mapping[str, str]) -> bool:
    """Whether Google vouches for this machine; asks the metadata service for 1 s at most.

    It is asked for the email of the machine's service account, not for a token. Uses no proxy, as
    Google's libraries.
    """
    host = environ.get("GCE_METADATA_HOST")
    path = "/computeMetadata/v1/instance/service-accounts/default/email"
    try:
        parts = urlsplit(f"http://{host}" if host else METADATA_ENDPOINT)
        address = (parts.hostname or "", parts.port or 80)
        connection = HTTPConnection(*address, timeout=METADATA_SECONDS)
        try:
            connection.request("GET", path, headers={"Metadata-Flavor": "Google"})
            answer = connection.getresponse()
            # Other clouds have another service at the same address.
            google = answer.getheader("Metadata-Flavor") == "Google"
            return google and answer.status == _OK and bool(answer.read(_MOST_BYTES).strip())
        finally:
            connection.close()
    except (OSError, ValueError, HTTPException):
        return False


def _listed(names: list[str]) -> str:
    return " and ".join(names)


def _path(file: str, home: Path) -> Path:
    return home / file[2:] if file.startswith("~/") else Path(file)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # no path at all: JSON is too long for one


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _true(text: str) -> bool:
    return text.lower() in {"1", "true"}
