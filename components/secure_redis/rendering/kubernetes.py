"""The connection as Kubernetes Secrets.

The first Secret follows the Service Binding specification (servicebinding.io): its well-known
entries `type`, `provider`, `host`, `port`, `username`, `password` and `uri`, with `certificates`
and `private-key` kept for the client's own pair as the specification reserves them; the CA is
`ca.crt`. A second Secret, if variables are given, holds them under their names for `envFrom`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from secure_redis.connection import Auth, Connection
from secure_redis.rendering.env import MASK, Rendered, masked
from secure_redis.rendering.errors import RenderingError

ANNOTATIONS = "redis.contract"
"""Prefix of the annotations."""

SECRET_ENTRIES = frozenset({"password", "uri", "private-key"})
"""Entries of a binding that carry a credential."""

NAME_LIMIT = 253
"""Longest name of an object, in characters (DNS subdomain, RFC 1123)."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that a certificate can be read."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def binding(connection: Connection) -> dict[str, str]:
    """Secret as a whole. The entries of the Service Binding, without those that do not apply.

    Where clients log in with a cloud's identity there is neither `username` nor `password`, from
    which libraries would make a login that fails: `auth` says so, and `identity-user` names the
    user of the token.
    """
    identity = connection.auth == Auth.IDENTITY
    entries = {
        "type": "redis",
        "provider": connection.target,
        "host": connection.host,
        "port": str(connection.port),
        "username": connection.username if connection.auth == Auth.PASSWORD else "",
        "password": connection.password,
        "uri": connection.url,
        "auth": connection.auth.value if identity else "",
        "identity-user": connection.username if identity else "",
        "ssl": "true" if connection.tls else "false",
        "tls-verify": connection.tls_verify.value if connection.tls else "",
        "tls-server-name": connection.tls_server_name,
        "ca.crt": connection.ca_pem,
        "certificates": connection.client_cert_pem,
        "private-key": connection.client_key_pem,
    }
    return {key: value for key, value in entries.items() if value}


def checksum(name: str, entries: Mapping[str, str]) -> str:
    """A digest (64 hexadecimal digits) that changes with the entries, to roll pods by.

    Stretched by scrypt, since annotations are copied to where secrets are not: a short password
    must not be found by trying passwords against the digest.
    """
    text = json.dumps(dict(sorted(entries.items())))
    return hashlib.scrypt(
        text.encode(), salt=f"secure-redis/{name}".encode(), n=2**14, r=8, p=1, dklen=32
    ).hex()


def object_name(cache: str) -> str:
    """The name of the Secret of a cache: `<cache>-redis`, as Kubernetes allows it.

    Raises RenderingError where nothing usable remains of the cache's name.
    """
    base = re.sub(r"[^a-z0-9]+", "-", cache.lower()).strip("-")
    name = f"{base}-redis"
    if not base or len(f"{name}-env") > NAME_LIMIT:
        raise RenderingError(f"cache {cache!r} gives no name for a Kubernetes Secret")
    return name


def manifest(
    connection: Connection,
    *,
    cache: str,
    heading: str,
    variables: Sequence[Rendered] = (),
    reveal: bool,
) -> str:
    """The YAML of the Secret `<cache>-redis` and, with variables, of `<cache>-redis-env`.

    Secret with `reveal`; without, every secret value reads `[secret]`. Annotations: version of the
    contract, when the CA expires and the password should be rotated where known, and a checksum.
    Raises RenderingError for a name that Kubernetes does not take.
    """
    name = object_name(cache)
    entries = binding(connection)
    shown = entries if reveal else _masked_entries(entries)
    documents = [_secret(name, "servicebinding.io/redis", connection, entries, shown)]
    if variables:
        env = {variable.name: variable.value for variable in variables}
        shown = env if reveal else masked(variables)
        documents.append(_secret(f"{name}-env", "Opaque", connection, env, shown))
    body = "---\n".join(yaml.dump(one, Dumper=_Dumper, sort_keys=False) for one in documents)
    return f"# {heading}\n{body}"


def _masked_entries(entries: Mapping[str, str]) -> dict[str, str]:
    return {key: MASK if key in SECRET_ENTRIES else value for key, value in entries.items()}


def _secret(
    name: str,
    kind: str,
    connection: Connection,
    entries: Mapping[str, str],
    shown: Mapping[str, str],
) -> dict[str, Any]:
    annotations = {
        "version": connection.contract_version,
        "ca-not-after": connection.ca_not_after,
        "rotate-by": connection.rotate_by,
        "checksum": checksum(name, entries) if shown == entries else MASK,
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "annotations": {
                f"{ANNOTATIONS}/{key}": text for key, text in annotations.items() if text
            },
        },
        "type": kind,
        # The password in it is rotated; an immutable Secret would have to be replaced by name.
        "immutable": False,
        "stringData": dict(shown),
    }
