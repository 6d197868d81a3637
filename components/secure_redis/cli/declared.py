"""What a stack file declares, without its secrets."""

from typing import TYPE_CHECKING, Any

from . import engine
from .engine import Stack

if TYPE_CHECKING:
    from secure_redis.settings import StackSettings


def declared(stack: Stack) -> "tuple[dict[str, Any], StackSettings | None]":
    """The settings as they are written, by the names in the file, and as they are after defaults.

    Nothing of it is secret: see `masked`. None where the stack's program would refuse the file, and
    where only certificates that are encrypted in it can be judged.
    Raises Failure when it is no YAML.
    """
    from secure_redis.configuration import own_keys, parse_stack  # noqa: PLC0415 - where used
    from secure_redis.doctor.evidence import masked  # noqa: PLC0415 - brings what examines
    from secure_redis.problems import ConfigurationError  # noqa: PLC0415 - with it

    written = {key: masked(value) for key, value in own_keys(engine.settings_of(stack)).items()}
    try:
        return written, parse_stack(written)
    except ConfigurationError:
        return written, None
