"""What comes of a broken rule, by what the rule protects and by environment.

It needs nothing of the policy SDK: the documentation and the configuration files are made of it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from secure_redis.posture import COMPANIONS, RULES, Companion, Rule

AnyRule = Rule | Companion
"""A rule about one resource, or about what must be beside one."""

ADVISORY, MANDATORY, DISABLED = "advisory", "mandatory", "disabled"
"""Levels as the engine writes them: a warning, a preview or update that fails, not judged."""

ENVIRONMENTS = ("development", "staging", "production")

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "TLS": ("RDS-TLS-",),
        "login": ("RDS-AUTH-",),
        "network": ("RDS-NET-",),
        "encryption at rest": ("RDS-DATA-01",),
        "keys": ("RDS-DATA-02",),
        "backups": ("RDS-DATA-03",),
        "protection": ("RDS-DATA-04",),
        "availability": ("RDS-OPS-01",),
        "alarms": ("RDS-OPS-02",),
        "logs": ("RDS-OPS-03",),
        "upkeep": ("RDS-OPS-04", "RDS-OPS-05", "RDS-OPS-06"),
        "secrets": ("RDS-SEC-01", "RDS-SEC-02", "RDS-SEC-03", "RDS-SEC-04"),
        "containers": ("RDS-SEC-05",),
    }
)
"""What rules protect: how the ids of the controls begin that belong to it."""

LEVELS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "TLS": (ADVISORY, MANDATORY, MANDATORY),
        "login": (MANDATORY, MANDATORY, MANDATORY),
        "network": (MANDATORY, MANDATORY, MANDATORY),
        "encryption at rest": (ADVISORY, MANDATORY, MANDATORY),
        "keys": (ADVISORY, MANDATORY, MANDATORY),
        "backups": (ADVISORY, ADVISORY, MANDATORY),
        "protection": (ADVISORY, ADVISORY, MANDATORY),
        "availability": (ADVISORY, ADVISORY, MANDATORY),
        "alarms": (ADVISORY, ADVISORY, ADVISORY),
        "logs": (ADVISORY, ADVISORY, ADVISORY),
        "upkeep": (ADVISORY, ADVISORY, ADVISORY),
        "secrets": (MANDATORY, MANDATORY, MANDATORY),
        "containers": (ADVISORY, MANDATORY, MANDATORY),
    }
)
"""The level of each group, in the order of `ENVIRONMENTS`."""

PRODUCTION_ONLY: Mapping[str, str] = MappingProxyType(
    {"development": DISABLED, "staging": ADVISORY}
)
"""The level outside production of rules that are about production only: staging tells in advance
what production will refuse."""


def group(rule: AnyRule) -> str:
    """What a rule protects: a key of `GROUPS`. Raises LookupError for a control of none."""
    for name, beginnings in GROUPS.items():
        if rule.control.startswith(beginnings):
            return name
    raise LookupError(f"control {rule.control} is in no group")


def level(rule: AnyRule, environment: str) -> str:
    """What comes of a broken rule in an environment of `ENVIRONMENTS`.

    What must lie beside a cache may lie in another stack, which a preview does not see: such rules
    are never more than advice.
    """
    if rule.production and environment in PRODUCTION_ONLY:
        return PRODUCTION_ONLY[environment]
    found = LEVELS[group(rule)][ENVIRONMENTS.index(environment)]
    return ADVISORY if isinstance(rule, Companion) and found == MANDATORY else found


def default_level(rule: AnyRule) -> str:
    """The level where no configuration is given: production's."""
    return level(rule, "production")


def configuration(environment: str) -> dict[str, str]:
    """What `--policy-pack-config` takes for an environment: the level of each policy."""
    rules = (*RULES.values(), *COMPANIONS.values())
    return {rule.id: level(rule, environment) for rule in rules}
