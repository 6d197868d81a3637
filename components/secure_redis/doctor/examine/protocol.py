"""Which server it is, and how it wants to be talked to: standalone, Sentinel or cluster."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from secure_redis.connection import authority
from secure_redis.doctor import wire
from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.deadline import Deadline, OutOfTime
from secure_redis.doctor.protocol import Reply, ServerError, Session, info, mapping, printable, said

from .identity import Entered, EntryError, enter

OLDEST = (6, 2)
"""The first version that is good enough: before it there are no fixes, and not all of users, TLS
and ACLs."""

PRERELEASE = 200
"""Patch numbers from this one on are those of release candidates, such as 7.9.240."""

SLOTS = 16384
"""Hash slots of a cluster."""

AT_ONCE = 16
"""Nodes that are looked at side by side."""

FOLLOWING = 4.0
"""Seconds that looking at all other nodes may take."""

STANDALONE, SENTINEL, CLUSTER = "standalone", "sentinel", "cluster"

NOT_HERE = "data commands cannot work here: see standalone, Sentinel or cluster"

NOT_LOGGED_IN = "there is no conversation with the server to ask in"


def engine(checkup: Checkup) -> Iterator[Verdict]:
    """D18: reads engine and version from INFO, else HELLO. Keeps INFO for the checks behind it."""
    learned = checkup.learned
    if learned.session is None:
        yield skipped(NOT_LOGGED_IN)
        return
    answer: Reply = learned.session.ask("INFO")
    refused = answer if isinstance(answer, ServerError) else None
    if isinstance(answer, str):
        learned.info = info(answer)
    state = learned.session.ask("PING") if refused else None
    if (busy := _not_ready(learned.info, refused, state)) is not None:
        yield busy
        return
    name, version = named(learned.info, learned.hello)
    if not version:
        why = f", and INFO is {said(refused)}" if refused else ""
        yield noted(f"the server does not say its version{why}")
        return
    source = "HELLO; INFO is not for this user" if learned.info is None else "INFO"
    yield _judged(name, version, source)


def _not_ready(
    told: Mapping[str, str] | None, refused: ServerError | None, state: Reply
) -> Verdict | None:
    """Whether the server loads its data, or is busy with a script."""
    if told and told.get("loading") == "1":
        left = told.get("loading_eta_seconds", "")
        wait = f"about {left} s left" if left.lstrip("-").isdigit() else "for how long is not said"
        return bad("server-loading", f"loading, {wait}")
    for error in (refused, state):
        if isinstance(error, ServerError) and error.code == "LOADING":
            return bad("server-loading", said(error))
        if isinstance(error, ServerError) and error.code == "BUSY":
            return bad("server-busy", said(error))
    return None


def _judged(name: str, version: str, source: str) -> Verdict:
    numbers = numbers_of(version)
    seen = f"{name} {version} (by {source})"
    if numbers is None:
        return noted(f"{seen}, which is no version to compare", engine=name, version=version)
    if numbers[:2] < OLDEST:
        return bad("engine-old", seen, engine=name, version=version)
    if numbers[0] >= PRERELEASE or numbers[2] >= PRERELEASE:
        return bad(
            "engine-unsupported",
            f"{seen}, a version before its release",
            engine=name,
            version=version,
        )
    return good(seen, engine=name, version=version)


def named(told: Mapping[str, str] | None, hello: Mapping[str, object]) -> tuple[str, str]:
    """Engine and version as the server says them; empty where it does not."""
    told = told or {}
    if told.get("valkey_version"):
        return "valkey", told["valkey_version"]
    name = told.get("server_name") or str(hello.get("server") or "redis")
    version = told.get("redis_version") or str(hello.get("version") or "")
    return printable(name), printable(version)


def numbers_of(version: str) -> tuple[int, int, int] | None:
    """Major, minor and patch; None where it is no such version."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?", version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def described(checkup: Checkup) -> str:
    """Engine and version as the server says them; empty where it does not."""
    name, version = named(checkup.learned.info, checkup.learned.hello)
    return f"{name} {version}" if version else ""


def mode(checkup: Checkup) -> Iterator[Verdict]:
    """D17: compares the server's mode with the declared one, and looks at all nodes it names.

    Behind a Sentinel, the conversation is that with the master from here on.
    """
    endpoint, learned = checkup.endpoint, checkup.learned
    session = learned.session
    if session is None:
        yield skipped(NOT_LOGGED_IN)
        return
    actual = _mode_of(session, learned.info, learned.hello)
    declared = _declared_mode(checkup)
    if actual != declared:
        problem = _MISTAKEN[actual, declared]
        if problem != "cluster-declared":
            learned.mode_problem = problem
        yield bad(
            problem, f"the server is {_ARTICLE[actual]}, declared is {_ARTICLE[declared]}",
            fix=_service_fix(session) if problem == "sentinel-not-declared" else "",
        )  # fmt: skip
        return
    if actual == CLUSTER:
        yield from _cluster(checkup, session)
    elif actual == SENTINEL:
        yield from _sentinel(checkup, session, endpoint.sentinel_service)
    else:
        yield good(f"standalone{_role(learned.info)}")


_NOT_OF_HOSTS = re.compile(r"[^A-Za-z0-9._:-]")

_ARTICLE = {STANDALONE: "a standalone one", SENTINEL: "a Sentinel", CLUSTER: "a cluster"}

_MISTAKEN = {
    (CLUSTER, STANDALONE): "cluster-not-declared",
    (CLUSTER, SENTINEL): "sentinel-declared",
    (STANDALONE, CLUSTER): "cluster-declared",
    (STANDALONE, SENTINEL): "sentinel-declared",
    (SENTINEL, STANDALONE): "sentinel-not-declared",
    (SENTINEL, CLUSTER): "sentinel-not-declared",
}
"""The problem by what the server is and what it was declared to be."""


def _declared_mode(checkup: Checkup) -> str:
    if checkup.endpoint.sentinel_service:
        return SENTINEL
    return CLUSTER if checkup.endpoint.cluster_mode else STANDALONE


def mode_told(told: Mapping[str, str] | None, hello: Mapping[str, object]) -> str:
    """What the server says it is in HELLO or INFO; empty where it does not say."""
    one = str(hello.get("mode") or (told or {}).get("redis_mode") or "")
    return one if one in _ARTICLE else ""


def _mode_of(session: Session, told: Mapping[str, str] | None, hello: Mapping[str, object]) -> str:
    """What the server is, where it does not say it by its answer to CLUSTER INFO."""
    if one := mode_told(told, hello):
        return one
    return CLUSTER if isinstance(session.ask("CLUSTER", "INFO"), str) else STANDALONE


def _role(told: Mapping[str, str] | None) -> str:
    if not told or told.get("role") != "slave":
        return ""
    link = told.get("master_link_status", "")
    return f", a replica whose link to its primary is {link}" if link else ", a replica"


@dataclass(frozen=True)
class Node:
    """Another node, as the server names it to clients."""

    host: str
    port: int
    primary: bool = True

    def __str__(self) -> str:
        return authority(self.host, self.port)


def _cluster(checkup: Checkup, session: Session) -> Iterator[Verdict]:
    state: Reply = session.ask("CLUSTER", "INFO")
    told = info(state) if isinstance(state, str) else {}
    covered = told.get("cluster_slots_ok", str(SLOTS))
    if told.get("cluster_state", "ok") != "ok" or covered != str(SLOTS):
        checkup.learned.mode_problem = "cluster-down"
        yield bad(
            "cluster-down",
            f"state {told.get('cluster_state', 'unknown')}, {covered} of {SLOTS} slots in order",
        )
        return
    nodes = cluster_nodes(session.ask("CLUSTER", "SLOTS"), checkup.endpoint.host)
    if not nodes:
        yield noted("a cluster, in order; it does not tell its nodes to this user")
        return
    troubled = 0
    for node, trouble in _looked_at(checkup, nodes):
        if trouble:
            troubled += 1
            checkup.learned.mode_problem = "node-unreachable"
            yield bad("node-unreachable", trouble, where=str(node))
    primaries = sum(node.primary for node in nodes)
    seen = f"a cluster of {primaries} primaries and {len(nodes) - primaries} replicas"
    if not troubled:
        yield good(
            f"{seen}, all reached and verified",
            primaries=primaries,
            replicas=len(nodes) - primaries,
        )


def cluster_nodes(reply: Reply, own_host: str) -> list[Node]:
    """The nodes in an answer to CLUSTER SLOTS, each once.

    Where the server names no host, it means the one that was asked.
    """
    found: dict[tuple[str, int], Node] = {}
    for part in reply if isinstance(reply, list) else []:
        if not isinstance(part, list):
            continue
        for place, entry in enumerate(part[2:]):
            if not (isinstance(entry, list) and len(entry) > 1 and (port := port_in(entry[1]))):
                continue
            host = host_in(entry[0], own_host)
            found.setdefault((host, port), Node(host, port, primary=place == 0))
    return list(found.values())


def host_in(said_by_server: Reply, own_host: str) -> str:
    """A host as a server names it, fit to be looked up and shown; none means the one asked."""
    if not isinstance(said_by_server, str) or not said_by_server:
        return own_host
    return _NOT_OF_HOSTS.sub("?", said_by_server)[:255]


def port_in(said_by_server: Reply) -> int:
    """A port as a server names it, in digits or as a number; 0 where it is none."""
    text = str(said_by_server)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len("65535") else 0
    return number if number < 65536 else 0  # noqa: PLR2004 - ports


def _looked_at(checkup: Checkup, nodes: Sequence[Node]) -> Iterator[tuple[Node, str]]:
    """Each node, and why it cannot be used; empty where it can."""
    ends = min(checkup.deadline.ends, time.monotonic() + FOLLOWING)
    within = Checkup(
        checkup.given, checkup.endpoint, checkup.options, Deadline(ends), learned=checkup.learned
    )

    def one(node: Node) -> str:
        try:
            entered = enter_node(within, node)
        except EntryError as error:
            return f"reached, but the login is refused: {error.observed}"
        except OutOfTime:
            return "there was no time left to reach it"
        except wire.WireError as error:
            return str(error)
        with entered.session as session:
            answer = session.ask("PING")
            return said(answer) if isinstance(answer, ServerError) else ""

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        yield from zip(nodes, pool.map(one, nodes), strict=True)


def enter_node(checkup: Checkup, node: Node) -> Entered:
    """A conversation with another node, verified by the name that clients compare, logged in.

    Raises EntryError, WireError or OutOfTime.
    """
    name = checkup.endpoint.tls_server_name or node.host
    failure: wire.WireError = wire.Unreachable(f"{node}: no address")
    for address in wire.resolve(node.host, checkup.deadline):
        place = wire.Place(address, node.port)
        try:
            return enter(lambda place=place: checkup.converse(place, name), checkup.endpoint)
        except wire.WireError as error:
            failure = error
    raise failure


def _sentinel(checkup: Checkup, session: Session, service: str) -> Iterator[Verdict]:
    address: Reply = session.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", service)
    if not (isinstance(address, list) and len(address) > 1 and port_in(address[1])):
        seen = said(address) if isinstance(address, ServerError) else f"no master {service}"
        denied = isinstance(address, ServerError) and address.code == "NOPERM"
        problem = "sentinel-not-permitted" if denied else "master-unknown"
        checkup.learned.mode_problem = problem
        yield bad(problem, seen)
        return
    quorum: Reply = session.ask("SENTINEL", "CKQUORUM", service)
    if isinstance(quorum, ServerError) and quorum.code == "NOQUORUM":
        checkup.learned.mode_problem = "master-unknown"
        yield bad("master-unknown", said(quorum))
        return
    node = Node(host_in(address[0], checkup.endpoint.host), port_in(address[1]))
    yield from _followed(checkup, session, node, service)


def _followed(checkup: Checkup, session: Session, node: Node, service: str) -> Iterator[Verdict]:
    """Whether the master can be used; the rest is asked of it."""
    learned = checkup.learned
    try:
        entered = enter_node(checkup, node)
    except (EntryError, wire.WireError) as error:
        learned.mode_problem = "node-unreachable"
        yield bad("node-unreachable", str(error), where=str(node))
        return
    session.close()
    learned.session, learned.hello = entered.session, entered.hello
    learned.errors = entered.session.errors
    answer: Reply = entered.session.ask("INFO")
    learned.info = info(answer) if isinstance(answer, str) else None
    whoami: Reply = entered.session.ask("ACL", "WHOAMI")
    learned.user = printable(whoami) if isinstance(whoami, str) else learned.user
    yield good(f"a Sentinel; the master of {service} is reached and verified", where=str(node))


def _service_fix(session: Session) -> str:
    """The catalogue's fix, with the names of the masters that this Sentinel watches."""
    reply: Reply = session.ask("SENTINEL", "MASTERS")
    masters = [mapping(one) for one in reply] if isinstance(reply, list) else []
    names = ", ".join(sorted(printable(str(one["name"])) for one in masters if one.get("name")))
    if not names:
        return ""
    return (
        f"Give the client the Sentinels and the master's name ({names}), or the master's address."
    )
