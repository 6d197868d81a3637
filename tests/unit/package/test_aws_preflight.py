"""What is missing to reach AWS: every source of credentials, whole, half and absent."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
import pulumi.runtime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secure_redis.aws import preflight
from secure_redis.problems import Problem, report

OFF = {"AWS_EC2_METADATA_DISABLED": "true"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden"}
PAIR = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = hidden\n"


def found(
    home: Path,
    config: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[Problem]:
    """The problems on a machine with a region and without EC2 metadata."""
    return preflight.problems(
        {"region": "eu-west-1", **(config or {})}, {**OFF, **(environ or {})}, home
    )


def write(home: Path, *, config: str = "", credentials: str = "") -> Path:
    folder = home / ".aws"
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(config)
    (folder / "credentials").write_text(credentials)
    return home


def paths(problems: list[Problem]) -> list[str]:
    return [problem.path for problem in problems]


# The region.


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({"region": "eu-west-1"}, {}),
        ({}, {"AWS_REGION": "us-gov-west-1"}),
        ({}, {"AWS_DEFAULT_REGION": "eusc-de-east-1"}),
        ({"region": "ap-southeast-7"}, {"AWS_REGION": "what is this"}),
        ({}, {"AWS_REGION": "mx-central-1", "AWS_DEFAULT_REGION": "what is this"}),
        ({"region": "moon-base", "skipRegionValidation": "true"}, {}),
    ],
)
def test_a_region_from_the_stack_or_the_environment(
    config: dict[str, str], environ: dict[str, str]
) -> None:
    assert preflight.region_problems(config, environ) == []


def test_every_region_that_awss_own_tables_name_is_one() -> None:
    session = botocore.session.get_session()
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("elasticache", partition)
    ]
    assert len(regions) > 30
    for region in regions:
        assert preflight.region_problems({"region": region}, {}) == [], region


@pytest.mark.parametrize("environ", [{}, {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}])
def test_no_region_is_one_problem_with_the_line_to_write(environ: dict[str, str]) -> None:
    (problem,) = preflight.region_problems({"region": ""}, environ)
    assert problem.path == "aws:region"
    assert "AWS_REGION" in problem.reason
    assert "aws:region: eu-west-1" in problem.fix


def test_a_profiles_region_is_not_the_stacks(tmp_path: Path) -> None:
    home = write(
        tmp_path, config="[default]\nregion = eu-west-1\n", credentials=f"[default]\n{PAIR}"
    )
    assert paths(preflight.problems({}, OFF, home)) == ["aws:region"]


@pytest.mark.parametrize(
    "region",
    ["Ireland", "EU-WEST-1", "eu-west", "eu_west_1", "eu-west-1 ", "eu-west-1\n", "1-west-eu", "-"],
)
@pytest.mark.parametrize("where", ["aws:region", "AWS_REGION", "AWS_DEFAULT_REGION"])
def test_what_is_no_region_is_said_where_it_stands(where: str, region: str) -> None:
    config = {"region": region} if where == "aws:region" else {}
    (problem,) = preflight.region_problems(config, {} if config else {where: region})
    assert problem.path == where
    assert "not the name of an AWS region" in problem.reason


def test_an_availability_zone_is_called_one() -> None:
    (problem,) = preflight.region_problems({"region": "eu-west-1a"}, {})
    assert "availability zone" in problem.reason
    assert "letter" in problem.fix


# Whole sources.


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, KEYS),
        ({"accessKey": "AKIA", "secretKey": "hidden"}, {}),
        ({"accessKey": "AKIA"}, {"AWS_SECRET_ACCESS_KEY": "hidden"}),
        ({}, {"AWS_ACCESS_KEY": "AKIA", "AWS_SECRET_KEY": "hidden"}),
        ({}, {**KEYS, "AWS_SESSION_TOKEN": "hidden"}),
        ({"assumeRoles": '[{"roleArn": "arn"}]'}, KEYS),
        ({}, {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x"}),
        ({}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}),
        ({"assumeRoleWithWebIdentity": '{"roleArn": "arn", "webIdentityToken": "hidden"}'}, {}),
        (
            {"assumeRoleWithWebIdentity": '{"webIdentityToken": "hidden"}'},
            {"AWS_ROLE_ARN": "arn"},
        ),
    ],
)
def test_a_whole_source_is_enough(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str]
) -> None:
    assert found(tmp_path, config, environ) == []


def test_a_web_identity_whose_token_is_there(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hidden")
    role = {"AWS_ROLE_ARN": "arn"}
    assert found(tmp_path, {}, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), **role}) == []
    details = json.dumps({"roleArn": "arn", "webIdentityTokenFile": "~/token"})
    assert found(tmp_path, {"assumeRoleWithWebIdentity": details}) == []
    environ = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}
    assert found(tmp_path, {"assumeRoleWithWebIdentity": '{"roleArn": "arn"}'}, environ) == []


WAYS_IN = {
    "keys": PAIR,
    "indented keys": "  aws_access_key_id = a\n  aws_secret_access_key = b\n",
    "single sign-on": "sso_session = work\nsso_account_id = 1\n",
    "single sign-on, older": "sso_start_url = https://example.com\nsso_region = eu-west-1\n",
    "a program": "credential_process = /opt/tool --json\n",
    "aws login": "login_session = arn\n",
    "a role of the instance": "role_arn = arn\ncredential_source = Ec2InstanceMetadata\n",
    "a role of the task": "role_arn = arn\ncredential_source = EcsContainer\n",
    "a role by web identity": "role_arn = arn\nweb_identity_token_file = /t\n",
    "a role from a profile": "role_arn = arn\nsource_profile = base\n",
    "a role from a role": "role_arn = arn\nsource_profile = middle\n",
    "a word alone": f"output\n{PAIR}",
    "nested settings": f"s3 =\n  max_concurrent_requests = 20\n{PAIR}",
}
OTHERS = (
    "[sso-session work]\nsso_start_url = https://example.com\n"
    "[profile middle]\nrole_arn = arn\nsource_profile = base\n"
    f"[profile base]\n{PAIR}"
)
NO_WAYS_IN = {
    "nothing": "",
    "only a region": "region = eu-west-1\n",
    "a session that is not there": "sso_session = play\n",
    "a role with nothing to assume it": "role_arn = arn\n",
    "a role from a profile that is not there": "role_arn = arn\nsource_profile = gone\n",
    "a role from itself": "role_arn = arn\nsource_profile = team\n",
    "a role from keys that are not set": "role_arn = arn\ncredential_source = Environment\n",
    "a source without a role": "source_profile = base\n",
    "empty keys": "aws_access_key_id =\naws_secret_access_key =\n",
}


@pytest.mark.parametrize("body", WAYS_IN.values(), ids=WAYS_IN)
@pytest.mark.parametrize("name", ["default", "team", "Our Team"])
@pytest.mark.parametrize("where", ["profile", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_with_a_way_to_log_in(tmp_path: Path, where: str, name: str, body: str) -> None:
    title = name if name == "default" else f"profile {name!r}" if " " in name else f"profile {name}"
    home = write(tmp_path, config=f"# ours\n[{title}]\n{body}{OTHERS}")
    config = {"profile": name} if where == "profile" else {}
    assert found(home, config, {} if config else {where: name}) == []
    if name == "default":
        assert found(home) == [], "needs not be named"


@pytest.mark.parametrize("body", NO_WAYS_IN.values(), ids=NO_WAYS_IN)
def test_a_profile_without_one(tmp_path: Path, body: str) -> None:
    default = f"[default]\n{PAIR}"
    home = write(tmp_path, config=f"[profile team]\n{body}{OTHERS}", credentials=default)
    (problem,) = found(home, {}, {"AWS_PROFILE": "team"})
    assert problem.path == "AWS_PROFILE"
    assert "holds no credentials" in problem.reason
    assert found(home, {}, {"AWS_PROFILE": "team", **KEYS}) == [], "keys come first"


def test_both_files_make_one_profile(tmp_path: Path) -> None:
    home = write(
        tmp_path,
        config="[profile team]\naws_access_key_id = AKIA\n",
        credentials="[team]\naws_secret_access_key = hidden\n",
    )
    assert found(home, {"profile": "team"}) == []


def test_roles_that_assume_each_other_end(tmp_path: Path) -> None:
    ring = "".join(
        f"[profile {a}]\nrole_arn = arn\nsource_profile = {b}\n" for a, b in ("ab", "bc", "ca")
    )
    assert paths(found(write(tmp_path, config=ring), {"profile": "a"})) == ["aws:profile"]


def test_files_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(f"[default]\n{PAIR}[team]\n{PAIR}")
    (tmp_path / "settings").write_text("[profile other]\ncredential_process = x\n")
    environ = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "mine")}
    assert found(tmp_path, {}, environ) == []
    assert found(tmp_path, {"profile": "team"}, environ) == []
    assert found(tmp_path, {"sharedCredentialsFiles": '["/no/such", "~/mine"]'}) == []
    environ = {"AWS_CONFIG_FILE": "~/settings", "AWS_PROFILE": "other"}
    assert found(tmp_path, {}, environ) == []
    environ = {"AWS_SHARED_CREDENTIALS_FILE": "/no/such"}
    assert paths(found(tmp_path, {}, environ)) == ["aws"]


# Nothing, halves and mistakes.


def test_nothing_at_all_is_two_problems_that_say_what_to_set(tmp_path: Path) -> None:
    region, credentials = preflight.problems({}, OFF, tmp_path)
    assert region.path == "aws:region"
    assert credentials.path == "aws"
    for word in ("aws sso login", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "OIDC", "AWS_ROLE_ARN"):
        assert word in credentials.fix
    text = report([region, credentials])
    assert len(text.splitlines()) == 3, "one line each"


@pytest.mark.parametrize(
    "empty",
    [
        dict.fromkeys(KEYS, ""),
        {"AWS_PROFILE": "", "AWS_SESSION_TOKEN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": ""},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": ""},
        {"AWS_ROLE_ARN": "arn"},
        {"AWS_ACCESS_KEY": "AKIA"},
    ],
)
def test_empty_variables_are_not_set_ones(tmp_path: Path, empty: dict[str, str]) -> None:
    assert paths(found(tmp_path, {}, empty)) == ["aws"]


def test_a_role_to_assume_is_no_source(tmp_path: Path) -> None:
    assert paths(found(tmp_path, {"assumeRoles": '[{"roleArn": "arn"}]'})) == ["aws"]


@pytest.mark.parametrize(
    ("config", "environ", "where", "set_too"),
    [
        ({}, {"AWS_ACCESS_KEY_ID": "AKIA"}, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ({}, {"AWS_SECRET_ACCESS_KEY": "x"}, "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        ({"accessKey": "AKIA"}, {}, "aws:accessKey", "aws:secretKey"),
        ({"secretKey": "x"}, {}, "aws:secretKey", "aws:accessKey"),
        ({"token": "x"}, {}, "aws:token", "AWS_ACCESS_KEY_ID"),
        ({}, {"AWS_SESSION_TOKEN": "x"}, "AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_half_a_pair_is_its_own_problem_whatever_else_there_is(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str], where: str, set_too: str
) -> None:
    (problem,) = found(tmp_path, config, environ)
    assert problem.path == where
    assert set_too in problem.fix
    home = write(tmp_path, credentials=f"[default]\n{PAIR}")
    assert found(home, config, environ) == [problem], "the provider would use the half"


@pytest.mark.parametrize("half", PAIR.splitlines())
def test_half_a_pair_in_a_profile(tmp_path: Path, half: str) -> None:
    home = write(tmp_path, credentials=f"[default]\n{half}\n[team]\n{half}\n")
    (problem,) = found(home)
    assert problem.path == "the profile default"
    assert "one half of a key pair" in problem.reason
    assert paths(found(home, {}, {"AWS_PROFILE": "team"})) == ["AWS_PROFILE"]
    assert found(home, {}, KEYS) == []


@pytest.mark.parametrize("environ", [{}, KEYS])
def test_a_named_profile_that_is_not_there(tmp_path: Path, environ: dict[str, str]) -> None:
    home = write(tmp_path, credentials=f"[default]\n{PAIR}")
    for config, variable, where in (
        ({"profile": "gone"}, {}, "aws:profile"),
        ({}, {"AWS_PROFILE": "gone"}, "AWS_PROFILE"),
    ):
        (problem,) = found(home, config, {**environ, **variable})
        assert problem.path == where
        assert "in none of AWS's shared files" in problem.reason
        assert "list-profiles" in problem.fix


def test_a_single_sign_on_session_is_no_profile(tmp_path: Path) -> None:
    home = write(tmp_path, config=f"[sso-session team]\n{PAIR}")
    assert paths(found(home, {"profile": "team"})) == ["aws:profile"]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ("[]", "it is no object"),
        ("arn", "it is no object"),
        ("{}", "it names no role"),
        ('{"roleArn": "arn"}', "it names no token"),
        ('{"roleArn": "arn", "webIdentityTokenFile": "/no/such"}', "is not there"),
    ],
)
def test_half_a_web_identity_in_the_stack(tmp_path: Path, details: str, reason: str) -> None:
    (problem,) = found(tmp_path, {"assumeRoleWithWebIdentity": details})
    assert problem.path == "aws:assumeRoleWithWebIdentity"
    assert reason in problem.reason


def test_half_a_web_identity_in_the_environment(tmp_path: Path) -> None:
    where = "AWS_WEB_IDENTITY_TOKEN_FILE"
    (problem,) = found(tmp_path, {}, {where: "/no/such"})
    assert (problem.path, problem.fix) == (where, "Set AWS_ROLE_ARN too.")
    (problem,) = found(tmp_path, {}, {where: "/no/such", "AWS_ROLE_ARN": "arn"})
    assert problem.path == where
    assert "is not there" in problem.reason


def test_the_key_that_the_provider_no_longer_knows(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, {"assumeRole": '{"roleArn": "arn"}'}, KEYS)
    assert problem.path == "aws:assumeRole"
    assert "aws:assumeRoles" in problem.fix


@pytest.mark.parametrize("content", [b"key = before any title\n", b"[default]\nx = \xff\xfe\n"])
def test_a_file_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    home = write(tmp_path)
    (home / ".aws" / "config").write_bytes(content)
    (home / ".aws" / "credentials").write_text(f"[default]\n{PAIR}")
    (problem,) = found(home)
    assert problem.path == "~/.aws/config"
    assert "before any title" not in str(problem)
    environ = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_PROFILE": "team"}
    assert paths(found(home, {}, environ)) == ["AWS_CONFIG_FILE"]
    assert found(home, {}, KEYS) == [], "nobody needs the file then"


def test_a_file_that_trips_pythons_parser_is_no_crash(tmp_path: Path) -> None:
    home = write(tmp_path, config="[a]\nkey\n  more\n", credentials=f"[default]\n{PAIR}")
    # Python 3.13 reads it, older ones fail on it.
    assert paths(found(home)) in ([], ["~/.aws/config"])
    assert found(home, {}, KEYS) == []


# The EC2 metadata service.


class Metadata(ThreadingHTTPServer):
    """A metadata service: `role` is the instance's, `tokens` whether it has the second version."""

    daemon_threads = True

    def __init__(self, *, role: str | None = "app", tokens: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.role, self.tokens = role, tokens
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint}


class Answer(BaseHTTPRequestHandler):
    server: Metadata  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_PUT(self) -> None:
        self.server.asked.append(f"PUT {self.path}")
        lifetime = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        right = self.server.tokens and self.path == "/latest/api/token" and lifetime.isdigit()
        self._answer("session-token" if right else None)

    def do_GET(self) -> None:
        self.server.asked.append(f"GET {self.path}")
        token = self.headers.get("X-aws-ec2-metadata-token")
        known = self.path == "/latest/meta-data/iam/security-credentials/"
        right = known and token == ("session-token" if self.server.tokens else None)
        self._answer(self.server.role if right else None)

    def _answer(self, body: str | None) -> None:
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or "")))
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


@pytest.fixture
def metadata() -> Iterator[Any]:
    running: list[Metadata] = []

    def start(**options: Any) -> Metadata:
        running.append(Metadata(**options))
        return running[-1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("tokens", [True, False])
def test_an_instance_with_a_role(tmp_path: Path, metadata: Any, tokens: bool) -> None:
    service = metadata(tokens=tokens)
    assert preflight.credential_problems({}, service.environ, tmp_path) == []
    assert service.asked == [
        "PUT /latest/api/token",
        "GET /latest/meta-data/iam/security-credentials/",
    ]
    endpoint = service.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
    config = {"ec2MetadataServiceEndpoint": f"{endpoint}/"}
    assert preflight.credential_problems(config, {}, tmp_path) == []


@pytest.mark.parametrize("role", [None, "", "\n"])
def test_an_instance_without_a_role(tmp_path: Path, metadata: Any, role: str | None) -> None:
    service = metadata(role=role)
    assert paths(preflight.credential_problems({}, service.environ, tmp_path)) == ["aws"]


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, KEYS),
        ({}, {"AWS_ACCESS_KEY_ID": "AKIA"}),
        ({}, {"AWS_PROFILE": "gone"}),
        ({}, {"AWS_EC2_METADATA_DISABLED": "TRUE"}),
        ({"skipMetadataApiCheck": "true"}, {}),
        ({}, {"AWS_SKIP_METADATA_API_CHECK": "1"}),
    ],
)
def test_it_is_not_asked_where_something_else_decides_or_it_is_forbidden(
    tmp_path: Path, metadata: Any, config: dict[str, str], environ: dict[str, str]
) -> None:
    service = metadata()
    preflight.credential_problems(config, {**service.environ, **environ}, tmp_path)
    assert service.asked == []


def test_a_silent_network_costs_a_second(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        environ = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint}
        assert paths(preflight.credential_problems({}, environ, tmp_path)) == ["aws"]
        assert 0.9 < time.monotonic() - started < 3


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:9", "169.254.169.254", "file:///etc/passwd", "http://x:port", "["],
)
def test_an_endpoint_where_nothing_is(tmp_path: Path, endpoint: str) -> None:
    environ = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint}
    assert paths(preflight.credential_problems({}, environ, tmp_path)) == ["aws"]


@pytest.mark.parametrize(
    ("config", "environ", "asked"),
    [
        ({}, {}, "169.254.169.254"),
        ({}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, "fd00:ec2::254"),
        ({"ec2MetadataServiceEndpointMode": "IPv6"}, {}, "fd00:ec2::254"),
        ({}, {"HTTP_PROXY": "http://proxy.example:3128"}, "169.254.169.254"),
    ],
)
def test_where_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, str], environ: dict[str, str], asked: str
) -> None:
    places: list[tuple[str, int, float]] = []

    class Connection:
        def __init__(self, host: str, port: int, timeout: float) -> None:
            places.append((host, port, timeout))

        def request(self, *_: Any, **__: Any) -> None:
            raise TimeoutError

        def close(self) -> None:
            pass

    monkeypatch.setattr(preflight, "HTTPConnection", Connection)
    assert not preflight.instance_has_role(config, environ)
    assert places == [(asked, 80, preflight.METADATA_SECONDS)]


# From the outside.


def test_the_current_stack_and_machine_are_what_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in preflight.os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(write(tmp_path)))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    before = dict(pulumi.runtime.config.CONFIG.get())
    try:
        pulumi.runtime.set_all_config({})
        assert paths(preflight.check()) == ["aws:region", "aws"]
        given_now = {"aws:region": "eu-west-1", "aws:accessKey": "AKIA", "aws:secretKey": "hidden"}
        pulumi.runtime.set_all_config(given_now, ["aws:secretKey"])
        assert preflight.check() == []
        pulumi.runtime.set_all_config({"aws:region": "eu-west-1"})
        assert paths(preflight.check()) == ["aws"]
        write(tmp_path, credentials=f"[default]\n{PAIR}")
        assert preflight.check() == []
    finally:
        pulumi.runtime.set_all_config(before)


CONFIG_KEYS = st.sampled_from([key for key in preflight._CONFIG_KEYS if key != "region"])
VARIABLES = st.sampled_from(
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ]
)
# A mark that no message of ours has, in every value.
VALUES = st.text(alphabet='abc{}[]":/=\n ', max_size=12).map(lambda text: f"Q7{text}Z9")


@given(
    config=st.dictionaries(CONFIG_KEYS, VALUES, max_size=4),
    environ=st.dictionaries(VARIABLES, VALUES, max_size=4),
    file=st.text(alphabet="[]=q# \n\tdefault", max_size=60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_is_ever_told_and_no_content_breaks_it(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str], file: str
) -> None:
    home = write(tmp_path, config=f"{file}\n[Q7Z9]\nQ7Z9 = Q7Z9\n", credentials=file)
    text = report(preflight.problems(config, {**OFF, **environ}, home))
    assert "Q7" not in text
    assert "Z9" not in text
