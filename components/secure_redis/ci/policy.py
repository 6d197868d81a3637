"""The configuration of the policy pack for a stack: that of its environment, and its exceptions."""

from collections.abc import Mapping
from typing import Any

from secure_redis.posture import COMPANIONS, RULES

LEVEL = "enforcementLevel"


def configuration(
    of_environment: Mapping[str, Any], exceptions: Mapping[str, str]
) -> dict[str, Any]:
    """What the engine takes as `--policy-pack-config`.

    of_environment: level, or level and configuration, by the policy's name.
    exceptions: reasons by id, as a stack file has them under `exceptions`. The engine does not show
        them to a pack: they are handed on to the rules that may be broken with a reason, for every
        resource.
    """
    found = dict(of_environment)
    for rule in (*RULES.values(), *COMPANIONS.values()):
        reason = exceptions.get(rule.exception) if rule.exception else None
        if not reason or rule.id not in found:
            continue
        own = found[rule.id]
        settings: dict[str, Any] = dict(own) if isinstance(own, Mapping) else {LEVEL: own}
        settings["exceptions"] = {**settings.get("exceptions", {}), "*": reason}
        found[rule.id] = settings
    return found
