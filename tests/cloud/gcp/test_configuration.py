"""What the provider needs to be told, and what functions answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from cloud.gcp.cloud import PROJECT_ID, GcpCloud
from cloud.gcp.package import ENVIRONMENT, NO_CREDENTIALS, GooglePackage, GoogleStandIn
from cloud.gcp.resources import RESOURCES
from cloud.standin.errors import ProviderError
from cloud.standin.provider import Urn
from cloud.standin.schema import schema_of

NETWORK = Urn("gcp:compute/network:Network", "net")
TOKEN = {"accessToken": "fake"}
SERVICE_ACCOUNT = json.dumps({"type": "service_account", "client_email": "a@b.c"})


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in (*ENVIRONMENT.values(), ("GOOGLE_APPLICATION_CREDENTIALS",)):
        for name in names:
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cloud(tmp_path: Path) -> GcpCloud:
    made = GcpCloud(tmp_path)
    made.settings(slow=0)
    made.prepare({"gcp:project": PROJECT_ID})
    return made


def configured(cloud: GcpCloud, **values: Any) -> GoogleStandIn:
    stand_in = GoogleStandIn(cloud)
    stand_in.configure(values)
    return stand_in


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"regoin": "x"}, "Invalid or unknown key. Examine values at '<provider>.regoin'."),
        ({"credentials": "{}", "accessToken": "x"}, '"credentials": conflicts with access_token'),
        ({"defaultLabels": "{}"}, 'What the provider does with "defaultLabels" is not known'),
    ],
)
def test_a_wrong_key_is_refused(values: dict[str, Any], reason: str) -> None:
    assert any(reason in one.reason for one in GooglePackage().check_config(values))


def test_the_keys_of_a_stack_are_taken() -> None:
    given = {"project": "p", "region": "europe-west1", **TOKEN, "version": "10.2.0"}
    assert GooglePackage().check_config(given) == []


@pytest.mark.parametrize("name", [one for names in ENVIRONMENT.values() for one in names])
def test_every_variable_stands_for_its_key(
    cloud: GcpCloud, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (key,) = (key for key, names in ENVIRONMENT.items() if name in names)
    text = SERVICE_ACCOUNT if key == "credentials" else "from-the-environment"
    monkeypatch.setenv(name, text)
    given = {} if key in {"accessToken", "credentials"} else TOKEN
    assert configured(cloud, **given).config[key] == text
    assert configured(cloud, **{**TOKEN, key: "given"}).config[key] == "given"


def test_credentials_are_needed_where_there_is_a_project(
    cloud: GcpCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert configured(cloud).config == {}
    with pytest.raises(ProviderError) as none:
        configured(cloud, project=PROJECT_ID)
    assert str(none.value).startswith(NO_CREDENTIALS)
    for wrong in ("{", "{}"):
        with pytest.raises(ProviderError, match="credentials"):
            configured(cloud, project=PROJECT_ID, credentials=wrong)
    assert configured(cloud, project=PROJECT_ID, credentials=SERVICE_ACCOUNT).config["project"]
    file = tmp_path / "credentials.json"
    file.write_text(SERVICE_ACCOUNT)
    assert configured(cloud, project=PROJECT_ID, credentials=str(file)).config["project"]
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    assert configured(cloud, project=PROJECT_ID).config["project"] == PROJECT_ID


def test_a_text_about_credentials_does_not_tell_them(cloud: GcpCloud) -> None:
    with pytest.raises(ProviderError) as refused:
        configured(cloud, project=PROJECT_ID, credentials='{"private_key": "secret')
    assert "secret" not in str(refused.value)


def test_a_plan_needs_a_project_and_fills_it_in(cloud: GcpCloud) -> None:
    without, given = configured(cloud), configured(cloud, project=PROJECT_ID, **TOKEN)
    inputs, _ = given.check(NETWORK, {}, {"autoCreateSubnetworks": False})
    with pytest.raises(ProviderError, match="project: required field is not set"):
        without.create(NETWORK, inputs, preview=True)
    planned = given.create(NETWORK, inputs, preview=True)[1]
    assert (planned["project"], planned["deletionPolicy"]) == (PROJECT_ID, "DELETE")
    assert "project" not in inputs


def test_another_project_of_the_provider_replaces(cloud: GcpCloud) -> None:
    cloud.add_project("other")
    here = configured(cloud, project=PROJECT_ID, **TOKEN)
    inputs, _ = here.check(NETWORK, {}, {"autoCreateSubnetworks": False})
    _, state = here.create(NETWORK, inputs)
    assert here.diff(NETWORK, state, inputs).found == []
    there = configured(cloud, project="other", **TOKEN)
    assert there.diff(NETWORK, state, inputs).replaces == {"project"}


def test_a_region_may_come_from_the_provider(cloud: GcpCloud) -> None:
    subnetwork = Urn("gcp:compute/subnetwork:Subnetwork", "sub")
    network = cloud.add_network()["network"]
    stand_in = configured(cloud, project=PROJECT_ID, **TOKEN)
    given = {"network": network, "ipCidrRange": "10.7.0.0/24"}
    inputs, _ = stand_in.check(subnetwork, {}, given)
    with pytest.raises(ProviderError, match="Cannot determine region: set in this resource"):
        stand_in.create(subnetwork, inputs)
    stand_in.configure({"project": PROJECT_ID, "region": "europe-west4", **TOKEN})
    assert stand_in.create(subnetwork, inputs)[1]["region"] == "europe-west4"


def test_the_label_of_the_provider_can_be_left_out(cloud: GcpCloud) -> None:
    address = Urn("gcp:compute/globalAddress:GlobalAddress", "range")
    network = cloud.add_network()["network"]
    given = {"network": network, "purpose": "VPC_PEERING", "addressType": "INTERNAL",
             "prefixLength": 24, "labels": {"team": "platform"}}  # fmt: skip
    label = {"goog-pulumi-provisioned": "true"}
    for key, attribution in (("true", label), ("false", {})):
        stand_in = configured(cloud, project=PROJECT_ID, addPulumiAttributionLabel=key, **TOKEN)
        inputs, _ = stand_in.check(address, {}, given)
        planned = stand_in.create(address, inputs, preview=True)[1]["effectiveLabels"]
        made = stand_in.create(address, inputs)[1]
        assert planned == made["effectiveLabels"] == {**attribution, "team": "platform"}
        assert made["labels"] == {"team": "platform"}


def test_functions_answer_from_the_fake_cloud(cloud: GcpCloud) -> None:
    stand_in = configured(cloud, project=PROJECT_ID, region="europe-west1", **TOKEN)
    found = stand_in.invoke("gcp:organizations/getProject:getProject", {})
    assert found["projectId"] == PROJECT_ID
    assert found["number"].isdigit()
    client = stand_in.invoke("gcp:organizations/getClientConfig:getClientConfig", {})
    assert (client["project"], client["region"]) == (PROJECT_ID, "europe-west1")
    seeded = cloud.add_network(name="shared", region="europe-west1", cidr="10.9.0.0/24")
    asked = {"name": "shared"}
    network = stand_in.invoke("gcp:compute/getNetwork:getNetwork", asked)
    assert network["id"] == seeded["network"]
    assert network["subnetworksSelfLinks"][0].endswith(seeded["subnetwork"])
    subnetwork = stand_in.invoke("gcp:compute/getSubnetwork:getSubnetwork", asked)
    assert subnetwork["ipCidrRange"] == "10.9.0.0/24"
    name = cloud.add_private_access(seeded["network"])
    address = stand_in.invoke("gcp:compute/getGlobalAddress:getGlobalAddress", {"name": name})
    assert (address["address"], address["prefixLength"]) == ("10.240.0.0", 20)


@pytest.mark.parametrize(
    ("token", "arguments", "reason"),
    [
        ("gcp:organizations/getProject:getProject", {"projectId": "none"}, "CONSUMER_INVALID"),
        ("gcp:compute/getNetwork:getNetwork", {"name": "none"}, "networks/none not found"),
        ("gcp:compute/getNetwork:getNetwork", {"nmae": "x"}, "Did you mean"),
        ("gcp:storage/getBucket:getBucket", {}, "unknown function gcp:storage/getBucket:getBucket"),
    ],
)
def test_a_wrong_question_is_refused(
    cloud: GcpCloud, token: str, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ProviderError, match=reason):
        configured(cloud, project=PROJECT_ID, **TOKEN).invoke(token, arguments)


def test_an_unknown_type_is_refused(cloud: GcpCloud) -> None:
    with pytest.raises(ProviderError, match="has no such type"):
        configured(cloud).check(Urn("gcp:storage/bucket:Bucket", "x"), {}, {})


@pytest.mark.parametrize("token", RESOURCES)
def test_what_a_type_names_is_in_the_sdk(token: str) -> None:
    resource = RESOURCES[token]
    schema = schema_of(resource.sdk)
    assert schema.token == token
    named = {
        *resource.models, *resource.replaces, *resource.defaults, *resource.kept,
        *(one.partition(".")[0] for one in resource.rules.suppressed),
    }  # fmt: skip
    assert named <= schema.inputs.keys()
    required = {name for name, one in schema.inputs.items() if one.required}
    assert required <= resource.models
