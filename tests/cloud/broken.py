"""Stack files with mistakes, and what is asserted of every one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.deployment import redacted

from .deployment import CloudDeployment

PLANTED = "planted0123456789planted0123456789planted0123456"
"""A secret in a stack file, which no message may repeat."""


@dataclass(frozen=True)
class Broken:
    """A stack file with mistakes."""

    name: str
    caches: Mapping[str, Any]
    says: tuple[str, ...]
    """What stands in the message; a path that ends with a colon begins a problem."""
    others: Mapping[str, Any] = field(default_factory=dict[str, Any])
    without: tuple[str, ...] = ()
    """Environment variables that are not set."""


def assert_refused(
    deployment: CloudDeployment,
    broken: Broken,
    place: Mapping[str, Any],
    operation: str = "preview",
) -> None:
    """Asserts that all mistakes are told in one message, and that nothing has come of the rest.

    place: keys of the stack file that a stack without mistakes has as well.
    """
    deployment.write(broken.caches, **{**place, **broken.others})
    environment = deployment.environment
    kept = {name: environment.pop(name) for name in broken.without}
    try:
        run = deployment.run(operation)
    finally:
        environment.update(kept)
    _, _, message = " ".join(run.text.split()).partition("Diagnostics:")
    assert run.code != 0
    for words in broken.says:
        assert words in message, f"{words}\n{redacted(run.text)}"
    assert message.count("nothing was changed") == 1
    assert "Traceback" not in run.text
    assert PLANTED not in run.text
    assert deployment.cloud.left == {}
    assert deployment.cloud.journal == []
    kinds = {one["type"] for one in deployment.resources()}
    assert kinds <= {"pulumi:pulumi:Stack"}
