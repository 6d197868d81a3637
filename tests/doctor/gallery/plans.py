"""All servers of the gallery: what each of them has that a healthy one has not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from secure_redis.acl import APPLICATION, APPLICATION_USER
from secure_redis.docker.config import CIPHERS, CIPHERSUITES
from secure_redis.settings import TlsProfile

from .certificates import CLIENT, Authority, Recipe, self_signed
from .server import APP, DEFAULT_OFF, Plan

DEFAULT_OPEN = "user default on nopass ~* &* +@all"

STOCK_TLS = {"tls-ciphers": "", "tls-ciphersuites": "", "tls-prefer-server-ciphers": ""}
"""What a server has whose ciphers nobody set."""

SENTINEL_CLIENT = (
    f"user {APPLICATION_USER} on #{{app}} -@all +@connection +info +acl|whoami "
    "+sentinel|get-master-addr-by-name +sentinel|masters +sentinel|replicas +sentinel|sentinels "
    "+sentinel|ckquorum"
)
"""A user that may ask a Sentinel, and not change what it does."""

CLUSTER = {
    "cluster-enabled": "yes",
    "tls-cluster": "yes",
    "cluster-node-timeout": "5000",
    "cluster-announce-ip": "{address}",
}


@dataclass(frozen=True)
class Authorities:
    """The CAs of the gallery."""

    own: Authority = field(default_factory=lambda: Authority("The gallery's CA"))
    other: Authority = field(default_factory=lambda: Authority("Another CA"))

    former: Authority = field(default_factory=lambda: Authority("The former CA", ends=-10))

    @cached_property
    def intermediate(self) -> Authority:
        return Authority("An intermediate CA", self.own)

    @cached_property
    def none(self) -> Authority:
        """Signs, and its certificate says that it may not."""
        return Authority("No CA", self.own, may_sign=False)


def _healthy(authorities: Authorities) -> dict[str, Plan]:
    fips = {
        "tls-ciphers": ":".join(CIPHERS[TlsProfile.FIPS]),
        "tls-ciphersuites": ":".join(CIPHERSUITES[TlsProfile.FIPS]),
    }
    return {
        "healthy": Plan(),
        "mutual": Plan(settings={"tls-auth-clients": "yes"}),
        "intermediate": Plan(issuer=authorities.intermediate),
        "rsa": Plan(certificate=Recipe(rsa_bits=2048)),
        "newest": Plan(settings={"tls-protocols": "TLSv1.3"}),
        "newest-but-one": Plan(settings={"tls-protocols": "TLSv1.2"}),
        "approved": Plan(settings=fips),
        "optional": Plan(settings={"tls-auth-clients": "optional"}),
        "wildcard": Plan(certificate=Recipe(names=("*.gallery.test",))),
        "own-ca": Plan(pair=self_signed(Recipe(names=("own-ca.gallery.test",)))),
        "appending": Plan(settings={"appendonly": "yes", "maxmemory-policy": "noeviction"}),
        "few-rights": Plan(
            users=(DEFAULT_OFF, f"user {APPLICATION_USER} on #{{app}} ~* -@all +get +set +del")
        ),
        "hello-less": Plan(settings={"rename-command": 'HELLO ""'}),
        "info-less": Plan(users=(DEFAULT_OFF, f"{APP} -info")),
    }


def _identity() -> dict[str, Plan]:
    return {
        "no-password": Plan(users=(DEFAULT_OPEN,)),
        "nopass-default": Plan(users=(DEFAULT_OPEN, APP)),
        "decorative": Plan(users=(DEFAULT_OFF, f"user {APPLICATION_USER} on nopass {APPLICATION}")),
        "mutual-1.2": Plan(settings={"tls-auth-clients": "yes", "tls-protocols": "TLSv1.2"}),
        "user-off": Plan(users=(DEFAULT_OFF, APP.replace(" on ", " off "))),
        "rotating": Plan(users=(DEFAULT_OFF, f"{APP} #{{former}}")),
        "awkward": Plan(
            users=(DEFAULT_OFF, f"user {APPLICATION_USER} on #{{awkward}} {APPLICATION}")
        ),
        "short": Plan(users=(DEFAULT_OFF, f"user {APPLICATION_USER} on #{{short}} {APPLICATION}")),
        "default-user": Plan(users=("user default on #{app} ~* &* +@all",)),
        "default-limited": Plan(users=(f"user default on #{{app}} {APPLICATION}",)),
        "all-rights": Plan(users=(DEFAULT_OFF, f"user {APPLICATION_USER} on #{{app}} ~* &* +@all")),
        "flushing": Plan(users=(DEFAULT_OFF, f"{APP} +flushall")),
        "reading": Plan(users=(DEFAULT_OFF, f"{APP} -@write")),
        "writing": Plan(users=(DEFAULT_OFF, f"{APP} -get")),
        "other-keys": Plan(
            users=(DEFAULT_OFF, APP.replace("~*", "~orders:*")),
        ),
    }


def _surface() -> dict[str, Plan]:
    return {
        "open-also": Plan(plain=True),
        "plain": Plan(tls=False, port=6380),
        "password-only": Plan(tls=False),
        # A proxy joins these to one port that speaks both.
        "behind-proxy": Plan(plain=True, certificate=Recipe(names=("both.gallery.test",))),
        # Its name leads to an address more, where nobody answers.
        "half": Plan(),
    }


def _trust(authorities: Authorities) -> dict[str, Plan]:
    return {
        "expired": Plan(certificate=Recipe(ends=-2)),
        "early": Plan(certificate=Recipe(starts=2)),
        "ends-soon": Plan(certificate=Recipe(ends=20)),
        "ends-within-days": Plan(certificate=Recipe(ends=3)),
        "wrong-host": Plan(certificate=Recipe(names=("redis.example.com",))),
        "by-name": Plan(certificate=Recipe(names=("{host}",))),
        "no-names": Plan(certificate=Recipe(names=())),
        "common-name": Plan(certificate=Recipe(names=(), common_name="{host}")),
        "address-only": Plan(certificate=Recipe(names=("{address}",))),
        "client-certificate": Plan(certificate=Recipe(purposes=(CLIENT,))),
        "rsa-1024": Plan(certificate=Recipe(rsa_bits=1024), old_openssl=True),
        "sha-1": Plan(certificate=Recipe(sha1=True), old_openssl=True),
        "self-signed": Plan(pair=self_signed(Recipe(names=("self-signed.gallery.test",)))),
        "unknown-ca": Plan(issuer=authorities.other),
        "old-ca": Plan(issuer=authorities.former),
        "incomplete": Plan(issuer=authorities.intermediate, sends_chain=False),
        "invalid": Plan(issuer=authorities.none),
    }


def _versions() -> dict[str, Plan]:
    old = {"tls-ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"}
    return {
        "old-accepted": Plan(
            settings={**old, "tls-protocols": '"TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"'}, old_openssl=True
        ),
        "old-only": Plan(settings={**old, "tls-protocols": '"TLSv1 TLSv1.1"'}, old_openssl=True),
        "stock-rsa": Plan(certificate=Recipe(rsa_bits=2048), settings=STOCK_TLS),
        "stock-elliptic": Plan(settings=STOCK_TLS),
    }


def _state() -> dict[str, Plan]:
    """Servers whose fault is in what they do; the gallery brings some of them about."""
    saving = {"save": "3600 1"}
    return {
        "full": Plan(settings={"maxmemory": "1", "maxmemory-policy": "noeviction"}),
        "unsaved": Plan(settings=saving),
        "unsaved-writing": Plan(settings={**saving, "stop-writes-on-bgsave-error": "no"}),
        "lonely": Plan(settings={"min-replicas-to-write": "1"}),
        "loading": Plan(
            settings={"rdbcompression": "no", "loading-process-events-interval-bytes": "1024"}
        ),
        "crowded": Plan(settings={"maxclients": "8"}),
        "crowded-plain": Plan(tls=False, settings={"maxclients": "8"}),
        "busy": Plan(settings={"maxclients": "200"}),
        "rejecting": Plan(settings={"maxclients": "40"}),
        "unlimited": Plan(settings={"maxmemory": "0"}),
        "nearly-full": Plan(settings={"maxmemory-policy": "volatile-lru"}),
        "attacked": Plan(),
    }


def _groups() -> dict[str, Plan]:
    return {
        "primary": Plan(),
        "orphan": Plan(settings={"replicaof": "{address} 1", "replica-serve-stale-data": "no"}),
        "replica": Plan(),
        "sentinel": Plan(sentinel=True, users=(DEFAULT_OFF, SENTINEL_CLIENT)),
        "sentinel-strict": Plan(sentinel=True),
        "cluster-1": Plan(settings=CLUSTER),
        "cluster-2": Plan(settings=CLUSTER),
        "cluster-3": Plan(settings=CLUSTER),
        "cluster-empty": Plan(settings=CLUSTER),
        "cluster-alias": Plan(
            settings={
                **CLUSTER,
                "cluster-announce-hostname": "alias.gallery.test",
                "cluster-preferred-endpoint-type": "hostname",
            }
        ),
    }


def plans(authorities: Authorities, port: int) -> Mapping[str, Plan]:
    """All servers by name. The one on the only IPv6 address gets a port of its own."""
    return {
        **_healthy(authorities),
        "six": Plan(address="::1", port=port),
        **_identity(),
        **_surface(),
        **_trust(authorities),
        **_versions(),
        **_state(),
        **_groups(),
    }
