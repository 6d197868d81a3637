"""What a step is: it looks (touching nothing), and obtains what the look found missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .commands import Children
from .machine import Machine
from .progress import Board, Task
from .stack_file import StackFile
from .store import Store


@dataclass
class Setup:
    """Everything that the steps share. environ: the caller's environment, without our own."""

    project: Path
    stack: StackFile
    dev: bool
    machine: Machine
    store: Store
    board: Board
    children: Children
    environ: dict[str, str]
    policy: bool = False
    thorough: bool = False  # a look may probe the network: for the doctor


@dataclass(frozen=True)
class Finding:
    """The result of a look.

    ready: nothing is to be done. found: what is there. plan: what would be obtained, and why.
    usual: how long that takes. blocked: why it cannot be obtained, and what to do, as a message.
    environment: variables that the command needs to use the part. path: goes before its PATH.
    """

    ready: bool
    found: str
    plan: str = ""
    usual: str = ""
    blocked: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    path: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Step:
    """A row of the table of steps in __main__.

    look: cheap, touches nothing.
    obtain: makes the next look find it ready.
    """

    name: str
    look: Callable[[Setup], Finding]
    obtain: Callable[[Setup, Task], None]
    wanted: Callable[[Setup], bool] = lambda _: True
