"""An emulator of AWS that takes the requests that the stand-in's provider sends.

The stand-in's services and its requests come from the same reading of AWS. The emulator, which
other people wrote, reads the requests without it: what it takes is well formed for somebody else
too. It judges less strictly than the stand-in and lacks some operations; what it refuses although
AWS does not is listed in REFUSED, by operation, with the reason.
"""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from .account import ACCOUNT
from .driver import REGION

SERVICES = (
    "elasticache", "secretsmanager", "ec2", "kms", "cloudwatch", "logs", "iam", "lambda", "sns",
    "sts",
)  # fmt: skip

REFUSED: Mapping[str, str] = {
    "CreateServerlessCache": "it has no serverless caches",
    "DeleteServerlessCache": "it has no serverless caches",
    "CancelRotateSecret": "its rotation is a stub that can be set up and not taken away",
}
"""Operations that the emulator refuses although AWS takes them, and why."""

GARBLED: Mapping[str, str] = {
    "CreateUser": "it leaves the & of a channel in the access string as it is, which is no XML",
    "ModifyUser": "the same",
    "DeleteUser": "the same",
}
"""Operations that the emulator takes and answers in a way that nobody can read, and why."""

_IDS = {
    "CreateVpc": ("Vpc", "VpcId"),
    "CreateSubnet": ("Subnet", "SubnetId"),
    "CreateRouteTable": ("RouteTable", "RouteTableId"),
    "AssociateRouteTable": ("AssociationId",),
    "CreateSecurityGroup": ("GroupId",),
    "AuthorizeSecurityGroupIngress": ("SecurityGroupRules", 0, "SecurityGroupRuleId"),
    "AuthorizeSecurityGroupEgress": ("SecurityGroupRules", 0, "SecurityGroupRuleId"),
    "CreateKey": ("KeyMetadata", "KeyId"),
    "CreateSecret": ("ARN",),
    "CreateTopic": ("TopicArn",),
    "CreatePolicy": ("Policy", "Arn"),
}
"""Where the answer to a creation has the id under which the stand-in knows the resource."""


@dataclass
class Emulator:
    """A running emulator."""

    endpoint: str
    account: str = ""
    names: dict[str, str] = field(default_factory=dict)
    """Ids of the stand-in and those that the emulator gave in their place."""
    garbled: set[str] = field(default_factory=set)
    """Operations whose answer could not be read."""

    def __post_init__(self) -> None:
        self.account = self.client("sts").get_caller_identity()["Account"]

    def client(self, service: str) -> Any:
        """A client of a service."""
        return boto3.client(
            service,  # pyright: ignore[reportArgumentType] - a name that is only known here
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id="fake",
            aws_secret_access_key="fake",
            config=Config(retries={"max_attempts": 1}, read_timeout=10),
        )

    def replay(self, journal: Sequence[Mapping[str, Any]]) -> tuple[list[str], dict[str, str]]:
        """Sends the requests of a journal in its order.

        Returns the operations that were taken, and the answers to those that were refused. Secrets
        go as their hashes, which have the form of passwords.
        """
        taken: list[str] = []
        refused: dict[str, str] = {}
        for entry in journal:
            for request in entry["requests"]:
                if self._generated(request):
                    continue
                complaint = self._send(request, entry["id"])
                if complaint:
                    refused[request["operation"]] = complaint
                else:
                    taken.append(request["operation"])
        return taken, refused

    def _generated(self, request: Mapping[str, Any]) -> bool:
        """Whether the request names rules that come with a new group, which have ids of their own.

        The emulator makes such rules too, but tells their ids only to those who ask.
        """
        return request["operation"].startswith("RevokeSecurityGroup") and not any(
            rule in self.names for rule in request["params"]["SecurityGroupRuleIds"]
        )

    def _send(self, request: Mapping[str, Any], identifier: str | None) -> str | None:
        """Sends one request, and keeps the id that is given to its resource.

        Returns what the emulator said, if it refused.
        """
        text = json.dumps(request["params"])
        for old, new in {**self.names, ACCOUNT: self.account}.items():
            text = text.replace(old, new)
        params = json.loads(text)
        if request["operation"] == "CreateFunction":
            params["Code"] = {"ZipFile": _package()}
        client = self.client(request["service"])
        method = client.meta.method_to_api_mapping
        name = next(key for key, value in method.items() if value == request["operation"])
        try:
            answer = getattr(client, name)(**params)
        except ClientError as error:
            return str(error)
        except ResponseParserError as error:
            self.garbled.add(request["operation"])
            return None if request["operation"] in GARBLED else str(error)
        self._learn(request["operation"], identifier, answer)
        return None

    def _learn(self, operation: str, identifier: str | None, answer: Any) -> None:
        for step in _IDS.get(operation, ()):
            answer = answer[step]
        if operation in _IDS and identifier:
            self.names[identifier] = str(answer)


def _package() -> bytes:
    """A function that does nothing: the journal has only a hash of the real one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("index.py", "def handler(event, context): pass")
    return buffer.getvalue()


@contextmanager
def running(log: Path) -> Iterator[Emulator]:
    """Starts the emulator on a port of this machine alone, without a Docker daemon."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not re.match("AWS_|DOCKER_", name)}
    environment = {
        **kept,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "DOCKER_HOST": "unix:///nonexistent",
        "SERVICES": ",".join(SERVICES),
    }
    command = shutil.which("ministack", path=str(Path(sys.executable).parent))
    assert command is not None, "ministack is not installed: it is one of requirements/dev.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [command], env=environment, cwd=log.parent, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield _answering(f"http://127.0.0.1:{port}", process, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _answering(endpoint: str, process: "subprocess.Popen[bytes]", log: Path) -> Emulator:
    """The emulator as soon as it answers."""
    end = time.monotonic() + 60
    while (emulator := _asked(endpoint)) is None:
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < end, log.read_text()[-2000:]
        time.sleep(0.2)
    return emulator


def _asked(endpoint: str) -> Emulator | None:
    try:
        return Emulator(endpoint)
    except (EndpointConnectionError, ClientError):
        return None
