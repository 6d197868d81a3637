"""What a container may do, what it is given, and whether its health can be believed."""

import io
import json
import re
import signal
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from docker.models.containers import Container
from harness import Deployment, client, deployed, engine, eventually, file_in, free_port, health
from secure_redis.docker.labels import OWNER

SERVERS = ["three/cache", "three/sessions", "three/queue", "other/cache", "other/scratch"]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Container:
    stack, _, name = request.param.partition("/")
    return request.getfixturevalue(stack).container(name)


# --- what the container may do -------------------------------------------------------------------


def test_everything_that_can_be_denied_is_denied(server: Container) -> None:
    host = server.attrs["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert server.attrs["Config"]["User"] == "999:999"
    assert host["Memory"] == host["MemorySwap"] == 256 * 1024 * 1024
    assert host["NanoCpus"] == 1_000_000_000
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert server.attrs["Config"]["StopTimeout"] == 30


def test_the_kernel_agrees(server: Container) -> None:
    status = Path(f"/proc/{server.attrs['State']['Pid']}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(facts[capabilities], 16) == 0, capabilities
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert facts["Uid"].split() == ["999"] * 4
    assert facts["Gid"].split() == ["999"] * 4


def test_it_is_published_on_loopback_only(server: Container) -> None:
    (bindings,) = (b for b in server.attrs["NetworkSettings"]["Ports"].values() if b)
    assert [binding["HostIp"] for binding in bindings] == ["127.0.0.1"]


def test_it_is_in_a_network_of_its_stack_alone(
    three: Deployment, other: Deployment, server: Container
) -> None:
    (network,) = server.attrs["NetworkSettings"]["Networks"]
    assert network in {three.full_name, other.full_name}
    assert server.name is not None
    assert server.name.startswith(network)
    facts = engine().networks.get(network).attrs
    assert facts["Driver"] == "bridge"
    members = {member["Name"] for member in facts["Containers"].values()}
    assert {name for name in members if not name.startswith(network)} == set()


def test_every_thing_carries_the_mark_of_its_owner(three: Deployment) -> None:
    names = three.in_docker()
    network = three.full_name
    caches = [f"{network}.{name}" for name in ("cache", "sessions", "queue")]
    parts = ["", "-files", "-reload", "-config", "-data"]
    assert names == sorted([network, *(f"{cache}{part}" for cache in caches for part in parts)])
    owner = engine().networks.get(network).attrs["Labels"][OWNER]
    mine: Any = {"label": f"{OWNER}={owner}"}
    marked = [
        *engine().containers.list(all=True, filters=mine),
        *engine().volumes.list(filters=mine),
        *engine().networks.list(filters=mine),
    ]
    assert sorted(thing.name for thing in marked) == names


# --- what the container is given -----------------------------------------------------------------


def volume_files(server: Container) -> dict[str, tuple[int, int, str]]:
    """Owner, group and mode of the files of the configuration volume."""
    stream, _ = server.get_archive("/etc/redis")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        return {
            entry.name.removeprefix("redis/"): (entry.uid, entry.gid, f"{entry.mode & 0o7777:o}")
            for entry in tar.getmembers()
            if entry.isfile()
        }


def test_only_the_server_reads_its_files(server: Container) -> None:
    certificates = {"tls/ca.crt", "tls/server.crt"}
    files = volume_files(server)
    assert {"redis.conf", "users.acl"} <= files.keys()
    for name, facts in files.items():
        assert facts == (999, 999, "444" if name in certificates else "400"), name


def test_each_mode_has_its_files(three: Deployment, other: Deployment) -> None:
    plain = {"redis.conf", "users.acl"}
    passwords = {"health_password", "operator_password", "reload.sh"}
    certificates = {"tls/ca.crt", "tls/server.crt", "tls/server.key"}
    assert set(volume_files(other.container("scratch"))) == plain
    assert set(volume_files(three.container("queue"))) == plain | passwords
    assert set(volume_files(three.container("cache"))) == plain | passwords | certificates
    # The CA's key stays in the state.
    assert set(volume_files(three.container("sessions"))) == plain | passwords | certificates


def test_nothing_can_be_written_but_data(server: Container) -> None:
    for path in ("/etc/redis/new", "/etc/redis/redis.conf", "/new", "/usr/bin/new"):
        code, output = server.exec_run(["sh", "-c", f": >> {path}"])
        assert code != 0, path
        assert b"Read-only file system" in output or b"Permission denied" in output
    mounts = {mount["Destination"]: mount for mount in server.attrs["Mounts"]}
    assert mounts["/etc/redis"]["RW"] is False
    assert server.exec_run(["sh", "-c", ": > /data/probe && rm /data/probe"])[0] == 0


def test_no_persistence_keeps_data_in_memory(other: Deployment) -> None:
    scratch = other.container("scratch")
    assert {mount["Destination"] for mount in scratch.attrs["Mounts"]} == {"/etc/redis"}
    assert "mode=0700" in scratch.attrs["HostConfig"]["Tmpfs"]["/data"]
    assert f"{other.full_name}.scratch-data" not in other.in_docker()


def test_the_password_is_no_argument(server: Container) -> None:
    document = json.dumps(server.attrs)
    assert "requirepass" not in document
    # The health check names a variable of its shell, never a value.
    given = re.findall(r"REDISCLI_AUTH=(\S+)", server.attrs["Config"]["Healthcheck"]["Test"][1])
    assert given in ([], ['"$password"'])
    assert document.count("REDISCLI_AUTH=") == len(given)
    assert server.attrs["Config"]["Cmd"] == ["/etc/redis/redis.conf"]
    environment = [entry.partition("=")[0] for entry in server.attrs["Config"]["Env"] or []]
    assert not any("PASS" in name or "AUTH" in name for name in environment)
    acl = file_in(server, "/etc/redis/users.acl")
    assert acl.splitlines()[0].startswith("user default ")
    assert ">" not in acl


def test_the_client_certificate_policy_is_explicit(three: Deployment) -> None:
    """The server's default would refuse clients that have no certificate."""
    for name, expected in {"cache": "no", "sessions": "yes"}.items():
        conf = file_in(three.container(name), "/etc/redis/redis.conf").splitlines()
        assert f"tls-auth-clients {expected}" in conf
        assert "port 0" in conf
        assert not any(line.startswith("requirepass") for line in conf)


@pytest.mark.parametrize("name", ["cache", "sessions"])
def test_the_certificate_is_one_that_clients_accept(three: Deployment, name: str) -> None:
    pem = file_in(three.container(name), "/etc/redis/tls/server.crt")
    certificate = x509.load_pem_x509_certificate(pem.encode())
    extensions = certificate.extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    oid = ExtendedKeyUsageOID
    assert {oid.SERVER_AUTH, oid.CLIENT_AUTH} == set(usage)
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns = names.get_values_for_type(x509.DNSName)
    assert set(dns) == {"localhost", name, f"{three.full_name}.{name}"}
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", "::1"}
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime <= timedelta(days=365)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    ca = x509.load_pem_x509_certificate(three.connection(name).ca_pem.encode())
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert ca.not_valid_after_utc > certificate.not_valid_after_utc
    certificate.verify_directly_issued_by(ca)


# --- health --------------------------------------------------------------------------------------


def probes(server: Container) -> list[dict[str, Any]]:
    server.reload()
    return server.attrs["State"]["Health"]["Log"]


def test_the_health_check_writes_no_key_and_tells_no_secret(other: Deployment) -> None:
    server = other.container("scratch")
    with client(other.connection("scratch")) as redis_client:
        keys = redis_client.dbsize()
        seen = probes(server)[-1]["Start"]
        eventually(lambda: probes(server)[-1]["Start"] > seen, "another probe")
        assert redis_client.dbsize() == keys


def test_the_health_check_compares_the_answer_and_tells_no_secret(server: Container) -> None:
    command = json.dumps(server.attrs["Config"]["Healthcheck"])
    assert "= PONG" in command
    assert " -a " not in command
    files = volume_files(server)
    secrets = [file_in(server, f"/etc/redis/{n}") for n in files if n.endswith("_password")]
    for text in (command, *(probe["Output"] for probe in probes(server))):
        assert not any(secret in text for secret in secrets)


@pytest.fixture(scope="module")
def ailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A stack whose servers get into trouble."""
    caches = {
        "hung": {"docker": {"port": free_port()}},
        "locked": {"docker": {"port": free_port()}},
        "open": {"mode": "password", "docker": {"port": free_port()}},
    }
    with deployed(tmp_path_factory.mktemp("ailing"), "ailing", caches) as deployment:
        yield deployment


def replace_file(deployment: Deployment, name: str, path: str, content: str) -> None:
    """Puts a file into the configuration volume, through the container that filled it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.uid = entry.gid = 999
        entry.mode, entry.size = 0o400, len(content)
        tar.addfile(entry, io.BytesIO(content.encode()))
    files = engine().containers.get(f"{deployment.full_name}.{name}-files")
    assert files.put_archive("/", archive.getvalue())


def test_trouble_is_noticed(ailing: Deployment) -> None:
    """A hung server and a refused password are not taken for health, and can be cured."""
    hung, locked, plain = (ailing.container(name) for name in ("hung", "locked", "open"))
    assert {health(hung), health(locked), health(plain)} == {"healthy"}
    file = "/etc/redis/health_password"
    right = {name: file_in(ailing.container(name), file) for name in ("locked", "open")}
    hung.kill(signal.SIGSTOP)
    for name in right:
        # The command line client ends with 0 on WRONGPASS and on NOAUTH.
        replace_file(ailing, name, file, "x" * 48 + "\n" if name == "locked" else "\n")
    try:
        for server in (hung, locked, plain):
            eventually(lambda s=server: health(s) == "unhealthy", f"{server.name} unhealthy")
        assert "PONG" not in probes(locked)[-1]["Output"]
    finally:
        hung.kill(signal.SIGCONT)
        for name, password in right.items():
            replace_file(ailing, name, file, f"{password}\n")
    for server in (hung, locked, plain):
        eventually(lambda s=server: health(s) == "healthy", f"{server.name} healthy again")


def test_the_server_cannot_rewrite_its_configuration(ailing: Deployment) -> None:
    connection = ailing.connection("open")
    password = file_in(ailing.container("open"), "/etc/redis/operator_password")
    url = f"redis://operator:{password}@127.0.0.1:{connection.port}/0"
    with client(connection, url=url) as operator:
        operator.acl_setuser("operator", commands=["+config|rewrite", "+acl|save", "+config|get"])
        for command in ("CONFIG REWRITE", "ACL SAVE"):
            with pytest.raises(redis.ResponseError, match=r"(?i)rewriting|error|saving|could not"):
                operator.execute_command(*command.split())
        # Where the data lies, and what is loaded, is not for any user to change.
        for setting in ("dir", "dbfilename", "aclfile"):
            with pytest.raises(redis.ResponseError, match=r"protected|immutable"):
                operator.config_set(setting, "/tmp")
        assert operator.ping()
    with client(connection) as app:
        assert app.ping()
