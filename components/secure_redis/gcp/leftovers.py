"""What a run that broke off left behind in Google Cloud: made, but never written into the state.

Google is not asked here: the engine then looks under these ids, and drops what is not there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus

from . import plan

IDS = {
    "compute/firewall:Firewall": "projects/{project}/global/firewalls/{name}",
    "compute/globalAddress:GlobalAddress": "projects/{project}/global/addresses/{name}",
    "compute/network:Network": "projects/{project}/global/networks/{name}",
    "compute/subnetwork:Subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "kms/cryptoKey:CryptoKey": "{keyRing}/cryptoKeys/{name}",
    "kms/keyRing:KeyRing": "projects/{project}/locations/{location}/keyRings/{name}",
    "memorystore/instance:Instance": (
        "projects/{project}/locations/{location}/instances/{instanceId}"
    ),
    "networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy": (
        "projects/{project}/locations/{location}/serviceConnectionPolicies/{name}"
    ),
    "redis/instance:Instance": "projects/{project}/locations/{region}/instances/{name}",
    "secretmanager/secret:Secret": "projects/{project}/secrets/{secretId}",
}
"""Ids by type and inputs (the provider's documentation, import of each resource).

Ids of others are Google's choice, or what is made of them twice is there once: grants, APIs.
"""

CONNECTION = "servicenetworking/connection:Connection"

_PROJECT = re.compile(r"projects/([^/]+)/")


def ids(
    pending: Iterable[Mapping[str, Any]], recorded: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """URN and id of each resource whose creation was begun and never recorded.

    Both are resources as the state has them.
    """
    place = {"project": _project(recorded), "region": plan.environment_value("region")}
    for resource in pending:
        kind, inputs = resource["type"].removeprefix("gcp:"), resource.get("inputs", {})
        if kind == CONNECTION:
            identifier = _connection(inputs)
        else:
            identifier = _formatted(IDS.get(kind, ""), {**place, **inputs})
        if identifier:
            yield resource["urn"], identifier


def _connection(inputs: Mapping[str, Any]) -> str:
    return _formatted("{network}:{service}", {key: _quoted(inputs[key]) for key in inputs})


def _quoted(value: Any) -> Any:
    return quote_plus(value) if isinstance(value, str) else value


def _formatted(template: str, inputs: Mapping[str, Any]) -> str:
    known = {key: value for key, value in inputs.items() if isinstance(value, str) and value}
    try:
        return template.format_map(known)
    except KeyError:
        return ""


def _project(recorded: Iterable[Mapping[str, Any]]) -> str:
    """The project: that of what is recorded, else the one of the next run."""
    given = plan.environment_value("project")
    for resource in recorded:
        if match := _PROJECT.match(str(resource.get("id", ""))):
            return match[1]
        if resource.get("type") == "pulumi:providers:gcp":
            given = resource.get("inputs", {}).get("project") or given
    return given
