"""A policy pack as it must not be: it quotes every value that it is shown, in many spellings.

It speaks the engine's protocol by hand, so that it needs nothing but Pulumi's own package.
"""

import base64
import json
from concurrent import futures
from typing import Any
from urllib.parse import quote

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

PACK, VERSION, POLICY = "quoting", "1.2.3", "quotes-everything"


class Quoting(analyzer_pb2_grpc.AnalyzerServicer):
    """Objects to users and passwords, loudly."""

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802
        kind = request.type.rpartition(":")[2]
        if kind not in {"User", "RandomPassword", "SecretVersion", "Container"}:
            return analyzer_pb2.AnalyzeResponse()
        text = json.dumps(json_format.MessageToDict(request.properties))
        coded = base64.b64encode(text.encode()).decode()
        message = f"{text} {quote(text)} Basic {coded} {text.encode().hex()}"
        level = analyzer_pb2.ADVISORY if kind == "User" else analyzer_pb2.MANDATORY
        return analyzer_pb2.AnalyzeResponse(
            diagnostics=[
                analyzer_pb2.AnalyzeDiagnostic(
                    policyName=POLICY,
                    policyPackName=PACK,
                    policyPackVersion=VERSION,
                    message=message,
                    enforcementLevel=level,
                    urn=request.urn,
                )
            ]
        )

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        return analyzer_pb2.AnalyzeResponse()

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: N802
        return analyzer_pb2.RemediateResponse()

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        policy = analyzer_pb2.PolicyInfo(name=POLICY, enforcementLevel=analyzer_pb2.MANDATORY)
        return analyzer_pb2.AnalyzerInfo(
            name=PACK, version=VERSION, policies=[policy], supportsConfig=True
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=VERSION)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()


server = grpc.server(futures.ThreadPoolExecutor(4))
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Quoting(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
