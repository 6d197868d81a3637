"""The function through boto3 against an emulator of both services: what really goes over the wire.

What the emulator lacks, and how the test does without it:
- RotateSecret calls no function and makes its version current at once. It is used only to switch
  rotation on; the steps are called here.
- There is no empty version under AWSPENDING. So the step createSecret is entered behind the check
  of the label, which that step's own version does not have yet.
- A user always has one password in its answers, however many were set: the count of those that
  were sent is put into them.
- ModifyUser is in force at once: a user is never `modifying`.
"""

import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from secure_redis.aws.rotation import function

from tests.unit.rotation.scene import STEPS, everything_in

REGION = "eu-west-1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator of its own, reachable from this machine only."""
    home = tmp_path_factory.mktemp("emulator")
    address = f"http://127.0.0.1:{free_port()}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": address.rpartition(":")[2],
        "DOCKER_HOST": "unix:///nonexistent",
        "SERVICES": "elasticache,secretsmanager",
    }
    log = home / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "ministack"],
            env=environment,
            cwd=home,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while not answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture
def services(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """Clients of the emulator; boto3 finds its address in the environment, the function's too."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    settings = {
        "AWS_ENDPOINT_URL": emulator,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    names = ("secretsmanager", "elasticache")
    made: dict[str, Any] = {name: boto3.client(name) for name in names}  # pyright: ignore[reportArgumentType,reportCallIssue]
    return made


@dataclass
class Sent:
    """The passwords of every ModifyUser; their number goes into the answers of DescribeUsers."""

    passwords: list[list[str]] = field(default_factory=list)

    def client(self, service: str, region: str) -> Any:
        made = client(service, region)
        if service == "elasticache":
            made.meta.events.register("provide-client-params.elasticache.ModifyUser", self._keep)
            made.meta.events.register("after-call.elasticache.DescribeUsers", self._correct)
        return made

    def _keep(self, params: dict[str, Any], **_: Any) -> None:
        self.passwords.append(params["Passwords"])

    def _correct(self, parsed: dict[str, Any], **_: Any) -> None:
        if self.passwords and "Users" in parsed:
            count = len(self.passwords[-1])
            parsed["Users"][0]["Authentication"]["PasswordCount"] = count


client = function.client


@pytest.fixture
def quiet_set_up(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Everything is recorded, at the level that a log level of DEBUG has in production."""
    caplog.set_level(logging.DEBUG)
    libraries = [logging.getLogger(name) for name in ("boto3", "botocore", "urllib3")]
    levels = [library.level for library in libraries]
    yield
    for library, level in zip(libraries, levels, strict=True):
        library.setLevel(level)


def make_secret_and_user(services: Mapping[str, Any], value: dict[str, Any]) -> tuple[str, str]:
    """The ARNs of a secret with rotation switched on, and of its user."""
    user_arn = services["elasticache"].create_user(
        UserId="app-user",
        UserName=value["username"],
        Engine="valkey",
        AccessString="on ~* +@read",
        Passwords=[value["password"]],
    )["ARN"]
    store = services["secretsmanager"]
    text = json.dumps({**value, "user_arn": user_arn})
    secret_arn = store.create_secret(Name="app/cache", SecretString=text)["ARN"]
    store.rotate_secret(
        SecretId=secret_arn,
        RotationLambdaARN=f"arn:aws:lambda:{REGION}:000000000000:function:rotation",
        RotationRules={"AutomaticallyAfterDays": 30},
    )
    return secret_arn, user_arn


@pytest.mark.usefixtures("quiet_set_up")
def test_rotations_against_the_emulator(
    services: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store, sent, said = services["secretsmanager"], Sent(), []
    value = {"username": "app", "password": secrets.token_hex(20), "other": [1]}
    secret_arn, user_arn = make_secret_and_user(services, value)
    caplog.clear()  # what was said so far was the test's own set-up
    monkeypatch.setenv("SECRET_ARN", secret_arn)
    monkeypatch.setenv("USER_ARN", user_arn)
    monkeypatch.setattr(function, "client", sent.client)
    passwords = [value["password"]]

    def step(name: str, token: str) -> None:
        event = {"Step": name, "SecretId": secret_arn, "ClientRequestToken": token}
        function.handler(event, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))

    def refused(name: str, token: str, match: str) -> None:
        with pytest.raises(function.RotationError, match=match) as refusal:
            step(name, token)
        said.extend(everything_in(refusal.value))

    for token in ("1" * 32, "2" * 32, "3" * 32):
        refused("createSecret", token, "is not staged as AWSPENDING")
        function.create_secret(
            function.Rotation(
                step="createSecret",
                token=token,
                secret_arn=secret_arn,
                user_arn=user_arn,
                secrets_manager=sent.client("secretsmanager", REGION),
                elasticache=sent.client("elasticache", REGION),
                remaining=lambda: 60.0,
            )
        )
        for name in STEPS:
            step(name, token)
            step(name, token)  # delivered twice
        spoken = len(caplog.records)
        stages = store.describe_secret(SecretId=secret_arn)["VersionIdsToStages"]
        current = json.loads(store.get_secret_value(SecretId=secret_arn)["SecretString"])
        assert len(caplog.records) == spoken, "the test's own calls must not be recorded"
        assert stages[token] == ["AWSCURRENT"]
        assert function.holder(stages, "AWSPENDING") is None
        assert {**current, "password": ""} == {**value, "password": "", "user_arn": user_arn}
        passwords.append(current["password"])
        assert sent.passwords[-1] == [passwords[-1], passwords[-2]]
    assert len(set(passwords)) == 4

    # A rotation that is under way when the user is deleted.
    token = "4" * 32
    text = store.get_secret_value(SecretId=secret_arn)["SecretString"]
    store.put_secret_value(
        SecretId=secret_arn,
        ClientRequestToken=token,
        SecretString=text,
        VersionStages=["AWSPENDING"],
    )
    services["elasticache"].delete_user(UserId="app-user")
    refused("setSecret", token, "user app-user does not exist any more")
    heard = "\n".join([caplog.text, *said])
    leaked = sum(password in heard for password in passwords)
    assert leaked == 0, f"{leaked} passwords in what the function said"
