"""Runs a Pulumi program in this process against mocks: what the program itself costs, no engine.

Usage: python bench/program.py DIRECTORY STACK [CACHES] [--calls | --resources]

STACK is `docker`, with so many caches, or the name of a stack file. With --calls it prints how many
Python calls the program made: a count that no busy machine blurs; with --resources how many
resources of each type.
"""

import cProfile
import datetime as dt
import importlib
import json
import pstats
import runpy
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pulumi
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

START_PORT = 20000
AWS_ANSWERS = (
    "engineVersionActual",
    "keyId",
    "primaryEndpointAddress",
    "readerEndpointAddress",
    "replicationGroupId",
    "versionId",
)


def certificate() -> str:
    """Some certificate: the program reads its end from it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def azure_answer(args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
    """What Azure would say of a resource."""
    name = args.inputs.get("privateZoneName", args.name)
    answers = dict.fromkeys(("hostName", "keyUriWithVersion", "principalId"), "h.example")
    made = {"name": args.name, **args.inputs, **answers}
    # Lists of identities come back as a mapping, and secrets without their value.
    made |= {"identity": {"type": "UserAssigned"}} if "identity" in made else {}
    if args.typ == "azure-native:keyvault:Secret":
        made["properties"] = {"secretUri": "https://v", "secretUriWithVersion": "https://v/1"}
    return f"/subscriptions/s/resourceGroups/g/providers/p/t/{name}", made


def gcp_answer(args: pulumi.runtime.MockResourceArgs, pem: str) -> tuple[str, dict[str, Any]]:
    """What Google Cloud would say of a resource. pem: a certificate of its CA."""
    made = {"name": args.name, **args.inputs}
    kind = args.typ.rpartition(":")[2]
    if args.typ == "gcp:redis/instance:Instance":
        made |= dict.fromkeys(("host", "readEndpoint"), "10.20.0.3")
        made |= {"port": 6378, "readEndpointPort": 6378, "createTime": "2026-11-21T08:00:00Z"}
        made |= {"authString": str(uuid.UUID(int=0)), "serverCaCerts": [{"cert": pem}]}
        made |= {"effectiveReservedIpRange": "10.20.0.0/29"}
    if kind == "ServiceIdentity":
        made |= {"email": "agent@example.com", "member": "serviceAccount:agent@example.com"}
    if kind == "SecretVersion":
        made |= {"version": "1"}
    place = f"projects/shop-prod/global/{kind[0].lower()}{kind[1:]}s"
    return f"{place}/{made['name']}", made


class Mocks(pulumi.runtime.Mocks):
    """Answers for the resources of both programs."""

    def __init__(self) -> None:
        self.pem = certificate()
        self.types: Counter[str] = Counter()

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.types[args.typ] += 1
        if args.typ.startswith("aws:"):
            kind = args.typ.rpartition(":")[2]
            arn = f"arn:aws:{kind}:eu-west-1:123456789012:{args.name}"
            answers = dict.fromkeys(AWS_ANSWERS, "h.example")
            made = {"name": args.name, **args.inputs, **answers, "arn": arn}
            return f"{args.name}-id", made
        if args.typ.startswith("azure-native:"):
            return azure_answer(args)
        if args.typ.startswith("gcp:"):
            return gcp_answer(args, self.pem)
        made = {
            "hex": "0011223344556677",
            "result": str(uuid.UUID(int=(1_700_000_000_000 << 80) | (7 << 76) | (2 << 62)))
            if args.typ.endswith("RandomUuid7")
            else "a" * 48,
            "privateKeyPem": "key",
            "certPem": self.pem,
            "certRequestPem": "request",
            "imageId": "sha256:0",
            "name": args.name,
        }
        return f"{args.name}-id", {**args.inputs, **made}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        if args.token == "aws:index/getAvailabilityZones:getAvailabilityZones":
            return {"names": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}
        if args.token.startswith("azure-native:redisenterprise:list"):
            return {"primaryKey": "a" * 44, "secondaryKey": "b" * 44}
        if args.token == "azure-native:authorization:getClientConfig":
            return dict.fromkeys(("clientId", "objectId", "subscriptionId", "tenantId"), "id")
        raise NotImplementedError(args.token)


def docker_stack(caches: int) -> dict[str, str]:
    """The configuration of a Docker stack of so many caches."""
    names = [f"cache-{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(caches)]
    return {
        "secure-redis:target": "docker",
        "secure-redis:environment": "development",
        "secure-redis:caches": json.dumps(
            {name: {"docker": {"port": START_PORT + i}} for i, name in enumerate(names)}
        ),
    }


def stack_file(name: str) -> dict[str, str]:
    """The configuration in a stack file, as the engine hands it to a program."""
    text = Path(f"stacks/Pulumi.{name}.yaml").read_text()
    config = yaml.safe_load(text)["config"]
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}


def main(directory: str, stack: str, caches: int) -> Counter[str]:
    """Runs the program; how many resources of each type it made."""
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks, project="secure-redis", stack="bench", preview=False)
    pulumi.runtime.set_all_config(docker_stack(caches) if stack == "docker" else stack_file(stack))
    if Path(directory, "stacks").exists():
        # What the daemon or the account answers is not the program's cost.
        if stack == "docker":
            from secure_redis.docker import preflight

            preflight.check = lambda settings, _host=None: (
                dict.fromkeys(settings, "redis:7.2"),
                [],
            )
        else:
            account: Any = importlib.import_module(
                f"secure_redis.{stack.partition('-')[0]}.preflight"
            )
            account.check = list

    async def program() -> None:
        runpy.run_path(str(Path(directory, "__main__.py")), run_name="__main__")

    pulumi.runtime.test(program)()
    return mocks.types


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    what = (words[0], words[1], int(*words[2:3] or ["1"]))
    if "--calls" in sys.argv:
        profile = cProfile.Profile()
        profile.runcall(main, *what)
        print(pstats.Stats(profile).total_calls)  # pyright: ignore[reportAttributeAccessIssue]
    elif "--resources" in sys.argv:
        print(json.dumps(main(*what), sort_keys=True))
    else:
        main(*what)
