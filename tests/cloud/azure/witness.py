"""A deployment on Azure that remembers all it said, to search it for secrets."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from cloud.deployment import repository_stack
from cloud.witness import Witness
from engine.deployment import PROJECT_NAME, remember_secret

from .cloud import CREDENTIALS, AzureCloud
from .identifiers import ArmId
from .services.classic_redis import HIDDEN
from .subscription import SUBSCRIPTION_ID

CLUSTER = "Microsoft.Cache/redisEnterprise"
DATABASE = f"{CLUSTER}/databases"
CLASSIC = "Microsoft.Cache/redis"
VAULT = "Microsoft.KeyVault/vaults"
SECRET = f"{VAULT}/secrets"
DELETED_VAULT = "Microsoft.KeyVault/deletedVaults"
LOCK = "Microsoft.Authorization/locks"

KEYS = ("primaryKey", "secondaryKey")
EXAMPLE_SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
"""Stands in the stack files until their users write their own there."""

_IDS = re.compile(r"/subscriptions/[^\s\"',\]}]+")
_BODIES: Mapping[str, Mapping[str, Any]] = {
    "Microsoft.Insights/actionGroups": {
        "location": "global",
        "properties": {"groupShortName": "on-call", "enabled": True},
    },
}
"""What other things than networks are, where a stack file names them."""


class AzureWitness(Witness):
    """A deployment on Azure that keeps all it said, and every access key it has had."""

    cloud: AzureCloud
    target = "azure"
    COMPONENTS = ("ManagedRedis", "ClassicRedis")

    def __init__(self, root: Path, stack: str | Mapping[str, Any] | None = None) -> None:
        super().__init__(root, stack)
        self.passwords["client secret"] = CREDENTIALS["ARM_CLIENT_SECRET"]

    def learn(self) -> None:
        """Remembers the access keys that the caches have now, also those of deleted caches."""
        for kind in (DATABASE, CLASSIC):
            for cache in self.cloud.all(kind).values():
                for name in KEYS:
                    self._remember(f"{cache['id'].rpartition('/Microsoft.Cache/')[2]} {name}",
                                   cache["_keys"][name])  # fmt: skip

    def _remember(self, name: str, secret: str) -> None:
        if secret in self.passwords.values():
            return
        for form in (secret, quote(secret, safe="")):
            remember_secret(form)
        number = sum(known.startswith(name) for known in self.passwords)
        self.passwords[f"{name} {number}"] = secret

    def keys(self, cache: str = "cache") -> dict[str, str]:
        """Both access keys of a cache, primary and secondary: secret."""
        self.learn()
        found = self.thing(DATABASE if self.is_managed(cache) else CLASSIC, cache)["_keys"]
        return {"primary": found["primaryKey"], "secondary": found["secondaryKey"]}

    def is_managed(self, cache: str) -> bool:
        """Whether a cache is one of Azure Managed Redis."""
        return any(of_cache(one, cache) for one in self.cloud.all(CLUSTER).values())

    def thing(self, kind: str, cache: str) -> dict[str, Any]:
        """The object of a kind that belongs to a cache: tagged so, or a part of what is."""
        return only(self.cloud.all(kind), self.cloud.all(CLUSTER), cache)

    def visible(self, kind: str) -> Any:
        """What everybody may see: not what Azure keeps to itself, or in a vault."""
        return {name: _open(thing) for name, thing in self.cloud.all(kind).items()}

    @property
    def forgotten(self) -> dict[str, list[str]]:
        """What the stack left, but for secrets in vaults that were there before: they stay."""
        own = {thing["id"].lower() for thing in self.cloud.all(VAULT).values()}
        left = self.cloud.left
        staying = {
            name
            for name, secret in self.cloud.all(SECRET).items()
            if secret["id"].lower().rpartition("/secrets/")[0] in own and VAULT not in left
        }
        remaining = {
            kind: [one for one in ids if kind != SECRET or one not in staying]
            for kind, ids in left.items()
        }
        return {kind: ids for kind, ids in remaining.items() if ids}

    def close(self) -> None:
        """Lifts protection and locks, takes the stack down, and asserts that nothing is left."""
        if any(one.get("protect") for one in self.resources()) or self.cloud.all(LOCK):
            self.write_file(unprotected(yaml.safe_load(self.stack_file.read_text())))
            self.run("up").succeeded()
        super().close()

    def secret(self, what: str, cache: str = "cache") -> dict[str, Any]:
        """The secret of a cache in its vault that holds its url, connection, ...; the one in use.

        The values are secret: see `value_of` of the fake service.
        """
        outputs = self.component(cache)
        uri = outputs["secret_uris"][what]
        (found,) = [
            one for one in self.cloud.all(SECRET).values() if one["properties"]["secretUri"] == uri
        ]
        return found


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        hidden = {"_keys", "_versions", *HIDDEN}
        return {name: _open(item) for name, item in value.items() if name not in hidden}
    return [_open(item) for item in value] if isinstance(value, list) else value


def of_cache(thing: Mapping[str, Any], cache: str) -> bool:
    """Whether a thing carries the tag of a cache."""
    return (thing.get("tags") or {}).get("secure-redis:cache") == cache


def only(
    things: Mapping[str, dict[str, Any]], clusters: Mapping[str, dict[str, Any]], cache: str
) -> dict[str, Any]:
    """The one thing that belongs to a cache: by its tag, or as a part of a cluster with it."""
    above = [ArmId.parse(one["id"]) for one in clusters.values() if of_cache(one, cache)]
    found = [
        thing
        for thing in things.values()
        if of_cache(thing, cache)
        or any(ArmId.parse(thing["id"]).within(cluster.text) for cluster in above)
    ]
    assert len(found) == 1, f"{len(found)} things of the cache {cache}"
    return found[0]


def stack_text(name: str, cloud: AzureCloud) -> str:
    """A stack file of the repository; all that it names by id is there, and nobody's business."""
    text = repository_stack(name).replace(EXAMPLE_SUBSCRIPTION, SUBSCRIPTION_ID)
    seed(cloud, text)
    return text


def seed(cloud: AzureCloud, text: str) -> None:
    """Makes what a text names by resource ids, as if somebody else had made it before."""
    ids = sorted(set(_IDS.findall(text)))
    zones = [one for one in ids if "/privateDnsZones/" in one]
    for subnet in [one for one in ids if "/subnets/" in one]:
        cloud.add_network(subnet, zones=zones)
    for identifier in ids:
        body = _BODIES.get(ArmId.parse(identifier).type)
        if body is not None:
            cloud.add(identifier, dict(body))


def unprotected(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stack file with what docs/azure.md says to write before production is destroyed."""
    config = dict(document["config"])
    # A reason is asked for, and taken, in production only.
    production = config[f"{PROJECT_NAME}:environment"] == "production"
    reason = {"unprotected-data": "moved to another region"} if production else {}
    config[f"{PROJECT_NAME}:exceptions"] = {
        **(config.get(f"{PROJECT_NAME}:exceptions") or {}), **reason
    }  # fmt: skip
    config[f"{PROJECT_NAME}:caches"] = {
        name: {**cache, "protect": False, "azure": {**cache.get("azure", {}), "lock": False}}
        for name, cache in config[f"{PROJECT_NAME}:caches"].items()
    }
    return {**document, "config": config}


def values(cloud: AzureCloud) -> Iterator[tuple[str, str]]:
    """Name and value of every version of every secret: secret."""
    for secret in cloud.all(SECRET).values():
        for version, value in secret["_versions"].items():
            yield f"{secret['name']} {version}", value
