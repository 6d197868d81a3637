"""Talks to a provider plugin as the engine does: spawns it and calls it over gRPC."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

UNKNOWN = rpc.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A secret value, on its way in or out."""

    value: Any


def pack(value: Any) -> PropertyValue:
    if isinstance(value, Secret):
        return pack(value.value).with_secret(True)
    if isinstance(value, dict):
        return PropertyValue({key: pack(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return PropertyValue([pack(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def unpack(value: PropertyValue) -> Any:
    if value.is_secret:
        return Secret(unpack(value.with_secret(False)))
    inner: Any = value.value
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    if isinstance(inner, Mapping):
        return {key: unpack(item) for key, item in inner.items()}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [unpack(item) for item in inner]
    return inner


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return PropertyValue.marshal_map({key: pack(value) for key, value in values.items()})


def unstruct(values: struct_pb2.Struct) -> dict[str, Any]:
    return {key: unpack(value) for key, value in PropertyValue.unmarshal_map(values).items()}


def reveal(value: Any) -> Any:
    """The value without its secret marks."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    return [reveal(item) for item in value] if isinstance(value, list) else value


class RefusedError(Exception):
    """A check that failed: `failures` is {property: reason}."""

    def __init__(self, failures: dict[str, str]) -> None:
        super().__init__(str(failures))
        self.failures = failures


@dataclass(frozen=True)
class Made:
    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Plugin:
    stub: Any
    launcher: Path

    def _urn(self, token: str) -> str:
        return f"urn:pulumi:dev::test::{token}::subject"

    def check(self, token: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> dict:
        answer = self.stub.Check(
            provider_pb2.CheckRequest(
                urn=self._urn(token), olds=struct(olds or {}), news=struct(news)
            )
        )
        if answer.failures:
            raise RefusedError({failure.property: failure.reason for failure in answer.failures})
        return unstruct(answer.inputs)

    def create(self, token: str, inputs: dict[str, Any], preview: bool = False) -> Made:
        checked = self.check(token, inputs)
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=self._urn(token), properties=struct(checked), preview=preview
            )
        )
        return Made(answer.id, unstruct(answer.properties), checked)

    def diff(
        self, token: str, made: Made, news: dict[str, Any], ignore: tuple[str, ...] = ()
    ) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=made.id,
                urn=self._urn(token),
                olds=struct(made.outputs),
                news=struct(self.check(token, news, made.inputs)),
                ignoreChanges=ignore,
            )
        )

    def update(
        self, token: str, made: Made, news: dict[str, Any], preview: bool = False
    ) -> dict[str, Any]:
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=made.id,
                urn=self._urn(token),
                olds=struct(made.outputs),
                news=struct(self.check(token, news, made.inputs)),
                preview=preview,
            )
        )
        return unstruct(answer.properties)

    def read(self, token: str, made: Made) -> Made:
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                id=made.id,
                urn=self._urn(token),
                properties=struct(made.outputs),
                inputs=struct(made.inputs),
            )
        )
        return Made(answer.id, unstruct(answer.properties), unstruct(answer.inputs))

    def import_(self, token: str, resource_id: str) -> Made:
        return self.read(token, Made(resource_id, {}, {}))

    def delete(self, token: str, made: Made) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=made.id, urn=self._urn(token), properties=struct(made.outputs)
            )
        )

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(arguments)))
        if answer.failures:
            raise RefusedError({failure.property: failure.reason for failure in answer.failures})
        return unstruct(getattr(answer, "return"))


@contextlib.contextmanager
def served(launcher: Path) -> Iterator[Plugin]:
    """A plugin that runs until the end of the block."""
    process = subprocess.Popen([launcher, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel), launcher)
    finally:
        process.terminate()
        process.wait(timeout=10)
