"""redis: instances.

Transcribed from terraform-provider-google-beta (`services/redis/resource_redis_instance.go`).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from cloud.gcp.api import GoogleApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, ProviderError
from cloud.standin.resource import Resource, Values

from .common import (
    COMMON,
    NAME,
    Body,
    GoogleResource,
    between,
    known,
    last,
    matching,
    one_of,
    relative,
    same_link_or_name,
)

DAYS = (
    "DAY_OF_WEEK_UNSPECIFIED", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY",
    "SUNDAY",
)  # fmt: skip
PERIODS = ("ONE_HOUR", "SIX_HOURS", "TWELVE_HOURS", "TWENTY_FOUR_HOURS")

SENT = (
    "alternativeLocationId", "authEnabled", "authorizedNetwork", "connectMode", "displayName",
    "redisConfigs", "locationId", "name", "persistenceConfig", "maintenancePolicy",
    "maintenanceVersion", "memorySizeGb", "redisVersion", "reservedIpRange", "tier",
    "transitEncryptionMode", "replicaCount", "readReplicasMode", "secondaryIpRange",
    "customerManagedKey",
)  # fmt: skip
CHANGEABLE = (
    "authEnabled", "displayName", "redisConfigs", "persistenceConfig", "maintenancePolicy",
    "maintenanceVersion", "memorySizeGb", "replicaCount", "readReplicasMode", "secondaryIpRange",
)  # fmt: skip


class Instance(GoogleResource):
    """An instance of Memorystore for Redis."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from matching(inputs, "name", "^[a-z][a-z0-9-]{0,39}[a-z0-9]$")
        yield from quoted(inputs, "connectMode", "DIRECT_PEERING", "PRIVATE_SERVICE_ACCESS")
        yield from quoted(inputs, "tier", "BASIC", "STANDARD_HA")
        yield from quoted(inputs, "transitEncryptionMode", "SERVER_AUTHENTICATION", "DISABLED")
        yield from quoted(
            inputs, "readReplicasMode", "READ_REPLICAS_DISABLED", "READ_REPLICAS_ENABLED"
        )
        config = inputs.get("persistenceConfig")
        if isinstance(config, dict):
            path = "persistence_config.0"
            mode = f"{path}.persistence_mode"
            yield from one_of(config, "persistenceMode", "DISABLED", "RDB", path=mode)
            yield from quoted(
                config, "rdbSnapshotPeriod", *PERIODS, path=f"{path}.rdb_snapshot_period"
            )
        yield from windows(inputs.get("maintenancePolicy"), seconds=60)

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        if old and older(new.get("redisVersion"), old.get("redisVersion")):
            yield "redisVersion"

    @staticmethod
    def region(api: GoogleApi, inputs: Values) -> str:
        """The region, which a zone tells too."""
        zone = inputs.get("locationId")
        if not inputs.get("region") and zone:
            return str(zone).rpartition("-")[0]
        return GoogleResource.region(api, inputs)

    def body_of_creation(self, api: GoogleApi, inputs: Values) -> Body:
        body = super().body_of_creation(api, inputs)
        body["name"] = self.identifier.format_map(self.places(api, inputs))
        network = inputs.get("authorizedNetwork")
        if network:
            body["authorizedNetwork"] = network_link(api, inputs, network)
        return body

    def fetched(self, api: GoogleApi, identifier: str, state: Values) -> Body | None:
        """With the password, which is asked for at an address of its own."""
        thing = super().fetched(api, identifier, state)
        if thing is None:
            return None
        address = f"{self.address(identifier)}/authString"
        if thing.get("authEnabled"):
            with doing("Error reading AuthString"):
                thing["authString"] = api.ask("GET", address).get("authString")
        return {"authString": "", **thing}

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        # The name of the range that was asked for is never told; what is told are its addresses.
        addresses = thing.get("reservedIpRange")
        told = {name: one for name, one in thing.items() if name != "reservedIpRange"}
        # Google tells nothing that is false or empty.
        silent = {
            "authEnabled": False,
            "displayName": "",
            "readEndpoint": "",
            "readEndpointPort": 0,
            "replicaCount": 0,
            "secondaryIpRange": "",
            "customerManagedKey": "",
            "redisConfigs": {},
            "serverCaCerts": [],
            "nodes": [],
            "maintenanceSchedules": [],
        }
        found = {**silent, **super().shown(api, told, state)}
        return {**found, "name": last(thing["name"]), "effectiveReservedIpRange": addresses or ""}

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """One PATCH with what is as it was besides, and then the upgrade by itself."""
        kept = {name: old[name] for name in CHANGEABLE if name not in changed and name in old}
        super().update(api, identifier, old, {**new, **kept}, changed)
        if "redisVersion" in changed:
            with doing(f'Error updating Instance "{identifier}"'):
                answer = api.send(
                    "POST",
                    f"{self.address(identifier)}:upgrade",
                    {"redisVersion": new["redisVersion"]},
                )
            self.waited(api, answer, "Updating Instance")

    def unprotected(self, state: Values) -> None:
        if state.get("deletionProtection"):
            raise ProviderError(
                "cannot destroy redis instance without setting deletion_protection=false and "
                "running `terraform apply`"
            )


def quoted(inputs: Values, name: str, *choices: str, path: str = "") -> Iterator[Failure]:
    """A string's choices where the empty one counts as one."""
    value = inputs.get(name)
    if known(value) and value not in (*choices, ""):
        allowed = " ".join(f'"{one}"' for one in (*choices, ""))
        where = path or re.sub(r"([A-Z])", r"_\1", name).lower()
        yield Failure(name, f"expected {where} to be one of [{allowed}], got {value}")


def windows(policy: Any, *, seconds: int) -> Iterator[Failure]:
    """Days and times of maintenance windows."""
    entries = policy.get("weeklyMaintenanceWindows") if isinstance(policy, dict) else None
    for index, window in enumerate(entries if isinstance(entries, list) else []):
        path = f"maintenance_policy.0.weekly_maintenance_window.{index}"
        if not isinstance(window, dict):
            continue
        yield from one_of(window, "day", *DAYS, path=f"{path}.day")
        start = window.get("startTime")
        for part, most in (
            ("hours", 23),
            ("minutes", 59),
            ("seconds", seconds),
            ("nanos", 999_999_999),
        ):
            if isinstance(start, dict):
                where = f"{path}.start_time.0.{part}"
                yield from between(start, part, 0, most, path=where)


def older(new: Any, old: Any) -> bool:
    """Whether a version is a step back, as far as the provider sees it: not with REDIS_6_X."""
    if not isinstance(new, str) or not isinstance(old, str):
        return False
    found = [re.match(r"REDIS_(\d+)_(\d+)", one) for one in (new, old)]
    if not all(found):
        return False
    after, before = (float(f"{one[1]}.{one[2]}") for one in found if one)
    return after < before


def network_link(api: GoogleApi, inputs: Values, text: str) -> str:
    """A network by its full name, whatever it was given by."""
    if "/" in text:
        return relative(text)
    project = inputs.get("project") or api.config.get("project")
    return f"projects/{project}/global/networks/{text}"


def _second_range(old: Any, new: Any) -> bool:
    """`auto` is whatever there is."""
    return old == new or (str(new).lower() == "auto" and bool(old))


RESOURCES: tuple[Resource, ...] = (
    Instance(
        sdk="pulumi_gcp.redis:Instance",
        what="Instance",
        long="RedisInstance",
        base="https://redis.googleapis.com/v1beta1",
        collection="projects/{project}/locations/{region}/instances",
        creation={"instanceId": "{name}"},
        identifier="projects/{project}/locations/{region}/instances/{name}",
        imports=("{project}/{region}/{name}", "{region}/{name}", "{name}"),
        sent=SENT,
        changeable=CHANGEABLE,
        names={
            "weeklyMaintenanceWindows": "weeklyMaintenanceWindow",
            "maintenanceSchedules": "maintenanceSchedule",
        },
        client=frozenset({"deletionProtection"}),
        models=COMMON
        | frozenset(SENT)
        | {"region", "labels", "deletionProtection"},
        named=NAME,
        defaults={
            "authEnabled": False,
            "connectMode": "DIRECT_PEERING",
            "tier": "BASIC",
            "transitEncryptionMode": "DISABLED",
        },
        replaces=frozenset(
            {"alternativeLocationId", "authorizedNetwork", "connectMode", "customerManagedKey",
             "locationId", "name", "region", "reservedIpRange", "tier", "transitEncryptionMode",
             "project"}
        ),
        rules=Rules(
            computed=frozenset(
                {"alternativeLocationId", "authorizedNetwork", "locationId", "maintenanceVersion",
                 "persistenceConfig", "readReplicasMode", "redisVersion", "region", "replicaCount",
                 "reservedIpRange", "secondaryIpRange", "project", "deletionPolicy",
                 "persistenceConfig.persistenceMode", "persistenceConfig.rdbSnapshotStartTime",
                 "persistenceConfig.rdbNextSnapshotTime", "maintenancePolicy.createTime",
                 "maintenancePolicy.updateTime",
                 "maintenancePolicy.weeklyMaintenanceWindows.duration"}
            ),
            suppressed={
                "authorizedNetwork": same_link_or_name,
                "secondaryIpRange": _second_range,
            },
        ),
        kept=frozenset({"reservedIpRange", "deletionProtection"}),
    ),
)  # fmt: skip
