"""Rules that every cloud has: for names, networks, logins and lists."""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from .problems import Problem
from .schema import join

if TYPE_CHECKING:
    from .schema import Settings
    from .settings import CacheSettings, NetworkSettings

NAME_LENGTH = 32
"""Longest name of a component: an id of ElastiCache has 40 characters at most (API
CreateReplicationGroup, ReplicationGroupId), and the provider adds a hyphen and 7 digits."""

PUBLIC_PREFIX = 16
"""Prefix length from which on a network on the internet is taken for one organization's."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")


def name_problems(name: str) -> Iterator[Problem]:
    """What is wrong with the name of a component."""
    if not _NAME.fullmatch(name) or len(name) > NAME_LENGTH:
        yield Problem(
            "name",
            f"must be a letter, then letters, digits and single hyphens, {NAME_LENGTH} characters "
            "at most: it becomes a part of the cache's id",
            "Choose another name.",
        )


OF_CLOUDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "network": {
        "resource_group": ("azure",),
        "private_dns": ("azure",),
        "private_services": ("gcp",),
    },
    "network.create": {"zones": ("aws",), "availability_zones": ("aws",)},
    "network.adopt": {
        "vpc_id": ("aws",),
        "subnet_ids": ("aws", "gcp"),
        "subnet_id": ("azure",),
        "network_id": ("gcp",),
    },
    "access": {
        "security_group_ids": ("aws",),
        "prefix_list_ids": ("aws",),
        "network_tags": ("gcp",),
        "service_accounts": ("gcp",),
    },
}
"""Settings of a stack that not every cloud has, and the clouds that have them."""


def foreign_problems(path: str, given: "Settings | None", cloud: str) -> Iterator[Problem]:
    """What was set that this cloud does not have."""
    if given is None:
        return
    for field, clouds in OF_CLOUDS[path].items():
        if cloud not in clouds and field in given.model_fields_set:
            reason = f"has an effect on the target {' and '.join(clouds)} only"
            yield Problem(join(path, to_camel(field)), reason, "Remove it.")


def choice_problems(network: "NetworkSettings") -> Iterator[Problem]:
    """What is wrong with a network that is to be made and to be adopted."""
    if network.create and network.adopt:
        reason = "both create and adopt are given, and only one can be"
        yield Problem("network", reason, "Remove one.")


def new_network_problems(path: str, cidr: str, prefixes: range) -> Iterator[Problem]:
    """What is wrong with the addresses of a network that is to be made."""
    block = ip_network(cidr)
    if not isinstance(block, IPv4Network) or block.prefixlen not in prefixes:
        reason = f"must be an IPv4 network of /{prefixes.start} to /{prefixes.stop - 1}"
        yield Problem(path, reason, "Correct the value.")
    elif not block.is_private:
        yield Problem(path, "is not private", "Use a part of 10.0.0.0/8 or 172.16.0.0/12.")


def source_problems(path: str, cidr: str) -> Iterator[Problem]:
    """What is wrong with a network that connections may come from."""
    block = ip_network(cidr)
    fix = "Name the networks of the applications."
    if block.prefixlen == 0:
        yield Problem(path, f"{cidr} is the whole internet", fix)
    elif (
        isinstance(block, IPv4Network) and not block.is_private and block.prefixlen < PUBLIC_PREFIX
    ):
        yield Problem(path, f"{cidr} is a large part of the internet", fix)


def repeated(path: str, values: Sequence[Any]) -> Iterator[Problem]:
    """What is named more than once; not what another resource provides."""
    known = [value.lower() for value in values if isinstance(value, str)]
    if len(set(known)) != len(known):
        yield Problem(path, "names one twice", "Remove one.")


def transport_problems(path: str, cache: "CacheSettings", service: str) -> Iterator[Problem]:
    """What is wrong with the security mode: a cloud has one, with TLS of its own choice.

    service: who it is, in words.
    """
    if cache.mode.value != "tls":
        reasons = {"mtls": f"{service} asks no client for a certificate"}
        yield Problem(
            join(path, "mode"),
            reasons.get(cache.mode.value, f"{service} has TLS and a login, always"),
            "Use tls.",
        )
    if "tls_profile" in cache.model_fields_set and cache.tls_profile.value == "fips":
        yield Problem(
            join(path, "tlsProfile"), f"{service} chooses its cipher suites itself", "Remove it."
        )
