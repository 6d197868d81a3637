"""What Google itself says of its APIs: discovery documents, and the descriptors of Memorystore."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import googleapiclient

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"


@cache
def document(name: str) -> dict[str, Any]:
    """A discovery document, such as that of redis.v1."""
    return json.loads((DOCUMENTS / f"{name}.json").read_text())


def properties(name: str, schema: str) -> dict[str, Any]:
    """The fields of a schema in a discovery document."""
    return document(name)["schemas"][schema]["properties"]


def words(name: str, schema: str, field: str) -> set[str]:
    """The values of an enumeration, without the one that says nothing."""
    values = properties(name, schema)[field]["enum"]
    return {value for value in values if not value.endswith("_UNSPECIFIED")}


@cache
def redis_versions() -> set[str]:
    """Versions that the API takes: they stand in a description, and nowhere else."""
    description = properties("redis.v1", "Instance")["redisVersion"]["description"]
    return set(re.findall(r"`(REDIS_\d+_[\dX]+)`", description))


DESCRIPTORS = """
import json
from google.cloud import memorystore_v1 as v1

def enumerations(message, prefix=""):
    here = f"{prefix}{message.name}"
    found = {
        f"{here}.{each.name}": [value.name for value in each.values] for each in message.enum_types
    }
    for nested in message.nested_types:
        found |= enumerations(nested, f"{here}.")
    return found

found = {}
for kind in (v1.Instance, v1.PersistenceConfig, v1.ZoneDistributionConfig):
    found |= enumerations(kind.pb().DESCRIPTOR)
kinds = v1.PscAutoConnection.pb().DESCRIPTOR.fields_by_name["connection_type"].enum_type
found["ConnectionType"] = [value.name for value in kinds.values]
found["Instance"] = [each.json_name for each in v1.Instance.pb().DESCRIPTOR.fields]
print(json.dumps(found))
"""
"""Runs by itself: these descriptors and Pulumi's cannot be loaded into one process."""


@cache
def memorystore() -> dict[str, list[str]]:
    """Enumerations of Memorystore for Valkey by name, and the fields of an instance."""
    command = [sys.executable, "-c", DESCRIPTORS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def values(name: str) -> set[str]:
    """The values of an enumeration of Memorystore, without the one that says nothing."""
    return {value for value in memorystore()[name] if not value.endswith("_UNSPECIFIED")}
