"""The policy documents: word for word, and no wider than they must be."""

import json
from typing import Any

import pytest
from aws_cases import KEY_ARN, READER_ARN, built
from package_aws_cloud import arn
from package_components import outputs_of
from package_monitor import World, reveal
from secure_redis.aws.keys import key_policy
from secure_redis.aws.rotation.resources import function_policy, trust_policy
from secure_redis.aws.secret import client_policy, reader_policy

SECRET_ARN = arn("secretsmanager", "secret:shop/prod/cache/credentials-0a1b2c3d-AbCdEf")
CONNECTION_ARN = arn("secretsmanager", "secret:shop/prod/cache/connection-0a1b2c3d-AbCdEf")
USER_ARN = arn("elasticache", "user:shop-prod-cache-app")
CACHE_ARN = arn("elasticache", "replicationgroup:cache-0a1b2c3")
LOG_ARN = arn("logs", "log-group:cache-rotation")
READ = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
BY_SECRETS_MANAGER = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, action: Any, resource: Any, **others: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource, **others}


# What an application's role needs.

READ_SECRETS = allow("ReadSecrets", READ, [CONNECTION_ARN, SECRET_ARN])
DECRYPT = allow("DecryptSecrets", "kms:Decrypt", KEY_ARN, Condition=BY_SECRETS_MANAGER)
CONNECT = allow("Connect", "elasticache:Connect", [CACHE_ARN, USER_ARN])


@pytest.mark.parametrize(
    ("key", "connect", "statements"),
    [
        ("", [], [READ_SECRETS]),
        (KEY_ARN, [], [READ_SECRETS, DECRYPT]),
        ("", [USER_ARN, CACHE_ARN], [READ_SECRETS, CONNECT]),
        (KEY_ARN, [CACHE_ARN, USER_ARN], [READ_SECRETS, DECRYPT, CONNECT]),
    ],
)
def test_the_clients_policy(key: str, connect: list[str], statements: list[Any]) -> None:
    assert client_policy([SECRET_ARN, CONNECTION_ARN], key, connect) == document(*statements)


def test_the_readers_policy() -> None:
    other = "arn:aws:iam::123456789012:role/another"
    assert reader_policy(SECRET_ARN, [READER_ARN, other]) == document(
        allow("Readers", READ, SECRET_ARN, Principal={"AWS": [other, READER_ARN]})
    )


# The key.


@pytest.mark.parametrize("readers", [[], [READER_ARN]])
def test_the_keys_policy(readers: list[str]) -> None:
    owner = arn("ec2", "security-group/sg-0a1b2c3d")
    account = allow("Account", "kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"})
    logs = allow(
        "Logs",
        ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "*",
        Principal={"Service": "logs.eu-west-1.amazonaws.com"},
        Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:*")}},
    )
    reading = allow(
        "SecretReaders",
        "kms:Decrypt",
        "*",
        Principal={"AWS": readers},
        Condition=BY_SECRETS_MANAGER,
    )
    expected = document(account, logs, *([reading] if readers else []))
    assert key_policy(owner, readers) == expected


@pytest.mark.parametrize(
    ("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_other_partitions_have_other_arns(partition: str, region: str) -> None:
    owner = f"arn:{partition}:ec2:{region}:123456789012:security-group/sg-0a1b2c3d"
    account, logs = key_policy(owner, [])["Statement"]
    assert account["Principal"]["AWS"] == f"arn:{partition}:iam::123456789012:root"
    assert logs["Principal"]["Service"] == f"logs.{region}.amazonaws.com"
    assert f"arn:{partition}:logs:{region}:" in json.dumps(logs["Condition"])


# The function that rotates.


@pytest.mark.parametrize("key", ["", KEY_ARN])
def test_the_functions_policy(key: str) -> None:
    own_key = allow(
        "Key", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN, Condition=BY_SECRETS_MANAGER
    )
    assert function_policy(SECRET_ARN, USER_ARN, LOG_ARN, key) == document(
        allow("User", ["elasticache:DescribeUsers", "elasticache:ModifyUser"], USER_ARN),
        allow(
            "Secret",
            [
                *READ,
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            SECRET_ARN,
        ),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOG_ARN}:*"),
        *([own_key] if key else []),
    )


def test_only_lambda_takes_the_functions_role() -> None:
    (statement,) = trust_policy()["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


# As they are registered.


def statements(world: World) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for kind in ("Policy", "RolePolicy", "SecretPolicy", "Key"):
        for resource in world.all(kind):
            parsed = json.loads(resource.plain["policy"])
            found += [(f"{kind} {resource.name}", each) for each in parsed["Statement"]]
    return found


@pytest.mark.parametrize(
    "variant", ["nodes", "iam", "rotated", "production-rotated", "production-iam"]
)
def test_no_policy_is_wider_than_it_must_be(variant: str) -> None:
    found = statements(built(variant))
    assert found
    for where, statement in found:
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        actions = {actions} if isinstance(actions, str) else set(actions)
        if where.startswith("Key"):  # a key's policy is about that key
            continue
        assert not any(action.endswith("*") for action in actions), where
        assert statement["Resource"] not in ("*", ["*"]), where
        assert statement.get("Principal") != "*", where


@pytest.mark.parametrize("variant", ["nodes", "token", "iam", "serverless", "production-iam"])
def test_a_role_gets_what_its_cache_needs(variant: str) -> None:
    world = built(variant)
    outputs = reveal(outputs_of(world))
    cache = world.all("ReplicationGroup") + world.all("ServerlessCache")
    iam = variant.endswith("iam")
    expected = client_policy(
        [secret.state["arn"] for secret in world.all("Secret")],
        world.one("Key", "cache").state["arn"] if variant.startswith("production") else "",
        [cache[0].state["arn"], world.one("User", "cache-app").state["arn"]] if iam else [],
    )
    assert json.loads(outputs["grants"]["policy"]) == expected
    assert outputs["grants"]["policy_arn"] == world.one("Policy", "cache").state["arn"]


def test_the_function_of_a_cache_in_production_may_use_its_key() -> None:
    world = built("production-rotated")
    assert json.loads(world.one("RolePolicy", "cache-rotation").plain["policy"]) == (
        function_policy(
            world.one("Secret", "cache-credentials").state["arn"],
            world.one("User", "cache-app").state["arn"],
            world.one("LogGroup", "cache-rotation").state["arn"],
            world.one("Key", "cache").state["arn"],
        )
    )
