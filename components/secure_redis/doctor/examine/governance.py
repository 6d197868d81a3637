"""What is declared and what is so: D24, D25 and D26."""

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path

from secure_redis.connection import Auth, Connection
from secure_redis.doctor import protocol, tls, wire
from secure_redis.doctor.certificate_files import OTHERS, fingerprints
from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.deadline import Deadline
from secure_redis.doctor.endpoint import Endpoint, LocalFile
from secure_redis.doctor.report import Status
from secure_redis.timestamps import parse

NO_STACK = "no stack to compare with: --stack names one"

# Addresses of documentation: nothing is sent there, the system only chooses by which of its own
# addresses it would.
ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def credentials(checkup: Checkup) -> Iterator[Verdict]:
    """D24: whether the application has the password and the CA that the stack has, and its age."""
    own = checkup.given.declared.connection
    if own is None:
        yield skipped(NO_STACK)
        return
    found = [*_password(checkup.endpoint, own), *_ca(checkup.endpoint, own)]
    if not checkup.given.variables:
        # That the stack's own contract is like itself is not worth saying.
        found = [one for one in found if one.problem]
    found += _age(checkup, own)
    fine = [one for one in found if one.status is Status.OK]
    yield from (one for one in found if one.status is not Status.OK)
    if fine:
        observed = "; ".join(one.observed for one in fine)
        facts = {name: value for one in fine for name, value in one.facts.items()}
        yield Verdict(Status.OK, observed, facts=facts)


def _password(endpoint: Endpoint, own: Connection) -> Iterator[Verdict]:
    if own.auth is not Auth.PASSWORD:
        return
    reader = bool(own.readonly_username) and endpoint.username == own.readonly_username
    current = own.readonly_password if reader else own.password
    place = f"{endpoint.host}:{endpoint.port}"
    elsewhere = place not in _places(own)
    # Variables can hold bytes that are no UTF-8.
    texts = [text.encode(errors="surrogatepass") for text in (endpoint.password, current)]
    if compare_digest(*texts):
        if elsewhere:
            yield noted(f"the application goes to {place}, the stack names {own.host}:{own.port}")
        yield good("the password is the stack's current one")
        return
    observed = "the password is not the stack's current one"
    if elsewhere:
        observed += f", and {place} is not its endpoint {own.host}:{own.port}"
    yield bad("credential-differs", observed)


def _places(own: Connection) -> set[str]:
    """Where the stack's cache can be reached: itself, its reader, and from inside its network."""
    inside = own.network.get("host", ""), own.network.get("port", "")
    with suppress(ValueError):
        inside = inside[0], str(int(float(inside[1])))
    return {
        f"{own.host}:{own.port}",
        f"{own.reader_host}:{own.reader_port or own.port}",
        f"{inside[0]}:{inside[1]}",
    }


def _ca(endpoint: Endpoint, own: Connection) -> Iterator[Verdict]:
    wanted, there = fingerprints(own.ca_pem), fingerprints(endpoint.ca_pem)
    if not wanted:
        return
    lacking = wanted - there
    if lacking:
        yield bad(
            "ca-differs",
            f"{len(lacking)} of the stack's {len(wanted)} CA certificates are not among the "
            f"{len(there)} that the application has",
        )
    else:
        yield good("the application has the stack's CA")


def _age(checkup: Checkup, own: Connection) -> Iterator[Verdict]:
    if own.auth is not Auth.PASSWORD:
        yield noted(f"clients log in by {own.auth.value}: no password grows old")
        return
    try:
        due = parse(own.rotate_by)
    except ValueError:
        yield noted("when the password was made is not known")
        return
    facts = {"issued_at": own.credential_issued_at, "rotate_by": own.rotate_by}
    days = (due - checkup.now).days
    if due <= checkup.now:
        yield bad("rotation-due", f"due since {due:%Y-%m-%d}", **facts)
    else:
        yield good(f"the password is to be replaced by {due:%Y-%m-%d}, in {days} days", **facts)


def settings(checkup: Checkup) -> Iterator[Verdict]:
    """D25: what the stack's state records, by the rules of `secure_redis.posture`."""
    declared = checkup.given.declared
    if not declared.resources:
        yield skipped(NO_STACK)
        return
    from secure_redis.posture import Outcome, judgements  # noqa: PLC0415 - rules of all clouds

    judged = [
        one
        for one in judgements(declared.resources, environment=declared.environment)
        if one.outcome is not Outcome.UNKNOWN
    ]
    if not judged:
        yield skipped("no rule is about what this stack has")
        return
    controls = sorted({one.control for one in judged})
    broken = [one for one in judged if one.outcome is Outcome.BROKEN]
    accepted = [one for one in broken if one.exception in declared.exceptions]
    for one in accepted:
        yield noted(f"broken on purpose ({one.exception}): {one.reason}", one.where)
    for one in broken:
        if one not in accepted:
            facts = {"control": one.control, "controls": controls}
            yield bad("setting-insecure", one.reason, one.where, one.fix, **facts)
    if len(broken) == len(accepted):
        held = len(judged) - len(broken)
        yield good(f"rules that hold: {held}", controls=controls)


def machine(checkup: Checkup) -> Iterator[Verdict]:
    """D26: local files with secrets, and who can reach a port of this machine."""
    found = [
        *(one for file in checkup.given.files if file.secret for one in _file(file, checkup)),
        *_port(checkup),
    ]
    yield from found or [skipped("no local file with a secret, and no port of this machine")]


def _file(file: LocalFile, checkup: Checkup) -> Iterator[Verdict]:
    path = Path(file.path)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    # A key's mode is D02's: clients look at it too.
    troubles: list[Verdict] = []
    if mode & OTHERS and not file.variable:
        observed = f"its mode is {mode:04o}"
        troubles.append(bad("env-file-readable-by-others", observed, file.path))
    troubles += _git(path, checkup.deadline)
    yield from troubles or [good(f"private: its mode is {mode:04o}", file.path)]


def _git(path: Path, deadline: Deadline) -> Iterator[Verdict]:
    if _asked_git(path, deadline, "ls-files", "--error-unmatch", "--", path.name) == 0:
        yield bad("env-file-in-git", "it is committed, or will be with the next commit", str(path))
    elif _asked_git(path, deadline, "check-ignore", "--quiet", "--", path.name) == 1:
        yield bad("env-file-in-git", "no .gitignore names it", str(path))


def _asked_git(path: Path, deadline: Deadline, *arguments: str) -> int | None:
    """Git's exit code in a file's directory: 128 outside of a work tree; None without an answer."""
    # A hook of another repository leaves these behind.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", "-C", str(path.parent), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=deadline.step(),
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return None


def _port(checkup: Checkup) -> Iterator[Verdict]:
    place = checkup.learned.place
    if place is None or not place.address.is_loopback:
        return
    others = own_addresses(checkup.deadline)
    reached = [
        str(address) for address in others if _same_server(checkup, wire.Place(address, place.port))
    ]
    if reached:
        observed = f"port {place.port} answers on {', '.join(reached)} too"
        yield bad("port-on-all-addresses", observed)
    elif others:
        yield good(f"port {place.port} answers on {place.address} and on no other address tried")
    else:
        yield noted("this machine has no other address to try")


def own_addresses(deadline: Deadline) -> list[wire.Address]:
    """Addresses of this machine that others can reach, as far as the system tells anybody."""
    found: list[wire.Address] = []
    for family, elsewhere in ELSEWHERE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((elsewhere, 9))
            found.append(ip_address(str(asking.getsockname()[0]).partition("%")[0]))
    with suppress(wire.WireError):
        found += wire.resolve(socket.gethostname(), deadline)
    return [one for one in dict.fromkeys(found) if not one.is_loopback and not one.is_unspecified]


def _same_server(checkup: Checkup, place: wire.Place) -> bool:
    """Whether the server that was examined answers there: with its certificate, or as a Redis."""
    try:
        with wire.connect(place, checkup.deadline) as stream:
            looked = checkup.learned.looked
            if not checkup.endpoint.tls or looked is None:
                return _is_redis(stream)
            with tls.handshake(
                stream, tls.lenient(checkup.endpoint), checkup.endpoint.verified_name
            ) as spoken:
                return spoken.agreed.chain[:1] == looked.chain[:1]
    except wire.WireError:
        return False


def _is_redis(stream: wire.Stream) -> bool:
    with protocol.Session(stream) as session:
        reply = session.ask("PING")
        return isinstance(reply, protocol.ServerError) or reply == "PONG"
