"""A stand-in as a Pulumi plugin.

The SDK's experimental server gives the process, the port and the service; the methods are ours,
because it can neither report a resource that was made by half nor an error without a traceback.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental import server
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import provider_pb2_grpc, status_pb2

from .errors import Failure, PartialError, PlanError, ProviderError
from .operations import Provider, Urn
from .resource import IDENTIFIER
from .wire import from_struct, to_struct

T = TypeVar("T")

_KINDS = {
    ("add", False): proto.PropertyDiff.ADD,
    ("add", True): proto.PropertyDiff.ADD_REPLACE,
    ("update", False): proto.PropertyDiff.UPDATE,
    ("update", True): proto.PropertyDiff.UPDATE_REPLACE,
    ("delete", False): proto.PropertyDiff.DELETE,
    ("delete", True): proto.PropertyDiff.DELETE_REPLACE,
}


async def _reported(context: Any, work: Awaitable[T]) -> T:
    """The answer; errors of a provider as the engine understands them."""
    try:
        return await work
    except PartialError as error:
        await _abort_partial(context, error)
    except (PlanError, ProviderError) as error:
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError("abort raises")


async def _abort_partial(context: Any, error: PartialError) -> None:
    detail = proto.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=to_struct(error.outputs),
        inputs=to_struct(error.inputs),
        reasons=[error.reason],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=error.reason)
    status.details.add().Pack(detail)
    await context.abort(
        grpc.StatusCode.UNKNOWN,
        error.reason,
        (("grpc-status-details-bin", status.SerializeToString()),),
    )


class Servicer(server.ProviderServicer):
    """The service of one stand-in, with the protocol's names for its methods."""

    # ruff: noqa: N802

    def __init__(self, stand_in: Provider, engine_address: str) -> None:
        super().__init__([], stand_in.version, api.Provider(), engine_address)
        self._stand_in = stand_in

    async def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    async def GetSchema(self, request: Any, context: Any) -> Any:
        return proto.GetSchemaResponse(schema=f'{{"name": "{self._stand_in.name}"}}')

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._check_config(request))

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._diff_config(request))

    async def Configure(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._configure(request))

    async def Check(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._check(request))

    async def Diff(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._diff(request))

    async def Create(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._create(request))

    async def Update(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._update(request))

    async def Read(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._read(request))

    async def Delete(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._delete(request))

    async def Invoke(self, request: Any, context: Any) -> Any:
        return await _reported(context, self._invoke(request))

    async def _check_config(self, request: proto.CheckRequest) -> proto.CheckResponse:
        values = from_struct(request.news)
        failures = self._stand_in.check_config(values)
        return proto.CheckResponse(inputs=request.news, failures=_failures(failures))

    async def _diff_config(self, request: proto.DiffRequest) -> proto.DiffResponse:
        old, new = from_struct(request.olds), from_struct(request.news)
        replaces = self._stand_in.replaces_provider(old, new)
        changes = proto.DiffResponse.DIFF_SOME if old != new else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=changes, replaces=replaces, diffs=replaces)

    async def _configure(self, request: proto.ConfigureRequest) -> proto.ConfigureResponse:
        self._stand_in.configure(from_struct(request.args))
        # No secrets: as with the bridged provider, the engine marks outputs after its inputs.
        return proto.ConfigureResponse(supportsPreview=True)

    async def _check(self, request: proto.CheckRequest) -> proto.CheckResponse:
        inputs, failures = await self._run(
            self._stand_in.check,
            Urn.parse(request.urn),
            from_struct(request.olds),
            from_struct(request.news),
            request.randomSeed,
        )
        return proto.CheckResponse(inputs=to_struct(inputs), failures=_failures(failures))

    async def _diff(self, request: proto.DiffRequest) -> proto.DiffResponse:
        diff = await self._run(
            self._stand_in.diff,
            Urn.parse(request.urn),
            from_struct(request.olds),
            from_struct(request.news),
            list(request.ignoreChanges),
            from_struct(request.old_inputs),
        )
        names = [one.name for one in diff.found]
        some = proto.DiffResponse.DIFF_SOME if names else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(
            changes=some,
            replaces=sorted(diff.replaces),
            diffs=names,
            deleteBeforeReplace=diff.delete_first,
            hasDetailedDiff=True,
            detailedDiff={
                one.name: proto.PropertyDiff(kind=_KINDS[one.kind, one.name in diff.replaces])
                for one in diff.found
            },
        )

    async def _create(self, request: proto.CreateRequest) -> proto.CreateResponse:
        identifier, outputs = await self._run(
            self._stand_in.create,
            Urn.parse(request.urn),
            from_struct(request.properties),
            preview=request.preview,
        )
        return proto.CreateResponse(id=identifier, properties=to_struct(outputs))

    async def _update(self, request: proto.UpdateRequest) -> proto.UpdateResponse:
        outputs = await self._run(
            self._stand_in.update,
            Urn.parse(request.urn),
            request.id,
            from_struct(request.olds),
            from_struct(request.news),
            preview=request.preview,
            ignored=list(request.ignoreChanges),
            old_inputs=from_struct(request.old_inputs),
        )
        return proto.UpdateResponse(properties=to_struct(outputs))

    async def _read(self, request: proto.ReadRequest) -> proto.ReadResponse:
        outputs, inputs = await self._run(
            self._stand_in.read,
            Urn.parse(request.urn),
            request.id,
            from_struct(request.properties),
            from_struct(request.inputs),
        )
        if not outputs:
            return proto.ReadResponse()
        identifier = outputs.pop(IDENTIFIER, request.id)
        return proto.ReadResponse(
            id=identifier, properties=to_struct(outputs), inputs=to_struct(inputs)
        )

    async def _delete(self, request: proto.DeleteRequest) -> empty_pb2.Empty:
        await self._run(
            self._stand_in.delete,
            Urn.parse(request.urn),
            request.id,
            from_struct(request.properties),
            from_struct(request.old_inputs),
        )
        return empty_pb2.Empty()

    async def _invoke(self, request: proto.InvokeRequest) -> proto.InvokeResponse:
        answer = await self._run(self._stand_in.invoke, request.tok, from_struct(request.args))
        response = proto.InvokeResponse()
        # A keyword of Python, so not a name that can be written.
        getattr(response, "return").CopyFrom(to_struct(answer))
        return response

    @staticmethod
    async def _run(work: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """In a thread: an operation may be slow, and others must not wait for it."""
        return await asyncio.to_thread(work, *arguments, **options)


def _failures(failures: list[Failure]) -> list[proto.CheckFailure]:
    # The engine prints the value of a property that a failure names; the reason says where it is.
    return [proto.CheckFailure(property="", reason=one.reason) for one in failures]


def main(stand_in: Provider, arguments: list[str]) -> None:
    """Serves a stand-in until the engine goes away; the last line of a plugin's start."""
    parser = argparse.ArgumentParser(description="stand-in of a Pulumi provider")
    parser.add_argument("engine", help="address of the engine")
    options, _ = parser.parse_known_args(arguments)
    asyncio.run(_serve(Servicer(stand_in, options.engine)))


async def _serve(servicer: Servicer) -> None:
    service = grpc.aio.server(
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, service)
    port = service.add_insecure_port("127.0.0.1:0")
    await service.start()
    print(port, flush=True)
    await service.wait_for_termination()
