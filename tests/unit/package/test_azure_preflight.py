"""What is missing to reach Azure: every way to log in, whole, half and absent."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pulumi.runtime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secure_redis.azure import preflight
from secure_redis.problems import Problem, report
from secure_redis.settings import CacheSettings

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
IDS = {
    "ARM_CLIENT_ID": "aaaaaaaa-2222-3333-4444-555555555555",
    "ARM_TENANT_ID": "bbbbbbbb-2222-3333-4444-555555555555",
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
}
SECRET = {**IDS, "ARM_CLIENT_SECRET": "hidden"}
OIDC = {**IDS, "ARM_USE_OIDC": "true"}
TOKEN_URL = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://example.com",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hidden",
}
IDENTITY = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token"}


@pytest.fixture(autouse=True)
def no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine outside Azure: nothing listens on the discard port."""
    monkeypatch.setattr(preflight, "METADATA_ENDPOINT", "http://127.0.0.1:9")


def found(
    home: Path,
    config: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[Problem]:
    """The problems of a stack with a location, on a machine whose programs are in `home`/bin."""
    path = {"PATH": str(home / "bin")}
    return preflight.problems(
        {"location": "westeurope", **(config or {})}, {**path, **(environ or {})}, home
    )


def program(home: Path, name: str) -> None:
    """A program on the PATH that must not be run."""
    file = home / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\ntouch {home}/was-run\nexit 1\n")
    file.chmod(0o755)


def logged_in(
    home: Path, *subscriptions: Mapping[str, Any], cloud: str = "", folder: str = ".azure"
) -> Path:
    """The Azure CLI, logged in to these subscriptions (one, its default, if none is given)."""
    program(home, "az")
    (home / folder).mkdir(exist_ok=True)
    listed = [
        {
            "id": SUBSCRIPTION,
            "name": "Work",
            "isDefault": True,
            "environmentName": "AzureCloud",
            **s,
        }
        for s in subscriptions or ({},)
    ]
    text = json.dumps({"installationId": "x", "subscriptions": listed})
    (home / folder / "azureProfile.json").write_text(text, encoding="utf-8-sig")
    if cloud:
        (home / folder / "config").write_text(f"[core]\nx = y\n[cloud]\nname = {cloud}\n")
    return home


def paths(problems: list[Problem]) -> list[str]:
    return [problem.path for problem in problems]


# The location, and the cloud that it is in.


@pytest.mark.parametrize("location", ["westeurope", "eastus2", "uksouth", "eastus2euap"])
def test_a_location_in_the_public_cloud(tmp_path: Path, location: str) -> None:
    assert found(tmp_path, {"location": location}, SECRET) == []


@pytest.mark.parametrize("config", [{}, {"location": ""}])
def test_no_location_is_one_problem_with_the_line_to_write(
    tmp_path: Path, config: dict[str, str]
) -> None:
    environ = {**SECRET, "AZURE_LOCATION": "westeurope", "ARM_LOCATION": "westeurope"}
    (problem,) = preflight.problems(config, environ, tmp_path)
    assert problem.path == "azure-native:location"
    assert "azure-native:location: westeurope" in problem.fix


@pytest.mark.parametrize(
    "location", ["eu-west-1", "west_europe", "westeurope\n", "1", "us", "-", "europe!"]
)
def test_what_is_no_location_is_said(tmp_path: Path, location: str) -> None:
    (problem,) = found(tmp_path, {"location": location}, SECRET)
    assert problem.path == "azure-native:location"
    assert "not the name of an Azure region" in problem.reason


@pytest.mark.parametrize("location", ["West Europe", "East US 2", "westEurope"])
def test_a_display_name_is_called_one(tmp_path: Path, location: str) -> None:
    (problem,) = found(tmp_path, {"location": location}, SECRET)
    assert "display name" in problem.reason
    assert "without spaces" in problem.fix


def test_the_key_of_another_provider_is_named(tmp_path: Path) -> None:
    missing, mistaken = sorted(
        preflight.problems({"region": "westeurope"}, SECRET, tmp_path), key=lambda p: p.path
    )
    assert mistaken == Problem(
        "azure-native:region",
        "the provider knows no such key",
        "Write azure-native:location.",
    )
    assert missing.path == "azure-native:location"


@pytest.mark.parametrize(
    ("environment", "location"),
    [
        ("usgovernment", "usgovvirginia"),
        ("AzureUSGovernment", "usdodeast"),
        ("China", "chinaeast2"),
    ],
)
def test_a_region_of_a_sovereign_cloud_with_its_environment(
    tmp_path: Path, environment: str, location: str
) -> None:
    config = {"environment": environment, "location": location}
    assert found(tmp_path, config, SECRET) == []
    assert preflight.sovereign(config, SECRET)


@pytest.mark.parametrize(
    ("config", "environ", "write"),
    [
        ({"location": "usgovvirginia"}, {}, "environment: usgovernment"),
        ({"location": "chinanorth3"}, {"ARM_ENVIRONMENT": "public"}, "environment: china"),
        ({"environment": "china"}, {}, "environment: public"),
        ({"location": "usdodeast"}, {"AZURE_ENVIRONMENT": "china"}, "environment: usgovernment"),
    ],
)
def test_a_region_of_another_cloud(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str], write: str
) -> None:
    (problem,) = found(tmp_path, config, {**SECRET, **environ})
    assert problem.path == "azure-native:location"
    assert "another of Azure's clouds" in problem.reason
    assert f"azure-native:{write}" in problem.fix


@pytest.mark.parametrize(
    "where", ["azure-native:environment", "ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"]
)
@pytest.mark.parametrize("name", ["german", "AzureGermanCloud", "production", "us gov"])
def test_what_is_no_cloud_is_said_where_it_stands(tmp_path: Path, where: str, name: str) -> None:
    config = {"environment": name} if ":" in where else {}
    (problem,) = found(tmp_path, config, {**SECRET, **({} if config else {where: name})})
    assert problem.path == where
    assert "none of Azure's clouds" in problem.reason
    assert name not in str(problem)


@pytest.mark.parametrize(
    ("config", "environ", "expected"),
    [
        ({}, {}, False),
        ({"location": "westeurope"}, {}, False),
        ({"environment": "public"}, {"ARM_ENVIRONMENT": "china"}, False),
        ({"environment": ""}, {"AZURE_ENVIRONMENT": "china"}, False),
        ({}, {"ARM_ENVIRONMENT": "azureusgovernmentcloud"}, True),
        ({}, {"AZURE_ENVIRONMENT": "USGovernment"}, True),
        ({"environment": "usgov"}, {}, True),
        ({"location": "USGov Virginia"}, {}, True),
        ({"metadataHost": "management.azure.com"}, {}, False),
        ({"metadataHost": "https://management.usgovcloudapi.net/"}, {}, True),
        ({}, {"ARM_METADATA_HOSTNAME": "management.local.azurestack.external"}, True),
        (
            {"environment": "china"},
            {"ARM_METADATA_HOSTNAME": "https://management.azure.com"},
            False,
        ),
    ],
)
def test_the_settings_tell_whether_the_cloud_is_the_public_one(
    config: dict[str, str], environ: dict[str, str], expected: bool
) -> None:
    assert preflight.sovereign(config, environ) is expected


def test_the_azure_cli_decides_where_the_provider_logs_in_by_it(tmp_path: Path) -> None:
    home = logged_in(tmp_path, cloud="AzureUSGovernment")
    assert preflight.sovereign({}, {}, home)
    assert not preflight.sovereign({}, {}), "its files are not looked for"
    assert not preflight.sovereign({}, SECRET, home)
    assert not preflight.sovereign({"environment": "public"}, {}, home)
    assert not preflight.sovereign({}, {"AZURE_CLOUD_NAME": "AzureCloud"}, home)
    assert preflight.sovereign({}, {"AZURE_CLOUD_NAME": "MyStackHub"}, home)


# Whole ways to log in.


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, SECRET),
        (
            {
                "clientId": "a",
                "clientSecret": "hidden",
                "subscriptionId": SUBSCRIPTION.upper(),
                "tenantId": "example.com",
            },
            {},
        ),
        ({"clientSecret": "hidden"}, IDS),
        ({}, {**OIDC, "ARM_OIDC_TOKEN": "hidden"}),
        ({"useOidc": "true", "oidcToken": "hidden"}, IDS),
        ({}, {**OIDC, **TOKEN_URL}),
        ({}, {**OIDC, "ARM_OIDC_REQUEST_URL": "https://x", "ARM_OIDC_REQUEST_TOKEN": "hidden"}),
        ({"oidcRequestUrl": "https://x", "oidcRequestToken": "hidden"}, OIDC),
        ({"useMsi": "true", "subscriptionId": SUBSCRIPTION}, IDENTITY),
        ({"subscriptionId": SUBSCRIPTION}, {"ARM_USE_MSI": "true", "MSI_ENDPOINT": "http://x"}),
        (
            {"useDefaultAzureCredential": "true", "subscriptionId": SUBSCRIPTION},
            {"AZURE_CLIENT_ID": "a", "AZURE_TENANT_ID": "b", "AZURE_CLIENT_SECRET": "hidden"},
        ),
        (
            {"useDefaultAzureCredential": "true", "subscriptionId": SUBSCRIPTION},
            {"AZURE_CLIENT_ID": "a", "AZURE_TENANT_ID": "b", "AZURE_FEDERATED_TOKEN_FILE": "/t"},
        ),
        ({}, {**IDENTITY, **IDS, "ARM_USE_DEFAULT_AZURE_CREDENTIAL": "true"}),
    ],
)
def test_a_whole_way_is_enough(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str]
) -> None:
    assert found(tmp_path, config, environ) == []


def test_files_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("hidden")
    assert found(tmp_path, {}, {**IDS, "ARM_CLIENT_CERTIFICATE_PATH": str(file)}) == []
    assert found(tmp_path, {"clientCertificatePath": str(file)}, IDS) == []
    assert found(tmp_path, {}, {**OIDC, "ARM_OIDC_TOKEN_FILE_PATH": str(file)}) == []
    assert found(tmp_path, {"oidcTokenFilePath": str(file)}, OIDC) == []


@pytest.mark.parametrize(
    ("subscriptions", "config", "environ"),
    [
        ([{}], {}, {}),
        ([{}], {"subscriptionId": SUBSCRIPTION.upper()}, {}),
        ([{}], {}, {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}),
        ([{"isDefault": False}], {"subscriptionId": "work"}, {}),
        ([{"id": "x", "isDefault": False}, {}], {}, {}),
        ([{}], {"environment": "public"}, {}),
    ],
)
def test_a_login_of_the_azure_cli(
    tmp_path: Path,
    subscriptions: list[dict[str, Any]],
    config: dict[str, str],
    environ: dict[str, str],
) -> None:
    home = logged_in(tmp_path, *subscriptions)
    assert found(home, config, environ) == []
    assert not (home / "was-run").exists()


def test_a_login_of_the_azure_cli_elsewhere(tmp_path: Path) -> None:
    home = logged_in(tmp_path, folder="mine")
    assert found(home, {}, {"AZURE_CONFIG_DIR": str(home / "mine")}) == []
    assert paths(found(home)) == ["azure-native"]


def test_a_login_of_the_azure_cli_in_another_cloud(tmp_path: Path) -> None:
    government = {"environmentName": "AzureUSGovernment"}
    home = logged_in(tmp_path, {}, government, cloud="AzureUSGovernment")
    config = {"location": "usgovarizona"}
    assert found(home, config) == []
    assert found(home, {**config, "environment": "usgovernment"}) == []
    (problem,) = found(home, {"environment": "public"})
    assert problem.path == "azure-native:environment"
    assert "az cloud set --name AzureCloud" in problem.fix
    (problem,) = found(home)
    assert problem.path == "azure-native:location"
    assert found(home, {}, {"AZURE_CLOUD_NAME": "AzureCloud"}) == []


def test_each_cloud_has_its_own_default_subscription(tmp_path: Path) -> None:
    home = logged_in(tmp_path, {"environmentName": "AzureChinaCloud"})
    (problem,) = found(home)
    assert problem.path == "azure-native:subscriptionId"
    assert "no default" in problem.reason
    assert paths(found(home, {"subscriptionId": SUBSCRIPTION})) == ["azure-native:subscriptionId"]


DEFAULT = {"useDefaultAzureCredential": "true", "subscriptionId": SUBSCRIPTION}


@pytest.mark.parametrize("name", ["azd", "pwsh"])
def test_programs_that_may_be_logged_in_have_the_benefit_of_the_doubt(
    tmp_path: Path, name: str
) -> None:
    assert paths(found(tmp_path, DEFAULT)) == ["azure-native:useDefaultAzureCredential"]
    program(tmp_path, name)
    assert found(tmp_path, DEFAULT) == []
    assert not (tmp_path / "was-run").exists()


def test_the_azure_cli_is_a_link_of_the_default_chain(tmp_path: Path) -> None:
    program(tmp_path, "az")
    assert paths(found(tmp_path, DEFAULT)) == ["azure-native:useDefaultAzureCredential"]
    assert found(logged_in(tmp_path), DEFAULT) == []


# Nothing, halves and mistakes.


def test_nothing_at_all_is_two_problems_that_say_what_to_set(tmp_path: Path) -> None:
    location, credentials = preflight.problems({}, {"PATH": ""}, tmp_path)
    assert location.path == "azure-native:location"
    assert credentials.path == "azure-native"
    for word in ("az login", "ARM_CLIENT_SECRET", "ARM_USE_OIDC=true", "ARM_USE_MSI=true"):
        assert word in credentials.fix
    assert len(report([location, credentials]).splitlines()) == 3, "one line each"


@pytest.mark.parametrize(
    "environ",
    [
        dict.fromkeys(SECRET, ""),
        IDS,
        {**IDS, **TOKEN_URL},
        {**IDS, "ARM_OIDC_TOKEN": "hidden"},
        {**IDS, "ARM_USE_OIDC": "false", "ARM_USE_MSI": "false"},
        IDENTITY,
    ],
)
def test_ids_alone_are_no_way_in(tmp_path: Path, environ: dict[str, str]) -> None:
    assert paths(found(tmp_path, {}, environ)) == ["azure-native"]
    assert found(logged_in(tmp_path), {}, environ) == [], "the provider would use the Azure CLI"


def test_an_empty_key_of_the_stack_hides_the_environment(tmp_path: Path) -> None:
    assert paths(found(tmp_path, {"clientSecret": ""}, SECRET)) == ["azure-native"]


def test_variables_of_the_sdk_are_not_the_providers(tmp_path: Path) -> None:
    environ = {"AZURE_CLIENT_ID": "a", "AZURE_TENANT_ID": "b", "AZURE_CLIENT_SECRET": "hidden"}
    (problem,) = found(tmp_path, {}, environ)
    assert "AZURE_CLIENT_ID counts with azure-native:useDefaultAzureCredential" in problem.fix


@pytest.mark.parametrize(
    "way", ["ARM_CLIENT_SECRET", "ARM_OIDC_TOKEN", "ARM_CLIENT_CERTIFICATE_PATH"]
)
@pytest.mark.parametrize(
    ("gone", "says"),
    [
        (["ARM_CLIENT_ID"], "without the client id that belongs to it"),
        (["ARM_TENANT_ID"], "without the tenant id that belongs to it"),
        (
            ["ARM_CLIENT_ID", "ARM_TENANT_ID"],
            "without the client id and the tenant id that belong to it",
        ),
    ],
)
def test_a_way_without_its_ids_is_its_own_problem_whatever_else_there_is(
    tmp_path: Path, way: str, gone: list[str], says: str
) -> None:
    file = tmp_path / "file"
    file.write_text("hidden")
    environ = {**IDS, way: str(file), "ARM_USE_OIDC": str(way == "ARM_OIDC_TOKEN").lower()}
    for name in gone:
        del environ[name]
    (problem,) = found(logged_in(tmp_path), {}, environ)
    assert problem.path == ("ARM_USE_OIDC" if way == "ARM_OIDC_TOKEN" else way)
    assert says in problem.reason
    assert " and ".join(gone) in problem.fix


def test_the_first_way_that_is_set_decides(tmp_path: Path) -> None:
    no_file = {"ARM_CLIENT_CERTIFICATE_PATH": "/no/such", **OIDC, "ARM_CLIENT_SECRET": "hidden"}
    (problem,) = found(tmp_path, {}, {**no_file, "ARM_USE_MSI": "true"})
    assert problem.path == "ARM_CLIENT_CERTIFICATE_PATH"
    assert "is not there" in problem.reason
    assert found(tmp_path, {}, {**OIDC, "ARM_CLIENT_SECRET": "hidden"}) == [], (
        "a secret comes first"
    )
    assert paths(found(tmp_path, {}, {**OIDC, "ARM_USE_MSI": "true"})) == ["ARM_USE_OIDC"]
    environ = {**no_file, **IDENTITY, "ARM_USE_DEFAULT_AZURE_CREDENTIAL": "true"}
    assert found(tmp_path, {}, environ) == []
    del environ["IDENTITY_ENDPOINT"]
    assert paths(found(tmp_path, {}, environ)) == ["ARM_USE_DEFAULT_AZURE_CREDENTIAL"]


@pytest.mark.parametrize("half", TOKEN_URL)
def test_oidc_without_a_token_or_half_a_request_for_one(tmp_path: Path, half: str) -> None:
    for environ in (OIDC, {**OIDC, half: TOKEN_URL[half]}):
        (problem,) = found(tmp_path, {}, environ)
        assert problem.path == "ARM_USE_OIDC"
        assert "id-token: write" in problem.fix
    (problem,) = found(tmp_path, {"oidcTokenFilePath": "/no/such"}, {**OIDC, **TOKEN_URL})
    assert problem.path == "azure-native:oidcTokenFilePath"
    assert "is not there" in problem.reason


@pytest.mark.parametrize("environ", [SECRET, {**OIDC, "ARM_OIDC_TOKEN": "t"}])
def test_only_the_azure_cli_can_tell_the_subscription(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    environ = {name: value for name, value in environ.items() if name != "ARM_SUBSCRIPTION_ID"}
    (problem,) = found(logged_in(tmp_path), {}, environ)
    assert problem.path == "azure-native:subscriptionId"
    assert "ARM_SUBSCRIPTION_ID" in problem.reason
    (problem,) = found(tmp_path, {}, {**environ, "ARM_SUBSCRIPTION_ID": "Work"})
    assert problem.path == "ARM_SUBSCRIPTION_ID"
    assert "not the name" in problem.fix


@pytest.mark.parametrize("value", ["True", "1", "yes", "TRUE"])
@pytest.mark.parametrize("switch", ["ARM_USE_OIDC", "ARM_USE_MSI", "useDefaultAzureCredential"])
def test_a_switch_that_the_provider_does_not_understand(
    tmp_path: Path, switch: str, value: str
) -> None:
    config = {} if switch.startswith("ARM") else {switch: value}
    environ = {**SECRET, **({} if config else {switch: value})}
    (problem,) = found(tmp_path, config, environ)
    assert problem.path == (switch if not config else f"azure-native:{switch}")
    assert "take it for false" in problem.reason


@pytest.mark.parametrize(("key", "meant"), [("useOIDC", "useOidc"), ("useMSI", "useMsi")])
def test_a_key_in_another_spelling(tmp_path: Path, key: str, meant: str) -> None:
    (problem,) = found(tmp_path, {key: "true"}, SECRET)
    assert (problem.path, problem.fix) == (f"azure-native:{key}", f"Write azure-native:{meant}.")


@pytest.mark.parametrize("where", ["subscriptionId", "ARM_SUBSCRIPTION_ID"])
def test_a_subscription_that_the_azure_cli_does_not_know(tmp_path: Path, where: str) -> None:
    config = {where: IDS["ARM_CLIENT_ID"]} if where == "subscriptionId" else {}
    environ = {} if config else {where: IDS["ARM_CLIENT_ID"]}
    (problem,) = found(logged_in(tmp_path), config, environ)
    assert problem.path == (f"azure-native:{where}" if config else where)
    assert "not logged in to the subscription" in problem.reason
    assert "az account list" in problem.fix


def test_an_azure_cli_that_is_not_logged_in_or_is_gone(tmp_path: Path) -> None:
    home = logged_in(tmp_path)
    (home / ".azure" / "azureProfile.json").write_text('{"subscriptions": []}')
    assert paths(found(home)) == ["azure-native"]
    logged_in(home)
    (home / "bin" / "az").unlink()
    assert paths(found(home)) == ["azure-native"], "the provider runs it"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"subscriptions": 3}',
        b'{"subscriptions": ["x"]}',
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    home = logged_in(tmp_path)
    (home / ".azure" / "azureProfile.json").write_bytes(content)
    (problem,) = found(home)
    assert problem.path == "~/.azure/azureProfile.json"
    assert found(home, {}, SECRET) == [], "nobody needs the file then"


def test_a_subscription_with_strange_facts_is_not_taken(tmp_path: Path) -> None:
    home = logged_in(tmp_path, {"id": 3, "name": None, "isDefault": "yes"})
    assert paths(found(home)) == ["azure-native:subscriptionId"]
    home = logged_in(tmp_path, {"environmentName": 7})
    assert paths(found(home)) == ["azure-native:subscriptionId"]


@pytest.mark.parametrize("content", [b"name = before any title\n", b"[cloud]\nname = \xff\n"])
def test_a_configuration_that_cannot_be_read_is_the_public_cloud(
    tmp_path: Path, content: bytes
) -> None:
    home = logged_in(tmp_path)
    (home / ".azure" / "config").write_bytes(content)
    assert found(home) == []


# The metadata service of a virtual machine.


class Metadata(ThreadingHTTPServer):
    """A metadata service, which refuses every question without its header."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []
        self.tokens = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    server: Metadata  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        # With the header it would make a token, which is a login.
        self.server.tokens += "Metadata" in self.headers
        self.send_response(200 if "Metadata" in self.headers else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metadata]:
    server = Metadata()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(preflight, "METADATA_ENDPOINT", endpoint)
    yield server
    server.shutdown()
    server.server_close()


def test_a_virtual_machine(tmp_path: Path, metadata: Metadata) -> None:
    config = {"useMsi": "true", "subscriptionId": SUBSCRIPTION}
    assert found(tmp_path, config) == []
    assert metadata.asked == ["/metadata/identity/oauth2/token?api-version=2018-02-01"]
    assert metadata.tokens == 0, "nothing is logged in to"
    assert paths(found(tmp_path, {"useMsi": "true"})) == ["azure-native:subscriptionId"]
    assert found(tmp_path, DEFAULT) == []


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, {}),
        ({}, SECRET),
        ({}, {**OIDC, "ARM_OIDC_TOKEN": "hidden", "ARM_USE_MSI": "true"}),
        ({"useMsi": "true"}, {**IDS, **IDENTITY}),
        ({"useMsi": "false"}, IDS),
    ],
)
def test_it_is_not_asked_where_something_else_decides(
    tmp_path: Path, metadata: Metadata, config: dict[str, str], environ: dict[str, str]
) -> None:
    found(tmp_path, config, environ)
    assert metadata.asked == []


def test_a_machine_outside_azure_has_no_identity(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, {"useMsi": "true", "subscriptionId": SUBSCRIPTION})
    assert problem.path == "azure-native:useMsi"
    assert "az login" in problem.fix


def test_a_silent_network_costs_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(preflight, "METADATA_ENDPOINT", endpoint)
        started = time.monotonic()
        assert paths(found(tmp_path, {"useMsi": "true"}, IDS)) == ["azure-native:useMsi"]
        assert 0.9 < time.monotonic() - started < 3


# From the outside.


def test_the_current_stack_and_machine_are_what_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(preflight.os.environ):
        if name.startswith(("ARM_", "AZURE_", "ACTIONS_", "IDENTITY_", "MSI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    before = dict(pulumi.runtime.config.CONFIG.get())
    try:
        pulumi.runtime.set_all_config({})
        assert paths(preflight.check()) == ["azure-native:location", "azure-native"]
        assert not preflight.in_sovereign_cloud()
        keys = {
            "azure-native:clientId": "a",
            "azure-native:clientSecret": "hidden",
            "azure-native:location": "chinaeast2",
            "azure-native:environment": "china",
            "azure-native:subscriptionId": SUBSCRIPTION,
            "azure-native:tenantId": "b",
        }
        pulumi.runtime.set_all_config(keys, ["azure-native:clientSecret"])
        assert preflight.check() == []
        assert preflight.in_sovereign_cloud()
        pulumi.runtime.set_all_config({"azure-native:location": "westeurope"})
        assert paths(preflight.check()) == ["azure-native"]
        logged_in(tmp_path)
        assert preflight.check() == []
        assert not preflight.in_sovereign_cloud()
    finally:
        pulumi.runtime.set_all_config(before)


def test_a_managed_cache_is_offered_in_the_public_cloud_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ARM_ENVIRONMENT", "AZURE_ENVIRONMENT", "ARM_METADATA_HOSTNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    common = {"target": "azure", "environment": "development"}
    classic = {"azure": {"classic": {"acknowledgeRetirement": True}}}
    caches = {
        "old": CacheSettings.model_validate({**common, **classic}),
        "new": CacheSettings.model_validate(common),
    }
    before = dict(pulumi.runtime.config.CONFIG.get())
    try:
        pulumi.runtime.set_all_config({"azure-native:location": "westeurope"})
        assert preflight.not_offered(caches) == []
        pulumi.runtime.set_all_config({"azure-native:environment": "usgovernment"})
        (problem,) = preflight.not_offered(caches)
    finally:
        pulumi.runtime.set_all_config(before)
    assert problem.path == "caches.new"
    assert "public cloud only" in problem.reason
    assert "acknowledgeRetirement: true" in problem.fix


CONFIG_KEYS = st.sampled_from([*preflight._VARIABLES, *preflight._MISTAKEN])
VARIABLES = st.sampled_from(
    [
        *(name for names in preflight._VARIABLES.values() for name in names),
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLOUD_NAME",
        "AZURE_CONFIG_DIR",
    ]
)
# A mark that no message of ours has, in every value but those of switches.
VALUES = st.one_of(
    st.text(alphabet='abc{}[]":/=\n ', max_size=12).map(lambda text: f"Q7{text}Z9"),
    st.sampled_from(["true", "false", ""]),
)


@given(
    config=st.dictionaries(CONFIG_KEYS, VALUES, max_size=5),
    environ=st.dictionaries(VARIABLES, VALUES, max_size=5),
    file=st.text(alphabet='[]{}"=q# \n\tsubscriptions', max_size=60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_is_ever_told_and_no_content_breaks_it(
    tmp_path: Path, config: dict[str, str], environ: dict[str, str], file: str
) -> None:
    home = logged_in(tmp_path, {"id": "Q7Z9", "name": "Q7Z9"}, cloud=f"Q7Z9\n{file}")
    for text in (None, file):
        if text is not None:
            (home / ".azure" / "azureProfile.json").write_text(text)
        told = report(preflight.problems(config, {"PATH": str(home / "bin"), **environ}, home))
        assert "Q7" not in told
        assert "Z9" not in told
