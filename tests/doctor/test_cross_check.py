"""The doctor, `openssl s_client` and testssl.sh on the same servers: the tables of docs/doctor.md.

Each cell there is what the tool says when this runs. A cell ends with * where the tool does not say
what the doctor says; the page tells why. testssl.sh takes long: three servers of each run, all of
them with --sweep.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from doctor.gallery.cases import BROKEN, CONNECTION_WRONG, HEALTHY, Case
from doctor.gallery.hall import Gallery
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checkup import Options, Profile
from secure_redis.doctor.endpoint import Endpoint
from secure_redis.doctor.run import diagnose

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")

TLS_CHECKS = ("D05", "D06", "D07", "D08", "D09")
CERTIFICATES, OFFERS, BEFORE = "certificates", "versions and suites", "before a handshake"
SAMPLES = {CERTIFICATES: {"chain-incomplete", "wrong-host"}, OFFERS: {"tls-1.0-accepted"}}
"""On these testssl.sh runs each time."""

GOOD = {
    CERTIFICATES: ("tls", "mutual-tls", "intermediate-ca", "rsa", "address"),
    OFFERS: ("tls", "tls-1.3-only", "fips"),
}
"""Of the endpoints without a fault, those that have rows of their own."""

PATIENCE = 8
"""Seconds after which a tool that waits has waited long enough."""

LONG = 240
"""Seconds that testssl.sh may take on a machine that is busy."""


# --- which endpoints, and what is told of them -----------------------------------------------


def table_of(case: Case) -> str:
    """The table in which a broken endpoint has its row."""
    check = PROBLEMS[case.problem].check
    if case.problem in {"tls-off", "tls-off-declared", "tls-not-used"}:
        return ""
    return {"D05": BEFORE, "D09": OFFERS}.get(check, CERTIFICATES if check in TLS_CHECKS else "")


CASES = {case.name: case for case in (*HEALTHY, *BROKEN)}
ROWS: Mapping[str, tuple[str, ...]] = {
    table: (
        *GOOD.get(table, ()),
        *(case.name for case in (*CONNECTION_WRONG, *BROKEN) if table_of(case) == table),
    )
    for table in (CERTIFICATES, OFFERS, BEFORE)
}
ROWS = {table: tuple(dict.fromkeys(names)) for table, names in ROWS.items()}


@dataclass(frozen=True)
class Told:
    """An endpoint as all three are told of it."""

    case: Case
    endpoint: Endpoint
    address: str
    folder: Path

    @classmethod
    def of(cls, case: Case, gallery: Gallery) -> "Told | None":
        """None where there is no TLS endpoint with an address to go to."""
        folder = Path(mkdtemp(dir=gallery.folder))
        endpoint = case.given(gallery, folder).endpoint
        if endpoint is None or not endpoint.tls:
            return None
        addresses = gallery.names.get(endpoint.host, [endpoint.host])
        if not is_address(addresses[0]):
            return None
        return cls(case, endpoint, addresses[0], folder)

    def file(self, name: str, text: str) -> str:
        """The path of a file with this text, for its owner alone."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return str(path)


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


# --- the doctor ------------------------------------------------------------------------------


def doctor(gallery: Gallery, told: Told) -> str:
    """Its problems of the checks of TLS."""
    report = diagnose(told.case.given(gallery, told.folder), told.case.options)
    found = [one.problem for one in report.findings if one.problem and one.check in TLS_CHECKS]
    return ", ".join(f"`{problem}`" for problem in dict.fromkeys(found)) or "ok"


# --- openssl s_client ------------------------------------------------------------------------


def s_client(told: Told, *words: str) -> "subprocess.CompletedProcess[str]":
    """One handshake. Raises TimeoutExpired where nothing comes back."""
    place = f"[{told.address}]" if ":" in told.address else told.address
    name = told.endpoint.verified_name
    command = ["openssl", "s_client", "-connect", f"{place}:{told.endpoint.port}"]
    command += ["-noservername"] if is_address(name) else ["-servername", name]
    if told.endpoint.ca_pem:
        command += ["-CAfile", told.file("ca.pem", told.endpoint.ca_pem)]
    if told.endpoint.mutual:
        command += ["-cert", told.file("client.crt", told.endpoint.client_cert_pem)]
        command += ["-key", told.file("client.key", told.endpoint.client_key_pem)]
    return subprocess.run(
        [*command, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def openssl_verdict(told: Told) -> str:
    """What it says of the certificates, the first fault that it finds."""
    name = told.endpoint.verified_name
    wanted = ["-verify_ip", name] if is_address(name) else ["-verify_hostname", name]
    try:
        done = s_client(told, *wanted, "-verify_return_error")
    except subprocess.TimeoutExpired:
        return "waits for ever"
    # A server of TLS 1.2 that misses the client's certificate breaks off when its own is verified.
    judged = "verify error" in done.stderr or "SSL alert number" in done.stderr
    if "Cipher is (NONE)" in done.stdout and not judged:
        # The end of the connection, or a reset, as it happens.
        assert re.search(r"unexpected eof|errno=(104|54|0)\b", done.stderr), done.stderr
        return "connection closed"
    return re.findall(r"Verify return code: (\d+ \([^)]+\))", done.stdout)[0]


OPENSSL_OFFERS: Mapping[str, tuple[str, ...]] = {
    "TLS 1.0": ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
    "TLS 1.1": ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    "TLS 1.2": ("-tls1_2", "-cipher", "ALL:@SECLEVEL=0"),
    "TLS 1.3": ("-tls1_3",),
    "CBC": ("-tls1_2", "-cipher", "ECDHE+AES:DHE+AES:!AESGCM:!AESCCM:!aNULL:@SECLEVEL=0"),
    "RSA key exchange": ("-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"),
    "ChaCha20": ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"),
}


def openssl_offers(told: Told) -> str:
    """What the server takes of what it is offered, each alone."""
    taken = [
        offer
        for offer, words in OPENSSL_OFFERS.items()
        if "Cipher is (NONE)" not in s_client(told, *words).stdout
    ]
    return ", ".join(taken)


# --- testssl.sh ------------------------------------------------------------------------------


def scan(told: Told, *parts: str) -> dict[str, tuple[str, str]]:
    """What it finds: severity and text by id."""
    written = told.folder / "testssl.json"
    ca = ["--add-ca", told.file("ca.pem", told.endpoint.ca_pem)] if told.endpoint.ca_pem else []
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    assert program, "testssl.sh is not on this machine"
    command = [program, "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", *ca]
    command += ["--ip", told.address, *parts, "--jsonfile", str(written)]
    done = subprocess.run(
        [*command, f"{told.endpoint.verified_name}:{told.endpoint.port}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG,
    )
    assert written.exists(), done.stdout + done.stderr
    found = json.loads(written.read_text())
    return {one["id"]: (one["severity"], one["finding"]) for one in found}


JUDGED = {
    "cert_chain_of_trust": "chain",
    "cert_trust": "name",
    "cert_expirationStatus": "end",
    "cert_keySize": "key",
    "cert_signatureAlgorithm": "signature",
}


def scan_verdict(told: Told) -> str:
    """What it does not like of the certificates."""
    found = scan(told, "-S")
    bad = [
        f"{title}: {tidy(found[one][1])}"
        for one, title in JUDGED.items()
        if found[one][0] not in {"OK", "INFO"}
    ]
    return "; ".join(bad) or "ok"


def tidy(text: str) -> str:
    """Without the other way to the server, and without days, which go by."""
    left = re.sub(r"\(same w/o SNI\)|\(\d+\)$", "", text)
    return " ".join(left.split()).rstrip(".")


TESTSSL_OFFERS = {
    "TLS1": "TLS 1.0",
    "TLS1_1": "TLS 1.1",
    "TLS1_2": "TLS 1.2",
    "TLS1_3": "TLS 1.3",
    "cipherlist_AVERAGE": "CBC",
}
NEVER = (
    "SSLv2",
    "SSLv3",
    "cipherlist_NULL",
    "cipherlist_aNULL",
    "cipherlist_EXPORT",
    "cipherlist_LOW",
    "cipherlist_3DES_IDEA",
)
"""What no server of the gallery takes."""


def scan_offers(told: Told) -> str:
    """What the server takes, in the words of the column beside it."""
    found = scan(told, "-p", "-s")
    if found.get("optimal_proto", ("",))[0] == "WARN":
        return "cannot connect"
    assert {found[one][1] for one in NEVER} == {"not offered"}, found
    taken = [name for one, name in TESTSSL_OFFERS.items() if found[one][1].startswith("offered")]
    return ", ".join(taken)


# --- agreement -------------------------------------------------------------------------------


OPENSSL_SAYS: Mapping[str, str] = {
    "ok": "0 ",
    "ca-unknown": "19 |20 |2 ",
    "self-signed": "18 ",
    "chain-incomplete": "20 |21 ",
    "chain-invalid": "24 |79 ",
    "name-mismatch": "62 |64 ",
    "name-missing": "62 ",
    "name-common-name-only": "62 ",
    "name-address-only": "62 ",
    "certificate-expired": "10 ",
    "certificate-not-yet-valid": "9 ",
    "key-weak": "66 ",
    "signature-weak": "68 ",
    "purpose-wrong": "26 ",
    "tls-hang": "waits",
    "tls-closed": "connection closed",
}
"""How OpenSSL's verdict begins where it says what the doctor says; it says nothing of the rest."""

TESTSSL_SAYS: Mapping[str, str] = {
    "ok": "ok",
    "ca-unknown": "chain: failed",
    "self-signed": r"chain: failed \(self signed\)",
    "chain-incomplete": r"chain: failed \(chain incomplete\)",
    "chain-invalid": "chain: failed",
    "name-mismatch": "name: ",
    "name-missing": "name: ",
    "name-common-name-only": "name: ",
    "name-address-only": "name: ",
    "certificate-expired": "(chain: .*)?end: expired",
    "certificate-not-yet-valid": r"chain: failed \(not yet valid\)",
    "purpose-wrong": r"chain: failed \(unsupported certificate purpose\)",
    "certificate-ends-within-days": "end: expires",
    "certificate-ends-soon": "end: expires",
    "key-weak": ".*key: ",
    "signature-weak": ".*signature: ",
}

EARLIER = {
    problem.id for problem in PROBLEMS.values() if problem.check in {"D01", "D02", "D03", "D04"}
}
"""Problems with which nobody comes as far as TLS."""

NEW = {"TLS 1.2", "TLS 1.3"}


def expected_problem(told: Told, taken: set[str]) -> str:
    """The doctor's problem that follows from what another tool saw the server take."""
    fips = told.case.options.profile is Profile.FIPS
    newest = told.endpoint.tls_min_version == "1.3"
    follows = {
        "tls-old-only": not taken & NEW,
        "tls-old-accepted": bool(taken & {"TLS 1.0", "TLS 1.1"}),
        "cipher-weak": "RSA key exchange" in taken,
        "cipher-legacy": "CBC" in taken,
        "cipher-not-approved": fips and "ChaCha20" in taken,
        "tls-below-declared": newest and "TLS 1.2" in taken,
    }
    return next((problem for problem, so in follows.items() if so), "ok")


def certificates_agree(says: Mapping[str, str], cell: str, of_doctor: str) -> bool:
    problem = of_doctor.strip("`")
    return problem in says and bool(re.match(says[problem], cell))


def offers_agree(told: Told, cell: str, of_doctor: str) -> bool:
    taken = set(cell.split(", "))
    if not taken <= set(OPENSSL_OFFERS):
        return False
    problem = expected_problem(told, taken)
    return problem in {one.strip("` ") for one in of_doctor.split(",")}


# --- the tables ------------------------------------------------------------------------------


def printed(table: str) -> dict[str, list[str]]:
    """The rows of a table in the page: the cells by endpoint."""
    (found,) = re.findall(rf"^\| {table} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in found.splitlines()
    ]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("table", ROWS)
def test_every_endpoint_has_its_row(table: str) -> None:
    assert list(printed(table)) == list(ROWS[table])


class Seen:
    """What the tools say of endpoints. Those of a session are looked at side by side."""

    def __init__(self, gallery: Gallery) -> None:
        # testssl.sh works the processor, the others mostly wait.
        self._waiting, self._working = ThreadPoolExecutor(4), ThreadPoolExecutor(2)
        self._gallery = gallery
        self._begun: dict[tuple[str, str, str], Future[str]] = {}

    def begin(self, tool: str, table: str, name: str) -> None:
        """Lets a tool look at an endpoint."""
        if (tool, table, name) in self._begun:
            return
        told = self._told(name)
        pool = self._working if tool == "testssl" else self._waiting
        self._begun[tool, table, name] = pool.submit(self._tool(tool, table), told)

    def _told(self, name: str) -> Told:
        told = Told.of(CASES[name], self._gallery)
        assert told, name
        return told

    def _tool(self, tool: str, table: str) -> Callable[[Told], str]:
        if tool == "doctor":
            return partial(doctor, self._gallery)
        offers = {"openssl": openssl_offers, "testssl": scan_offers}
        verdicts = {"openssl": openssl_verdict, "testssl": scan_verdict}
        return (offers if table == OFFERS else verdicts)[tool]

    def cell(self, tool: str, table: str, name: str) -> str:
        """What stands in the table."""
        said = self._begun[tool, table, name].result()
        if tool == "doctor":
            return said
        of_doctor = self._begun["doctor", table, name].result()
        if table == OFFERS:
            agrees = offers_agree(self._told(name), said, of_doctor)
        else:
            says = OPENSSL_SAYS if tool == "openssl" else TESTSSL_SAYS
            agrees = certificates_agree(says, said, of_doctor)
        return said if agrees else f"{said} *"

    def close(self) -> None:
        self._waiting.shutdown(cancel_futures=True)
        self._working.shutdown(cancel_futures=True)


TOOLS = ("doctor", "openssl", "testssl")


def every_cell() -> Iterator[Any]:
    """All cells of all tables; those that take long are for --sweep."""
    for table, names in ROWS.items():
        for name in names:
            for tool in TOOLS[:2] if table == BEFORE else TOOLS:
                exhaustive = tool == "testssl" and name not in SAMPLES[table]
                marks = [pytest.mark.sweep] if exhaustive else []
                yield pytest.param(table, name, tool, marks=marks, id=f"{name}-{tool}-{table[:4]}")


@pytest.fixture(scope="module")
def seen(request: pytest.FixtureRequest, gallery: Gallery) -> Iterator[Seen]:
    """The tools at work on all that tests of this session ask for."""
    opened = Seen(gallery)
    for item in request.session.items:
        asked = getattr(item, "callspec", None)
        if asked and {"table", "name", "tool"} <= set(asked.params):
            table, name = asked.params["table"], asked.params["name"]
            opened.begin("doctor", table, name)
            opened.begin(asked.params["tool"], table, name)
    yield opened
    opened.close()


@pytest.mark.parametrize(("table", "name", "tool"), list(every_cell()))
@pytest.mark.timeout(3600)
def test_the_cell_is_what_the_tool_says(table: str, name: str, tool: str, seen: Seen) -> None:
    assert printed(table)[name][TOOLS.index(tool)] == seen.cell(tool, table, name)


def test_what_tools_do_not_say_is_explained() -> None:
    """After each table, the page names every endpoint where a cell has a star."""
    for table in ROWS:
        _, after = PAGE.split(f"| {table} |")
        explained = after.split("\n\n", 1)[1].split("\n## ")[0].split("\n| ")[0]
        for name, cells in printed(table).items():
            star = any(cell.endswith("*") for cell in cells)
            assert not star or f"`{name}`" in explained, (table, name)


def test_all_others_are_one_with_openssl(gallery: Gallery) -> None:
    """Endpoints whose fault is not in TLS: both find nothing wrong with theirs."""
    rows = {name for names in ROWS.values() for name in names}
    told = [Told.of(case, gallery) for case in CASES.values() if case.name not in rows]
    # What cannot be read, has no name or no port to go to has no TLS either.
    able = [one for one in told if one and one.case.problem not in EARLIER]
    assert len(able) > 30
    with ThreadPoolExecutor(4) as pool:
        verdicts = dict(
            zip((one.case.name for one in able), pool.map(openssl_verdict, able), strict=True)
        )
    assert {name: said for name, said in verdicts.items() if said != "0 (ok)"} == {}


# --- what the page says of PING, and of what the doctor leaves alone ------------------------------


def redis_cli(
    gallery: Gallery, name: str, *words: str, password: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """redis-cli with the gallery's CA, by the server's address."""
    word = gallery.secrets.app if password is None else password
    server = gallery[name]
    ca = Path(mkdtemp(dir=gallery.folder)) / "ca.pem"
    ca.write_text(gallery.authorities.own.pem)
    place = ["-h", server.address, "-p", str(server.port), "--tls", "--cacert", str(ca)]
    return subprocess.run(
        ["redis-cli", *place, *words],
        env={**os.environ, **({"REDISCLI_AUTH": word} if word else {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_redis_cli_compares_no_names(gallery: Gallery) -> None:
    done = redis_cli(gallery, "wrong-host", "--user", "app", "PING")
    assert (done.returncode, done.stdout) == (0, "PONG\n")


def test_a_server_without_a_password_takes_every_password(gallery: Gallery) -> None:
    done = redis_cli(gallery, "no-password", "AUTH", "default", "whatever")
    assert done.stdout == "OK\n"


def test_ping_without_a_login_is_a_success_for_redis_cli(gallery: Gallery) -> None:
    done = redis_cli(gallery, "healthy", "PING", password="")
    assert done.returncode == 0
    assert "NOAUTH" in done.stdout + done.stderr


NEVER_RUN = ("keys", "monitor", "config", "debug", "flush", "swapdb", "replicaof", "migrate")


@pytest.mark.parametrize("options", [Options(), Options(negative=True)], ids=["usual", "negative"])
def test_what_the_doctor_runs(options: Options, gallery: Gallery) -> None:
    """Of the server's own count: no command of those that the page rules out, and one write."""
    told = Told.of(CASES["fips"], gallery)
    assert told
    with gallery["approved"].admin() as admin:
        admin.config_resetstat()
        report = diagnose(told.case.given(gallery, told.folder), options)
        counts: Any = admin.info("commandstats")
        keys: Any = admin.dbsize()
    assert report.exit_code == 0
    ran = {name.removeprefix("cmdstat_"): count["calls"] for name, count in counts.items()}
    own = {"config|resetstat"}
    assert [
        n for n, calls in ran.items() if calls and n.startswith(NEVER_RUN) and n not in own
    ] == []
    assert (ran["set"], ran["get"], ran["del"]) == (1, 1, 1)
    assert keys == 0
