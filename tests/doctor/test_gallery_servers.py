"""The servers of the gallery are what they are said to be, in the words of other programs."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from doctor.gallery.certificates import CLIENT, Recipe
from doctor.gallery.hall import DOMAIN, SERVICE, Gallery

RIGHT = 0
VERIFIED = {
    "healthy": RIGHT,
    "intermediate": RIGHT,
    "rsa": RIGHT,
    "ends-soon": RIGHT,
    "ends-within-days": RIGHT,
    # This program falls back on the common name, as Python before 3.12 and others do.
    "common-name": RIGHT,
    "early": 9,
    "expired": 10,
    "self-signed": 18,
    "unknown-ca": 21,
    "incomplete": 21,
    "invalid": 32,
    "client-certificate": 26,
    "wrong-host": 62,
    "no-names": 62,
    "address-only": 62,
    "rsa-1024": 66,
    "sha-1": 68,
}
"""OpenSSL's number of the error (X509_V_ERR) by server; the last one where there are several."""

OFFERS = {
    "TLS 1.0": ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
    "TLS 1.1": ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
    "TLS 1.2": ["-tls1_2"],
    "TLS 1.3": ["-tls1_3"],
    "no forward secrecy": ["-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"],
    "CBC": ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0"],
    "ChaCha20": ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
}

ACCEPTED = {
    "healthy": {"TLS 1.2", "TLS 1.3", "ChaCha20"},
    "rsa": {"TLS 1.2", "TLS 1.3", "ChaCha20"},
    "newest": {"TLS 1.3", "ChaCha20"},
    "approved": {"TLS 1.2", "TLS 1.3"},
    "old-accepted": {"TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3", "CBC", "ChaCha20"},
    "old-only": {"TLS 1.0", "TLS 1.1"},
    "stock-rsa": {"TLS 1.2", "TLS 1.3", "no forward secrecy", "CBC", "ChaCha20"},
    "stock-elliptic": {"TLS 1.2", "TLS 1.3", "CBC", "ChaCha20"},
}

ANSWERS = {
    ("healthy", "PING"): "PONG",
    ("hello-less", "HELLO 3"): "ERR unknown command 'HELLO'",
    ("info-less", "INFO"): "NOPERM",
    ("flushing", "FLUSHALL"): "OK",
    ("healthy", "FLUSHALL"): "NOPERM",
    ("all-rights", "ACL DRYRUN app FLUSHALL"): "OK",
    ("other-keys", "SET doctor:1 x EX 1"): "NOPERM",
    ("full", "SET doctor:1 x EX 1"): "OOM",
    ("unsaved", "SET doctor:1 x EX 1"): "MISCONF",
    ("unsaved-writing", "SET doctor:1 x EX 1"): "OK",
    ("lonely", "SET doctor:1 x EX 1"): "NOREPLICAS",
    ("replica", "SET doctor:1 x EX 1"): "READONLY",
    ("loading", "GET doctor:1"): "LOADING",
    # The slot of this key is the third node's.
    ("cluster-1", "SET foo x EX 1"): "MOVED 12182",
    ("cluster-empty", "SET doctor:1 x EX 1"): "CLUSTERDOWN",
    ("sentinel", f"SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}"): "127.",
    ("sentinel-strict", f"SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}"): "NOPERM",
}
"""What redis-cli says to a command of the application's, by server."""


def _connected(gallery: Gallery, name: str, *more: str) -> str:
    """What `openssl s_client` says of a server."""
    server = gallery[name]
    words = ["openssl", "s_client", "-connect", f"{server.address}:{server.port}"]
    words += ["-servername", server.host, "-verify_hostname", server.host]
    words += ["-CAfile", str(server.folder / "ca.crt"), "-no-CApath", "-no-CAstore"]
    done = subprocess.run(
        [*words, *more], input="", capture_output=True, text=True, timeout=20, check=False
    )
    return done.stdout


def _asked(gallery: Gallery, name: str, command: str, *, user: str = "app") -> str:
    """What redis-cli says. The password goes by its environment, not by an argument."""
    server = gallery[name]
    words = ["redis-cli", "-h", server.address, "-p", str(server.port), "--no-auth-warning"]
    if server.plan.tls:
        words += ["--tls", "--cacert", str(server.folder / "ca.crt"), "--sni", server.host]
    environment = {"PATH": os.environ["PATH"]}
    if user:
        words += ["--user", user]
        environment["REDISCLI_AUTH"] = gallery.secrets.app
    done = subprocess.run(
        [*words, *command.split()],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", VERIFIED)
def test_certificates(name: str, gallery: Gallery) -> None:
    answer = _connected(gallery, name)
    code = re.search(r"Verify return code: (\d+)", answer)
    assert code, answer[-400:]
    assert int(code[1]) == VERIFIED[name]


@pytest.mark.parametrize("name", ACCEPTED)
def test_versions_and_suites(name: str, gallery: Gallery) -> None:
    accepted = {
        offer
        for offer, words in OFFERS.items()
        if not re.search(r"Cipher is \(NONE\)", _connected(gallery, name, *words))
    }
    assert accepted == ACCEPTED[name]


@pytest.mark.parametrize(("name", "command"), ANSWERS)
def test_answers(name: str, command: str, gallery: Gallery) -> None:
    answer = _asked(gallery, name, command)
    assert answer.startswith(ANSWERS[name, command]), answer[:200]


@pytest.mark.parametrize(
    ("name", "answer"),
    {
        "healthy": "NOAUTH",
        "no-password": "PONG",
        "nopass-default": "PONG",
        "decorative": "NOAUTH",
        "crowded-plain": "ERR max number of clients reached",
        "password-only": "NOAUTH",
        "plain": "NOAUTH",
    }.items(),
)
def test_answers_without_login(name: str, answer: str, gallery: Gallery) -> None:
    assert _asked(gallery, name, "PING", user="").startswith(answer)


@pytest.mark.parametrize("name", ["crowded", "mutual", "hanging"])
def test_no_answer(name: str, gallery: Gallery) -> None:
    address = gallery.names[f"{name}{DOMAIN}"][0]
    words = ["timeout", "1", "redis-cli", "-h", address, "-p", "6380", "--tls", "PING"]
    words += ["--cacert", str(gallery["healthy"].folder / "ca.crt")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode
    assert "PONG" not in done.stdout
    assert "NOAUTH" not in done.stdout


def test_a_client_certificate_opens_the_mutual_one(gallery: Gallery) -> None:
    pair = gallery.authorities.own.issue(Recipe(names=(), purposes=(CLIENT,)))
    server = gallery["mutual"]
    for name, text in {"client.crt": pair.pem, "client.key": pair.key_pem}.items():
        (server.folder / name).write_text(text)
    words = ["redis-cli", "-h", server.address, "-p", str(server.port), "--tls"]
    words += ["--cert", "client.crt", "--key", "client.key", "--cacert", "ca.crt", "PING"]
    done = subprocess.run(
        words, cwd=server.folder, capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout.startswith("NOAUTH")


@pytest.mark.parametrize(("name", "port"), [("open-also", 6379), ("both", 6380)])
def test_plaintext(name: str, port: int, gallery: Gallery) -> None:
    address = gallery.names[f"{name}{DOMAIN}"][0]
    with socket.create_connection((address, port), 5) as stream:
        stream.sendall(b"PING\r\n")
        assert stream.recv(100).startswith(b"-NOAUTH")


def test_the_black_hole_is_silent_and_the_hanging_one_takes_connections(gallery: Gallery) -> None:
    hole, hanging = (gallery.names[f"{one}{DOMAIN}"][0] for one in ("black-hole", "hanging"))
    with pytest.raises(TimeoutError):
        socket.create_connection((hole, 6380), 0.5)
    with socket.create_connection((hanging, 6380), 5) as stream:
        stream.sendall(b"PING\r\n")
        stream.settimeout(0.5)
        with pytest.raises(TimeoutError):
            stream.recv(1)


def test_passwords_stand_in_no_argument(gallery: Gallery) -> None:
    for server in gallery.servers.values():
        assert server.process
        about = Path("/proc", str(server.process.pid))
        words = (about / "cmdline").read_text() + (about / "environ").read_text()
        assert not any(one in words for one in gallery.secrets.all)
