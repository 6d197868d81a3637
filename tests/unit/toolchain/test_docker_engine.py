"""Which Docker daemon is used, how one is started, and what is said when there is none."""

import hashlib
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon

from toolchain import daemon, docker_engine
from toolchain.errors import PreparationError


@pytest.fixture
def running(tmp_path):
    server = FakeDaemon(tmp_path / "docker.sock")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def usual(tmp_path, monkeypatch):
    """The usual socket and pid file of the machine, in a scratch directory."""
    monkeypatch.setattr(docker_engine, "DEFAULT_SOCKET", tmp_path / "usual.sock")
    monkeypatch.setattr(docker_engine, "PID_FILE", tmp_path / "docker.pid")
    return tmp_path / "usual.sock"


def urls(docker_host: str | None, environ: dict[str, str], home: Path):
    return [place.url for place in docker_engine.addresses(docker_host, environ, home)]


def add_context(home, name, host, current=True):
    folder = home / ".docker"
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": host}}}))
    if current:
        (folder / "config.json").write_text(json.dumps({"currentContext": name}))


def test_the_stack_comes_before_the_environment_before_the_context(tmp_path):
    add_context(tmp_path, "colima", "unix:///colima.sock")
    environ = {"DOCKER_HOST": "tcp://env:2375"}
    assert urls("ssh://stack", environ, tmp_path) == ["ssh://stack"]
    assert urls(None, environ, tmp_path) == ["tcp://env:2375"]
    assert urls(None, {}, tmp_path) == ["unix:///colima.sock"]


def test_a_context_can_be_named_by_the_environment(tmp_path):
    add_context(tmp_path, "there", "ssh://there", current=False)
    assert urls(None, {"DOCKER_CONTEXT": "there"}, tmp_path) == ["ssh://there"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"currentContext": "default"}'])
def test_without_a_context_the_sockets_are_tried(tmp_path, text):
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(text)
    found = urls(None, {"XDG_RUNTIME_DIR": "/run/user/7"}, tmp_path)
    assert found[:2] == ["unix:///var/run/docker.sock", "unix:///run/user/7/docker.sock"]
    assert f"unix://{tmp_path}/.docker/run/docker.sock" in found


def test_a_daemon_that_answers_is_used_and_handed_on(make_setup, running):
    found = docker_engine.look(make_setup(environ={"DOCKER_HOST": running.url}))
    assert found.ready
    assert found.environment == {"DOCKER_HOST": running.url}


def test_the_usual_socket_needs_no_variable(make_setup, tmp_path, usual):
    server = FakeDaemon(usual)
    found = docker_engine.look(make_setup())
    assert found.ready
    assert found.environment == {}
    server.shutdown()
    server.server_close()


def test_another_socket_is_found_and_named(make_setup, tmp_path, usual):
    home = tmp_path / "home" / ".colima" / "default"
    home.mkdir(parents=True)
    server = FakeDaemon(home / "docker.sock")
    found = docker_engine.look(make_setup())
    assert found.environment == {"DOCKER_HOST": f"unix://{home}/docker.sock"}
    server.shutdown()
    server.server_close()


def test_a_chosen_daemon_is_not_replaced_by_another(make_setup, usual, tmp_path):
    setup = make_setup(
        environ={"DOCKER_HOST": f"unix://{tmp_path}/gone.sock"}, root=True, debian_family=True
    )
    found = docker_engine.look(setup)
    assert not found.ready
    assert (
        f"Start the daemon at unix://{tmp_path}/gone.sock, or correct DOCKER_HOST" in found.blocked
    )
    assert "apt" not in found.blocked


def test_the_stacks_daemon_is_named_in_the_message(make_setup, project):
    file = project / "stacks" / "Pulumi.local.yaml"
    file.write_text(file.read_text() + "  docker:host: tcp://127.0.0.1:9\n")
    found = docker_engine.look(make_setup())
    assert "correct docker:host of the stack" in found.blocked
    assert "connection refused" in found.blocked


def test_something_else_on_the_socket_is_not_docker(make_setup, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "other.sock"))
        listener.listen()

        def answer():
            link, _ = listener.accept()
            link.recv(1000)
            link.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
            link.close()

        threading.Thread(target=answer, daemon=True).start()
        found = docker_engine.look(
            make_setup(environ={"DOCKER_HOST": f"unix://{tmp_path}/other.sock"})
        )
    assert "something else answers there" in found.blocked


def test_a_daemon_that_hangs_is_given_up_soon(make_setup, tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "PING_SECONDS", 0.2)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "hangs.sock"))
        listener.listen()
        found = docker_engine.look(
            make_setup(environ={"DOCKER_HOST": f"unix://{tmp_path}/hangs.sock"})
        )
    assert "timed out" in found.blocked


def test_without_permission_the_group_is_named(make_setup, usual, monkeypatch):
    usual.touch()

    def refuse(*_):
        raise daemon.NoAnswerError("permission denied")

    monkeypatch.setattr(docker_engine, "connect", refuse)
    assert "sudo usermod -aG docker $USER" in docker_engine.look(make_setup()).blocked


@pytest.mark.parametrize(
    ("facts", "hint"),
    [
        ({}, False),
        ({"debian_family": True}, True),
        ({"system": "darwin", "root": True}, False),
        ({"root": True}, False),
    ],
)
def test_without_docker_it_says_exactly_what_to_do(make_setup, usual, facts, hint):
    found = docker_engine.look(make_setup(**facts))
    assert "no Docker daemon answers. Tried:" in found.blocked
    assert f"unix://{usual} (socket): no such socket" in found.blocked
    for words in ("apt-get install docker.io", "dnf install", "Docker Desktop", "rootless"):
        assert words in found.blocked
    assert ("As root this is done for you" in found.blocked) is hint


def test_debian_as_root_would_install_or_start(make_setup, usual, monkeypatch):
    monkeypatch.setattr(docker_engine, "_dockerd", lambda setup: None)
    setup = make_setup(root=True, debian_family=True)
    assert "install Debian's docker.io by apt" in docker_engine.look(setup).plan
    monkeypatch.setattr(docker_engine, "_dockerd", lambda setup: "/usr/sbin/dockerd")
    assert docker_engine.look(setup).plan == "start the Docker daemon"


DOCKERD = """
exec {python} -c '
import os, sys, time
sys.path.insert(0, "{here}")
from fake_daemon import FakeDaemon
open("{pid}", "w").write(str(os.getpid()))
print("API listen on {socket}", flush=True)
server = FakeDaemon("{socket}")
time.sleep(60)
'
"""


@pytest.fixture
def root_setup(make_setup, fake, monkeypatch):
    """A Debian machine as root whose iptables is there and which runs no systemd."""
    fake("iptables", "")
    setup = make_setup(root=True, debian_family=True)
    monkeypatch.setattr(docker_engine, "SYSTEMD", setup.machine.home / "no systemd")
    return setup


def test_a_daemon_is_started_apart_from_us(root_setup, usual, fake, task, tmp_path):
    note = tmp_path / "dockerd.pid"
    fake(
        "dockerd",
        DOCKERD.format(python=sys.executable, here=Path(__file__).parent, pid=note, socket=usual),
    )
    docker_engine.obtain(root_setup, task)
    number = int(note.read_text())
    try:
        assert docker_engine.look(root_setup).ready
        assert os.getsid(number) == number, "Ctrl-C at our terminal does not reach it"
        log = root_setup.machine.state / docker_engine.LOG_NAME
        assert "API listen" in log.read_text()
        docker_engine.obtain(root_setup, task)
        assert "another run started it" in task.result, "one that answers is left alone"
    finally:
        os.kill(number, 9)


def test_a_daemon_that_cannot_start_shows_its_last_words(
    root_setup, usual, fake, task, monkeypatch
):
    monkeypatch.setattr(docker_engine, "START_SECONDS", 0.5)
    fake("dockerd", "echo failed to start daemon: no iptables >&2\nexit 1\n")
    with pytest.raises(PreparationError) as problem:
        docker_engine.obtain(root_setup, task)
    assert "does not answer" in str(problem.value)
    assert "| failed to start daemon: no iptables" in str(problem.value)


@pytest.mark.parametrize(("name", "stays"), [("dockerd", True), ("bash", False), (None, False)])
def test_only_a_stale_pid_file_is_removed(tmp_path, name, stays):
    pid = tmp_path / "docker.pid"
    pid.write_text("4242")
    if name:
        (tmp_path / "proc" / "4242").mkdir(parents=True)
        (tmp_path / "proc" / "4242" / "comm").write_text(f"{name}\n")
    docker_engine.remove_stale_pid(pid, tmp_path / "proc")
    assert pid.exists() is stays


def test_a_pid_file_with_nonsense_is_stale(tmp_path):
    pid = tmp_path / "docker.pid"
    pid.write_text("nonsense")
    docker_engine.remove_stale_pid(pid, tmp_path)
    assert not pid.exists()


def test_ssh_uses_the_docker_command_here_or_there(make_setup, fake):
    log = fake("docker", 'echo "$*" >> $0.log; echo amd64\n')
    setup = make_setup(environ={"DOCKER_HOST": "ssh://me@box:2222"})
    assert docker_engine.look(setup).ready
    assert "-H ssh://me@box:2222 version" in log.with_name("docker.log").read_text()
    log.unlink()
    ssh = fake("ssh", 'echo "$*" >> $0.log; echo arm64\n')
    setup.environ["PATH"] = str(ssh.parent)
    for tool in ("sh", "dirname"):
        (ssh.parent / tool).symlink_to(f"/bin/{tool}")
    found = docker_engine.find(setup)[0]
    assert found
    assert found.architecture() == "arm64"
    words = ssh.with_name("ssh.log").read_text()
    assert "BatchMode=yes" in words
    assert "-p 2222 -- me@box docker version --format" in words


def test_ssh_that_fails_says_why(make_setup, fake):
    fake("docker", "echo Host key verification failed. >&2; exit 255\n")
    found = docker_engine.look(make_setup(environ={"DOCKER_HOST": "ssh://box"}))
    assert "Host key verification failed." in found.blocked
    assert "docker -H ssh://box version" in found.blocked


def test_a_look_at_a_local_daemon_is_quick(make_setup, running):
    setup = make_setup(environ={"DOCKER_HOST": running.url})
    started = time.monotonic()
    docker_engine.look(setup)
    assert time.monotonic() - started < 1
