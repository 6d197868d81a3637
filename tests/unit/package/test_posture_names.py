"""Types and properties that rules name are those of the providers' own SDKs."""

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest
from secure_redis.posture import COMPANIONS, RULES, Rule, aws, azure, docker, everywhere, gcp
from secure_redis.posture.tokens import canonical

SDKS = {"aws", "azure-native", "docker", "gcp", "random", "tls"}
"""Providers whose SDKs the tests have; the classic one of Azure is not among them."""

MEMBERS = re.compile(r"([a-z0-9])([A-Z])")


def package(provider: str) -> Path:
    found = importlib.util.find_spec(f"pulumi_{provider.replace('-', '_')}")
    assert found
    assert found.origin
    return Path(found.origin).parent


def source(type_: str) -> Path:
    """The file of the SDK that has a resource's class."""
    provider, module, name = type_.split(":")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    file = MEMBERS.sub(r"\1_\2", name).lower() + ".py"
    folder = module.partition("/")[0]
    own = package(provider) / ("" if folder == "index" else folder) / file
    return own if own.exists() else own.with_name(file.replace("iammember", "iam_member"))


@cache
def properties(type_: str) -> frozenset[str]:
    """What the SDK's class calls its properties, as a state has them."""
    text = source(type_).read_text()
    named = re.findall(r'pulumi\.getter\(name="(\w+)"\)', text)
    return frozenset(named) | frozenset(
        re.findall(r"^    def ([a-z]+)\(self\)", text, re.MULTILINE)
    )


def named() -> list[tuple[str, str]]:
    """Every type with the first key of each property that a rule or a link reads of it."""
    found: set[tuple[str, str]] = set()
    for rule in RULES.values():
        for type_ in rule.all_types:
            path = rule.paths.get(type_, rule.path)
            if path != "protect":
                found.add((type_, path))
    for companion in COMPANIONS.values():
        found |= {(type_, "urn") for type_ in (*companion.types, *companion.needs)}
    for room in (aws, azure, docker, everywhere, gcp):
        for link in room.LINKS:
            found |= {(type_, link.path) for type_ in link.sources}
            found |= {(type_, "urn") for type_ in link.targets}
    return sorted((type_, re.split(r"[.\[]", path)[0]) for type_, path in found)


NAMED = [one for one in dict.fromkeys(named()) if one[0].partition(":")[0] in SDKS]


def test_names_are_read() -> None:
    assert len(NAMED) > 150
    assert "transitEncryptionEnabled" in properties(
        "aws:elasticache/replicationGroup:ReplicationGroup"
    )
    assert "transitEncryption" not in properties(
        "aws:elasticache/replicationGroup:ReplicationGroup"
    )


@pytest.mark.parametrize("type_", sorted({type_ for type_, _ in NAMED}))
def test_a_resource_and_its_properties_are_the_sdks(type_: str) -> None:
    text = source(type_).read_text()
    assert f"'{type_}'" in text
    wanted = {key for one, key in NAMED if one == type_} - {"urn"}
    assert wanted <= properties(type_)


@pytest.mark.parametrize(
    ("file", "type_"),
    [
        ("redis/redis.py", azure.CLASSIC),
        ("redis/firewall_rule.py", azure.CLASSIC_FIREWALL),
        ("redis/access_policy_assignment.py", azure.CLASSIC_ENTRA),
        ("redisenterprise/redis_enterprise.py", azure.CLUSTER),
        ("redisenterprise/database.py", azure.DATABASE),
        ("redisenterprise/access_policy_assignment.py", azure.ENTRA),
        ("monitor/metric_alert.py", azure.ALERT),
        ("monitor/diagnostic_setting.py", azure.DIAGNOSTICS),
        ("network/private_endpoint.py", azure.ENDPOINT),
        ("network/network_security_group.py", azure.SECURITY_GROUP),
        ("network/security_rule.py", azure.SECURITY_RULE),
        ("network/subnet.py", azure.SUBNET),
        ("keyvault/vault.py", azure.VAULT),
        ("keyvault/secret.py", azure.SECRET),
        ("keyvault/key.py", azure.KEY),
        ("operationalinsights/workspace.py", azure.WORKSPACE),
        ("authorization/role_assignment.py", azure.ROLE),
        ("authorization/management_lock_by_scope.py", azure.LOCK),
        ("authorization/management_lock_at_resource_level.py", azure.RESOURCE_LOCK),
    ],
)
def test_older_tokens_of_azure_are_the_same_resource(file: str, type_: str) -> None:
    text = (package("azure-native") / file).read_text()
    aliases = set(re.findall(r'Alias\(type_="([^"]+)"\)', text))
    assert aliases
    assert {canonical(one) for one in aliases} == {type_}
    assert canonical(type_) == type_


def test_a_package_that_is_generated_for_a_version_of_the_api_has_the_same_resources() -> None:
    assert canonical("azure-native_redis_v20240301:redis:Redis") == azure.CLASSIC


@pytest.mark.parametrize(
    "token", ["aws:elasticache/user:User", "azure:redis/cache:Cache", "pulumi:pulumi:Stack", ""]
)
def test_other_tokens_stay_as_they_are(token: str) -> None:
    assert canonical(token) == token


WORDS = [
    ("redis/cluster.py", "gcp", "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION"),
    ("redis/cluster.py", "gcp", "AUTH_MODE_IAM_AUTH"),
    ("redis/instance.py", "gcp", "SERVER_AUTHENTICATION"),
    ("redis/instance.py", "gcp", "STANDARD_HA"),
    ("memorystore/instance.py", "gcp", "IAM_AUTH"),
    ("memorystore/instance.py", "gcp", "If omitted the default is 0 replicas"),
    ("memorydb/cluster.py", "aws", "open-access"),
    ("elasticache/cluster.py", "aws", "use `elasticache.ReplicationGroup` instead"),
    ("elasticache/_inputs.py", "aws", "no-password-required"),
    ("redisenterprise/_enums.py", "azure-native", '"Encrypted"'),
    ("redisenterprise/_enums.py", "azure-native", '"Disabled"'),
    ("redis/_inputs.py", "azure-native", "authnotrequired"),
]


@pytest.mark.parametrize(("file", "provider", "word"), WORDS)
def test_values_are_the_sdks_own(file: str, provider: str, word: str) -> None:
    assert word in (package(provider) / file).read_text()


def test_what_a_rule_reads_together_is_named() -> None:
    """A rule that reads several properties says one of them, which its resources have."""
    several = [rule for rule in RULES.values() if isinstance(rule, Rule) and rule.read]
    assert several
    assert all(rule.path for rule in several)
