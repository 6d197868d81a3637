"""The policy pack for Redis. The engine starts it: `pulumi preview --policy-pack policy`."""

import importlib.util
import sys
from pathlib import Path

# In this repository the rules lie beside the pack; elsewhere `secure-redis` is installed.
if importlib.util.find_spec("secure_redis") is None:
    sys.path.append(str(Path(__file__).resolve().parent.parent / "components"))

from pulumi_policy import PolicyPack  # pyright: ignore[reportMissingImports]
from redis_policies.levels import default_level
from redis_policies.policies import policies

PolicyPack("secure-redis", policies(default_level))
