"""Rules of the Docker target."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING

from secure_redis.problems import Problem
from secure_redis.schema import join

from .names import LOOPBACK, is_address, is_wildcard
from .sizes import MINIMUM_MB, memory_mb

if TYPE_CHECKING:
    from secure_redis.settings import CacheSettings

PORTS = {"cache": 6380, "sessions": 6381, "queue": 6382}
"""Default port on the machine, by purpose: it does not move when a cache is added or removed."""


CONTAINERS = ("files", "reload")
"""Last words of the names of the containers that a cache has beside its server."""


def published_port(cache: "CacheSettings") -> int:
    """The port on the machine."""
    return cache.docker.port or PORTS[cache.purpose.value]


def advertised_host(cache: "CacheSettings") -> str:
    """The name or address by which clients reach the cache."""
    return cache.docker.advertised_host or cache.docker.publish_address


def stack_problems(caches: Mapping[str, "CacheSettings"]) -> Iterator[Problem]:
    """What is wrong with the caches of a stack together: two want one port, or one name."""
    for name in sorted(caches):
        for part in CONTAINERS:
            if f"{name}-{part}" in caches:
                yield Problem(
                    join("caches", f"{name}-{part}"),
                    f"is the name of a container that belongs to the cache {name}",
                    "Choose another name.",
                )
    owners: dict[int, str] = {}
    for name, cache in sorted(caches.items()):
        port = published_port(cache)
        if port in owners:
            yield Problem(
                join("caches", name, "docker.port"),
                f"port {port} is taken by the cache {owners[port]} of this stack",
                "Choose another port.",
            )
        owners.setdefault(port, name)


def cache_problems(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    """All that is wrong with one cache on Docker."""
    yield from _memory(path, cache)
    yield from _address(path, cache)
    yield from _image(path, cache)
    yield from _certificates(path, cache)


def _memory(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if memory_mb(cache.memory_gb) < MINIMUM_MB:
        yield Problem(
            join(path, "memoryGb"),
            f"{cache.memory_gb:g} GiB is too small for a server",
            f"Give it {MINIMUM_MB / 1024:g} GiB ({MINIMUM_MB} MiB) or more.",
        )


def _address(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    address = cache.docker.publish_address
    where = join(path, "docker.publishAddress")
    if not is_address(address):
        yield Problem(where, "must be an IP address", "Give an address of the machine.")
        return
    if not cache.mode.tls and not ip_address(address).is_loopback:
        yield Problem(
            where,
            f"the mode {cache.mode.value} is for this machine alone: what goes over a network "
            "must be encrypted",
            "Use 127.0.0.1, or the mode tls.",
        )
    if is_wildcard(address) and not cache.docker.advertised_host:
        yield Problem(
            join(path, "docker.advertisedHost"),
            f"is required with {address}, which is no address to connect to",
            "Name the machine as clients reach it.",
        )
    is_public = ip_address(address).is_global or is_wildcard(address)
    if is_public and cache.environment.value == "production":
        yield Problem(
            where,
            f"{address} is refused in production: it can be reached from everywhere",
            "Publish on a private address.",
            rule="public-address",
        )


def _image(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    image = cache.docker.image
    if image is None:
        return
    where = join(path, "docker.image")
    name, _, tag = image.partition("@")[0].rpartition(":")
    pinned = "@sha256:" in image or (name and "/" not in tag and tag != "latest")
    if not pinned:
        yield Problem(
            where,
            "names no version: each machine would run another one",
            "Give a tag or a digest.",
        )
    if image.startswith(("bitnami/", "docker.io/bitnami/")):
        yield Problem(where, "Bitnami's images are no longer published", "Use the official image.")


def _certificates(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings = cache.docker.certificates
    base = join(path, "docker.certificates")
    if not cache.mode.tls:
        if "certificates" in cache.docker.model_fields_set:
            reason = f"the mode {cache.mode.value} has no certificates"
            yield Problem(base, reason, "Remove them, or use the mode tls.")
        return
    if settings.renew_before_days >= settings.validity_days:
        yield Problem(
            join(base, "renewBeforeDays"),
            "must be less than validityDays: a certificate would be renewed on every run",
            "Lower it.",
        )
    if settings.authority and settings.server:
        reason = "both authority and server are given, and only one can be used"
        yield Problem(base, reason, "Remove one.")
    elif settings.authority:
        yield from _authority(join(base, "authority"), cache)
    elif settings.server:
        yield from _server(join(base, "server"), cache)


def _authority(base: str, cache: "CacheSettings") -> Iterator[Problem]:
    from secure_redis import pem  # noqa: PLC0415 - cryptography, for those who bring certificates

    given = cache.docker.certificates.authority
    if given is None:
        return
    pair, problems = pem.load_pair(base, given.certificate, given.private_key)
    problems += pem.check_pair(pair)
    yield from problems
    if pair.certificate and not problems:
        yield from pem.check_may_sign(pem.certificates(pair.certificate)[0], pair.certificate_path)


def _server(base: str, cache: "CacheSettings") -> Iterator[Problem]:
    from secure_redis import pem  # noqa: PLC0415 - cryptography, for those who bring certificates

    given = cache.docker.certificates.server
    if given is None:
        return
    pair, problems = pem.load_pair(base, given.certificate, given.private_key)
    problems += pem.check_pair(pair)
    authority_path = join(base, "authority")
    authority = pem.known(given.authority, authority_path, problems)
    if authority:
        problems += pem.check_authority(authority, authority_path)
    yield from problems
    if not pair.certificate or problems:
        return
    leaf = pem.certificates(pair.certificate)[0]
    names = [advertised_host(cache), LOOPBACK[0], *cache.docker.host_names]
    yield from pem.check_names(leaf, pair.certificate_path, dict.fromkeys(names))
    yield from pem.check_usage(leaf, pair.certificate_path, client=cache.mode.value == "mtls")
    if authority:
        yield from pem.check_issued(pair.certificate, pair.certificate_path, authority)
