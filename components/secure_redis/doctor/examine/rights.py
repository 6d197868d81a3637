"""Whether the application's user may do what no application needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.protocol import Reply, ServerError, Session, said

from .health import discount
from .identity import DEFAULT, declared_open
from .protocol import NOT_HERE, NOT_LOGGED_IN, SENTINEL, mode_told

NOTHING = "doctor-asks-and-runs-nothing"
"""An argument with which each command below would fail if it were run after all."""

DANGEROUS: tuple[tuple[str, ...], ...] = (
    ("FLUSHALL", NOTHING),
    ("FLUSHDB", NOTHING),
    ("SWAPDB", NOTHING, NOTHING),
    ("KEYS", NOTHING),
    ("CONFIG", "SET", NOTHING, "0"),
    ("DEBUG", NOTHING),
    ("ACL", "SETUSER", NOTHING, NOTHING),
    ("REPLICAOF", NOTHING, NOTHING),
    ("CLUSTER", "RESET", NOTHING),
    ("CLIENT", "KILL", "ID", NOTHING),
    ("MIGRATE", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),
)
"""Commands that empty the database, change the server, hold it up or end other connections."""

NO_SUCH_COMMAND = ("unknown command", "unknown subcommand", "no such command", "command not found")
"""How a server says that it does not have a command; services remove dangerous ones."""


def rights(checkup: Checkup) -> Iterator[Verdict]:
    """D21: asks ACL DRYRUN; with `negative`, where that is refused, queues and discards."""
    learned = checkup.learned
    if learned.session is None:
        yield skipped(NOT_LOGGED_IN)
        return
    if mode_told(learned.info, learned.hello) == SENTINEL:
        yield skipped(NOT_HERE)
        return
    if learned.open and (learned.user or DEFAULT) == DEFAULT:
        yield skipped("nobody logs in, so anybody has the rights of the default user")
        return
    user = learned.user or checkup.endpoint.username or DEFAULT
    errors = learned.session.errors
    before = errors.count("NOPERM")
    try:
        found = _dry(learned.session, user)
        if found.refused and checkup.options.negative:
            found = _queued(learned.session)
    finally:
        discount(checkup, "NOPERM", errors.count("NOPERM") - before)
    if not found.asked:
        hint = "" if checkup.options.negative else "; with --negative they are queued and discarded"
        yield skipped(f"this user cannot ask what it may do: {found.refused}{hint}")
        return
    yield _judged(checkup, user, found)


@dataclass(frozen=True)
class Found:
    """What came out of asking."""

    allowed: tuple[str, ...] = ()
    asked: int = 0
    """Commands of which an answer is known."""
    refused: str = ""
    """Why nothing could be asked."""
    way: str = ""
    """How it was asked."""


def _dry(session: Session, user: str) -> Found:
    allowed: list[str] = []
    asked = 0
    for words in DANGEROUS:
        answer: Reply = session.ask("ACL", "DRYRUN", user, *words)
        if isinstance(answer, ServerError):
            if answer.says("not found") and not answer.says("user"):
                continue  # a command that this server does not have
            if _acl_of_six(answer):
                # ACL as a whole is an administrator's command there: who gets an answer is one.
                return Found(("ACL",), 1, way="the answer to ACL")
            if asked:
                continue
            return Found(refused=said(answer))
        asked += 1
        if answer == "OK":
            allowed.append(_name(words))
    return Found(tuple(allowed), asked, way="ACL DRYRUN")


def _acl_of_six(answer: ServerError) -> bool:
    return answer.says("try acl help") and not answer.says("unknown command")


def _queued(session: Session) -> Found:
    """Puts the commands into a transaction that is thrown away; nothing is run.

    A server, or what is before it, that does not queue a PING first is not asked further.
    """
    opened: Reply = session.ask("MULTI")
    if opened != "OK":
        return Found(refused=f"MULTI is {said(opened)}")
    try:
        probe: Reply = session.ask("PING")
        if probe != "QUEUED":
            return Found(refused=f"a transaction does not queue: {said(probe)}")
        allowed: list[str] = []
        asked = 0
        for words in DANGEROUS:
            answer: Reply = session.ask(*words)
            denied = isinstance(answer, ServerError)
            if denied and (answer.says(*NO_SUCH_COMMAND) or answer.code != "NOPERM"):
                continue
            asked += 1
            if answer == "QUEUED":
                allowed.append(_name(words))
            elif not denied:
                return Found(refused=f"a transaction does not queue: {said(answer)}")
    finally:
        session.ask("DISCARD")
    return Found(tuple(allowed), asked, way="a transaction that was discarded")


def _judged(checkup: Checkup, user: str, found: Found) -> Verdict:
    own = checkup.given.declared.connection
    if not found.allowed:
        checkup.refused(f"{found.asked} dangerous commands as user {user}", "no permission")
        return good(f"user {user} may run none of {found.asked} dangerous commands ({found.way})")
    seen = f"user {user} may run {_list(found.allowed)} (by {found.way})"
    if user != DEFAULT:
        return bad("dangerous-rights", seen, commands=list(found.allowed))
    if declared_open(checkup) or (own is not None and own.target in {"azure", "gcp"}):
        return noted(f"{seen}; this service has no other user", commands=list(found.allowed))
    return bad("default-user-in-use", seen, commands=list(found.allowed))


def _name(words: Sequence[str]) -> str:
    """The command's name, with the subcommand's where there is one."""
    return " ".join(word for word in words[:2] if word.isupper())


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
