"""Runs a Pulumi program in this process against mocks: what the program itself costs, no engine.

Usage: python bench/program.py DIRECTORY [CACHES [--calls]]

With --calls it prints how many Python calls the program made: a count that no busy machine blurs.
"""

import cProfile
import datetime as dt
import json
import pstats
import runpy
import sys
import uuid
from pathlib import Path
from typing import Any

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

START_PORT = 20000


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


class Mocks(pulumi.runtime.Mocks):
    """Answers for the resources of both programs."""

    def __init__(self) -> None:
        self.pem = certificate()

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
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

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], None]:
        raise NotImplementedError(args.token)


def main(directory: str, caches: int) -> None:
    """Runs the program with a stack of so many caches."""
    names = [f"cache-{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(caches)]
    config = {
        "secure-redis:target": "docker",
        "secure-redis:environment": "development",
        "secure-redis:caches": json.dumps(
            {name: {"docker": {"port": START_PORT + i}} for i, name in enumerate(names)}
        ),
    }
    pulumi.runtime.set_mocks(Mocks(), project="secure-redis", stack="bench", preview=False)
    pulumi.runtime.set_all_config(config)
    if Path(directory, "stacks").exists():
        # The daemon's answers are not the program's cost.
        from secure_redis.docker import preflight

        preflight.check = lambda settings, _host=None: (dict.fromkeys(settings, "redis:7.2"), [])

    async def program() -> None:
        runpy.run_path(str(Path(directory, "__main__.py")), run_name="__main__")

    pulumi.runtime.test(program)()


if __name__ == "__main__":
    where, number = sys.argv[1], int(*sys.argv[2:3] or ["1"])
    if "--calls" in sys.argv:
        profile = cProfile.Profile()
        profile.runcall(main, where, number)
        print(pstats.Stats(profile).total_calls)  # pyright: ignore[reportAttributeAccessIssue]
    else:
        main(where, number)
