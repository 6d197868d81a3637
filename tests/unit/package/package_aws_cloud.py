"""What AWS's provider computes of a resource, in the shapes that AWS gives to ids and ARNs."""

from hashlib import sha256
from typing import Any

REGION = "eu-west-1"
ACCOUNT = "123456789012"
ZONES = ["eu-west-1c", "eu-west-1a", "eu-west-1b"]
"""In an order that nobody promised."""

GENERATED = "0a1b2c3"
"""What the provider appends to a logical name where a resource has no name of its own."""


def digits(text: str, length: int) -> str:
    """Hexadecimal digits that belong to `text`."""
    return sha256(text.encode()).hexdigest()[:length]


def arn(service: str, resource: str) -> str:
    """An ARN in the account and region of the tests."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def call(token: str, args: dict[str, Any]) -> dict[str, Any]:
    """What a function of the provider answers."""
    if token != "aws:index/getAvailabilityZones:getAvailabilityZones":
        raise AssertionError(f"a component calls {token}")
    assert args["state"] == "available"
    return {"id": REGION, "names": list(ZONES)}


def made(kind: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id of a new resource and its computed properties. kind: the last word of its type."""
    autoname = str(inputs.get("name") or f"{name}-{GENERATED}")
    if kind in _SPECIAL:
        return _SPECIAL[kind](name, autoname, inputs)
    if kind in _OF_EC2:
        id_ = f"{_OF_EC2[kind]}-{digits(kind + name, 17)}"
        return id_, {"arn": arn("ec2", f"{kind.lower()}/{id_}")}
    if kind in _OF_IAM:
        word = _OF_IAM[kind]
        computed = {"arn": f"arn:aws:iam::{ACCOUNT}:{word}/{autoname}", "name": autoname}
        return f"{word}/{autoname}", computed
    service, word = _OTHERS[kind]
    return autoname, {"arn": arn(service, f"{word}{autoname}"), "name": autoname}


_OF_EC2 = {
    "Vpc": "vpc",
    "Subnet": "subnet",
    "SecurityGroup": "sg",
    "DefaultSecurityGroup": "sg",
    "SecurityGroupIngressRule": "sgr",
}
_OF_IAM = {"Policy": "policy", "Role": "role", "RolePolicy": "role-policy"}
_OTHERS = {
    "Alias": ("kms", ""),
    "Function": ("lambda", "function:"),
    "LogGroup": ("logs", "log-group:"),
    "MetricAlarm": ("cloudwatch", "alarm:"),
    "ParameterGroup": ("elasticache", "parametergroup:"),
    "Permission": ("lambda", "permission:"),
    "SecretPolicy": ("secretsmanager", "policy:"),
    "SecretRotation": ("secretsmanager", "rotation:"),
    "SubnetGroup": ("elasticache", "subnetgroup:"),
}


def _group(name: str, _: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A replication group: cluster mode has one endpoint, the others have two."""
    own = f"{name}-{GENERATED}".lower()
    domain = "abc123.euw1.cache.amazonaws.com"
    found: dict[str, Any] = {
        "replicationGroupId": own,
        "arn": arn("elasticache", f"replicationgroup:{own}"),
        "engineVersionActual": f"{inputs['engineVersion']}.0",
    }
    if inputs["clusterMode"] == "enabled":
        return own, {**found, "configurationEndpointAddress": f"clustercfg.{own}.{domain}"}
    endpoints = {
        "primaryEndpointAddress": f"master.{own}.{domain}",
        "readerEndpointAddress": f"replica.{own}.{domain}",
    }
    return own, {**found, **endpoints}


def _serverless(_: str, own: str, __: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    host = f"{own}-abc123.serverless.euw1.cache.amazonaws.com"
    return own, {
        "name": own,
        "arn": arn("elasticache", f"serverlesscache:{own}"),
        "endpoints": [{"address": host, "port": 6379}],
        "readerEndpoints": [{"address": host, "port": 6380}],
        "fullEngineVersion": "8.1",
    }


def _key(name: str, _: str, __: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    key_id = digits(name, 32)
    return key_id, {"keyId": key_id, "arn": arn("kms", f"key/{key_id}")}


def _secret(_: str, own: str, __: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    secret_arn = arn("secretsmanager", f"secret:{own}-AbCdEf")
    return secret_arn, {"arn": secret_arn, "name": own}


def _version(name: str, _: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    version, secret_id = digits(name, 32), inputs["secretId"]
    return f"{secret_id}|{version}", {"versionId": version, "arn": secret_id}


def _user(_: str, __: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return inputs["userId"], {"arn": arn("elasticache", f"user:{inputs['userId']}")}


def _users(_: str, __: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    own = inputs["userGroupId"]
    return own, {"arn": arn("elasticache", f"usergroup:{own}")}


_SPECIAL = {
    "Key": _key,
    "ReplicationGroup": _group,
    "Secret": _secret,
    "SecretVersion": _version,
    "ServerlessCache": _serverless,
    "User": _user,
    "UserGroup": _users,
}
