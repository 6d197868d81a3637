"""Whether data go in and come out."""

import secrets
import time
import uuid
from collections.abc import Iterator

from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.protocol import Reply, ServerError, Session, said
from secure_redis.doctor.wire import WireError, milliseconds

from .identity import EntryError
from .protocol import NOT_HERE, NOT_LOGGED_IN, Node, enter_node, host_in, port_in

KEY = "doctor:"
"""What the name of the one key begins with, behind the user's own prefix."""

SECONDS = "5"
"""After which the key is gone, whatever happens."""

PROBLEMS_BY_CODE = {
    "READONLY": "read-only",
    "OOM": "out-of-memory",
    "MISCONF": "writes-stopped",
    "NOREPLICAS": "too-few-replicas",
    "NOPERM": "write-not-permitted",
}
"""What the errors of a write mean."""

MOVES = 3
"""Redirections that are followed at most."""


def round_trip(checkup: Checkup) -> Iterator[Verdict]:
    """D16: writes one key with a random name and five seconds to live, reads it and removes it."""
    learned = checkup.learned
    if learned.session is None:
        yield skipped(NOT_LOGGED_IN)
        return
    nodes_only = checkup.endpoint.cluster_mode and learned.mode_problem == "node-unreachable"
    if learned.mode_problem and not nodes_only:
        yield skipped(NOT_HERE)
        return
    key = f"{checkup.options.key_prefix}{KEY}{uuid.uuid4()}"
    if declared_reader(checkup):
        yield _read_only(checkup, learned.session, key)
        return
    try:
        with _Conversation(checkup, learned.session) as conversation:
            yield _tried(checkup, conversation, key)
    except WireError as error:
        if nodes_only:
            yield skipped(f"a node of the cluster cannot be used: {error}")
        else:
            yield bad("write-failed", str(error))


def _tried(checkup: Checkup, conversation: "_Conversation", key: str) -> Verdict:
    value, started = secrets.token_hex(16), time.perf_counter()
    try:
        written = conversation.ask("SET", key, value, "EX", SECONDS)
    except EntryError as error:
        return skipped(f"the node that has the key is not to be used: {error.observed}")
    if isinstance(written, ServerError):
        return _not_written(checkup, written)
    read = conversation.ask("GET", key)
    removed = conversation.ask("DEL", key)
    if isinstance(read, ServerError):
        if read.code != "NOPERM":
            return bad("read-back-differs", f"written, and then {said(read)}")
        return bad("write-not-permitted", f"the user may write and not read: {said(read)}")
    if read != value:
        seen = "nothing" if read is None else "something else"
        return bad("read-back-differs", f"after the write, {seen} was read")
    spent = milliseconds(started)
    left = "" if removed == 1 else "; it may not remove keys, this one ends by itself"
    return good(f"written, read and removed in {spent} ms{left}", milliseconds=spent)


def _not_written(checkup: Checkup, error: ServerError) -> Verdict:
    if error.code in {"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "CROSSSLOT"}:
        # The mode of the server is another check's matter.
        return skipped(f"the cluster does not take the key: {said(error)}")
    problem = PROBLEMS_BY_CODE.get(error.code)
    if problem is None:
        return bad("write-failed", said(error))
    checkup.learned.write_problem = problem
    return bad(problem, said(error))


def _read_only(checkup: Checkup, session: Session, key: str) -> Verdict:
    """An endpoint, or a user, that is declared to read only."""
    read: Reply = session.ask("GET", key)
    if isinstance(read, ServerError) and read.code == "MASTERDOWN":
        return bad("replica-without-master", said(read))
    if isinstance(read, ServerError) and read.code not in {"MOVED", "ASK"}:
        return bad("write-failed", f"not even a read: {said(read)}")
    written: Reply = session.ask("SET", key, "doctor", "EX", SECONDS)
    if isinstance(written, ServerError):
        checkup.refused("write through what is declared to read only", said(written))
        return good(f"reads work, and writes are refused as declared: {said(written)}")
    session.ask("DEL", key)
    return noted("reads work; writes do too, though it is declared for reading")


def declared_reader(checkup: Checkup) -> bool:
    """Whether the stack declares that this endpoint, or this user, reads only."""
    own, endpoint = checkup.given.declared.connection, checkup.endpoint
    if own is None:
        return False
    user = bool(own.readonly_username) and endpoint.username == own.readonly_username
    reader = (own.reader_host, own.reader_port or own.port)
    place = bool(own.reader_host) and (endpoint.host, endpoint.port) == reader
    return user or (place and reader != (own.host, own.port))


class _Conversation:
    """The conversation, and those with nodes of a cluster to which it was sent on."""

    def __init__(self, checkup: Checkup, session: Session) -> None:
        self._checkup = checkup
        self._first = session
        self._session = session

    def ask(self, *words: str) -> Reply:
        """The answer, from the node that has the key. Raises EntryError or WireError."""
        reply = self._session.ask(*words)
        for _ in range(MOVES):
            if not isinstance(reply, ServerError) or reply.code not in {"MOVED", "ASK"}:
                break
            node = moved_to(reply, self._checkup.endpoint.host)
            if node is None:
                break
            entered = enter_node(self._checkup, node)
            self._leave()
            self._session = entered.session
            if reply.code == "ASK":
                self._session.ask("ASKING")
            reply = self._session.ask(*words)
        return reply

    def _leave(self) -> None:
        if self._session is not self._first:
            self._session.close()

    def __enter__(self) -> "_Conversation":  # noqa: PYI034 - Self needs Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()


def moved_to(error: ServerError, own_host: str) -> Node | None:
    """Where MOVED or ASK sends us: `MOVED 3999 127.0.0.1:6381`; no host means the same one."""
    words = str(error).split()
    if len(words) < 3:  # noqa: PLR2004 - code, slot, place
        return None
    host, _, port = words[2].rpartition(":")
    number = port_in(port)
    return Node(host_in(host.strip("[]"), own_host), number) if number else None
