"""A deployment on Google Cloud that remembers all it said, to search it for secrets."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from cloud.deployment import repository_stack
from cloud.witness import Witness
from engine.deployment import PROJECT_NAME, remember_secret

from .cloud import CREDENTIALS, PROJECT_ID, REGION, GcpCloud
from .services.memorystore import CLASS
from .services.memorystore import INSTANCE as VALKEY
from .services.monitoring import CHANNEL
from .services.network_connectivity import SCP
from .services.redis import INSTANCE as REDIS
from .services.secret_manager import SECRET, VERSION

OWN_LABEL = "secure-redis-name"
"""The label that tells whose an object is."""

_CHANNELS = re.compile(r"projects/[^/\s]+/notificationChannels/\d+")


class GcpWitness(Witness):
    """A deployment on Google Cloud that keeps all it said, and every AUTH string it has had."""

    cloud: GcpCloud
    target = "gcp"
    COMPONENTS = ("MemorystoreRedis", "MemorystoreValkey")

    def __init__(self, root: Path, stack: str | Mapping[str, Any] | None = None) -> None:
        super().__init__(root, stack)
        self.passwords["access token"] = CREDENTIALS["GOOGLE_OAUTH_ACCESS_TOKEN"]

    def write(self, caches: Mapping[str, Any], **others: Any) -> None:
        """Writes the stack file; in the tests' project and region where nothing else is said."""
        place = {"gcp:project": PROJECT_ID, "gcp:region": REGION}
        super().write(caches, **{**place, **others})
        config = yaml.safe_load(self.stack_file.read_text())["config"]
        self.cloud.prepare(config)

    def learn(self) -> None:
        """Remembers the AUTH strings that the caches have now."""
        for name, instance in self.cloud.all(REDIS).items():
            secret = instance["_auth"]
            if secret and secret not in self.passwords.values():
                remember_secret(secret)
                number = sum(known.startswith(name) for known in self.passwords)
                self.passwords[f"{name} {number}"] = secret

    def visible(self, kind: str) -> Any:
        """What everybody may see: not what Google keeps to itself, or in Secret Manager."""
        return {name: _open(thing) for name, thing in self.cloud.all(kind).items()}

    @property
    def forgotten(self) -> dict[str, list[str]]:
        """What the stack left. Key rings and keys cannot be deleted, and do not count."""
        return self.cloud.left

    def instance(self, cache: str = "cache") -> dict[str, Any]:
        """The instance that the contract of a cache leads to, as the fake cloud has it: secret."""
        name = self.connection(cache).resource_id
        return self.cloud.get(REDIS, name) or self.cloud.google.need(VALKEY, name)

    def auth(self, cache: str = "cache") -> str:
        """The AUTH string of a cache: secret."""
        self.learn()
        return self.instance(cache)["_auth"]

    def secret(self, what: str, cache: str = "cache") -> dict[str, Any]:
        """The secret of a cache that is its `connection` or `url`."""
        return self.cloud.google.need(SECRET, self.component(cache)["secret_ids"][what])

    def versions(self, what: str, cache: str = "cache") -> list[dict[str, Any]]:
        """The versions of a secret of a cache, oldest first: secret."""
        return versions(self.cloud, self.component(cache)["secret_ids"][what])

    def value(self, what: str, cache: str = "cache") -> str:
        """What a secret of a cache holds now: secret."""
        return value_of(self.versions(what, cache)[-1])

    def previous_url(self, cache: str = "cache") -> str:
        """The URL of the generation before, as the component gives it: secret."""
        exported = self.pulumi("stack", "export", "--show-secrets").succeeded().stdout
        (found,) = [
            one["outputs"]["previous_url"]
            for one in json.loads(exported)["deployment"]["resources"]
            if "previous_url" in one.get("outputs", {}) and one["urn"].endswith(f"::{cache}")
        ]
        return json.loads(found["plaintext"]) if isinstance(found, dict) else found

    def close(self) -> None:
        """Lifts the protection, takes the stack down, and asserts that nothing is left."""
        if self.exists and any(one.get("protect") for one in self.resources()):
            self.write_file(unprotected(yaml.safe_load(self.stack_file.read_text())))
            self.run("up").succeeded()
        super().close()


def _open(value: Any) -> Any:
    """A thing without what begins with an underscore, however deep it stands."""
    if isinstance(value, dict):
        return {name: _open(item) for name, item in value.items() if not name.startswith("_")}
    return [_open(item) for item in value] if isinstance(value, list) else value


def of_cache(thing: Mapping[str, Any], cache: str) -> bool:
    """Whether a thing carries the label of a cache."""
    labels = thing.get("labels") or thing.get("userLabels") or {}
    return labels.get(OWN_LABEL) == cache


def versions(cloud: GcpCloud, secret: str) -> list[dict[str, Any]]:
    """The versions of a secret by its full name, oldest first: secret."""
    found = {
        int(name.rpartition("/")[2]): version
        for name, version in cloud.all(VERSION).items()
        if name.startswith(f"{secret}/versions/")
    }
    return [found[number] for number in sorted(found)]


def value_of(version: Mapping[str, Any]) -> str:
    """What a version of a secret holds: secret."""
    return base64.b64decode(version["_data"]).decode()


def values(cloud: GcpCloud) -> Iterator[tuple[str, str]]:
    """Name and value of every version of every secret: secret."""
    for name, version in cloud.all(VERSION).items():
        if "_data" in version:
            yield name, value_of(version)


def stack_text(name: str, cloud: GcpCloud) -> str:
    """A stack file of the repository; all that it names is there, and nobody's business."""
    text = repository_stack(name)
    seed(cloud, text)
    return text


def seed(cloud: GcpCloud, text: str) -> None:
    """Makes what a stack file names, as if somebody else had made it before.

    Notification channels; of a network that is adopted, its project, which shares it, its range
    and connection, and a policy for Valkey.
    """
    config = yaml.safe_load(text)["config"]
    cloud.prepare(config)
    project, region = config["gcp:project"], config["gcp:region"]
    for channel in sorted(set(_CHANNELS.findall(text))):
        add_channel(cloud, channel)
    network = config.get(f"{PROJECT_NAME}:network") or {}
    adopted = (network.get("adopt") or {}).get("networkId")
    if adopted:
        services = network.get("privateServices") or {}
        add_shared_network(cloud, project, adopted, region, services.get("rangeName"))


def add_channel(cloud: GcpCloud, name: str) -> str:
    """A notification channel of somebody else; its name."""
    body = {"type": "email", "labels": {"email_address": "on-call@example.com"}, "enabled": True}
    cloud.put(CHANNEL, name, {**body, "name": name, "seeded": True})
    return name


def add_shared_network(
    cloud: GcpCloud, project: str, network: str, region: str, range_name: str | None = None
) -> dict[str, str]:
    """A network of somebody else by its full name, which a project may use, ready for both engines.

    Args:
        cloud: where.
        project: who uses it; its own network, or that of a host project, which is made.
        network: as projects/host/global/networks/shared.
        region: where its subnetwork and its policy for Valkey are.
        range_name: its range for private services, with the connection; None for neither.

    Gives `network`, `subnetwork`, `policy` and `range` by name.
    """
    host, short = network.split("/")[1], network.rpartition("/")[2]
    if host != project:
        cloud.add_project(host)
        cloud.share(host, project)
    # Each network that a test adds has addresses of its own.
    number = cloud.count("networks of others")
    made = cloud.add_network(
        host,
        name=short,
        region=region,
        cidr=f"10.{200 + number}.0.0/24",
        subnetwork=f"{short}-caches",
    )
    policy = f"projects/{host}/locations/{region}/serviceConnectionPolicies/{short}-memorystore"
    body = {
        "name": policy,
        "network": made["network"],
        "serviceClass": CLASS,
        "infrastructure": "PSC",
        "pscConfig": {"subnetworks": [made["subnetwork"]]},
        "etag": "seed",
        "seeded": True,
    }
    cloud.put(SCP, policy, body)
    if range_name:
        cloud.add_private_access(made["network"], range_name, f"10.{230 + number}.0.0/20")
    return {**made, "policy": policy, "range": range_name or ""}


def unprotected(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stack file with what docs/gcp.md says to write before production is destroyed."""
    config = dict(document["config"])
    # A reason is asked for, and taken, in production only.
    production = config[f"{PROJECT_NAME}:environment"] == "production"
    reason = {"unprotected-data": "moved to another region"} if production else {}
    config[f"{PROJECT_NAME}:exceptions"] = {
        **(config.get(f"{PROJECT_NAME}:exceptions") or {}), **reason
    }  # fmt: skip
    config[f"{PROJECT_NAME}:caches"] = {
        name: {**cache, "protect": False}
        for name, cache in config[f"{PROJECT_NAME}:caches"].items()
    }
    return {**document, "config": config}
