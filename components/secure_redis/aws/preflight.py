"""What is missing to reach AWS, known before a resource is made: a region, and credentials.

The sources and their order are those of the Pulumi provider for AWS and of AWS's SDKs. Nothing is
logged in to: whether credentials are valid and allow enough, only AWS can tell. What is set is
never part of a message, only the name under which it is set.
"""

import configparser
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pulumi

from secure_redis.problems import Problem

METADATA_SECONDS = 1.0
"""How long each of the two questions to the EC2 metadata service may take."""
METADATA_ENDPOINTS = {"ipv4": "http://169.254.169.254", "ipv6": "http://[fd00:ec2::254]"}

_CONFIG_KEYS = (
    "accessKey",
    "assumeRole",
    "assumeRoleWithWebIdentity",
    "ec2MetadataServiceEndpoint",
    "ec2MetadataServiceEndpointMode",
    "profile",
    "region",
    "secretKey",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "token",
)
# As in the provider's own table of partitions: eu-west-1, us-gov-west-1, eusc-de-east-1.
_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+){1,2}-\d{1,2}")
_TITLE = re.compile(r"\s*(profile|sso-session)\s+(.+?)\s*")
_OK = 200
_MOST_BYTES = 4096
_LOG_IN = (
    "Log in with `aws sso login` and set AWS_PROFILE to that profile, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY; in CI, let the job assume a role by OIDC (AWS_ROLE_ARN and "
    "AWS_WEB_IDENTITY_TOKEN_FILE, or a step that sets the keys)."
)


def check() -> list[Problem]:
    """What is missing on this machine for the current stack. Empty when AWS can be asked."""
    settings = pulumi.Config("aws")
    config = {key: value for key in _CONFIG_KEYS if (value := settings.get(key))}
    return problems(config, os.environ, Path("~").expanduser())


def problems(config: Mapping[str, str], environ: Mapping[str, str], home: Path) -> list[Problem]:
    """What is missing: a region, credentials, or the other half of what is half set.

    `config` has the stack's keys of the namespace `aws` (objects as JSON), `home` the user's
    directory that `.aws` is in. Reads AWS's shared files; asks the EC2 metadata service only when
    there is no other source. Tells no values.
    """
    return [*region_problems(config, environ), *credential_problems(config, environ, home)]


def region_problems(config: Mapping[str, str], environ: Mapping[str, str]) -> list[Problem]:
    """No region, or a text that is none.

    The region of a profile does not count, though the provider would take it: the same stack would
    be made in another region by a colleague.
    """
    places = [("aws:region", config.get("region"))]
    places += [(name, environ.get(name)) for name in ("AWS_REGION", "AWS_DEFAULT_REGION")]
    where, region = next(((name, value) for name, value in places if value), ("aws:region", ""))
    if not region:
        reason = "no AWS region is set, neither here nor as AWS_REGION or AWS_DEFAULT_REGION"
        return [Problem(where, reason, "Set it in the stack file: aws:region: eu-west-1.")]
    if _REGION.fullmatch(region) or _true(config.get("skipRegionValidation")):
        return []
    if _REGION.fullmatch(region[:-1]) and region[-1].isalpha():
        reason = "it names an availability zone, not a region"
        return [Problem(where, reason, "Leave out the letter at its end.")]
    reason = "it is not the name of an AWS region"
    return [Problem(where, reason, "Write the region's code, such as eu-west-1 or us-east-2.")]


def credential_problems(
    config: Mapping[str, str], environ: Mapping[str, str], home: Path
) -> list[Problem]:
    """No source of credentials, or one that is set by half.

    A role to assume (`aws:assumeRoles`) is no source: it is assumed with credentials.
    """
    found: list[Problem] = []
    if config.get("assumeRole"):
        fix = "Write a list: aws:assumeRoles: [{ roleArn: ... }]."
        found.append(Problem("aws:assumeRole", "the provider knows no such key", fix))
    shared = _shared_files(config, environ, home)
    where, named = _named_profile(config, environ)
    # The provider refuses a profile that is not there, whatever else is set.
    if named and named not in shared.profiles and not shared.unreadable:
        reason = "the profile that it names is in none of AWS's shared files"
        fix = "Name one that `aws configure list-profiles` prints, or make it: aws configure sso."
        found.append(Problem(where, reason, fix))
    sources: tuple[Callable[[], _Answer], ...] = (
        lambda: _keys(config, environ),
        lambda: _web_identity_of_stack(config, environ, home),
        lambda: _profile(where, named, shared) if named else None,
        lambda: _web_identity(environ, home),
        lambda: None if named else _profile("the profile default", "default", shared),
        lambda: _container(environ),
    )
    answers = (source() for source in sources)
    decided = next((answer for answer in answers if answer is not None), None)
    if decided is not None:
        return [*found, *decided]
    if found or instance_has_role(config, environ):
        return found
    return [_no_credentials(where if named else "")]


_Answer = list[Problem] | None
"""What a source of credentials says: None when it is not set, else what is wrong with it."""


def _no_credentials(empty_profile: str) -> Problem:
    if empty_profile:
        reason = "the profile that it names holds no credentials, and there are no others"
        return Problem(empty_profile, reason, _LOG_IN)
    reason = (
        "no AWS credentials were found: no keys, profile, web identity or container role is set, "
        "and no EC2 instance role answers"
    )
    return Problem("aws", reason, _LOG_IN)


def _keys(config: Mapping[str, str], environ: Mapping[str, str]) -> _Answer:
    """The key pair of the stack or the environment, each half from where it is set first."""
    names = (("accessKey", "AWS_ACCESS_KEY_ID"), ("secretKey", "AWS_SECRET_ACCESS_KEY"))
    pair = [
        f"aws:{key}" if config.get(key) else variable if environ.get(variable) else ""
        for key, variable in names
    ]
    if all(pair):
        return []
    if any(pair):
        here = "".join(pair)
        missing = 0 if pair[1] else 1
        key, variable = names[missing]
        name = f"aws:{key}" if here.startswith("aws:") else variable
        what = ("access key id", "secret access key")
        reason = f"the {what[1 - missing]} is set without the {what[missing]} that belongs to it"
        return [Problem(here, reason, f"Set {name} too, or neither.")]
    if environ.get("AWS_ACCESS_KEY") and environ.get("AWS_SECRET_KEY"):
        return []  # older names, which AWS's SDKs still read
    for name, value in (
        ("aws:token", config.get("token")),
        ("AWS_SESSION_TOKEN", environ.get("AWS_SESSION_TOKEN")),
    ):
        if value:
            reason = "a session token is set without the keys that belong to it"
            fix = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY too, or none of the three."
            return [Problem(name, reason, fix)]
    return None


def _web_identity_of_stack(
    config: Mapping[str, str], environ: Mapping[str, str], home: Path
) -> _Answer:
    """The role that the stack file says to assume with a token of an identity provider."""
    where = "aws:assumeRoleWithWebIdentity"
    text = config.get("assumeRoleWithWebIdentity")
    if not text:
        return None
    details = _json(text)
    if not isinstance(details, dict):
        fix = "Write an object: { roleArn: ..., webIdentityTokenFile: ... }."
        return [Problem(where, "it is no object", fix)]
    if not (details.get("roleArn") or environ.get("AWS_ROLE_ARN")):
        return [Problem(where, "it names no role", "Set its roleArn, or AWS_ROLE_ARN.")]
    if details.get("webIdentityToken"):
        return []
    file = details.get("webIdentityTokenFile") or environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    if not file:
        fix = "Set its webIdentityTokenFile, or AWS_WEB_IDENTITY_TOKEN_FILE."
        return [Problem(where, "it names no token", fix)]
    return _token_file(where, str(file), home)


def _web_identity(environ: Mapping[str, str], home: Path) -> _Answer:
    """The role and token that a CI system or a cluster has put into the environment."""
    file = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    if not file:
        return None
    if not environ.get("AWS_ROLE_ARN"):
        reason = "a token of an identity provider is set, and not the role to assume with it"
        return [Problem("AWS_WEB_IDENTITY_TOKEN_FILE", reason, "Set AWS_ROLE_ARN too.")]
    return _token_file("AWS_WEB_IDENTITY_TOKEN_FILE", file, home)


def _token_file(where: str, file: str, home: Path) -> list[Problem]:
    if _path(file, home).is_file():
        return []
    reason = "the file that should hold the token is not there"
    fix = "Let the job write the token first, or name the file that it writes."
    return [Problem(where, reason, fix)]


def _container(environ: Mapping[str, str]) -> _Answer:
    """The role of an ECS task, an EKS pod or a CodeBuild job."""
    names = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    return [] if any(environ.get(name) for name in names) else None


@dataclass(frozen=True)
class _SharedFiles:
    """What AWS's shared credentials and configuration files say."""

    profiles: Mapping[str, Mapping[str, str]]
    sessions: frozenset[str]  # names of the single sign-on sessions
    unreadable: tuple[str, ...]  # what names the files that could not be read


def _named_profile(config: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, str]:
    """Where a profile is named, and its name; both empty if none is."""
    if config.get("profile"):
        return "aws:profile", config["profile"]
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        if environ.get(name):
            return name, environ[name]
    return "", ""


def _profile(where: str, name: str, shared: _SharedFiles) -> _Answer:
    """The profile's way to log in, if it has one."""
    if shared.unreadable:
        fix = "Mend the file, or move it away: `aws configure list` reads it too."
        return [Problem(file, "it cannot be read as profiles", fix) for file in shared.unreadable]
    if _can_log_in(name, shared, ()):
        return []
    profile = shared.profiles.get(name, {})
    if profile.get("aws_access_key_id") or profile.get("aws_secret_access_key"):
        reason = "one half of a key pair is set in it, and not the other"
        fix = "Set aws_access_key_id and aws_secret_access_key: aws configure."
        return [Problem(where, reason, fix)]
    return None


def _can_log_in(name: str, shared: _SharedFiles, seen: tuple[str, ...]) -> bool:
    profile = shared.profiles.get(name, {})
    if all(profile.get(key) for key in ("aws_access_key_id", "aws_secret_access_key")):
        return True
    if any(profile.get(key) for key in ("credential_process", "login_session", "sso_start_url")):
        return True
    if profile.get("sso_session") in shared.sessions:
        return True
    return bool(profile.get("role_arn")) and _has_base(name, profile, shared, seen)


def _has_base(
    name: str, profile: Mapping[str, str], shared: _SharedFiles, seen: tuple[str, ...]
) -> bool:
    """Whether there is something to assume the profile's role with."""
    # "Environment" is no answer: keys there would have been found before.
    metadata = profile.get("credential_source") in {"Ec2InstanceMetadata", "EcsContainer"}
    if metadata or profile.get("web_identity_token_file"):
        return True
    source = profile.get("source_profile", "")
    return bool(source) and source not in seen and _can_log_in(source, shared, (*seen, name))


def _shared_files(
    config: Mapping[str, str], environ: Mapping[str, str], home: Path
) -> _SharedFiles:
    """Reads the files that the stack or the environment names, or else those in ~/.aws."""
    profiles: dict[str, dict[str, str]] = {}
    sessions: set[str] = set()
    unreadable: list[str] = []
    for key, variable, usual in (
        ("sharedConfigFiles", "AWS_CONFIG_FILE", "~/.aws/config"),
        ("sharedCredentialsFiles", "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    ):
        where, files = _files(config.get(key), f"aws:{key}")
        if not files and environ.get(variable):
            where, files = variable, [environ[variable]]
        for file in files or [usual]:
            sections = _sections(_path(file, home))
            if sections is None:
                unreadable.append(where or usual)
                continue
            for title, options in sections.items():
                match = _TITLE.fullmatch(title)
                kind, name = match.groups() if match else ("profile", title.strip())
                if kind == "sso-session":
                    sessions.add(name.strip("\"'"))
                else:
                    profiles.setdefault(name.strip("\"'"), {}).update(options)
    return _SharedFiles(profiles, frozenset(sessions), tuple(dict.fromkeys(unreadable)))


def _files(text: str | None, where: str) -> tuple[str, list[str]]:
    """The stack's list of files, and its key; empty when it has none."""
    files = _json(text) if text else None
    return (where, [str(file) for file in files]) if isinstance(files, list) and files else ("", [])


def _sections(file: Path) -> dict[str, dict[str, str]] | None:
    """The sections of a shared file: none if it is not there, None if it cannot be read."""
    parser = configparser.RawConfigParser(
        strict=False,
        delimiters=("=",),
        allow_no_value=True,
        empty_lines_in_values=False,
        default_section="\n",  # no section is special: a profile may be called DEFAULT
    )
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error, AttributeError):
        # Without the error's text, which quotes the file. AttributeError: the parser's own mistake,
        # in a Python before 3.13, about an indented line below a key without a value.
        return None
    return {
        title: {key: value for key, value in parser.items(title) if value}
        for title in parser.sections()
    }


def instance_has_role(config: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    """Whether this is an EC2 instance with a role: asks its metadata service, 1 s a question.

    Asks nothing where AWS_EC2_METADATA_DISABLED or the stack forbids it.
    """
    skip = config.get("skipMetadataApiCheck") or environ.get("AWS_SKIP_METADATA_API_CHECK")
    if _true(skip) or _true(environ.get("AWS_EC2_METADATA_DISABLED")):
        return False
    endpoint, mode = (
        config.get(f"ec2MetadataService{key}") or environ.get(f"AWS_EC2_METADATA_SERVICE_{name}")
        for key, name in (("Endpoint", "ENDPOINT"), ("EndpointMode", "ENDPOINT_MODE"))
    )
    endpoint = endpoint or METADATA_ENDPOINTS.get((mode or "").lower(), METADATA_ENDPOINTS["ipv4"])
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    answer = _ask(endpoint, "PUT", "/latest/api/token", lifetime)
    if answer is None:
        return False
    status, token = answer
    # Services that imitate the first version of it have no tokens.
    headers = {"X-aws-ec2-metadata-token": token} if status == _OK else {}
    answer = _ask(endpoint, "GET", "/latest/meta-data/iam/security-credentials/", headers)
    return answer is not None and answer[0] == _OK and bool(answer[1].strip())


def _ask(
    endpoint: str, method: str, path: str, headers: Mapping[str, str]
) -> tuple[int, str] | None:
    """Status and text of an answer; None when there is none. Uses no proxy, as AWS's SDKs."""
    try:
        parts = urlsplit(endpoint)
        if not parts.hostname:
            return None
        connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=METADATA_SECONDS)
        try:
            connection.request(method, parts.path.rstrip("/") + path, headers=dict(headers))
            response = connection.getresponse()
            return response.status, response.read(_MOST_BYTES).decode("latin-1")
        finally:
            connection.close()
    except (OSError, ValueError, HTTPException):
        return None


def _path(file: str, home: Path) -> Path:
    return home / file[2:] if file.startswith("~/") else Path(file)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _true(text: str | None) -> bool:
    return (text or "").lower() in {"1", "true"}
