"""What is missing to reach Google Cloud: every source of credentials, whole, half and absent."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import google.auth
import pulumi.runtime
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secure_redis.gcp import preflight
from secure_redis.problems import Problem, report

PLACE = {"project": "shop-123456", "region": "europe-west1"}
ADC = "GOOGLE_APPLICATION_CREDENTIALS"
LOGIN = "~/.config/gcloud/application_default_credentials.json"
TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.hidden"}

PRIVATE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    .decode()
)
SERVICE_ACCOUNT = {
    "type": "service_account",
    "client_email": "robot@shop-123456.iam.gserviceaccount.com",
    "private_key": PRIVATE_KEY,
    "token_uri": "https://oauth2.googleapis.com/token",
}
USER = {
    "type": "authorized_user",
    "client_id": "id",
    "client_secret": "hidden",
    "refresh_token": "hidden",
}
FEDERATED = {
    "type": "external_account",
    "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p"
    "/providers/q",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "token_url": "https://sts.googleapis.com/v1/token",
    "credential_source": {"url": "https://example.com/token"},
}
FEDERATED_USER = {
    "type": "external_account_authorized_user",
    "client_id": "id",
    "client_secret": "hidden",
    "refresh_token": "hidden",
    "token_url": "https://sts.googleapis.com/v1/oauthtoken",
}
ACTING = {
    "type": "impersonated_service_account",
    "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-"
    "/serviceAccounts/robot@shop-123456.iam.gserviceaccount.com:generateAccessToken",
    "source_credentials": USER,
}
WHOLE = {
    "service account": SERVICE_ACCOUNT,
    "user": USER,
    "federated workload": FEDERATED,
    "federated user": FEDERATED_USER,
    "acting as a service account": ACTING,
}
EXTERNAL = {
    "audience": "//iam.googleapis.com/x",
    "serviceAccountEmail": "robot@shop-123456.iam.gserviceaccount.com",
    "identityToken": "hidden",
}


@pytest.fixture(autouse=True)
def no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine outside Google: nothing listens on the discard port."""
    monkeypatch.setattr(preflight, "METADATA_ENDPOINT", "http://127.0.0.1:9")


def found(
    home: Path,
    config: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[Problem]:
    """The problems of a stack with a project and a region."""
    return preflight.problems({**PLACE, **(config or {})}, environ or {}, home)


def paths(problems: list[Problem]) -> list[str]:
    return [problem.path for problem in problems]


def written(folder: Path, content: object, name: str = "key.json") -> str:
    """A file with these credentials; its path."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


def logged_in(home: Path, content: object = USER) -> Path:
    """What gcloud's application-default login leaves behind."""
    written(home, content, LOGIN.removeprefix("~/"))
    return home


# The project.


def placed(home: Path, config: Mapping[str, str], environ: Mapping[str, str]) -> list[Problem]:
    return preflight.problems(config, {**TOKEN, **environ}, home)


@pytest.mark.parametrize(
    "project", ["shop-123456", "abcdef", "a" + 28 * "b" + "9", "example.com:shop-1", "eu0:shop-1"]
)
@pytest.mark.parametrize(
    "where",
    [
        "project",
        "GOOGLE_PROJECT",
        "GOOGLE_CLOUD_PROJECT",
        "GCLOUD_PROJECT",
        "CLOUDSDK_CORE_PROJECT",
    ],
)
def test_a_project_from_the_stack_or_the_environment(
    tmp_path: Path, where: str, project: str
) -> None:
    region = {"region": "europe-west1"}
    if where == "project":
        assert placed(tmp_path, {**region, "project": project}, {"GOOGLE_PROJECT": "?"}) == []
    else:
        assert placed(tmp_path, region, {where: project}) == []


def test_the_first_variable_that_is_set_is_the_project(tmp_path: Path) -> None:
    environ = {"GOOGLE_PROJECT": "", "GOOGLE_CLOUD_PROJECT": "?", "GCLOUD_PROJECT": "shop-1234"}
    assert paths(placed(tmp_path, {"region": "us-east4"}, environ)) == ["GOOGLE_CLOUD_PROJECT"]


@pytest.mark.parametrize("environ", [{}, {"GOOGLE_PROJECT": ""}])
def test_no_project_is_one_problem_with_the_line_to_write(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (problem,) = placed(tmp_path, {"region": "us-east4"}, environ)
    assert problem.path == "gcp:project"
    assert "GOOGLE_PROJECT" in problem.reason
    assert "gcp:project: my-project-id" in problem.fix


@pytest.mark.parametrize(
    "project",
    [
        "shop",
        "Shop-123456",
        "my shop",
        "shop-123456-",
        "1shop-23456",
        "projects/shop-123456",
        "a" + 30 * "b",
        "shop-123456\n",
        "shop_123456",
        ":shop-123456",
    ],
)
@pytest.mark.parametrize("where", ["gcp:project", "GOOGLE_PROJECT", "CLOUDSDK_CORE_PROJECT"])
def test_what_is_no_project_is_said_where_it_stands(
    tmp_path: Path, where: str, project: str
) -> None:
    region = {"region": "us-east4"}
    if where == "gcp:project":
        (problem,) = placed(tmp_path, {**region, "project": project}, {})
    else:
        (problem,) = placed(tmp_path, region, {where: project})
    assert problem.path == where
    assert "not the id of a project" in problem.reason
    assert project not in str(problem)


def test_the_number_of_a_project_is_called_one(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, {"project": "123456789012"}, TOKEN)
    assert "number of a project" in problem.reason
    assert "123456789012" not in str(problem)


# The region.

REGIONS = """
africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1
asia-south2 asia-southeast1 asia-southeast2 australia-southeast1 australia-southeast2
europe-central2 europe-north1 europe-north2 europe-southwest1 europe-west1 europe-west2
europe-west3 europe-west4 europe-west6 europe-west8 europe-west9 europe-west10 europe-west12
me-central1 me-central2 me-west1 northamerica-northeast1 northamerica-northeast2
northamerica-south1 southamerica-east1 southamerica-west1 us-central1 us-east1 us-east4 us-east5
us-south1 us-west1 us-west2 us-west3 us-west4 u-germany-northeast1
"""


@pytest.mark.parametrize(
    "where", ["region", "GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"]
)
def test_a_region_from_the_stack_or_the_environment(tmp_path: Path, where: str) -> None:
    for region in REGIONS.split():
        config, environ = {"project": "shop-123456"}, {}
        (config if where == "region" else environ)[where] = region
        assert placed(tmp_path, config, environ) == [], region


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, {"GOOGLE_REGION": ""}),
        ({"zone": "us-east4-a"}, {}),
        ({}, {"CLOUDSDK_COMPUTE_ZONE": "us-east4-a"}),
    ],
)
def test_no_region_is_one_problem_with_the_line_to_write(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str]
) -> None:
    (problem,) = placed(tmp_path, {"project": "shop-123456", **config}, environ)
    assert problem.path == "gcp:region"
    assert "GOOGLE_REGION" in problem.reason
    assert "gcp:region: europe-west1" in problem.fix
    zone = "zone" in config or "CLOUDSDK_COMPUTE_ZONE" in environ
    assert ("a zone is set" in problem.reason) is zone


@pytest.mark.parametrize(
    "region",
    [
        "Belgium",
        "EUROPE-WEST1",
        "europe-west",
        "europe_west1",
        "europe-west1 ",
        "europe-west1\n",
        "eu",
        "europewest1",
        "-",
        "projects/p/regions/us-east4",
        "eu-west-1",
    ],
)
@pytest.mark.parametrize("where", ["gcp:region", "GOOGLE_REGION", "GCLOUD_REGION"])
def test_what_is_no_region_is_said_where_it_stands(tmp_path: Path, where: str, region: str) -> None:
    project = {"project": "shop-123456"}
    if where == "gcp:region":
        (problem,) = placed(tmp_path, {**project, "region": region}, {})
    else:
        (problem,) = placed(tmp_path, project, {where: region})
    assert problem.path == where
    assert "not the name of a Google Cloud region" in problem.reason


def test_a_zone_is_called_one(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, {"region": "europe-west1-b"}, TOKEN)
    assert "names a zone" in problem.reason
    assert "letter" in problem.fix


@pytest.mark.parametrize(
    ("config", "environ", "checked"),
    [
        ({"skipRegionValidation": "true"}, {}, False),
        ({}, {"PULUMI_GCP_SKIP_REGION_VALIDATION": "true"}, False),
        ({"skipRegionValidation": "false"}, {"PULUMI_GCP_SKIP_REGION_VALIDATION": "true"}, True),
    ],
)
def test_a_region_that_is_not_to_be_checked(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str], checked: bool
) -> None:
    problems = found(tmp_path, {"region": "moonbase", **config}, {**TOKEN, **environ})
    assert bool(problems) is checked


# Whole sources.


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, TOKEN),
        ({"accessToken": "ya29.hidden"}, {}),
        ({"credentials": json.dumps(SERVICE_ACCOUNT)}, {}),
        ({"credentials": json.dumps(SERVICE_ACCOUNT, indent=2)}, {}),
        ({"externalCredentials": json.dumps(EXTERNAL)}, {}),
        ({}, {"GOOGLE_CREDENTIALS": json.dumps(SERVICE_ACCOUNT)}),
        ({}, {"GOOGLE_CLOUD_KEYFILE_JSON": "\n" + json.dumps(USER)}),
        ({}, {"GCLOUD_KEYFILE_JSON": json.dumps(FEDERATED)}),
        ({"impersonateServiceAccount": "a@p.iam.gserviceaccount.com"}, TOKEN),
        ({}, {"GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": "108204268033311374519", **TOKEN}),
    ],
)
def test_a_whole_source_is_enough(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str]
) -> None:
    assert found(tmp_path, config, environ) == []


@pytest.mark.filterwarnings("ignore:The load_credentials_from_dict")
@pytest.mark.parametrize("content", WHOLE.values(), ids=WHOLE)
def test_credentials_of_every_type_wherever_they_are(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    credentials, _ = google.auth.load_credentials_from_dict(content)
    assert credentials, "Google's own library takes them"
    file = written(tmp_path, content)
    for name in ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"):
        for value in (file, "~/key.json", json.dumps(content)):
            assert found(tmp_path, {}, {name: value}) == []
    for value in (file, json.dumps(content)):
        assert found(tmp_path, {"credentials": value}) == []
    assert found(tmp_path, {}, {ADC: file}) == []
    assert found(logged_in(tmp_path, content)) == []
    (tmp_path / "key.json").write_text("\ufeff" + json.dumps(content))
    assert found(tmp_path, {}, {ADC: file}) == [], "editors begin files with a byte order mark"


def test_a_token_in_a_file(tmp_path: Path) -> None:
    file = written(tmp_path, "ya29.hidden", "token")
    assert found(tmp_path, {"accessToken": file}) == []
    assert found(tmp_path, {}, {"GOOGLE_OAUTH_ACCESS_TOKEN": "~/token"}) == []
    for config, environ, where in (
        ({"accessToken": f"{file}-gone"}, {}, "gcp:accessToken"),
        ({}, {"GOOGLE_OAUTH_ACCESS_TOKEN": "~/gone"}, "GOOGLE_OAUTH_ACCESS_TOKEN"),
    ):
        (problem,) = found(tmp_path, config, environ)
        assert problem.path == where
        assert "is not there" in problem.reason
        assert "gone" not in str(problem)


@pytest.mark.parametrize(
    "source",
    [
        {"file": "{home}/oidc"},
        {"url": "https://example.com", "headers": {"Authorization": "hidden"}},
        {"environment_id": "aws1", "regional_cred_verification_url": "https://example.com"},
        {"certificate": {"use_default_certificate_config": True}},
        {"executable": {"command": "/opt/tool"}},
    ],
)
def test_a_workload_gets_its_token_from(tmp_path: Path, source: dict[str, Any]) -> None:
    written(tmp_path, "hidden", "oidc")
    text = json.dumps({**FEDERATED, "credential_source": source}).replace("{home}", str(tmp_path))
    environ = {"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1"} if "executable" in source else {}
    assert found(tmp_path, {}, {ADC: written(tmp_path, text), **environ}) == []


# Which source decides.

BROKEN = "{ broken"


def test_the_first_source_that_is_set_decides(tmp_path: Path) -> None:
    """From the last to the first, each broken one is what is said of, whole ones below or not."""
    whole = json.dumps(SERVICE_ACCOUNT)
    broken = written(tmp_path, BROKEN, "broken.json")
    logged_in(tmp_path, BROKEN)
    assert paths(found(tmp_path)) == [LOGIN]
    environ = {ADC: broken}
    assert paths(found(tmp_path, {}, environ)) == [ADC]
    assert found(tmp_path, {}, {ADC: written(tmp_path, whole)}) == []
    for name in ("GCLOUD_KEYFILE_JSON", "GOOGLE_CLOUD_KEYFILE_JSON", "GOOGLE_CREDENTIALS"):
        assert found(tmp_path, {}, {**environ, name: whole}) == []
        environ[name] = BROKEN
        assert paths(found(tmp_path, {}, environ)) == [name]
    assert found(tmp_path, {}, {**environ, **TOKEN}) == [], "a token comes before a key"
    environ["GOOGLE_OAUTH_ACCESS_TOKEN"] = "/no/such/token"
    assert paths(found(tmp_path, {}, environ)) == ["GOOGLE_OAUTH_ACCESS_TOKEN"]
    for key, value, bad in (
        ("credentials", whole, BROKEN),
        ("accessToken", "ya29.hidden", "/no/such/token"),
        ("externalCredentials", json.dumps(EXTERNAL), "[]"),
    ):
        assert found(tmp_path, {key: value}, environ) == []
        assert paths(found(tmp_path, {key: bad}, TOKEN)) == [f"gcp:{key}"]


@pytest.mark.parametrize(
    ("keys", "where", "others"),
    [
        (("credentials", "accessToken"), "gcp:accessToken", "gcp:credentials"),
        (("externalCredentials", "credentials"), "gcp:externalCredentials", "gcp:credentials"),
        (
            ("accessToken", "credentials", "externalCredentials"),
            "gcp:externalCredentials",
            "gcp:accessToken and gcp:credentials",
        ),
    ],
)
def test_the_stack_may_name_one_of_them(
    tmp_path: Path, keys: tuple[str, ...], where: str, others: str
) -> None:
    values = {
        "credentials": json.dumps(SERVICE_ACCOUNT),
        "accessToken": "ya29.hidden",
        "externalCredentials": json.dumps(EXTERNAL),
    }
    (problem,) = found(tmp_path, {key: values[key] for key in keys}, TOKEN)
    assert problem.path == where
    assert problem.reason.endswith(f"together with {others}")


# Nothing, halves and mistakes.


def test_nothing_at_all_is_three_problems_that_say_what_to_set(tmp_path: Path) -> None:
    problems = preflight.problems({}, {}, tmp_path)
    assert paths(problems) == ["gcp:project", "gcp:region", "gcp"]
    for word in (
        "gcloud auth application-default login",
        "`gcloud auth login` alone",
        ADC,
        "workload identity federation",
    ):
        assert word in problems[-1].fix
    assert len(report(problems).splitlines()) == 4, "one line each"


@pytest.mark.parametrize(
    "environ",
    [
        dict.fromkeys([ADC, "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"], ""),
        {"GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": "robot@shop-123456.iam.gserviceaccount.com"},
        {"CLOUDSDK_AUTH_ACCESS_TOKEN": "ya29.hidden"},
    ],
)
def test_what_is_no_source(tmp_path: Path, environ: dict[str, str]) -> None:
    assert paths(found(tmp_path, {}, environ)) == ["gcp"]


def test_a_login_of_gcloud_alone_does_not_count(tmp_path: Path) -> None:
    written(tmp_path, "sqlite", ".config/gcloud/credentials.db")
    assert paths(found(tmp_path)) == ["gcp"]


def test_a_login_in_another_folder_of_gcloud_is_told_how_to_use(tmp_path: Path) -> None:
    written(tmp_path / "elsewhere", USER, "application_default_credentials.json")
    environ = {"CLOUDSDK_CONFIG": str(tmp_path / "elsewhere")}
    (problem,) = found(tmp_path, {}, environ)
    assert problem.path == "gcp"
    assert ADC in problem.fix
    assert "CLOUDSDK_CONFIG" in problem.fix
    assert str(tmp_path) not in str(problem)
    assert found(logged_in(tmp_path), {}, environ) == []


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [(name, content, part) for name, content in WHOLE.items() for part in content],
)
def test_credentials_without_a_part(
    tmp_path: Path, name: str, content: dict[str, Any], part: str
) -> None:
    optional = {"service account": "token_uri", "federated workload": "token_url"}
    for rest in (
        {key: value for key, value in content.items() if key != part},
        {**content, part: ""},
    ):
        problems = found(tmp_path, {}, {ADC: written(tmp_path, rest)})
        if part == optional.get(name):
            assert problems == [], "Google's libraries for Go have a default"
            continue
        (problem,) = problems
        assert problem.path == ADC
        assert problem.reason.startswith("the file that it names holds")
        assert part == "type" or part in problem.reason


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "hidden", '"hidden"', "[" * 100_000, '{"type": "service_account"'],
)
def test_what_is_no_json_of_credentials(tmp_path: Path, content: str) -> None:
    (problem,) = found(tmp_path, {}, {ADC: written(tmp_path, content)})
    assert problem.path == ADC
    assert "cannot be read as the JSON of credentials" in problem.reason
    (problem,) = found(logged_in(tmp_path, content))
    assert problem.path == LOGIN
    assert "gcloud auth application-default login" in problem.fix


@pytest.mark.parametrize("kind", ["", "gold", None, 7, [], {}, "Service_Account"])
def test_a_type_that_the_provider_does_not_know(tmp_path: Path, kind: object) -> None:
    text = json.dumps({**SERVICE_ACCOUNT, "type": kind})
    (problem,) = found(tmp_path, {"credentials": text})
    assert problem.path == "gcp:credentials"
    assert problem.reason.startswith("it holds no credentials of a type")


@pytest.mark.parametrize("kind", ["installed", "web"])
def test_the_description_of_an_application_is_no_login(tmp_path: Path, kind: str) -> None:
    content = {kind: {"client_id": "id", "client_secret": "hidden"}}
    (problem,) = found(tmp_path, {}, {ADC: written(tmp_path, content)})
    assert "an application for users to log in to" in problem.reason


@pytest.mark.parametrize(
    "key",
    [
        "hidden",
        PRIVATE_KEY.replace("\n", "\\n"),
        PRIVATE_KEY.replace("\n", " "),
        PRIVATE_KEY[: len(PRIVATE_KEY) // 2],
        7,
    ],
)
def test_a_private_key_that_is_none(tmp_path: Path, key: object) -> None:
    text = json.dumps({**SERVICE_ACCOUNT, "private_key": key})
    (problem,) = found(tmp_path, {}, {"GOOGLE_CREDENTIALS": text})
    assert problem.path == "GOOGLE_CREDENTIALS"
    assert "private_key that cannot be read" in problem.reason


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({"file": "/no/such/token"}, "a file that is not there"),
        ({"executable": {"command": "/opt/tool"}}, "running a program"),
        ({"format": {"type": "json"}}, "no place to get a token from"),
        ("hidden", "no place to get a token from"),
    ],
)
def test_a_workload_without_its_token(tmp_path: Path, source: object, reason: str) -> None:
    content = {**FEDERATED, "credential_source": source}
    (problem,) = found(tmp_path, {}, {ADC: written(tmp_path, content)})
    assert reason in problem.reason
    acting = {**ACTING, "source_credentials": content}
    assert reason in found(tmp_path, {}, {ADC: written(tmp_path, acting)})[0].reason


def test_a_service_account_to_act_as_with_nothing_to_reach_it(tmp_path: Path) -> None:
    for source in ("hidden", {}, {"type": "authorized_user"}):
        content = {**ACTING, "source_credentials": source}
        assert paths(found(tmp_path, {"credentials": json.dumps(content)})) == ["gcp:credentials"]
    ring = content = {**ACTING}
    for _ in range(200):
        content = {**ACTING, "source_credentials": content}
    ring["source_credentials"] = USER
    assert found(tmp_path, {"credentials": json.dumps(content)}) == []


@pytest.mark.parametrize(
    ("config", "environ", "where"),
    [
        ({"credentials": "/no/such/key.json"}, {}, "gcp:credentials"),
        ({"credentials": "hidden"}, {}, "gcp:credentials"),
        ({}, {"GOOGLE_CREDENTIALS": "key.json"}, "GOOGLE_CREDENTIALS"),
        ({}, {"GCLOUD_KEYFILE_JSON": "~/gone.json"}, "GCLOUD_KEYFILE_JSON"),
        ({}, {"GOOGLE_CLOUD_KEYFILE_JSON": "a\0b"}, "GOOGLE_CLOUD_KEYFILE_JSON"),
        ({}, {"GOOGLE_CREDENTIALS": "x" * 5000}, "GOOGLE_CREDENTIALS"),
    ],
)
def test_neither_a_key_nor_a_file(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str], where: str
) -> None:
    (problem,) = found(tmp_path, config, environ)
    assert problem.path == where
    assert "neither the JSON of credentials nor a file" in problem.reason


def test_a_tilde_where_nobody_expands_it(tmp_path: Path) -> None:
    written(tmp_path, SERVICE_ACCOUNT)
    (problem,) = found(tmp_path, {"credentials": "~/key.json"})
    assert problem.path == "gcp:credentials"
    assert "whole path" in problem.fix
    (problem,) = found(tmp_path, {}, {ADC: "~/key.json"})
    assert problem.path == ADC
    assert "whole path" in problem.fix


def test_the_variable_for_a_file_with_the_key_itself(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, {}, {ADC: json.dumps(SERVICE_ACCOUNT)})
    assert problem.path == ADC
    assert "must name a file" in problem.reason
    assert "GOOGLE_CREDENTIALS" in problem.fix
    assert "BEGIN" not in str(problem)


def test_a_file_that_is_not_there_or_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (problem,) = found(logged_in(tmp_path), {}, {ADC: "/no/such/key.json"})
    assert (problem.path, "is not there" in problem.reason) == (ADC, True)
    file = tmp_path / "key.json"
    file.write_bytes(b'{"type": "\xff\xfe"}')
    assert "cannot be read as the JSON" in found(tmp_path, {}, {ADC: str(file)})[0].reason

    def refuse(self: Path, **_: Any) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", refuse)
    (problem,) = found(tmp_path, {}, {ADC: str(file)})
    assert problem.reason == "the credentials file that it names cannot be read"
    assert paths(found(tmp_path)) == ["gcp"], "the provider passes a login over that it cannot read"


@pytest.mark.parametrize("key", preflight._NOT_EMPTY)
def test_an_empty_key_of_the_stack_is_refused_whatever_the_environment_says(
    tmp_path: Path, key: str
) -> None:
    environ = {"GOOGLE_PROJECT": "shop-123456", "GOOGLE_REGION": "us-east4", **TOKEN}
    (problem,) = found(tmp_path, {key: ""}, environ)
    assert problem.path == f"gcp:{key}"
    assert "it is empty" in problem.reason


@pytest.mark.parametrize(("key", "meant"), [("location", "region"), ("projectId", "project")])
def test_a_key_under_another_name(tmp_path: Path, key: str, meant: str) -> None:
    (problem,) = found(tmp_path, {key: "x"}, TOKEN)
    assert problem.path == f"gcp:{key}"
    assert f"gcp:{meant}" in problem.fix


@pytest.mark.parametrize(
    "account",
    [
        "robot",
        "robot@example.com",
        "@shop.iam.gserviceaccount.com",
        "projects/-/serviceAccounts/a@p.iam.gserviceaccount.com",
        "a@p.iam.gserviceaccount.com\n",
    ],
)
def test_a_service_account_to_act_as_that_is_none(tmp_path: Path, account: str) -> None:
    variable = "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"
    (problem,) = found(tmp_path, {"impersonateServiceAccount": account}, TOKEN)
    assert problem.path == "gcp:impersonateServiceAccount"
    assert "not the email of a service account" in problem.reason
    (problem,) = found(tmp_path, {}, {variable: account, **TOKEN})
    assert problem.path == variable


@pytest.mark.parametrize("missing", list(EXTERNAL))
def test_half_an_external_login(tmp_path: Path, missing: str) -> None:
    details = {key: value for key, value in EXTERNAL.items() if key != missing}
    (problem,) = found(tmp_path, {"externalCredentials": json.dumps(details)})
    assert problem.path == "gcp:externalCredentials"
    assert problem.reason == f"it has no {missing}"


@pytest.mark.parametrize("text", ["[]", "hidden", "7", '"hidden"'])
def test_an_external_login_that_is_no_object(tmp_path: Path, text: str) -> None:
    (problem,) = found(tmp_path, {"externalCredentials": text})
    assert problem.reason == "it is no object"
    assert "serviceAccountEmail" in problem.fix


# The metadata service.


class Metadata(ThreadingHTTPServer):
    """A metadata service: `account` is the machine's service account, `flavor` whose it is."""

    daemon_threads = True

    def __init__(self, *, account: str | None, flavor: str | None) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.account, self.flavor = account, flavor
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Metadata  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        known = self.path == "/computeMetadata/v1/instance/service-accounts/default/email"
        right = self.headers.get("Metadata-Flavor") == "Google"
        body = self.server.account if known and right else None
        self.send_response(403 if not right else 404 if body is None else 200)
        if self.server.flavor:
            self.send_header("Metadata-Flavor", self.server.flavor)
        self.send_header("Content-Length", str(len(body or "")))
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    running: list[Metadata] = []

    def start(
        account: str | None = "robot@shop-123456.iam.gserviceaccount.com",
        flavor: str | None = "Google",
    ) -> Metadata:
        running.append(Metadata(account=account, flavor=flavor))
        monkeypatch.setattr(preflight, "METADATA_ENDPOINT", f"http://{running[-1].address}")
        return running[-1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_machine_at_google(
    tmp_path: Path, metadata: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = metadata()
    assert found(tmp_path) == []
    assert service.asked == ["/computeMetadata/v1/instance/service-accounts/default/email"]
    monkeypatch.setattr(preflight, "METADATA_ENDPOINT", "http://127.0.0.1:9")
    assert paths(found(tmp_path)) == ["gcp"]
    assert found(tmp_path, {}, {"GCE_METADATA_HOST": service.address}) == []
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    assert found(tmp_path, {}, {"GCE_METADATA_HOST": service.address, **proxy}) == []


@pytest.mark.parametrize(
    ("account", "flavor"),
    [(None, "Google"), ("", "Google"), ("\n", "Google"), ("x", None), ("x", "Other")],
)
def test_a_machine_without_an_account_or_elsewhere(
    tmp_path: Path, metadata: Any, account: str | None, flavor: str | None
) -> None:
    service = metadata(account, flavor)
    assert paths(found(tmp_path)) == ["gcp"]
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, TOKEN),
        ({"credentials": BROKEN}, {}),
        ({}, {ADC: "/no/such/key.json"}),
        ({}, {"GOOGLE_CREDENTIALS": BROKEN}),
    ],
)
def test_it_is_not_asked_where_something_else_decides(
    tmp_path: Path, metadata: Any, config: dict[str, str], environ: dict[str, str]
) -> None:
    service = metadata()
    found(tmp_path, config, environ)
    found(logged_in(tmp_path), config, environ)
    assert service.asked == []


def test_a_silent_network_costs_a_second(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()
        environ = {"GCE_METADATA_HOST": f"127.0.0.1:{silent.getsockname()[1]}"}
        assert paths(found(tmp_path, {}, environ)) == ["gcp"]
        assert 0.9 < time.monotonic() - started < 3


@pytest.mark.parametrize("host", ["127.0.0.1:9", "x:port", "[", "/etc/passwd", " "])
def test_a_host_where_nothing_is(tmp_path: Path, host: str) -> None:
    assert paths(found(tmp_path, {}, {"GCE_METADATA_HOST": host})) == ["gcp"]


# From the outside.


def test_the_current_stack_and_machine_are_what_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = {name for names in preflight._VARIABLES.values() for name in names}
    for name in (*names, ADC, "CLOUDSDK_CONFIG", "GCE_METADATA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    before = dict(pulumi.runtime.config.CONFIG.get())
    try:
        pulumi.runtime.set_all_config({})
        assert paths(preflight.check()) == ["gcp:project", "gcp:region", "gcp"]
        place = {f"gcp:{key}": value for key, value in PLACE.items()}
        key = {"gcp:credentials": json.dumps(SERVICE_ACCOUNT)}
        pulumi.runtime.set_all_config({**place, **key}, ["gcp:credentials"])
        assert preflight.check() == []
        pulumi.runtime.set_all_config({**place, "gcp:credentials": ""})
        assert paths(preflight.check()) == ["gcp:credentials", "gcp"]
        pulumi.runtime.set_all_config(place)
        assert paths(preflight.check()) == ["gcp"]
        logged_in(tmp_path)
        assert preflight.check() == []
        pulumi.runtime.set_all_config({})
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop-123456")
        monkeypatch.setenv("GOOGLE_REGION", "us-east4")
        assert preflight.check() == []
    finally:
        pulumi.runtime.set_all_config(before)


def test_keys_and_variables_are_those_of_the_providers_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the SDK reads itself: all keys, and the variables of four of them."""
    from pulumi_gcp.config import vars as sdk

    asked: dict[str, tuple[str, ...]] = {}

    def get_env(*names: str) -> None:
        asked[names[0]] = names

    monkeypatch.setattr(sdk._utilities, "get_env", get_env)
    monkeypatch.setattr(sdk._utilities, "get_env_bool", get_env)
    settings = sdk._ExportableConfig("gcp")
    known = {name for name in dir(type(settings)) if not name.startswith("_")}
    for key, names in preflight._VARIABLES.items():
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
        assert name in known
        getattr(settings, name)
        if key in {"project", "region", "zone", "skipRegionValidation"}:
            assert asked[names[0]] == names
    assert len(asked) == 4
    for key, meant in preflight._MISTAKEN.items():
        assert key not in known
        assert meant in known


KEYS = st.sampled_from([*preflight._VARIABLES, *preflight._MISTAKEN])
VARIABLES = st.sampled_from(
    [*(name for names in preflight._VARIABLES.values() for name in names), ADC, "CLOUDSDK_CONFIG"]
)
# A mark that no message of ours has, in every value.
VALUES = st.text(alphabet='abc{}[]":/=~\n ', max_size=12).map(lambda text: f"{text}Q7Z9{text}")
CONTENTS = st.one_of(
    st.text(alphabet='{}[]":,Q7', max_size=40),
    st.dictionaries(
        st.sampled_from(["type", "client_email", "private_key", "credential_source", "audience"]),
        st.one_of(VALUES, st.sampled_from(list(preflight._PARTS)), st.dictionaries(VALUES, VALUES)),
    ).map(json.dumps),
)


@given(
    config=st.dictionaries(KEYS, st.one_of(VALUES, CONTENTS), max_size=4),
    environ=st.dictionaries(VARIABLES, VALUES, max_size=4),
    content=CONTENTS,
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_value_is_ever_told_and_no_content_breaks_it(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str], content: str
) -> None:
    home = logged_in(tmp_path, content)
    text = report(preflight.problems(config, environ, home))
    text += report(preflight.problems({}, {ADC: written(tmp_path, content)}, home))
    assert "Q7" not in text
    assert "Z9" not in text
