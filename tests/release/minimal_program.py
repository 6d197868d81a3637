"""The smallest program of a target, against what a provider would compute: run by a test.

    python minimal_program.py TARGET

Previews and makes one cache, as JSON: what it registered, and which Pulumi SDKs were imported.
"""

import json
import sys
from pathlib import Path
from typing import Any, cast

sys.path.append(str(Path(__file__).parents[1] / "unit" / "package"))

import pulumi
from package_gcp_cloud import PROJECT, REGION  # pyright: ignore[reportMissingImports]
from package_monitor import succeed  # pyright: ignore[reportMissingImports]
from secure_redis import SecureRedis

ACCESS = {"cidrs": ["10.1.0.0/16"]}
NEEDED: dict[str, dict[str, Any]] = {
    "aws": {"access": ACCESS},
    "azure": {"access": ACCESS},
    "docker": {},
    "external": {"external": {"host": "redis.example.com", "port": 6380, "password": "p" * 20}},
    "gcp": {},
}
CONFIG = {
    "aws": {"aws:region": "eu-west-1"},
    "azure": {"azure-native:location": "westeurope"},
    "gcp": {"gcp:project": PROJECT, "gcp:region": REGION},
}


def program(target: str) -> None:
    given = {"target": target, "environment": "development", **NEEDED[target]}
    cache = SecureRedis("cache", cast("Any", given))
    pulumi.export("url", cache.url)


def main(target: str) -> None:
    made: dict[str, list[str]] = {}
    for preview in (True, False):
        world = succeed(lambda: program(target), config=CONFIG.get(target, {}), preview=preview)
        made["preview" if preview else "up"] = [one.type for one in world.made]
    made["imported"] = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps(made))


if __name__ == "__main__":
    main(sys.argv[1])
