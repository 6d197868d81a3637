"""Names of Google Cloud's resources and members, as settings have them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from secure_redis.problems import Problem
from secure_redis.schema import join

_PROJECT = r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
_NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"


@dataclass(frozen=True)
class Kind:
    """A kind of names."""

    words: str
    """What it is."""
    example: str
    pattern: re.Pattern[str]


NETWORK = Kind(
    "name of a network",
    "projects/shop-prod/global/networks/shop",
    re.compile(rf"projects/{_PROJECT}/global/networks/{_NAME}"),
)
SUBNET = Kind(
    "name of a subnet",
    "projects/shop-prod/regions/europe-west1/subnetworks/caches",
    re.compile(rf"projects/{_PROJECT}/regions/[a-z0-9-]+/subnetworks/{_NAME}"),
)
RANGE = Kind("name of a range", "google-services", re.compile(_NAME))
KEY = Kind(
    "name of a key",
    "projects/shop-prod/locations/europe-west1/keyRings/redis/cryptoKeys/data",
    re.compile(
        rf"projects/{_PROJECT}/locations/[a-z0-9-]+/keyRings/[\w-]{{1,63}}/cryptoKeys/[\w-]{{1,63}}"
    ),
)
CHANNEL = Kind(
    "name of a notification channel",
    "projects/shop-prod/notificationChannels/1234567890",
    re.compile(rf"projects/({_PROJECT}|\d+)/notificationChannels/\d+"),
)

MEMBERS = ("serviceAccount", "user", "group", "domain", "principal", "principalSet")
"""Kinds of members of a policy (IAM, principal identifiers)."""

_MEMBER = re.compile(r"([A-Za-z]+):(//)?[^\s:]\S*")


def identifier_problems(path: str, values: Sequence[Any], kind: Kind) -> Iterator[Problem]:
    """What is wrong with names; not with what another resource provides."""
    for number, value in enumerate(values):
        if not isinstance(value, str) or kind.pattern.fullmatch(value):
            continue
        where = path if len(values) == 1 else join(path, number)
        reason = f"is no {kind.words}"
        if kind is RANGE and "/" in value:
            reason = "is the addresses of a range, or a path, and not its name"
        elif kind is KEY and "/cryptoKeyVersions/" in value:
            reason = "names a version of a key: the service chooses it"
        yield Problem(where, reason, f"Write it as in {kind.example}.")


def member_problems(
    path: str, values: Sequence[Any], kinds: Sequence[str] = MEMBERS
) -> Iterator[Problem]:
    """What is wrong with the members of a policy."""
    for number, value in enumerate(values):
        if not isinstance(value, str):
            continue
        where = path if len(values) == 1 else join(path, number)
        found = _MEMBER.fullmatch(value)
        if value in {"allUsers", "allAuthenticatedUsers"}:
            yield Problem(where, "is everybody on the internet", "Name the applications.")
        elif not found or found[1] not in kinds:
            yield Problem(
                where,
                f"is no member: {', '.join(kinds)}, a colon and who it is",
                "Write it as in serviceAccount:shop@shop-prod.iam.gserviceaccount.com.",
            )


def project_of(network_id: Any) -> str:
    """The project that a network is in; empty where that is not known."""
    known = isinstance(network_id, str) and NETWORK.pattern.fullmatch(network_id)
    return network_id.split("/")[1] if known else ""
