"""What is wrong with a configuration, said so that its author can mend it: path, reason, fix."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake in the configuration. Never holds a value that can be a secret."""

    path: str
    """Where: the key as it stands in the stack file, such as `caches.queue.evictionPolicy`."""
    reason: str
    """What is wrong with it."""
    fix: str
    """What to do about it."""
    rule: str = ""
    """Id under which `exceptions` may accept it with a reason; empty if nothing may."""

    def __str__(self) -> str:
        waiver = f' Or accept it: exceptions: {{ {self.rule}: "why" }}.' if self.rule else ""
        return f"{self.path}: {self.reason}. {self.fix}{waiver}"


class ConfigurationError(ValueError):
    """The configuration cannot be used; `problems` has all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = sorted(
            set(problems), key=lambda problem: (problem.path, problem.reason)
        )
        super().__init__(report(self.problems))


def report(problems: Iterable[Problem]) -> str:
    """All problems as one message, a line each."""
    lines = [f"  {problem}" for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n".join([f"the configuration has {count}; nothing was changed:", *lines])
