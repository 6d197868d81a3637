"""The connection as one JSON object."""

import json
from collections.abc import Sequence
from typing import Any

from secure_redis.connection import SECRET_FIELDS, Connection
from secure_redis.rendering.env import MASK, Facts, Rendered, masked


def document(
    connection: Connection, variables: Sequence[Rendered], *, ca_path: str, reveal: bool
) -> str:
    """The contract's fields, with `env` (all variables) and `env_public` (those without secrets).

    `contract_version` comes first. `celery_url` names the CA at `ca_path`. Secret with `reveal`;
    without, every secret value that is not empty reads `[secret]`. `Connection.from_dict` reads it.
    """
    fields = {**connection.to_dict(), "celery_url": Facts(connection, ca_path).python_url}
    contract: dict[str, Any] = {"contract_version": fields.pop("contract_version"), **fields}
    env = {variable.name: variable.value for variable in variables}
    if not reveal:
        hidden = {name: MASK for name in SECRET_FIELDS if contract[name]}
        contract, env = {**contract, **hidden}, masked(variables)
    contract["env"] = env
    contract["env_public"] = {v.name: v.value for v in variables if not v.secret}
    return json.dumps(contract, indent=2) + "\n"
