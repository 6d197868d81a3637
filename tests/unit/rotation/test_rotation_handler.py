"""The handler as Lambda starts it: environment, packaging, clients, retries."""

import ast
import json
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from botocore.awsrequest import AWSResponse
from secure_redis.aws.rotation import function

from tests.unit.rotation.fake_secrets_manager import CURRENT
from tests.unit.rotation.scene import SECRET_ARN, STEPS, USER_ARN, Scene, new_scene

SOURCE = Path(function.__file__)


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """The handler sets levels of loggers, for its own process."""
    loggers = [logging.getLogger(name) for name in ("boto3", "botocore", "urllib3")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The handler's environment, with the fake services behind it."""
    made = new_scene()
    services = {"secretsmanager": made.secrets, "elasticache": made.cache}
    regions: dict[str, str] = {}

    def client(service: str, region: str) -> Any:
        regions[service] = region
        return services[service]

    monkeypatch.setenv("SECRET_ARN", SECRET_ARN)
    monkeypatch.setenv("USER_ARN", USER_ARN)
    monkeypatch.setattr(function, "client", client)
    return made


def context(seconds: float = 900) -> Any:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: int(seconds * 1000))


def test_a_rotation_through_the_handler(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = scene.rotate(steps=())
    for step in STEPS:
        function.handler(scene.event(step, token), context())
    assert scene.secrets.at(CURRENT) == token
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert [line["step"] for line in lines] == list(STEPS)
    for line in lines:
        assert line == {
            "message": line["message"],
            "step": line["step"],
            "secret": SECRET_ARN,
            "version": token,
            "user": USER_ARN,
        }
    scene.said.append(caplog.text)
    scene.check_silence()


def test_a_failure_is_logged_and_raised(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(function.RotationError, match="is not staged"):
        function.handler(scene.event("setSecret", scene.new_token()), context())
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "is not staged" in json.loads(record.getMessage())["message"]


def test_the_invocation_ends_in_time(scene: Scene) -> None:
    token = scene.rotate(steps=STEPS[:1])
    scene.cache.polls = 10
    scene.cache.change()
    with pytest.raises(function.RotationError, match="out of time"):
        function.handler(scene.event("setSecret", token), context(function.RESERVE_SECONDS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_ARN", ""),
        ("SECRET_ARN", "app/cache"),
        ("SECRET_ARN", USER_ARN),
        ("USER_ARN", ""),
        ("USER_ARN", "app-cache"),
        ("USER_ARN", USER_ARN.replace(":user:", ":usergroup:")),
    ],
)
def test_an_environment_that_is_incomplete(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(function.RotationError, match=f"{name} is not an ARN"):
        function.handler(scene.event("createSecret", scene.new_token()), context())
    assert scene.wire.counted == []


def test_a_secret_that_is_not_its_own(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_ARN", f"{SECRET_ARN}-other")
    with pytest.raises(function.RotationError, match="names another secret"):
        function.handler(scene.event("createSecret", scene.rotate(steps=())), context())
    assert scene.wire.counted == []


def test_a_user_that_is_not_its_own(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER_ARN", f"{USER_ARN}-other")
    with pytest.raises(function.RotationError, match="belongs to another user"):
        function.handler(scene.event("createSecret", scene.rotate(steps=())), context())
    assert {service for service, _ in scene.wire.counted} == {"secretsmanager"}


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_clients_are_of_the_region_in_the_arn(
    monkeypatch: pytest.MonkeyPatch, partition: str
) -> None:
    arn = f"arn:{partition}:elasticache:xx-north-7:123456789012:user:app"
    monkeypatch.setenv("USER_ARN", arn)
    assert function.environment_arn("USER_ARN", function.USER_ARN) == (arn, "xx-north-7")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def answer(status: int, body: dict[str, Any]) -> AWSResponse:
    made = AWSResponse("https://service.invalid/", status, {}, raw=None)
    made._content = json.dumps(body).encode()
    return made


@pytest.mark.usefixtures("credentials")
def test_throttled_calls_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(botocore.endpoint.time, "sleep", waits.append)
    client = function.client("secretsmanager", "eu-west-1")
    assert client.meta.config.retries["mode"] == "standard"
    throttled = answer(400, {"__type": "ThrottlingException", "message": "slow down"})
    answers = iter([throttled, throttled, answer(200, {"ARN": SECRET_ARN})])
    client.meta.events.register("before-send.secretsmanager", lambda **_: next(answers))
    told = function.call(client, "describe_secret", SecretId=SECRET_ARN)
    assert told["ARN"] == SECRET_ARN
    assert len(waits) == 2
    assert next(answers, None) is None


@pytest.mark.usefixtures("credentials")
def test_a_service_that_stays_throttled_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _: None)
    client = function.client("secretsmanager", "eu-west-1")
    sent: list[str] = []

    def throttle(**_: Any) -> AWSResponse:
        sent.append("request")
        return answer(400, {"__type": "ThrottlingException", "message": "slow down"})

    client.meta.events.register("before-send.secretsmanager", throttle)
    with pytest.raises(function.AwsCallError, match="describe_secret: ThrottlingException"):
        function.call(client, "describe_secret", SecretId=SECRET_ARN)
    assert len(sent) == 6


@pytest.mark.usefixtures("credentials")
def test_parameters_that_boto3_refuses_are_not_repeated_in_the_error() -> None:
    sentinel = "sentinel-0123456789"
    client = function.client("elasticache", "eu-west-1")
    with pytest.raises(function.AwsCallError, match="modify_user: ParamValidationError") as found:
        function.call(client, "modify_user", UserId="app", Passwords=[{sentinel}])
    assert sentinel not in str(found.value)
    assert found.value.__context__ is None


def test_the_module_stands_alone() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    imported = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    sources = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    assert all(node.level == 0 for node in sources)
    imported |= {node.module for node in sources if node.module}
    roots = {name.partition(".")[0] for name in imported}
    assert roots - set(sys.stdlib_module_names) == {"boto3", "botocore"}


def test_the_archive_runs_without_this_package(tmp_path: Path) -> None:
    archive = tmp_path / "function.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.write(SOURCE, "function.py")
    program = """
import importlib, sys
class Absent:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("secure_redis", "pulumi", "pulumi_aws"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
sys.path.insert(0, sys.argv[1])
module, name = sys.argv[2].split(".")
try:
    getattr(importlib.import_module(module), name)({}, None)
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""
    run = subprocess.run(
        [sys.executable, "-I", "-c", program, archive, "function.handler"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == (
        "RotationError: the environment variable SECRET_ARN is not an ARN of the expected form\n"
    )
    assert run.stderr == ""
