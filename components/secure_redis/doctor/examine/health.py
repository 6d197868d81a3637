"""Memory, persistence, refused logins and times."""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from secure_redis.connection import authority
from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.protocol import ServerError, info, said
from secure_redis.doctor.report import Status

from .identity import crowded
from .protocol import NOT_LOGGED_IN

FULL = 0.9
"""Part of maxmemory, and of maxclients, from which little is left."""

PINGS = 20
"""Commands whose times are measured."""

PINGING = 1.0
"""Seconds that measuring may take."""

COUNTED = ("NOAUTH", "WRONGPASS", "NOPERM")
"""Errors whose counters are kept from run to run."""

STATE_VERSION = 1
"""Of the file with the counters."""

KEPT = 200
"""Servers whose counters are kept; the oldest go."""

CLOUDS = {"aws", "azure", "gcp"}

BACKUPS = {"aws": "snapshotRetentionDays", "gcp": "backupRetentionDays"}
"""The setting of a target that says how many days its backups are kept."""

NO_INFO = "INFO is not for this user"


def room(checkup: Checkup) -> Iterator[Verdict]:
    """D19: reads memory, evictions and connections in INFO."""
    learned = checkup.learned
    if learned.session is None:
        yield from _knocked(checkup)
        return
    if learned.info is None:
        yield skipped(NO_INFO)
        return
    found = [*_memory(checkup, learned.info), *_clients(learned.info)]
    if found:
        yield from found
        return
    yield good(*_summary(learned.info))


def _knocked(checkup: Checkup) -> Iterator[Verdict]:
    """Why there is no conversation: perhaps the server has no room for one."""
    with checkup.converse() as session:
        answer = session.ask("PING")
    if isinstance(answer, ServerError) and crowded(answer):
        yield bad("clients-exhausted", said(answer))
    else:
        yield skipped(NOT_LOGGED_IN)


def _memory(checkup: Checkup, told: Mapping[str, str]) -> Iterator[Verdict]:
    policy, most = told.get("maxmemory_policy", ""), number(told, "maxmemory")
    used = number(told, "used_memory")
    purpose = declared(checkup, "purpose")
    if purpose == "queue" and policy and policy != "noeviction":
        yield bad("eviction-loses-data", f"a queue, and the policy is {policy}", policy=policy)
    if purpose == "sessions" and policy.startswith("allkeys-"):
        yield bad("eviction-loses-data", f"sessions, and the policy is {policy}", policy=policy)
    own = checkup.given.declared.connection
    if most == 0 and not (own and own.target in CLOUDS):  # a cloud limits it, and may not say so
        yield bad("memory-unlimited", f"maxmemory is 0, {_mib(used or 0)} in use")
        return
    # A cache that evicts any key is full by design. What a refused write tells is told already.
    by_design = policy.startswith("allkeys-")
    told_already = checkup.learned.write_problem == "out-of-memory"
    if most and used is not None and used > FULL * most and not (by_design or told_already):
        yield bad(
            "memory-nearly-full",
            f"{_mib(used)} of {_mib(most)} in use, policy {policy or 'unknown'}",
            used_bytes=used,
            limit_bytes=most,
            policy=policy,
        )


def _clients(told: Mapping[str, str]) -> Iterator[Verdict]:
    connected, most = number(told, "connected_clients"), number(told, "maxclients")
    rejected = number(told, "rejected_connections")
    if connected is not None and most and connected > FULL * most:
        yield bad(
            "clients-many", f"{connected} of {most} connections", connected=connected, limit=most
        )
    elif rejected:
        yield bad(
            "connections-rejected",
            f"{rejected} connections rejected since the server started{_uptime(told)}",
            rejected=rejected,
        )


def _summary(told: Mapping[str, str]) -> tuple[str]:
    used, most = number(told, "used_memory"), number(told, "maxmemory")
    connected, clients = number(told, "connected_clients"), number(told, "maxclients")
    parts = []
    if used is not None:
        parts.append(f"{_mib(used)}{f' of {_mib(most)}' if most else ''} in use")
    if policy := told.get("maxmemory_policy"):
        parts.append(policy)
    if connected is not None:
        parts.append(f"{connected}{f' of {clients}' if clients else ''} connections")
    if (evicted := number(told, "evicted_keys")) is not None:
        parts.append(f"{evicted} keys evicted")
    return (", ".join(parts) or "INFO says nothing of memory and connections",)


def persistence(checkup: Checkup) -> Iterator[Verdict]:
    """D20: reads persistence in INFO, and compares with what the stack declares."""
    learned = checkup.learned
    if learned.session is None:
        yield skipped(NOT_LOGGED_IN)
        return
    without_backup = [*_backup(checkup)]
    yield from without_backup
    if learned.info is None:
        if not without_backup:
            yield skipped(NO_INFO)
        return
    if learned.write_problem == "writes-stopped":
        yield skipped("writes are refused because of it: see data go in and come out")
        return
    found = [*_saving(learned.info), *_persisted(checkup, learned.info)]
    yield from found
    if not (found or without_backup):
        yield _kept(learned.info)


def _saving(told: Mapping[str, str]) -> Iterator[Verdict]:
    if told.get("rdb_last_bgsave_status", "ok") != "ok":
        changes = told.get("rdb_changes_since_last_save", "an unknown number of")
        yield bad("snapshot-failing", f"the last snapshot failed; {changes} changes are not in one")
    if told.get("aof_enabled") != "1":
        return
    for name, what in (("write", "writing"), ("bgrewrite", "rewriting")):
        if told.get(f"aof_last_{name}_status", "ok") != "ok":
            yield bad("append-failing", f"{what} the append-only file failed")
            return


def _persisted(checkup: Checkup, told: Mapping[str, str]) -> Iterator[Verdict]:
    """Only what INFO can refute: it does not say whether snapshots are scheduled."""
    own = checkup.given.declared.connection
    if declared(checkup, "persistence") != "aof" or told.get("aof_enabled", "1") == "1":
        return
    # The append-only file is the Docker target's way; clouds have their own, which INFO hides.
    if own is None or own.target == "docker":
        yield bad("persistence-off", "declared is aof, and the server appends to no file")


def _backup(checkup: Checkup) -> Iterator[Verdict]:
    """What the stack declares: a server does not know of a cloud's backups."""
    given = checkup.given.declared
    purpose = declared(checkup, "purpose")
    if purpose not in {"sessions", "queue"} or given.environment in {"development", "staging"}:
        return
    target = given.connection.target if given.connection else ""
    section = given.settings.get(target)
    days = section.get(BACKUPS.get(target, "")) if isinstance(section, Mapping) else None
    if target in CLOUDS and days is None and declared(checkup, "persistence") == "none":
        days = 0
    if days == 0:
        yield bad("backup-missing", f"no backups are kept, and the data are for {purpose}")


def _kept(told: Mapping[str, str]) -> Verdict:
    if told.get("aof_enabled") == "1":
        return good("the append-only file is on, and written without errors", kind="aof")
    saved = number(told, "rdb_last_save_time") or 0
    started = int(time.time()) - (number(told, "uptime_in_seconds") or 0)
    # At its start a server takes that moment for that of the last snapshot.
    if saved > started + 1:
        return good("snapshots are written without errors", kind="rdb")
    if "rdb_last_bgsave_status" not in told:
        return noted("the server says nothing of persistence")
    return noted("no append-only file, and no snapshot since the server started", kind="none")


def refusals(checkup: Checkup) -> Iterator[Verdict]:
    """D22: compares the counters of refused logins and commands with those of the last run.

    What the doctor itself was refused is not counted. Keeps the counters in `options.state`.
    """
    learned, state = checkup.learned, checkup.options.state
    if learned.session is None:
        yield skipped(NOT_LOGGED_IN)
        return
    if learned.info is None:
        yield skipped(NO_INFO)
        return
    answer = learned.session.ask("INFO")
    told = info(answer) if isinstance(answer, str) else learned.info
    counters = counted(told)
    if counters is None:
        yield noted("the server keeps no counters of errors, as those before 6.2")
        return
    ours = {code: learned.errors.count(code) for code in COUNTED}
    before = Counters(state).of(_place(checkup), told.get("run_id", "")) if state else None
    if state:
        Counters(state).keep(
            _place(checkup), told.get("run_id", ""), counters, checkup.now.isoformat()
        )
    if before is None:
        yield _told(_less(counters, ours), f"since the server started{_uptime(told)}")
        return
    # Ours: what this run was refused so far. What it is refused later, `discount` adds.
    grown = _less(_less(counters, before), ours)
    found = [*_grown(grown)]
    yield from found or [replace(_told(grown, "since the last run"), status=Status.OK)]


def _less(counters: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    return {code: max(0, counters[code] - others.get(code, 0)) for code in COUNTED}


def _grown(grown: Mapping[str, int]) -> Iterator[Verdict]:
    if count := grown["WRONGPASS"]:
        yield bad("logins-refused", f"{count} logins refused since the last run", logins=count)
    if count := grown["NOPERM"]:
        yield bad(
            "commands-refused", f"{count} commands refused since the last run", commands=count
        )


def _told(counters: Mapping[str, int], since: str) -> Verdict:
    logins, commands, without = (counters[code] for code in ("WRONGPASS", "NOPERM", "NOAUTH"))
    return noted(
        f"{logins} logins and {commands} commands refused, {without} without a login, {since}",
        logins=logins,
        commands=commands,
        without_login=without,
    )


def counted(told: Mapping[str, str]) -> dict[str, int] | None:
    """How often the server gave each of the errors in COUNTED; None where it does not count."""
    if (
        not any(name.startswith("errorstat_") for name in told)
        and "total_error_replies" not in told
    ):
        return None
    return {code: _count(told.get(f"errorstat_{code}", "")) for code in COUNTED}


def _count(text: str) -> int:
    """The number in `count=7`; 0 where there is none."""
    digits = text.partition("count=")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


class Counters:
    """The counters of servers, in a file. It never raises: without the file, nothing is known."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, place: str, run: str) -> dict[str, int] | None:
        """Those of a server when it was looked at last, in the same run of the server."""
        entry = self._servers().get(place)
        if not isinstance(entry, dict) or not run or entry.get("run") != run:
            return None
        found = entry.get("counters")
        if not isinstance(found, dict):
            return None
        return {code: found[code] for code in COUNTED if isinstance(found.get(code), int)}

    def keep(self, place: str, run: str, counters: Mapping[str, int], at: str) -> None:
        """Writes those of a server, readable for this user alone."""
        servers = self._servers()
        servers.pop(place, None)
        servers[place] = {"run": run, "at": at, "counters": dict(counters)}
        document = {"version": STATE_VERSION, "servers": dict([*servers.items()][-KEPT:])}
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".doctor-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(document, file)
                Path(name).replace(self._path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise

    def add(self, place: str, run: str, code: str, count: int) -> None:
        """Raises a counter that was kept by errors that were our own."""
        counters = self.of(place, run)
        if counters is not None and count:
            at = self._servers()[place].get("at", "")
            self.keep(place, run, {**counters, code: counters.get(code, 0) + count}, at)

    def _servers(self) -> dict[str, Any]:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(document, dict) or document.get("version") != STATE_VERSION:
            return {}
        servers = document.get("servers")
        return servers if isinstance(servers, dict) else {}


def discount(checkup: Checkup, code: str, count: int) -> None:
    """Tells the next run of errors that a check caused after the counters were read."""
    run = (checkup.learned.info or {}).get("run_id", "")
    if checkup.options.state:
        Counters(checkup.options.state).add(_place(checkup), run, code, count)


def times(checkup: Checkup) -> Iterator[Verdict]:
    """D23: the time of the handshake, and of some PINGs."""
    learned = checkup.learned
    if learned.session is None:
        yield skipped(NOT_LOGGED_IN)
        return
    spent: list[float] = []
    begun = time.monotonic()
    while not spent or (len(spent) < PINGS and time.monotonic() - begun < PINGING):
        started = time.perf_counter()
        learned.session.ask("PING")
        spent.append(round((time.perf_counter() - started) * 1000, 3))
    spent.sort()
    facts = {"median_ms": spent[len(spent) // 2], "worst_ms": spent[-1], "pings": len(spent)}
    seen = f"PING {facts['median_ms']} ms in the middle, {facts['worst_ms']} ms at worst"
    if learned.agreed is not None:
        seen = f"handshake {learned.agreed.milliseconds} ms, {seen}"
        facts["handshake_ms"] = learned.agreed.milliseconds
    yield noted(seen, **facts)


def declared(checkup: Checkup, name: str) -> Any:
    """A setting of the cache as the stack declares it; None where it does not."""
    value = checkup.given.declared.settings.get(name)
    return getattr(value, "value", value)


def number(told: Mapping[str, str], name: str) -> int | None:
    """A whole number in INFO; None where it is none."""
    text = told.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004


def _place(checkup: Checkup) -> str:
    return authority(checkup.endpoint.host, checkup.endpoint.port)


def _uptime(told: Mapping[str, str]) -> str:
    seconds = number(told, "uptime_in_seconds")
    if seconds is None:
        return ""
    unit, of = next(
        ((unit, of) for unit, of in (("days", 86400), ("hours", 3600)) if seconds >= 2 * of),
        ("minutes", 60),
    )
    return f" ({seconds // of} {unit} ago)"


def _mib(count: int) -> str:
    return f"{count / 1048576:.1f} MiB"
