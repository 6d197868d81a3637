"""Rules over resources: our own stacks keep all of them, and each finds what it is for."""

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from package_monitor import SECRET_SIGNATURE, Secret, reveal
from secure_redis import posture
from secure_redis.controls import CONTROLS
from secure_redis.posture import (
    COMPANIONS,
    RULES,
    Outcome,
    Resource,
    Resources,
    Value,
    breaches,
    conditions,
    judgements,
)
from secure_redis.posture.resources import SIGNATURE, UNKNOWN_SIGNS
from secure_redis.rules import WAIVABLE
from test_program_stacks import (
    FILES,
    aws_account,
    azure_account,
    configuration,
    daemon,
    gcp_account,
    start,
)

__all__ = ["aws_account", "azure_account", "daemon", "gcp_account"]

STACKS = pytest.mark.parametrize("name", FILES)
ALL = {**RULES, **COMPANIONS}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ABSENT = object()
"""In place of a value: the property is not there."""

Document = dict[str, Any]


def environment(name: str) -> str:
    return configuration(name)["secure-redis:environment"]


@cache
def _made(name: str) -> tuple[Document, ...]:
    world = start(configuration(name), name)
    if world.error:
        raise world.error
    return tuple(
        {
            "urn": one.urn,
            "type": one.type,
            "parent": one.parent,
            "inputs": reveal(one.inputs),
            "outputs": reveal(one.outputs) if one.outputs else one.state,
            # The engine leaves it out where nothing is protected.
            **({"protect": True} if one.request.protect else {}),
        }
        for one in world.resources
    )


def documents(name: str) -> list[Document]:
    """The state that the stack file comes to, as the engine exports it."""
    return copy.deepcopy(list(_made(name)))


@STACKS
def test_our_own_stacks_keep_every_rule(name: str) -> None:
    found = breaches(documents(name), environment=environment(name))
    assert [(one.rule, one.where) for one in found] == []
    assert [*judgements(documents(name))], "something was judged"


@pytest.mark.parametrize(
    ("name", "controls"),
    [
        ("aws-prod", 19),
        ("azure-prod", 15),
        ("gcp-prod", 15),
        ("gcp-valkey", 12),
        ("local", 6),
    ],
)
def test_how_many_controls_the_rules_look_at(name: str, controls: int) -> None:
    """A table that shrinks by mistake shows here."""
    judged = judgements(documents(name), environment=environment(name))
    assert len({one.control for one in judged}) >= controls


@pytest.mark.parametrize("id_", ALL)
def test_each_rule_belongs_to_a_control_that_is_observed_so(id_: str) -> None:
    rule = ALL[id_]
    assert rule.id == id_
    assert "D25" in CONTROLS[rule.control].checks
    assert rule.exception in {"", *WAIVABLE}
    assert not rule.reason.endswith(".")
    assert rule.fix.endswith((".", "`."))


def test_ids_are_unique() -> None:
    rooms = (posture.aws, posture.azure, posture.gcp, posture.docker, posture.everywhere)
    ids = [rule.id for room in rooms for rule in (*room.RULES, *room.COMPANIONS)]
    assert sorted(ids) == sorted(ALL)


@dataclass(frozen=True)
class Case:
    """One change of what a stack made that breaks one rule and no other."""

    rule: str
    stack: str
    resource: str
    """The end of its URN, such as `ReplicationGroup::cache`."""
    path: str = ""
    value: Any = ABSENT
    environment: str = ""
    """Of the stack, where it is another one than in its file."""
    add: Mapping[str, Any] = field(default_factory=dict)
    """A resource that is added, in place of a change; `parent` as `resource` is written."""
    also: Mapping[str, Any] = field(default_factory=dict)
    """Further properties of the resource, which by themselves break nothing."""

    def before(self) -> list[Document]:
        """What is there without the change."""
        text = json.dumps(documents(self.stack))
        for declared in ("development", "staging"):
            if self.environment:
                text = text.replace(f'environment": "{declared}"', 'environment": "production"')
        found = json.loads(text)
        for path, value in self.also.items():
            for one in found:
                if matches(one, self.resource):
                    put(one, path, value)
        return found

    def after(self) -> list[Document]:
        """What is there with it."""
        found = self.before()
        if self.add:
            inside = self.add.get("parent", "SecureRedis::*")
            parent = next(one["urn"] for one in found if matches(one, inside))
            urn = f"urn:pulumi:stack::project::{self.resource}"
            return [*found, {"outputs": {}, **self.add, "urn": urn, "parent": parent}]
        if not self.path:
            return [one for one in found if not matches(one, self.resource)]
        changed = [one for one in found if matches(one, self.resource)]
        assert len(changed) == 1, [one["urn"] for one in found]
        for one in changed:
            put(one, self.path, self.value)
        return found


def named(case: Case) -> str:
    """The case in a few words, which are the same in every process."""
    return f"{case.rule}-{case.stack}-{case.path or case.resource}"


def matches(document: Document, resource: str) -> bool:
    kind, _, name = resource.partition("::")
    at, _, own = document["urn"].rpartition("::")
    return (
        at.endswith((f":{kind}", f"/{kind}"))
        and own.startswith(name.removesuffix("*"))
        and (name.endswith("*") or own == name)
    )


def put(document: Document, path: str, value: Any) -> None:
    """Declares a property; nothing else is recorded of it."""
    if path == "protect":
        document.pop("protect", None)
        document.update({} if value is ABSENT else {"protect": value})
        return
    first, *rest = path.split(".")
    document["outputs"].pop(first, None)
    at = document["inputs"]
    if document["type"].startswith("secure-redis:"):
        at = document["outputs"]
    for key in (first, *rest)[:-1]:
        at = at.setdefault(key, {})
    last = (first, *rest)[-1]
    at.pop(last, None)
    if value is not ABSENT:
        at[last] = value


PUBLIC_POLICY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}]}
)
ALL_SECRETS = json.dumps(
    {
        "Statement": {
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": "*",
        }
    }
)
OPEN_GROUP = {
    "direction": "Inbound",
    "access": "Allow",
    "sourceAddressPrefix": "Internet",
    "destinationPortRange": "10000",
}
WIDE_GROUP = {
    "direction": "Inbound",
    "access": "Allow",
    "sourceAddressPrefixes": ["10.30.0.0/16"],
    "destinationPortRange": "*",
}
CLOSED = {
    "direction": "Inbound",
    "access": "Deny",
    "sourceAddressPrefix": "*",
    "destinationPortRange": "*",
}
OWN_PORT = {"protocol": "tcp", "fromPort": 6379, "toPort": 6379}
RG, RE = "ReplicationGroup::", "RedisEnterprise::"

CASES = (
    # AWS
    Case("aws-tls", "aws-dev", RG + "cache", "transitEncryptionEnabled", False),
    Case("aws-tls", "aws-dev", RG + "cache", "transitEncryptionEnabled"),
    Case("aws-tls-required", "aws-prod", RG + "cache", "transitEncryptionMode", "preferred"),
    Case("aws-login", "aws-dev", RG + "cache", "userGroupIds", []),
    Case("aws-login", "aws-adopted-network", RG + "legacy", "authToken"),
    Case("aws-serverless-login", "aws-serverless", "ServerlessCache::cache", "userGroupId"),
    Case("aws-user-password", "aws-dev", "User::cache-app", "accessString", "on nopass ~* +get"),
    Case("aws-user-no-password-required", "aws-dev", "User::cache-app", "noPasswordRequired", True),
    Case(
        "aws-user-authentication",
        "aws-dev",
        "User::cache-app",
        "authenticationMode",
        {"type": "no-password-required"},
    ),
    Case("aws-user-rights", "aws-dev", "User::cache-app", "accessString", "on ~* +@all"),
    Case("aws-default-user", "aws-dev", "User::cache-default", "accessString", "on ~* -@all +get"),
    Case("aws-ingress-ipv4", "aws-dev", "SecurityGroupIngressRule::*", "cidrIpv4", "0.0.0.0/0"),
    Case("aws-ingress-ipv4", "aws-dev", "SecurityGroupIngressRule::*", "cidrIpv4", "52.0.0.0/8"),
    Case("aws-ingress-ipv6", "aws-dev", "SecurityGroupIngressRule::*", "cidrIpv6", "::/0"),
    Case(
        "aws-group-ingress-ipv4",
        "aws-dev",
        "SecurityGroup::cache",
        "ingress",
        [{**OWN_PORT, "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}],
    ),
    Case(
        "aws-group-ingress-ipv6",
        "aws-dev",
        "SecurityGroup::cache",
        "ingress",
        [{**OWN_PORT, "cidrBlocks": ["10.0.0.0/8"]}, {**OWN_PORT, "ipv6CidrBlocks": ["::/0"]}],
    ),
    Case(
        "aws-group-ingress-ports",
        "aws-dev",
        "SecurityGroup::cache",
        "ingress",
        [{**OWN_PORT, "toPort": 65535, "cidrBlocks": ["10.0.0.0/8"]}],
    ),
    Case("aws-ingress-protocol", "aws-dev", "SecurityGroupIngressRule::*", "ipProtocol", "-1"),
    Case("aws-ingress-ports", "aws-dev", "SecurityGroupIngressRule::*", "fromPort", 0),
    Case(
        "aws-egress",
        "aws-dev",
        "rule",
        add={
            "type": "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "inputs": {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"},
        },
    ),
    Case("aws-default-group", "aws-dev", "DefaultSecurityGroup::*", "ingress", [{"self": True}]),
    Case("aws-security-group", "aws-dev", RG + "cache", "securityGroupIds", []),
    Case("aws-security-group", "aws-serverless", "ServerlessCache::cache", "securityGroupIds"),
    Case("aws-subnets", "aws-dev", RG + "cache", "subnetGroupName", "default"),
    Case("aws-serverless-subnets", "aws-serverless", "ServerlessCache::cache", "subnetIds"),
    Case("aws-public-subnet", "aws-dev", "Subnet::network-0", "mapPublicIpOnLaunch", True),
    Case("aws-encrypted", "aws-dev", RG + "cache", "atRestEncryptionEnabled", "false"),
    Case(
        "aws-encrypted",
        "aws-dev",
        RG + "cache",
        "atRestEncryptionEnabled",
        also={"engine": "redis", "engineVersion": "7.1"},
    ),
    Case("aws-own-key", "aws-prod", RG + "queue", "kmsKeyId"),
    Case("aws-secret-key", "aws-prod", "Secret::queue-credentials", "kmsKeyId"),
    Case("aws-log-key", "aws-prod", "LogGroup::queue-slow-log", "kmsKeyId"),
    Case("aws-key-rotation", "aws-prod", "Key::cache", "enableKeyRotation"),
    Case("aws-key-deletion", "aws-prod", "Key::cache", "deletionWindowInDays", 1),
    Case("aws-key-policy", "aws-prod", "Key::cache", "policy", PUBLIC_POLICY),
    Case("aws-backups", "aws-prod", RG + "queue", "snapshotRetentionLimit", 0),
    Case("aws-backups", "aws-prod", RG + "sessions", "snapshotRetentionLimit"),
    Case("aws-protect", "aws-prod", RG + "cache", "protect"),
    Case("aws-failover", "aws-prod", RG + "cache", "automaticFailoverEnabled", False),
    Case("aws-zones", "aws-prod", RG + "cache", "multiAzEnabled", False),
    Case("aws-alarm-actions", "aws-prod", "MetricAlarm::cache-001-processor", "alarmActions", []),
    Case("aws-alarms", "aws-prod", "MetricAlarm::queue-*"),
    Case("aws-logs", "aws-prod", RG + "cache", "logDeliveryConfigurations"),
    Case("aws-updates", "aws-dev", RG + "cache", "autoMinorVersionUpgrade", "false"),
    Case("aws-engine", "aws-adopted-network", RG + "legacy", "engineVersion", "5.0.6"),
    Case(
        "aws-secret-policy", "aws-prod", "SecretPolicy::cache-connection", "policy", PUBLIC_POLICY
    ),
    Case(
        "aws-secret-public",
        "aws-prod",
        "SecretPolicy::cache-credentials",
        "blockPublicPolicy",
        False,
    ),
    Case("aws-policy-secrets", "aws-dev", "Policy::cache", "policy", ALL_SECRETS),
    Case("aws-secret-recovery", "aws-prod", "Secret::cache-connection", "recoveryWindowInDays", 0),
    Case("aws-secret", "aws-dev", "Secret::cache-*"),
    # Azure
    Case("azure-tls", "azure-dev", "Database::cache", "clientProtocol", "Plaintext"),
    Case("azure-classic-tls", "azure-classic", "Redis::cache", "enableNonSslPort", True),
    Case(
        "azure-classic-login",
        "azure-classic",
        "Redis::cache",
        "redisConfiguration.authnotrequired",
        "true",
    ),
    Case("azure-tls-version", "azure-dev", RE + "cache", "minimumTlsVersion", "1.1"),
    Case("azure-tls-version", "azure-classic", "Redis::cache", "minimumTlsVersion"),
    Case(
        "azure-keys-beside-entra",
        "azure-entra",
        "Database::cache",
        "accessKeysAuthentication",
        "Enabled",
    ),
    Case("azure-public", "azure-dev", RE + "cache", "publicNetworkAccess", "Enabled"),
    Case("azure-public", "azure-classic", "Redis::cache", "publicNetworkAccess"),
    Case(
        "azure-group-source",
        "azure-dev",
        "NetworkSecurityGroup::network",
        "securityRules",
        [OPEN_GROUP, CLOSED],
    ),
    Case(
        "azure-firewall",
        "azure-classic",
        "rule",
        add={
            "type": "azure-native:redis:FirewallRule",
            "inputs": {"startIP": "0.0.0.0", "endIP": "255.255.255.255"},
        },
    ),
    Case(
        "azure-group-ports",
        "azure-dev",
        "NetworkSecurityGroup::network",
        "securityRules",
        [WIDE_GROUP, CLOSED],
    ),
    Case(
        "azure-group-closed",
        "azure-dev",
        "NetworkSecurityGroup::network",
        "securityRules",
        [],
    ),
    Case("azure-subnet-group", "azure-dev", "Subnet::network", "networkSecurityGroup"),
    Case(
        "azure-subnet-policies",
        "azure-dev",
        "Subnet::network",
        "privateEndpointNetworkPolicies",
        "Disabled",
    ),
    Case("azure-backups", "azure-prod", "Database::queue", "persistence", {"rdbEnabled": False}),
    Case("azure-backups", "azure-prod", "Database::sessions", "persistence"),
    Case("azure-protect", "azure-prod", "Database::cache", "protect"),
    Case("azure-lock-level", "azure-prod", "ManagementLockByScope::cache", "level", "NotSpecified"),
    Case("azure-lock", "azure-prod", "ManagementLockByScope::cache"),
    Case("azure-failover", "azure-prod", RE + "cache", "highAvailability", "Disabled"),
    Case(
        "azure-classic-failover",
        "azure-classic",
        "Redis::cache",
        "sku",
        {"name": "Basic", "family": "C", "capacity": 1},
        environment="production",
    ),
    Case(
        "azure-classic-keys-beside-entra",
        "azure-classic",
        "assignment",
        add={
            "type": "azure-native:redis:AccessPolicyAssignment",
            "inputs": {},
            "parent": "ClassicRedis::cache",
        },
    ),
    Case("azure-alert-enabled", "azure-prod", "MetricAlert::cache-processor", "enabled", False),
    Case("azure-alert-actions", "azure-prod", "MetricAlert::cache-processor", "actions", []),
    Case("azure-alerts", "azure-prod", "MetricAlert::queue-*"),
    Case("azure-log-retention", "azure-prod", "Workspace::cache", "retentionInDays", 7),
    Case("azure-logs", "azure-prod", "DiagnosticSetting::queue*"),
    Case("azure-vault-roles", "azure-dev", "Vault::cache", "properties.enableRbacAuthorization"),
    Case(
        "azure-vault-public",
        "azure-prod",
        "Vault::cache",
        "properties.publicNetworkAccess",
        "Enabled",
    ),
    Case(
        "azure-role-scope",
        "azure-prod",
        "RoleAssignment::cache-*",
        "scope",
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shop",
    ),
    Case(
        "azure-vault-soft-delete", "azure-dev", "Vault::cache", "properties.enableSoftDelete", False
    ),
    Case("azure-vault-purge", "azure-prod", "Vault::cache", "properties.enablePurgeProtection"),
    Case("azure-endpoint", "azure-dev", "PrivateEndpoint::cache*"),
    Case("azure-secret", "azure-dev", "Secret::cache-*"),
    # Google Cloud
    Case("gcp-tls", "gcp-dev", "Instance::cache", "transitEncryptionMode", "DISABLED"),
    Case("gcp-tls", "gcp-valkey", "Instance::cache", "transitEncryptionMode"),
    Case("gcp-login", "gcp-dev", "Instance::cache", "authEnabled"),
    Case("gcp-valkey-login", "gcp-valkey", "Instance::cache", "authorizationMode", "AUTH_DISABLED"),
    Case("gcp-login-condition", "gcp-valkey", "IAMMember::cache-*", "condition"),
    Case("gcp-login-member", "gcp-valkey", "IAMMember::cache-*", "member", "allUsers"),
    Case("gcp-address", "gcp-dev", "GlobalAddress::network", "addressType"),
    Case(
        "gcp-firewall-in",
        "gcp-prod",
        "rule",
        add={
            "type": "gcp:compute/firewall:Firewall",
            "inputs": {"allows": [{"protocol": "tcp"}], "sourceRanges": ["0.0.0.0/0"]},
        },
    ),
    Case("gcp-firewall-out", "gcp-prod", "Firewall::queue-clients", "destinationRanges", ["::/0"]),
    Case("gcp-network", "gcp-dev", "Instance::cache", "authorizedNetwork"),
    Case(
        "gcp-valkey-network",
        "gcp-valkey",
        "Instance::cache",
        "desiredAutoCreatedEndpoints",
        [{"network": "projects/shop-prod/global/networks/default"}],
    ),
    Case("gcp-own-subnets", "gcp-dev", "Network::network", "autoCreateSubnetworks"),
    Case("gcp-key-rotation", "gcp-prod", "CryptoKey::sessions", "rotationPeriod", "31536000s"),
    Case("gcp-key-protect", "gcp-prod", "CryptoKey::sessions", "protect"),
    Case("gcp-key-member", "gcp-prod", "CryptoKeyIAMMember::sessions", "member", "allUsers"),
    Case(
        "gcp-backups",
        "gcp-prod",
        "Instance::queue",
        "persistenceConfig",
        {"persistenceMode": "DISABLED"},
    ),
    Case(
        "gcp-valkey-persistence",
        "gcp-valkey",
        "Instance::cache",
        "persistenceConfig",
        also={"engineConfigs": {"maxmemory-policy": "volatile-lru"}},
    ),
    Case(
        "gcp-valkey-backups",
        "gcp-valkey",
        "Instance::cache",
        "automatedBackupConfig",
        also={"engineConfigs": {"maxmemory-policy": "volatile-lru"}},
    ),
    Case("gcp-deletion", "gcp-prod", "Instance::queue", "deletionProtection", False),
    Case(
        "gcp-valkey-deletion", "gcp-valkey", "Instance::cache", "deletionProtectionEnabled", False
    ),
    Case("gcp-protect", "gcp-prod", "Instance::queue", "protect"),
    Case("gcp-failover", "gcp-prod", "Instance::queue", "tier", "BASIC"),
    Case("gcp-valkey-failover", "gcp-valkey", "Instance::cache", "replicaCount", 0),
    Case("gcp-alarm-channels", "gcp-prod", "AlertPolicy::queue-memory", "notificationChannels", []),
    Case("gcp-alarm-enabled", "gcp-prod", "AlertPolicy::queue-memory", "enabled", False),
    Case("gcp-alarms", "gcp-prod", "AlertPolicy::queue-*"),
    Case("gcp-engine", "gcp-dev", "Instance::cache", "redisVersion", "REDIS_5_0"),
    Case("gcp-maintenance", "gcp-prod", "Instance::queue", "maintenancePolicy"),
    Case("gcp-secret-member", "gcp-prod", "SecretIamMember::sessions-url-*", "member", "allUsers"),
    Case(
        "gcp-secret-members",
        "gcp-prod",
        "binding",
        add={
            "type": "gcp:secretmanager/secretIamBinding:SecretIamBinding",
            "inputs": {"members": ["user:a@example.com", "allAuthenticatedUsers"]},
        },
    ),
    Case("gcp-project-member", "gcp-valkey", "IAMMember::cache-*", "role", "roles/editor"),
    Case("gcp-secret-recovery", "gcp-prod", "Secret::queue-url", "versionDestroyTtl"),
    Case("gcp-secret", "gcp-dev", "Secret::cache-*"),
    # Docker
    Case(
        "docker-address",
        "local",
        "Container::cache",
        "ports",
        [{"ip": "0.0.0.0", "internal": 6380}],
        environment="production",
    ),
    Case(
        "docker-protect",
        "local",
        "Volume::cache-data",
        "protect",
        environment="production",
        also={"protect": True},
    ),
    Case("docker-memory", "local", "Container::cache", "memory"),
    Case("docker-variables", "local", "Container::cache", "envs", ["A=b", "REDISCLI_AUTH=x"]),
    Case("docker-command", "local", "Container::cache", "command", ["--requirepass", "x"]),
    Case(
        "docker-healthcheck",
        "local",
        "Container::cache",
        "healthcheck",
        {"tests": ["CMD", "redis-cli", "-a", "x", "ping"]},
    ),
    Case("docker-user", "local", "Container::cache", "user", "0:0"),
    Case("docker-privileged", "local", "Container::cache", "privileged", True),
    Case("docker-capabilities", "local", "Container::cache-files", "capabilities"),
    Case("docker-new-privileges", "local", "Container::cache", "securityOpts", []),
    Case("docker-read-only", "local", "Container::cache", "readOnly", False),
    Case("docker-host-network", "local", "Container::cache", "networkMode", "host"),
    Case(
        "docker-tls",
        "local",
        "Volume::cache-data",
        "labels",
        [{"label": "secure-redis.mode", "value": "password"}],
        environment="production",
    ),
    # What every target uses
    Case("password-length", "local", "RandomPassword::cache-app-password-1", "length", 16),
    Case("declared-tls", "external", "ExternalRedis::cache", "tls", False),
    Case("declared-verification", "external", "ExternalRedis::cache", "tls_verify", "none"),
    Case("declared-login", "external", "ExternalRedis::cache", "auth", "none"),
    Case("certificate-renewal", "local", "LocallySignedCert::cache-server", "earlyRenewalHours", 0),
    Case("private-key-curve", "local", "PrivateKey::cache-ca-key", "ecdsaCurve", "P224"),
    Case(
        "private-key-rsa",
        "local",
        "PrivateKey::cache-ca-key",
        "rsaBits",
        1024,
        also={"algorithm": "RSA"},
    ),
)


def broken(found: list[Document], environment_: str) -> set[str]:
    return {one.rule for one in breaches(found, environment=environment_)}


@pytest.mark.parametrize("case", CASES, ids=named)
def test_each_rule_finds_what_it_is_for_and_nothing_else_does(case: Case) -> None:
    of_stack = case.environment or environment(case.stack)
    before, after = broken(case.before(), of_stack), broken(case.after(), of_stack)
    assert case.rule not in before
    assert after - before == {case.rule}


ELSEWHERE = {
    "aws-cluster-encrypted",
    "aws-cluster-failover",
    "aws-cluster-login",
    "aws-cluster-tls",
    "aws-memorydb-login",
    "aws-memorydb-replicas",
    "azure-classic-backups",
    "azure-old-backups",
    "azure-old-keys-beside-entra",
    "azure-old-login",
    "azure-rule-ports",
    "azure-rule-source",
    "docker-client-variables",
    "docker-server-login",
    "docker-server-tls",
}
"""Rules about what our components never make; their cases are in tests/policy/cases."""


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(ALL) - ELSEWHERE


@STACKS
def test_what_our_components_never_make_is_not_judged(name: str) -> None:
    judged = judgements(documents(name), environment="production", everything=True)
    assert {one.rule for one in judged} & ELSEWHERE == set()


@STACKS
def test_our_own_stacks_are_the_same_where_everything_is_judged(name: str) -> None:
    found = documents(name)
    own = [*judgements(found, environment=environment(name))]
    assert own == [*judgements(found, environment=environment(name), everything=True)]


@pytest.mark.parametrize("case", [c for c in CASES if c.path and c.path != "protect"], ids=named)
@pytest.mark.parametrize("sign", [UNKNOWN, "secret"])
def test_a_value_that_is_not_known_breaks_no_rule(case: Case, sign: str) -> None:
    of_stack = case.environment or environment(case.stack)
    value: Any = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "x"} if sign == "secret" else sign
    found = case.before()
    (changed,) = [one for one in found if matches(one, case.resource)]
    put(changed, case.path, value)
    assert case.rule not in broken(found, of_stack)


@pytest.mark.parametrize("name", ["aws-prod", "azure-prod", "gcp-prod", "gcp-valkey"])
def test_a_preview_that_knows_nothing_breaks_no_rule(name: str) -> None:
    found = documents(name)
    for one in found:
        # The environment is told by tags, which a preview knows.
        kept = {"tags", "labels", "userLabels"}
        one["inputs"] = {k: v if k in kept else UNKNOWN for k, v in one["inputs"].items()}
        one["outputs"] = {}
    assert broken(found, "production") == set()


def rule_cases(*names: str) -> list[Case]:
    return [next(case for case in CASES if case.rule == name) for name in names]


@pytest.mark.parametrize(
    "case",
    rule_cases("aws-tls-required", "azure-public", "gcp-login", "docker-read-only"),
    ids=lambda case: case.rule,
)
def test_what_was_changed_by_hand_is_found_after_a_refresh(case: Case) -> None:
    """The state then records it beside what is declared."""
    found = case.before()
    (changed,) = [one for one in found if matches(one, case.resource)]
    wrong = case.value if case.value is not ABSENT else False
    changed["outputs"] = {**changed["outputs"], case.path: wrong}
    (breach,) = breaches(found, environment=environment(case.stack))
    assert breach.rule == case.rule
    assert breach.path == f"{case.path} (recorded)"
    assert breach.where == f"{breach.resource}: {breach.path}"


def test_what_is_declared_wrongly_is_reported_once() -> None:
    found = documents("aws-dev")
    (group,) = [one for one in found if matches(one, "ReplicationGroup::cache")]
    group["inputs"]["transitEncryptionEnabled"] = False
    group["outputs"]["transitEncryptionEnabled"] = "false"
    assert [one.path for one in breaches(found)] == ["transitEncryptionEnabled"]


def test_a_breach_says_what_where_and_what_to_do() -> None:
    (case,) = rule_cases("aws-tls-required")
    (breach,) = breaches(case.after())
    assert breach.control == "RDS-TLS-01"
    assert breach.where == "ReplicationGroup cache: transitEncryptionMode"
    assert breach.urn.endswith("::cache")
    assert breach.reason == "clients without TLS are served too"
    assert "`aws.transitEncryption: required`" in breach.fix


def test_the_elements_of_a_list_are_told_apart() -> None:
    (case,) = rule_cases("aws-group-ingress-ipv6")
    (breach,) = breaches(case.after())
    assert breach.path == "ingress[1].ipv6CidrBlocks"


def test_an_exception_of_the_stack_covers_its_rule_alone() -> None:
    (case,) = rule_cases("aws-failover")
    assert breaches(case.after(), exceptions=["volatile-data"])
    assert breaches(case.after(), exceptions=["single-node"]) == []
    (other,) = rule_cases("aws-tls")
    assert breaches(other.after(), exceptions=WAIVABLE)


def test_what_else_a_program_makes_for_a_cache_is_judged_when_asked_for_alone() -> None:
    found = documents("aws-prod")
    (group,) = [one for one in found if matches(one, "SecurityGroup::cache")]
    rule: Document = {
        "type": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "urn": "urn:pulumi:stack::project::rule::web",
        "inputs": {
            "securityGroupId": UNKNOWN,
            "cidrIpv4": "0.0.0.0/0",
            "ipProtocol": "tcp",
            "fromPort": 6379,
            "toPort": 6379,
        },
    }
    found.append(rule)
    assert breaches(found, everything=True) == [], "a group that is not about Redis"
    rule["propertyDependencies"] = {"securityGroupId": [group["urn"]]}
    assert breaches(found) == []
    assert [one.rule for one in breaches(found, everything=True)] == ["aws-ingress-ipv4"]


def test_no_breach_holds_a_value() -> None:
    for case in rule_cases("docker-variables", "docker-command", "aws-user-password"):
        (breach,) = breaches(case.after(), environment=environment(case.stack))
        assert "REDISCLI_AUTH" not in str(breach)
        assert "requirepass" not in str(breach)
        assert "nopass ~*" not in str(breach)


def test_what_waits_for_its_deletion_is_passed_over() -> None:
    (case,) = rule_cases("aws-tls")
    found = case.after()
    next(one for one in found if matches(one, case.resource))["delete"] = True
    assert "aws-tls" not in broken(found, "development")


def test_which_resources_belong_together() -> None:
    stack = Resources.read(documents("aws-prod"))
    for one in stack.all:
        if one.type.endswith(":ReplicationGroup"):
            name = one.urn.rpartition("::")[2]
            beside = {other.urn.rpartition("::")[2] for other in stack.beside(one)}
            assert f"{name}-app" in beside
            assert all(other.split("-")[0] == name for other in beside), beside


def test_what_a_resource_is_for_is_told_by_its_tags_or_by_those_beside_it() -> None:
    stack = Resources.read(documents("azure-prod"))
    database = next(one for one in stack.all if one.type.endswith(":Database"))
    assert database.environment == ""
    assert stack.production(database)
    untold = Resources.read([{"type": "docker:index/container:Container", "urn": "u"}])
    assert not untold.production(untold.all[0])
    told = Resources.read([{"type": "docker:index/container:Container", "urn": "u"}], "production")
    assert told.production(told.all[0])


def test_nothing_comes_of_nothing() -> None:
    assert breaches([]) == []
    assert breaches([{}, {"type": "aws:s3/bucket:Bucket", "urn": "x", "inputs": None}]) == []


def test_signs_of_the_engine_are_known() -> None:
    from pulumi.runtime import rpc

    ours = {getattr(rpc, name) for name in dir(rpc) if name == "UNKNOWN"}
    assert ours <= UNKNOWN_SIGNS
    assert rpc._special_sig_key == SIGNATURE


def test_values_of_a_property() -> None:
    resource = Resource(
        "t",
        "u",
        {"a": [{"b": 1}, {}, {"b": UNKNOWN}], "flag": "true", "c": {"d": Secret("x")}},
        {"flag": True, "computed": 5, "a": [{"b": 1}]},
    )
    assert resource.values("a[].b") == {
        "a[0].b": 1,
        "a[1].b": Value.MISSING,
        "a[2].b": Value.HIDDEN,
    }
    assert resource.values("flag") == {"flag": "true"}, "the same, written otherwise"
    assert resource.values("computed") == {"computed": 5}
    assert resource.values("nowhere.at.all") == {"nowhere": Value.MISSING}
    assert resource.value("c.d") is Value.HIDDEN


SOURCES: list[tuple[str, bool]] = [
    ("10.0.0.0/8", True),
    ("52.10.0.0/16", True),
    ("52.0.0.0/8", False),
    ("0.0.0.0/0", False),
    ("::/0", False),
    ("2a00::/32", True),
    ("*", False),
    ("Internet", False),
    ("VirtualNetwork", True),
]


@pytest.mark.parametrize(("source", "named"), SOURCES)
def test_which_sources_are_an_organizations_own(source: str, named: bool) -> None:
    assert conditions.named_source(source) is named


@pytest.mark.parametrize(
    ("access", "limited"),
    [
        ("on ~* &* +@all -@admin -@dangerous +info", True),
        ("on ~* +@all", False),
        ("on ~* +@all -@dangerous", False),
        ("on ~* -@admin -@dangerous +@all", False),
        ("on ~* allcommands", False),
        ("on ~* -@all +get", True),
        ("off ~* +@all", True),
        ("on ~* +@all -@all +@read", True),
        ("on ~* -@all +@dangerous", False),
    ],
)
def test_which_access_strings_limit_a_user(access: str, limited: bool) -> None:
    assert conditions.limited_user(access) is limited


@pytest.mark.parametrize(
    ("version", "current"),
    [
        ("7.1", True),
        ("6.2", True),
        ("6.0", False),
        ("5.0.6", False),
        ("REDIS_6_X", True),
        ("REDIS_5_0", False),
        ("VALKEY_8_0", True),
        ("10.0", True),
    ],
)
def test_which_engines_are_good_enough(version: str, current: bool) -> None:
    assert conditions.current_engine(version) is current


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("52.1.2.3", False),
        ("somewhere", False),
    ],
)
def test_which_addresses_the_internet_does_not_reach(address: str, private: bool) -> None:
    assert conditions.private_address(address) is private


def test_a_policy_with_a_condition_is_not_for_everybody() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    condition = {"StringEquals": {"aws:PrincipalAccount": "1"}}
    assert not conditions.policy_for_named({"Statement": statement})
    assert conditions.policy_for_named({"Statement": {**statement, "Condition": condition}})
    assert conditions.policy_for_named({"Statement": {**statement, "Effect": "Deny"}})
    assert conditions.policy_for_named("no JSON")


def test_an_outcome_of_each_kind() -> None:
    found = documents("local")
    (container,) = [one for one in found if matches(one, "Container::cache")]
    container["inputs"]["user"] = UNKNOWN
    container["outputs"].pop("user")
    container["inputs"]["readOnly"] = False
    container["outputs"].pop("readOnly")
    told = {(one.rule, one.resource): one.outcome for one in judgements(found)}
    assert told["docker-user", "Container cache"] is Outcome.UNKNOWN
    assert told["docker-read-only", "Container cache"] is Outcome.BROKEN
    assert told["docker-capabilities", "Container cache"] is Outcome.HOLDS


def test_no_sdk_is_imported() -> None:
    package = Path(posture.__file__).parent
    imported = {
        alias.name if isinstance(node, ast.Import) else f"{'.' * node.level}{node.module or ''}"
        for source in package.glob("*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    outside = {name for name in imported if not name.startswith(".")}
    assert outside <= sys.stdlib_module_names | {"collections.abc"}


def test_import_of_the_rules_is_light() -> None:
    script = "import secure_redis.posture, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = set(json.loads(done.stdout))
    assert not modules & {"pulumi_aws", "pulumi_gcp", "pulumi_docker", "jinja2", "rich", "hiredis"}
