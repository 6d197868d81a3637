"""memorystore: instances of Valkey.

Transcribed from terraform-provider-google-beta
(`services/memorystore/resource_memorystore_instance.go`).
"""

from collections.abc import Iterable

from cloud.gcp.api import GoogleApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.resource import Resource, Values

from .common import COMMON, Body, GoogleResource, conflicting
from .redis import quoted, windows

SENT = (
    "replicaCount", "authorizationMode", "transitEncryptionMode", "shardCount", "nodeType",
    "persistenceConfig", "maintenancePolicy", "engineVersion", "engineConfigs",
    "zoneDistributionConfig", "deletionProtectionEnabled", "mode", "kmsKey", "serverCaMode",
    "serverCaPool",
)  # fmt: skip
CHANGEABLE = (
    "automatedBackupConfig", "replicaCount", "shardCount", "nodeType", "persistenceConfig",
    "maintenancePolicy", "engineVersion", "engineConfigs", "deletionProtectionEnabled",
)  # fmt: skip
ENDPOINTS = ("desiredAutoCreatedEndpoints", "desiredPscAutoConnections")


class Instance(GoogleResource):
    """An instance of Memorystore for Valkey."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from quoted(inputs, "mode", "CLUSTER", "CLUSTER_DISABLED")
        yield from quoted(
            inputs,
            "serverCaMode",
            "GOOGLE_MANAGED_PER_INSTANCE_CA",
            "GOOGLE_MANAGED_SHARED_CA",
            "CUSTOMER_MANAGED_CAS_CA",
            "SERVER_CA_MODE_UNSPECIFIED",
        )
        config = inputs.get("persistenceConfig")
        if isinstance(config, dict):
            path = "persistence_config.0.mode"
            yield from quoted(config, "mode", "DISABLED", "RDB", "AOF", path=path)
        zones = inputs.get("zoneDistributionConfig")
        if isinstance(zones, dict):
            path = "zone_distribution_config.0.mode"
            yield from quoted(zones, "mode", "MULTI_ZONE", "SINGLE_ZONE", path=path)
        yield from windows(inputs.get("maintenancePolicy"), seconds=60)
        for name, other in (ENDPOINTS, ENDPOINTS[::-1]):
            yield from conflicting(inputs, name, other)

    def encoded(self, api: GoogleApi, inputs: Values, names: Iterable[str]) -> Body:
        """With the backups, which are turned off by name where nothing is said of them."""
        names = [name for name in names if name != "automatedBackupConfig"]
        body = super().encoded(api, inputs, names)
        body["automatedBackupConfig"] = _backups(inputs.get("automatedBackupConfig"))
        return {**body, **_endpoints(inputs)}

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        """Another number of connections makes a new instance; other ones are never sent."""
        for name in ENDPOINTS:
            before, after = (old or {}).get(name) or [], new.get(name) or []
            if old and isinstance(after, list) and len(before) != len(after):
                yield name

    def fetched(self, api: GoogleApi, identifier: str, state: Values) -> Body | None:
        """With the CAs, which are asked for at an address of their own."""
        thing = super().fetched(api, identifier, state)
        if thing is None:
            return None
        secure = thing.get("transitEncryptionMode") == "SERVER_AUTHENTICATION"
        if secure and thing.get("serverCaMode") != "CUSTOMER_MANAGED_CAS_CA":
            address = f"{self.address(identifier)}/certificateAuthority"
            with doing("Error reading certificateAuthority"):
                thing["managedServerCa"] = api.ask("GET", address).get("managedServerCa")
        return thing

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        single = ("managedServerCa", "nodeConfig", "stateInfo")
        # Blocks that only Google fills in are lists in the SDK, of one element.
        lists = {f"{name}s": [thing[name]] for name in single if thing.get(name)}
        told = {name: one for name, one in thing.items() if name not in single}
        backups = told.get("automatedBackupConfig") or {}
        if backups.get("automatedBackupMode") != "ENABLED":
            told.pop("automatedBackupConfig", None)
        silent = {
            "replicaCount": 0,
            "deletionProtectionEnabled": False,
            "engineConfigs": {},
            "kmsKey": "",
            "discoveryEndpoints": [],
            "pscAutoConnections": [],
            "managedServerCas": [],
        }
        found = {**silent, **super().shown(api, {**told, **lists}, state)}
        return {**found, **_desired(thing, state)}


def _backups(config: Values | None) -> Body:
    """Backups; an hour of 0 says nothing to the provider, and takes its schedule with it."""
    if not config:
        return {"automatedBackupMode": "DISABLED"}
    body = {"automatedBackupMode": "ENABLED", "retention": config["retention"]}
    hours = config["fixedFrequencySchedule"]["startTime"]["hours"]
    if hours:
        body["fixedFrequencySchedule"] = {"startTime": {"hours": hours}}
    return body


def _endpoints(inputs: Values) -> Body:
    """The connections that are asked for, in the new form or the old one."""
    new, old = (inputs.get(name) for name in ENDPOINTS)
    if new:
        connections = [{"pscAutoConnection": dict(one)} for one in new]
        return {"endpoints": [{"connections": connections}]}
    return {"pscAutoConnections": [dict(one) for one in old]} if old else {}


def _desired(thing: Body, state: Values) -> Values:
    """The connections there are, as they are asked for: each network once."""
    if "pscAutoConnections" in thing:
        return {ENDPOINTS[1]: _distinct(thing["pscAutoConnections"])}
    connections = [
        one["pscAutoConnection"]
        for endpoint in thing.get("endpoints", [])
        for one in endpoint.get("connections", [])
        if "pscAutoConnection" in one
    ]
    name = ENDPOINTS[1] if state.get(ENDPOINTS[1]) else ENDPOINTS[0]
    return {name: _distinct(connections)}


def _distinct(connections: list[Body]) -> list[Values]:
    found = {(one["projectId"], one["network"]): None for one in connections}
    return [{"projectId": project, "network": network} for project, network in found]


RESOURCES: tuple[Resource, ...] = (
    Instance(
        sdk="pulumi_gcp.memorystore:Instance",
        what="Instance",
        long="MemorystoreInstance",
        base="https://memorystore.googleapis.com/v1beta",
        collection="projects/{project}/locations/{location}/instances",
        creation={"instanceId": "{instanceId}"},
        identifier="projects/{project}/locations/{location}/instances/{instanceId}",
        imports=("{project}/{location}/{instanceId}", "{location}/{instanceId}"),
        sent=SENT,
        changeable=CHANGEABLE,
        always=frozenset({"replicaCount"}),
        names={"weeklyMaintenanceWindows": "weeklyMaintenanceWindow"},
        models=COMMON
        | frozenset(SENT)
        | {"automatedBackupConfig", "location", "instanceId", "labels", *ENDPOINTS},
        defaults={"deletionProtectionEnabled": True},
        replaces=frozenset(
            {"authorizationMode", "instanceId", "kmsKey", "location", "mode", "project",
             "serverCaMode", "serverCaPool", "transitEncryptionMode", "zoneDistributionConfig"}
        ),
        rules=Rules(
            computed=frozenset(
                {"replicaCount", "authorizationMode", "transitEncryptionMode", "nodeType",
                 "persistenceConfig", "engineVersion", "zoneDistributionConfig", "mode",
                 "serverCaMode", "project", *ENDPOINTS, "deletionPolicy", "persistenceConfig.mode",
                 "persistenceConfig.rdbConfig", "persistenceConfig.rdbConfig.rdbSnapshotPeriod",
                 "persistenceConfig.rdbConfig.rdbSnapshotStartTime", "persistenceConfig.aofConfig",
                 "persistenceConfig.aofConfig.appendFsync", "zoneDistributionConfig.mode",
                 "maintenancePolicy.createTime", "maintenancePolicy.updateTime",
                 "maintenancePolicy.weeklyMaintenanceWindows.duration"}
            ),
        ),
    ),
)  # fmt: skip
