"""What every component that is a cache has in common: the connection contract as its outputs."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

import pulumi

from .connection import DERIVED_FIELDS, SECRET_FIELDS, Connection, plain
from .rendering.env import public, render

ENVIRONMENTS = {"env": render, "env_public": public}
"""Outputs that are environment variables: all of them, and those without a credential."""

OUTPUTS = (*(field.name for field in fields(Connection)), *DERIVED_FIELDS, *ENVIRONMENTS)
"""Names of the outputs: the whole contract."""

SECRET_OUTPUTS = SECRET_FIELDS | {"env"}
"""Outputs that carry a credential."""


class CacheComponent(pulumi.ComponentResource):
    """A cache. Its outputs are the connection contract: `Connection` says what each one means."""

    contract_version: pulumi.Output[str]
    target: pulumi.Output[str]
    engine: pulumi.Output[str]
    engine_version: pulumi.Output[str]
    host: pulumi.Output[str]
    port: pulumi.Output[int]
    database: pulumi.Output[int]
    tls: pulumi.Output[bool]
    tls_verify: pulumi.Output[str]
    tls_server_name: pulumi.Output[str]
    tls_min_version: pulumi.Output[str]
    username: pulumi.Output[str]
    password: pulumi.Output[str]
    """Secret."""
    readonly_username: pulumi.Output[str]
    readonly_password: pulumi.Output[str]
    """Secret."""
    cluster_mode: pulumi.Output[bool]
    clustering_policy: pulumi.Output[str]
    ca_pem: pulumi.Output[str]
    ca_source: pulumi.Output[str]
    ca_not_after: pulumi.Output[str]
    ca_last_not_after: pulumi.Output[str]
    client_cert_pem: pulumi.Output[str]
    client_key_pem: pulumi.Output[str]
    """Secret."""
    reader_host: pulumi.Output[str]
    reader_port: pulumi.Output[int]
    secret_ref: pulumi.Output[Mapping[str, str]]
    credential_issued_at: pulumi.Output[str]
    rotate_by: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    network: pulumi.Output[Mapping[str, str]]
    auth: pulumi.Output[str]
    grants: pulumi.Output[Mapping[str, str]]
    url: pulumi.Output[str]
    """Secret."""
    url_redacted: pulumi.Output[str]
    readonly_url: pulumi.Output[str]
    """Secret."""
    reader_url: pulumi.Output[str]
    """Secret."""
    celery_url: pulumi.Output[str]
    """Secret."""
    stackexchange: pulumi.Output[str]
    """Secret."""
    otel_attributes: pulumi.Output[Mapping[str, str]]
    env: pulumi.Output[Mapping[str, str]]
    """Secret. Environment variables of an application, in the default dialects."""
    env_public: pulumi.Output[Mapping[str, str]]
    """Those of them that carry no credential."""

    def _publish(self, facts: Mapping[str, Any], **others: pulumi.Input[Any]) -> None:
        """Sets all outputs from the base fields of a `Connection`, and registers them.

        others: outputs that only this component has.
        Each output is computed from no more facts than it needs: one without a credential stays
        readable, and a preview that cannot know the password or the container knows the host.
        """
        outputs: dict[str, pulumi.Output[Any]] = {}
        known: dict[frozenset[str], pulumi.Output[Any]] = {}
        for name in OUTPUTS:
            sources = _sources(name)
            if sources not in known:
                given = {key: facts[key] for key in sources if key in facts}
                wrap = pulumi.Output.secret if sources & SECRET_FIELDS else pulumi.Output.from_input
                known[sources] = wrap(given)
            outputs[name] = known[sources].apply(_reader(name))
        outputs |= {name: pulumi.Output.from_input(value) for name, value in others.items()}
        for name, output in outputs.items():
            setattr(self, name, output)
        self.register_outputs(outputs)

    def connection(self) -> pulumi.Output[dict[str, Any]]:
        """Secret. The whole contract as one object."""
        return pulumi.Output.secret(
            pulumi.Output.all(**{name: getattr(self, name) for name in OUTPUTS})
        )


def secret_ref(name: str, version: int) -> dict[str, str]:
    """Where a credential is kept that lies in the stack's own encrypted outputs."""
    return {
        "kind": "pulumi-stack",
        "id": f"{pulumi.get_project()}/{pulumi.get_stack()}",
        "version": str(version),
        "json_key": f"connections.{name}.password",
    }


_BASE = frozenset(field.name for field in fields(Connection))


def _sources(name: str) -> frozenset[str]:
    """The facts from which an output follows."""
    if name in _BASE:
        return frozenset({name})
    if name in {"url_redacted", "otel_attributes"}:
        return frozenset({"tls", "host", "port", "database"})
    used = _BASE - {"resource_id", "network", "grants"}
    return used if name in SECRET_OUTPUTS else used - SECRET_FIELDS


_REQUIRED = {f.name: "" for f in fields(Connection) if f.default is f.default_factory is MISSING}


def _reader(name: str) -> Any:
    def read(facts: Mapping[str, Any]) -> Any:
        connection = Connection(**{**_REQUIRED, **facts})
        environment = ENVIRONMENTS.get(name)
        return environment(connection) if environment else plain(getattr(connection, name))

    return read
