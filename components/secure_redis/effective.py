"""The settings of a stack as they take effect, and where each of them comes from.

Nothing is said here a second time: what a default follows from is seen by asking the functions and
tables that decide it, and whether a setting has an effect by asking the rules.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any, cast

from pulumi import Output
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from . import settings
from .aws import plan as aws
from .azure import plan as azure
from .configuration import parse_stack
from .docker import images as docker_images
from .docker import rules as docker
from .docker import sizes as docker_sizes
from .gcp import plan as gcp
from .problems import ConfigurationError, Problem
from .rendering.env import MASK
from .schema import Settings, deepcopy_plain, join
from .settings import CacheSettings, NewNetwork, PrivateServices, StackSettings, Target


class Kind(str, Enum):
    """How a value came to be."""

    SET = "set"
    """The stack file says it."""
    DEFAULT = "default"
    """It is what a setting is that nobody set."""
    FOLLOWS = "follows"
    """It is no setting: the target makes it of settings."""


@dataclass(frozen=True)
class Value:
    """One effective value."""

    path: str
    """The setting as it stands in the stack file, such as `caches.cache.memoryGb`; of what follows
    from settings, its name below the cache, such as `caches.cache.ports`."""
    value: Any
    """Plain data; a secret reads `[secret]`."""
    kind: Kind
    source: str = ""
    """The table, function or class that decides a default, by its name in the package."""
    by: tuple[str, ...] = ()
    """Settings that it follows from, below the stack or the cache; none where it is the same
    always."""
    meaning: str = ""
    """What it is, in a few sentences."""


Decides = Callable[[Any], Any]
"""Makes a value of the settings of a cache or of a stack."""

OF_CACHES: Mapping[Target, Mapping[str, Decides]] = {
    Target.AWS: {
        "aws.nodeType": aws.node_type_name,
        "aws.engineVersion": aws.engine_version,
        "aws.serverless.maxStorageGb": aws.storage_gb,
        "aws.multiAz": aws.multi_az,
        "aws.snapshotRetentionDays": aws.snapshot_days,
        "aws.finalSnapshot": aws.final_snapshot,
        "aws.applyImmediately": aws.apply_immediately,
        "aws.logs": aws.logs,
        "aws.secretRecoveryDays": aws.secret_recovery_days,
    },
    Target.AZURE: {
        "azure.sku": azure.sku,
        "azure.classic.sku": azure.sku,
        "azure.clusteringPolicy": azure.clustering_policy,
        "azure.lock": azure.locked,
        "azure.vaultRecoveryDays": azure.recovery_days,
        "azure.logs": azure.logs,
    },
    Target.GCP: {
        "gcp.memorySizeGb": gcp.memory_size_gb,
        "gcp.nodeType": gcp.node_type,
        "gcp.engineVersion": gcp.engine_version,
        "gcp.readReplicas": gcp.read_replicas,
        "gcp.backupRetentionDays": gcp.backup_days,
        "gcp.maintenanceWindow": gcp.maintenance_window,
        "gcp.secretDestroyDelayDays": gcp.secret_destroy_delay_days,
    },
    Target.DOCKER: {
        "docker.port": docker.published_port,
        "docker.advertisedHost": docker.advertised_host,
        "docker.image": docker_images.candidates,
    },
    Target.EXTERNAL: {},
}
"""What decides those settings of a cache that have no default of their own."""


def alarm_profile(stack: StackSettings) -> settings.AlarmProfile:
    """Which alarms watch the caches of a stack on a cloud."""
    return stack.alarms.profile or settings.ALARM_PROFILE[stack.environment]


def remove_peering(stack: StackSettings) -> bool:
    """Whether a connection to Google's services goes even while Google still holds on to it."""
    services = stack.network.private_services or PrivateServices()
    return gcp.remove_peering(services, stack.environment)


OF_STACKS: Mapping[Target, Mapping[str, Decides]] = {
    Target.AWS: {"alarms.profile": alarm_profile},
    Target.AZURE: {"alarms.profile": alarm_profile},
    Target.GCP: {
        "alarms.profile": alarm_profile,
        "network.privateServices.removePeering": remove_peering,
    },
    Target.DOCKER: {},
    Target.EXTERNAL: {},
}
"""The same for the settings of a stack."""


def container_mb(cache: CacheSettings) -> int:
    """The container's memory limit in MiB."""
    return docker_sizes.memory_mb(cache.memory_gb)


def maxmemory_mb(cache: CacheSettings) -> int:
    """The server's limit for data in MiB."""
    return docker_sizes.maxmemory_mb(cache.memory_gb)


def consequences(cache: CacheSettings) -> tuple[Decides, ...]:
    """What a target makes of the settings of a cache, beside further settings."""
    if cache.target is Target.AWS:
        common = (aws.ports, aws.own_key)
        return common if cache.aws.serverless else (*common, aws.parameters)
    if cache.target is Target.AZURE:
        common = (azure.ports, azure.zone, azure.cluster_mode, azure.own_key, azure.own_vault)
        own = azure.tier if cache.azure.classic else azure.high_availability
        return (*common, azure.private_vault, azure.purge_protection, own)
    if cache.target is Target.GCP:
        common = (gcp.ports, gcp.cluster_mode, gcp.own_key, gcp.parameters)
        return common if gcp.valkey(cache) else (*common, gcp.tier)
    return (container_mb, maxmemory_mb) if cache.target is Target.DOCKER else ()


def explain(raw: Mapping[str, Any]) -> list[Value]:
    """Every effective value of a stack, from its configuration keys without their namespace.

    An Output stands for a value that is encrypted in the file. Left out is what nobody set and
    means nothing then, and what has no effect on the stack's target. Raises ConfigurationError with
    all problems, as the program does, but for values that are encrypted.
    """
    readable, encrypted = _readable(deepcopy_plain(raw))
    stack = parse_stack(readable)
    found = list(_stack_values(stack, readable))
    for name, cache in sorted(stack.caches.items()):
        found += _cache_values(join("caches", name), cache, readable)
    return [*found, *(Value(path, MASK, Kind.SET) for path in encrypted)]


def has_effect(raw: Mapping[str, Any], path: str, value: Any) -> bool:
    """Whether the rules let a stack that is right say so itself what is its default anyway."""
    trial = deepcopy_plain(raw)
    *groups, key = path.split(".")
    group = trial
    for name in groups:
        if group.get(name) is None:
            group[name] = {}
        group = group[name]
    group[key] = value
    try:
        parse_stack(trial)
    except ConfigurationError as error:
        return not any(f"{path}.".startswith(f"{problem.path}.") for problem in error.problems)
    return True


def _readable(raw: Any) -> tuple[Any, list[str]]:
    """The configuration without encrypted values that would have to be judged, and their paths."""
    try:
        parse_stack(raw)
    except ConfigurationError as error:
        found = [p.path for p in error.problems if isinstance(_at(raw, p.path), Output)]
    else:
        return raw, []
    # From the end: what is taken out of a list moves what comes behind it.
    for path in sorted(found, reverse=True):
        group, _, key = path.rpartition(".")
        holder = _at(raw, group) if group else raw
        del holder[int(key) if isinstance(holder, list) else key]
    try:
        parse_stack(raw)
    except ConfigurationError as error:
        raise ConfigurationError(
            Problem(p.path, "is encrypted, and without it the rest has no meaning", _DECRYPT)
            if p.path in found
            else p
            for p in error.problems
        ) from None
    return raw, found


_DECRYPT = "Encrypt what is secret in it, not the whole."


def _at(raw: Any, path: str) -> Any:
    """What stands at a path of the file; None where nothing does."""
    for key in path.split("."):
        if isinstance(raw, list):
            raw = raw[int(key)] if key.isdigit() and int(key) < len(raw) else None
        else:
            raw = raw.get(key) if isinstance(raw, Mapping) else None
    return raw


def _stack_values(stack: StackSettings, raw: Mapping[str, Any]) -> Iterator[Value]:
    network = stack.network
    # What the targets do where nothing is adopted.
    made: dict[str, Settings] = {} if network.adopt else {"create": network.create or NewNetwork()}
    if stack.target is Target.GCP:
        made["private_services"] = network.private_services or PrivateServices()
    whole = stack.model_copy(update={"network": network.model_copy(update=made)})
    asked = _Asked(whole, "", raw, OF_STACKS[stack.target])
    left_out = set() if stack.target.cloud else {"network", "access", "alarms"}
    yield from asked.values(whole, "", {"caches", *left_out})


def _cache_values(path: str, cache: CacheSettings, raw: Mapping[str, Any]) -> Iterator[Value]:
    asked = _Asked(cache, path, raw, OF_CACHES[cache.target])
    others = {other.value for other in Target if other is not cache.target}
    yield from asked.values(cache, path, {"target", "environment", *others})
    for function in consequences(cache):
        value, by = asked.answer(function)
        where = join(path, to_camel(function.__name__))
        yield Value(where, value, Kind.FOLLOWS, _source(function), by, _doc(function))


@dataclass(frozen=True)
class _Asked:
    """A stack or a cache that is asked for its values."""

    root: Settings
    path: str
    """Where it stands in the file."""
    raw: Mapping[str, Any]
    """The file."""
    decided: Mapping[str, Decides]

    def values(self, group: Settings, path: str, left_out: set[str]) -> Iterator[Value]:
        """The effective values of a group of settings, but for some."""
        for name, field in type(group).model_fields.items():
            if name not in left_out:
                yield from self._values(group, name, field, join(path, to_camel(name)))

    def _values(self, group: Settings, name: str, field: FieldInfo, path: str) -> Iterator[Value]:
        value, written = getattr(group, name), _at(self.raw, path)
        if isinstance(value, Settings):
            if written == {} and field.default is None:
                yield Value(path, {}, Kind.SET, meaning=_meaning(field))
            yield from self.values(value, path, set())
        elif written is not None:
            shown = MASK if _meaning(field).startswith("Secret.") else plain(value)
            yield Value(path, shown, Kind.SET, meaning=_meaning(field))
        else:
            yield from self._default(group, name, field, path)

    def _default(self, group: Settings, name: str, field: FieldInfo, path: str) -> Iterator[Value]:
        own = path.removeprefix(f"{self.path}.")
        value, by = plain(getattr(group, name)), ()
        source = f"{_module(type(group))}.{type(group).__name__}.{name}"
        if own in self.decided:
            value, by = self.answer(self.decided[own], own)
            source = _source(self.decided[own])
        elif field.default_factory_takes_validated_data:
            by = _looked_at(group, lambda read: _factory(field)(_Validated(read)))
            source = _table(_factory(field)) or source
        tried = value[-1] if own in self.decided and isinstance(value, list) else value
        if value in (None, "", [], {}) or not has_effect(self.raw, path, tried):
            return
        # A whole group of settings is told as its settings.
        told = value if isinstance(value, dict) else {"": value}
        for where, item in ((join(path, key), item) for key, item in told.items()):
            yield Value(where, item, Kind.DEFAULT, source, by, _meaning(field))

    def answer(self, function: Decides, own: str = "") -> tuple[Any, tuple[str, ...]]:
        """What a function says, and the settings that it looked at, but for its own."""
        by = _looked_at(self.root, function)
        return plain(function(self.root)), tuple(one for one in by if one != own)


def plain(value: Any) -> Any:
    """A value as plain data; what is not known before a stack is made reads `[secret]`."""
    if isinstance(value, Output):
        return MASK
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Settings):
        return plain(value.model_dump(by_alias=True, exclude_none=True))
    if isinstance(value, range):
        return list(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


class _Reading:
    """Settings that note which of them are looked at."""

    def __init__(self, group: Settings, path: str, seen: list[str]) -> None:
        self._group, self._path, self._seen = group, path, seen

    def __getattr__(self, name: str) -> Any:
        kind = getattr(type(self._group), name, None)
        if isinstance(kind, property) and kind.fget and name not in _PYDANTIC:
            return kind.fget(self)
        value = getattr(self._group, name)
        if name not in type(self._group).model_fields:
            return value
        path = join(self._path, to_camel(name))
        group = isinstance(value, Settings)
        # Of a group that is always there, only what is in it says something.
        if not group or type(self._group).model_fields[name].default is None:
            self._seen.append(path)
        return _Reading(value, path, self._seen) if group else value


_PYDANTIC = frozenset(name for name in dir(Settings) if name.startswith("model_"))


class _Validated(Mapping[str, Any]):
    """The fields before a field, as its default factory gets them."""

    def __init__(self, group: Any) -> None:
        self._group = group

    def __getitem__(self, name: str) -> Any:
        return getattr(self._group, name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _looked_at(group: Settings, function: Decides) -> tuple[str, ...]:
    """The settings that a function looks at to make its value, in that order."""
    seen: list[str] = []
    function(_Reading(group, "", seen))
    return tuple(dict.fromkeys(seen))


def _factory(field: FieldInfo) -> Decides:
    return cast("Decides", field.default_factory)


def _source(function: Decides) -> str:
    """The name of the table that a function looks a value up in, or its own."""
    return _table(function) or f"{_module(function)}.{function.__name__}"


def _table(function: Decides) -> str:
    """The name of the table that a function looks a value up in; empty where it uses none."""
    used = inspect.getclosurevars(function)
    home = inspect.getmodule(function)
    closed_over = [table for table in used.nonlocals.values() if isinstance(table, Mapping)]
    found = [(home, name) for name, value in vars(home).items() for t in closed_over if value is t]
    found += [(home, name) for name in used.globals]
    for module in used.globals.values():
        if isinstance(module, ModuleType):
            found += [(module, name) for name in sorted(used.unbound) if hasattr(module, name)]
    for module, name in found:
        if name.isupper() and isinstance(getattr(module, name), Mapping):
            return f"{_module(module)}.{name}"
    return ""


def _module(thing: Any) -> str:
    """The name of a module in the package, or of that in which something is defined."""
    name = thing.__name__ if isinstance(thing, ModuleType) else thing.__module__
    return name.partition(".")[2]


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _doc(function: Decides) -> str:
    return " ".join((inspect.getdoc(function) or "").split())
