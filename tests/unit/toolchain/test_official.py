"""The official download against a server of our own: verified, or not used at all."""

import hashlib
import io
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from toolchain import engine, official
from toolchain.errors import PreparationError

VERSION = engine.PULUMI_VERSION
ARCHIVE = f"pulumi-v{VERSION}-linux-x64.tar.gz"
LISTING = f"/v{VERSION}/pulumi-{VERSION}-checksums.txt"


def release(names=("pulumi", "pulumi-language-python", "pulumi-language-python-exec")):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name in names:
            entry = tarfile.TarInfo(f"pulumi/{name}")
            body = b"#!/bin/sh\necho v3.250.0\n"
            entry.size, entry.mode = len(body), 0o644
            tar.addfile(entry, io.BytesIO(body))
        outside = tarfile.TarInfo("pulumi/../../outside")
        outside.size = 1
        tar.addfile(outside, io.BytesIO(b"x"))
        link = tarfile.TarInfo("pulumi/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return content.getvalue()


class Site(ThreadingHTTPServer):
    """Serves `files`; `cut` promises more bytes than it sends; `status` answers everything so."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cut, self.status, self.delay = {}, set(), None, 0.0
        self.requests = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Site  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_HEAD(self):
        time.sleep(self.server.delay)
        self.send_response(self.server.status or 404)
        self.end_headers()

    def do_GET(self):
        self.server.requests.append(self.path)
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path in self.server.cut else body)

    def log_message(self, *_):  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


@pytest.fixture
def site():
    server = Site()
    archive = release()
    server.files[f"/{ARCHIVE}"] = archive
    server.files[LISTING] = (
        f"{'0' * 64}  pulumi-v{VERSION}-linux-arm64.tar.gz\n"
        f"{hashlib.sha256(archive).hexdigest()}  {ARCHIVE}\n"
    ).encode()
    yield server
    server.shutdown()


@pytest.fixture
def setup(site, make_setup):
    names = ("SECURE_REDIS_PULUMI_DOWNLOADS", "SECURE_REDIS_PULUMI_CHECKSUMS")
    return make_setup(environ=dict.fromkeys(names, site.url))


def kept(setup):
    return [p.name for p in setup.store.root.iterdir() if p.name not in {"locks", "facts"}]


def test_a_verified_release_is_used_from_then_on(setup, site, task):
    engine.obtain(setup, task)
    assert "checksum verified" in task.result
    found = engine.look(setup)
    assert found.ready
    folder = found.path[0]
    assert (folder / "pulumi").stat().st_mode & 0o111
    assert (folder / "pulumi-language-python-exec").exists()
    assert sorted(p.name for p in folder.iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
    ], "no link, nothing outside, no archive"
    assert not list(setup.store.root.parent.rglob("outside"))
    assert f"/{ARCHIVE}" in site.requests


def test_a_wrong_checksum_stops_it_and_nothing_stays(setup, site, task):
    site.files[f"/{ARCHIVE}"] = release(("pulumi", "pulumi-language-python", "other"))
    with pytest.raises(PreparationError) as problem:
        engine.obtain(setup, task)
    assert "wrong checksum; it was not used" in str(problem.value)
    assert "published: " in str(problem.value)
    assert kept(setup) == []
    assert not engine.look(setup).ready


def test_a_lost_connection_is_not_a_wrong_checksum(setup, site, task):
    site.cut.add(f"/{ARCHIVE}")
    with pytest.raises(PreparationError) as problem:
        engine.obtain(setup, task)
    assert "connection was lost" in str(problem.value) or "cannot fetch" in str(problem.value)
    assert "checksum" not in str(problem.value)
    assert "Run the same command again" in str(problem.value)
    assert kept(setup) == []
    site.cut.clear()
    engine.obtain(setup, task)
    assert engine.look(setup).ready


def test_a_release_without_a_published_checksum_is_not_used(setup, site, task):
    site.files[LISTING] = b"not a listing\n"
    with pytest.raises(PreparationError, match="do not name"):
        engine.obtain(setup, task)
    assert f"/{ARCHIVE}" not in site.requests
    assert kept(setup) == []


def test_an_archive_that_is_no_archive(setup, site, task):
    site.files[f"/{ARCHIVE}"] = b"hello"
    digest = hashlib.sha256(b"hello").hexdigest()
    site.files[LISTING] = f"{digest}  {ARCHIVE}\n".encode()
    with pytest.raises(PreparationError, match="cannot be unpacked"):
        engine.obtain(setup, task)
    assert kept(setup) == []


@pytest.mark.parametrize(
    ("status", "answer"), [(200, True), (404, True), (403, True), (502, False), (407, False)]
)
def test_a_proxys_refusal_is_no_answer_of_the_site(setup, site, status, answer):
    site.status = status
    assert official.reachable(setup) is answer


def test_both_sites_must_answer(setup, site):
    setup.environ["SECURE_REDIS_PULUMI_CHECKSUMS"] = "http://127.0.0.1:9"
    assert not official.reachable(setup)


def test_the_probe_is_short_where_nothing_answers(setup, site, monkeypatch):
    monkeypatch.setattr(official, "PROBE_SECONDS", 0.3)
    site.delay = 5.0
    started = time.monotonic()
    assert not official.reachable(setup)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"{'a' * 64}  name", "a" * 64),
        (f"{'A' * 64} *name", "a" * 64),
        (f"{'a' * 64}  ./name", "a" * 64),
        (f"{'a' * 63}  name", None),
        (f"{'a' * 64}  name.sig", None),
        ("", None),
    ],
)
def test_reads_listings_of_checksums(line, found):
    assert official.checksum_in(f"{'f' * 64}  else\n{line}\n", "name") == found


@pytest.mark.parametrize(
    ("system", "arch", "name"),
    [
        ("linux", "x64", "pulumi-v1-linux-x64.tar.gz"),
        ("darwin", "arm64", "pulumi-v1-darwin-arm64.tar.gz"),
        ("linux", "riscv64", None),
        ("freebsd13", "x64", None),
    ],
)
def test_names_of_releases(system, arch, name):
    assert official.archive_name("1", system, arch) == name
