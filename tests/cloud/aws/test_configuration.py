"""What the provider needs to be told, and what functions answer."""

from pathlib import Path
from typing import Any

import pytest
from cloud.aws.driver import Driver
from cloud.aws.package import NO_CREDENTIALS, NO_REGION, AwsPackage
from cloud.standin.errors import ProviderError
from cloud.standin.provider import Urn

KEYS = {"accessKey": "fake", "secretKey": "fake"}
GOOD: dict[str, Any] = {"region": "eu-west-1", **KEYS}


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


def reasons(values: dict[str, Any]) -> list[str]:
    return [failure.reason for failure in AwsPackage().check_config(values)]


def test_a_region_and_credentials_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reasons(GOOD) == []
    assert reasons({"region": "eu-west-1", "profile": "work"}) == []
    assert reasons({**GOOD, "skipRegionValidation": "true", "version": "7.51.1"}) == []
    for name, value in (("AWS_REGION", "us-east-1"), ("AWS_PROFILE", "work")):
        monkeypatch.setenv(name, value)
    assert reasons({}) == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (KEYS, NO_REGION),
        ({"region": "eu-west-1"}, NO_CREDENTIALS),
        ({"region": "eu-west-1", "accessKey": "fake"}, NO_CREDENTIALS),
        ({**GOOD, "region": "Ireland"}, "invalid AWS Region: Ireland"),
        ({**GOOD, "regoin": "x"}, "Invalid or unknown key: regoin"),
        ({**GOOD, "allowedAccountIds": '["1"]'}, "AWS account ID not allowed: 123456789012"),
        ({**GOOD, "forbiddenAccountIds": '["123456789012"]'}, "AWS account ID not allowed"),
        ({**GOOD, "defaultTags": '{"tags": {}}'}, 'What the provider does with "defaultTags" is'),
    ],
)
def test_a_wrong_configuration_is_refused(values: dict[str, Any], reason: str) -> None:
    assert any(reason in one for one in reasons(values))


def test_another_region_is_another_provider() -> None:
    package = AwsPackage()
    assert package.replaces_provider(GOOD, {**GOOD, "region": "us-east-1"}) == ["region"]
    assert package.replaces_provider(GOOD, {**GOOD, "profile": "work"}) == []


def test_functions_answer_from_the_fake_cloud(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    ask = driver.stand_in.invoke
    zones = ask("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
    assert zones["names"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert ask("aws:index/getRegion:getRegion", {})["region"] == "eu-west-1"
    assert ask("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == "123456789012"
    assert ask("aws:index/getPartition:getPartition", {})["dnsSuffix"] == "amazonaws.com"
    vpc = driver.put("Vpc", "net", cidrBlock="10.0.0.0/16").identifier
    subnet = driver.put("Subnet", "one", vpcId=vpc, cidrBlock="10.0.0.0/24").identifier
    assert ask("aws:ec2/getVpc:getVpc", {"id": vpc})["cidrBlock"] == "10.0.0.0/16"
    assert ask("aws:ec2/getSubnet:getSubnet", {"id": subnet})["vpcId"] == vpc


@pytest.mark.parametrize(
    ("token", "arguments", "reason"),
    [
        ("aws:ec2/getVpc:getVpc", {"id": "vpc-1"}, "InvalidVpcID.NotFound"),
        ("aws:ec2/getSubnet:getSubnet", {"id": "subnet-1"}, "InvalidSubnetID.NotFound"),
        ("aws:ec2/getVpc:getVpc", {"vpcId": "x"}, 'An argument named "vpcId" is not expected'),
        ("aws:s3/getBucket:getBucket", {}, "unknown function aws:s3/getBucket:getBucket"),
    ],
)
def test_a_wrong_question_is_refused(
    tmp_path: Path, token: str, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ProviderError, match=reason):
        Driver(tmp_path).stand_in.invoke(token, arguments)


def test_an_unknown_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="has no such type"):
        Driver(tmp_path).stand_in.check(Urn("aws:s3/bucket:Bucket", "x"), {}, {})
