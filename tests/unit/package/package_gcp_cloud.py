"""What Google's provider computes of a resource, in the shapes that Google gives to ids."""

from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from package_certificates import authority

PROJECT, NUMBER = "shop-test", "123456789012"
REGION = "europe-west1"
ISSUED = "2026-03-01T12:00:00.123456789Z"
"""When a cache was made, as Google writes it."""
CONFIG = {"gcp:project": PROJECT, "gcp:region": REGION}
"""What a stack says of its place."""

_LOCAL = "projects/{project}/locations/{location}"

IDS = {
    "compute/firewall:Firewall": "projects/{project}/global/firewalls/{name}",
    "compute/globalAddress:GlobalAddress": "projects/{project}/global/addresses/{name}",
    "compute/network:Network": "projects/{project}/global/networks/{name}",
    "compute/subnetwork:Subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "kms/cryptoKey:CryptoKey": "{keyRing}/cryptoKeys/{name}",
    "kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "{cryptoKeyId}/{role}/{member}",
    "kms/keyRing:KeyRing": f"{_LOCAL}/keyRings/{{name}}",
    "memorystore/instance:Instance": f"{_LOCAL}/instances/{{instanceId}}",
    "monitoring/alertPolicy:AlertPolicy": "projects/{project}/alertPolicies/{number}",
    "networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy": (
        f"{_LOCAL}/serviceConnectionPolicies/{{name}}"
    ),
    "projects/iAMMember:IAMMember": "{project}/{role}/{member}",
    "projects/service:Service": "{project}/{service}",
    "projects/serviceIdentity:ServiceIdentity": "projects/{project}/services/{service}",
    "redis/instance:Instance": "projects/{project}/locations/{region}/instances/{name}",
    "secretmanager/secret:Secret": "projects/{project}/secrets/{secretId}",
    "secretmanager/secretIamMember:SecretIamMember": "{secretId}/{role}/{member}",
    "secretmanager/secretVersion:SecretVersion": "{secret}/versions/1",
}
"""Ids by type (the provider's documentation of each resource)."""

CONNECTION = "servicenetworking/connection:Connection"
KINDS = {*IDS, CONNECTION}
"""The types that components of this target make."""


def digits(text: str, length: int) -> str:
    """Hexadecimal digits that belong to `text`."""
    return sha256(text.encode()).hexdigest()[:length]


def auth_string(cache: str) -> str:
    """The AUTH string of the cache of that name: as Google makes one."""
    return str(UUID(digits(f"auth {cache}", 32)))


def certificates() -> list[str]:
    """The CA certificates of a cache while one follows the other: the newer one first."""
    return [authority("newer", 7300).certificate_pem, authority("older", 1825).certificate_pem]


def call(token: str, _: dict[str, Any]) -> dict[str, Any]:
    """What a function of the provider answers: no component calls one."""
    raise AssertionError(f"a component calls {token}")


def made(type_: str, label: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id of a new resource and its properties. label: its logical name."""
    kind = type_.removeprefix("gcp:")
    given = {"project": PROJECT, "number": int(digits(label, 12), 16), **unmarked(inputs)}
    if kind == CONNECTION:
        id_ = ":".join(quote_plus(given[key]) for key in ("network", "service"))
    else:
        id_ = IDS[kind].format_map(given)
    computed = COMPUTED.get(kind, lambda *_: {})(id_, given)
    return id_, {**given, "id": id_, **computed}


_SIGNATURE = "4dabf18193072939515e22adb298388d"


def unmarked(value: Any) -> Any:
    """`value` without the marks of secrets."""
    if isinstance(value, dict):
        if _SIGNATURE in value:
            return unmarked(value.get("value"))
        return {key: unmarked(item) for key, item in value.items()}
    return [unmarked(item) for item in value] if isinstance(value, list) else value


def _redis(_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    name = inputs["name"]
    third = int(digits(name, 2), 16)
    reads = inputs.get("readReplicasMode") == "READ_REPLICAS_ENABLED"
    return {
        "host": f"10.64.{third}.3",
        "port": 6378.0 if inputs["transitEncryptionMode"] == "SERVER_AUTHENTICATION" else 6379.0,
        "authString": auth_string(name) if inputs["authEnabled"] else "",
        "createTime": ISSUED,
        "effectiveReservedIpRange": f"10.64.{third}.0/{28 if reads else 29}",
        "readEndpoint": f"10.64.{third}.4" if reads else "",
        "readEndpointPort": 6378.0 if reads else 0.0,
        "serverCaCerts": [{"cert": pem, "createTime": ISSUED} for pem in certificates()],
    }


def _valkey(id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    cluster = inputs["mode"] == "CLUSTER"
    # In cluster mode the second address has no kind.
    kinds = ("DISCOVERY", "") if cluster else ("PRIMARY", "READER")
    (network,) = inputs["desiredAutoCreatedEndpoints"]
    connections = [
        {
            "pscAutoConnection": {
                "connectionType": f"CONNECTION_TYPE_{kind}" if kind else "",
                "ipAddress": f"10.20.0.{8 + number}",
                "network": network["network"],
                "port": 6379.0,
                "projectId": network["projectId"],
            }
        }
        for number, kind in enumerate(kinds)
    ]
    return {
        "name": id_,
        "createTime": ISSUED,
        "endpoints": [{"connections": connections}],
        "managedServerCas": [{"caCerts": [{"certificates": [pem]} for pem in certificates()]}],
    }


def _agent(_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    service = inputs["service"].partition(".")[0]
    email = f"service-{NUMBER}@{AGENTS[service]}.iam.gserviceaccount.com"
    return {"email": email, "member": f"serviceAccount:{email}"}


AGENTS = {
    "memorystore": "gcp-sa-memorystore",
    "redis": "cloud-redis",
    "secretmanager": "gcp-sa-secretmanager",
}
"""The accounts that services use (IAM, service agents)."""

COMPUTED: dict[str, Any] = {
    "memorystore/instance:Instance": _valkey,
    "monitoring/alertPolicy:AlertPolicy": lambda id_, _: {"name": id_},
    "projects/serviceIdentity:ServiceIdentity": _agent,
    "redis/instance:Instance": _redis,
    "secretmanager/secretVersion:SecretVersion": lambda id_, inputs: {
        "name": id_.replace(f"/{inputs['project']}/", f"/{NUMBER}/"),
        "version": "1",
    },
}
