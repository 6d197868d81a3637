"""The server's image: which libraries it needs, what is kept of the packages, and how it is had."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon

from toolchain.errors import PreparationError
from toolchain.image import step
from toolchain.image.elf import needed_libraries
from toolchain.image.tree import slim

PYTHON = Path(os.path.realpath(sys.executable))
VERSION = "Redis server v=7.0.15 sha=0 malloc=jemalloc bits=64\r\n"
ASKS_FOR_CERTIFICATE = "# Failed to configure TLS. Check logs for more info.\r\n"


@pytest.fixture
def server(tmp_path):
    daemon = FakeDaemon(tmp_path / "docker.sock")
    yield daemon
    daemon.shutdown()
    daemon.server_close()


@pytest.fixture
def setup(make_setup, server):
    return make_setup(environ={"DOCKER_HOST": server.url})


@pytest.fixture
def redis(setup):
    (image,) = step.images_of(setup)
    return image


def test_needed_libraries_are_those_that_the_loader_would_load():
    listed = subprocess.run(["ldd", PYTHON], capture_output=True, text=True, check=True).stdout
    needed = needed_libraries(PYTHON.read_bytes())
    assert any(name.startswith("libc.so") for name in needed)
    assert all(name in listed for name in needed)


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(100)])
def test_other_files_need_no_libraries(content):
    assert needed_libraries(content) == []


def packages(path, files, links=()):
    with tarfile.open(path, "w") as tar:
        for name, content, mode in files:
            entry = tarfile.TarInfo(f"./{name}")
            entry.size, entry.mode, entry.uid, entry.mtime = len(content), mode, 7, 1234567
            tar.addfile(entry, io.BytesIO(content))
        for name, target in links:
            entry = tarfile.TarInfo(f"./{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)


SHELL = b"#!/bin/dash\n"
PACKAGES = [
    ("usr/bin/redis-check-rdb", b"server", 0o755),
    ("usr/bin/redis-cli", b"client", 0o755),
    ("bin/dash", b"shell", 0o755),
    ("bin/cat", b"cat", 0o4755),
    ("usr/bin/perl", b"perl", 0o755),
    ("usr/share/doc/redis/copyright", b"text", 0o644),
    ("etc/shadow", b"secret", 0o640),
]
LINKS = [("usr/bin/redis-server", "redis-check-rdb"), ("bin/sh", "dash")]


def read(path):
    with tarfile.open(path) as tar:
        return {member.name: member for member in tar}


def test_only_what_the_server_needs_is_kept(tmp_path):
    packages(tmp_path / "in.tar", PACKAGES, LINKS)
    slim(tmp_path / "in.tar", tmp_path / "out.tar", "redis")
    found = read(tmp_path / "out.tar")
    names = set(found)
    assert {"usr/bin/redis-server", "usr/bin/redis-check-rdb", "usr/bin/redis-cli"} <= names
    assert {"usr/bin/sh", "usr/bin/dash", "usr/bin/cat", "bin", "lib"} <= names
    assert not {"usr/bin/perl", "etc/shadow", "usr/share/doc/redis/copyright"} & names
    assert found["usr/bin/redis-server"].linkname == "redis-check-rdb"
    assert found["usr/bin/sh"].linkname == "dash"
    assert (found["bin"].issym(), found["bin"].linkname) == (True, "usr/bin")
    assert found["usr/bin/cat"].mode == 0o755, "no setuid"
    data = found["data"]
    assert (data.uid, data.gid, data.mode) == (999, 999, 0o750)
    assert found["tmp"].mode == 0o1777
    assert {m.uid for name, m in found.items() if name != "data"} == {0}
    assert {m.mtime for m in found.values()} == {0}
    with tarfile.open(tmp_path / "out.tar") as tar:
        file = tar.extractfile("etc/passwd")
        assert file
        passwd = file.read().decode()
    assert "redis:x:999:999:" in passwd


def test_the_same_packages_give_the_same_image(tmp_path):
    packages(tmp_path / "a.tar", PACKAGES, LINKS)
    packages(tmp_path / "b.tar", PACKAGES[::-1], LINKS[::-1])
    for name in "ab":
        slim(tmp_path / f"{name}.tar", tmp_path / f"{name}.out", "redis")
    assert (tmp_path / "a.out").read_bytes() == (tmp_path / "b.out").read_bytes()


def test_libraries_and_the_loader_come_along(tmp_path):
    library = "lib/x86_64-linux-gnu"
    needed = needed_libraries(PYTHON.read_bytes())
    files = [
        *PACKAGES,
        ("usr/bin/redis-server", PYTHON.read_bytes(), 0o755),
        *((f"{library}/{name}", b"library", 0o644) for name in needed),
        (f"{library}/libnobody.so.1", b"library", 0o644),
    ]
    packages(tmp_path / "in.tar", files, [("bin/sh", "dash")])
    kept = slim(tmp_path / "in.tar", tmp_path / "out.tar", "redis")
    assert {f"usr/{library}/{name}" for name in needed} <= set(kept)
    assert not any("libnobody" in name for name in kept)


@pytest.mark.parametrize("gone", ["usr/bin/redis-cli", "bin/dash", "usr/bin/redis-check-rdb"])
def test_packages_without_a_needed_file_are_refused(tmp_path, gone):
    packages(tmp_path / "in.tar", [f for f in PACKAGES if f[0] != gone], LINKS)
    with pytest.raises(PreparationError, match=r"the packages (lack|hold no program)"):
        slim(tmp_path / "in.tar", tmp_path / "out.tar", "redis")


def test_a_library_that_is_missing_is_named(tmp_path):
    files = [*PACKAGES, ("usr/bin/redis-server", PYTHON.read_bytes(), 0o755)]
    packages(tmp_path / "in.tar", files, [("bin/sh", "dash")])
    with pytest.raises(PreparationError, match=r"lack lib\S+, which /usr/bin/redis-server"):
        slim(tmp_path / "in.tar", tmp_path / "out.tar", "redis")


@pytest.mark.parametrize("name", ["official", "local"])
def test_an_image_that_is_there_is_used_under_either_name(setup, server, redis, name):
    server.images.add(getattr(redis, name))
    found = step.look(setup)
    assert found.ready
    assert found.found == getattr(redis, name)


def test_a_missing_image_is_pulled(setup, server, redis, task):
    server.pullable.add(redis.official)
    assert not step.look(setup).ready
    step.obtain(setup, task)
    assert step.look(setup).ready
    assert task.result == f"{redis.official} pulled"


def test_where_it_cannot_be_had_the_message_says_what_helps(setup, redis, task):
    with pytest.raises(PreparationError) as problem:
        step.obtain(setup, task)
    text = str(problem.value)
    assert f"{redis.official} is not here and cannot be pulled: registry: no such host" in text
    assert f"docker pull {redis.official}" in text
    assert "`image: HOST/redis:TAG`" in text


@pytest.fixture
def debian(make_setup, server, fake, monkeypatch):
    """A Debian machine as root whose mmdebstrap brings the packages above."""
    setup = make_setup(environ={"DOCKER_HOST": server.url}, root=True, debian_family=True)
    tar = setup.store.root / "packages.tar"
    packages(tar, PACKAGES, LINKS)
    program = fake(
        "mmdebstrap",
        'echo "$*" >> "$0.log"\n'
        f'for word; do case "$word" in *.tar) cp {tar} "$word" ;; esac; done\n',
    )
    monkeypatch.setenv("PATH", setup.environ["PATH"])
    monkeypatch.setattr(step, "_own_sources", lambda setup, suite: [f"deb mirror {suite} main"])
    return setup, program.with_name("mmdebstrap.log")


def test_on_debian_it_is_made_from_packages_and_tried(debian, server, redis, task):
    setup, log = debian
    server.outputs += [VERSION, ASKS_FOR_CERTIFICATE]
    step.obtain(setup, task)
    assert step.look(setup).found == redis.local
    content, changes = server.imported[redis.local]
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert "usr/bin/redis-server" in tar.getnames()
    assert 'CMD ["redis-server"]' in changes
    assert any(change.startswith("ENV PATH=") for change in changes)
    words = log.read_text()
    assert "--variant=extract --include=redis-server,redis-tools,dash,coreutils" in words
    assert "--architectures=amd64" in words
    assert "deb mirror bookworm main" in words
    assert "DELETE /containers/c1?force=1&v=1" in server.requests
    assert not list(setup.store.root.glob(".image-*")), "no temporary files"


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ([VERSION, "# FATAL CONFIG FILE ERROR: Bad directive\r\n"], "this build has no TLS"),
        (["exec format error\r\n"], "does not start: exec format error"),
    ],
)
def test_an_image_that_does_not_work_is_not_kept(debian, server, task, outputs, words):
    setup, _ = debian
    (redis,) = step.images_of(setup)
    server.outputs += outputs
    with pytest.raises(PreparationError, match=words):
        step.obtain(setup, task)
    assert redis.local not in server.images
    assert not step.look(setup).ready


def test_a_mirror_without_the_suite_is_not_the_end(debian, server, redis, fake, task):
    setup, log = debian
    script = log.with_name("mmdebstrap")
    text = script.read_text()
    script.write_text(text + 'case "$*" in *"deb mirror"*) echo E: no suite; exit 25 ;; esac\n')
    server.outputs += [VERSION, ASKS_FOR_CERTIFICATE]
    step.obtain(setup, task)
    assert len(log.read_text().splitlines()) == 2
    assert redis.local in server.images


def test_packages_that_cannot_be_fetched_are_one_message(debian, server, fake, task):
    setup, _ = debian
    fake("mmdebstrap", "echo E: Temporary failure resolving >&2; exit 25\n")
    with pytest.raises(PreparationError) as problem:
        step.obtain(setup, task)
    assert "Temporary failure resolving" in str(problem.value)
    assert "finished parts are kept" in str(problem.value)


def test_no_image_is_asked_for_where_each_cache_names_its_own(make_setup, project, server):
    file = project / "stacks" / "Pulumi.local.yaml"
    file.write_text(file.read_text() + "  secure-redis:caches:\n    a: { image: my/redis:1 }\n")
    found = step.look(make_setup(environ={"DOCKER_HOST": server.url}))
    assert found.ready
    assert found.found == "each cache names its own"


def test_damaged_data_is_one_message(make_setup, project):
    (project / step.IMAGES).write_text('{"redis": {}}')
    with pytest.raises(PreparationError, match=r"images\.json cannot be read"):
        step.look(make_setup())
