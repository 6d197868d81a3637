"""Runs Pulumi programs against a monitor that records what they register, secrets marked."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import package_aws_cloud
import package_azure_cloud
import package_gcp_cloud
import pulumi
from google.protobuf import json_format, struct_pb2
from package_certificates import authority
from pulumi.runtime import mocks, rpc, settings, stack, sync_await

SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
ISSUED = "2026-03-01T12:00:00Z"
UUID7 = (
    f"{int(datetime(2026, 3, 1, 12, tzinfo=timezone.utc).timestamp() * 1000):012x}"
    "7abc8def0123456789ab"
)
OWNER = "0123456789abcdef"


@dataclass(frozen=True)
class Secret:
    """A value that came over the wire marked as secret."""

    value: Any


@dataclass
class Registered:
    """A resource as the engine gets to see it."""

    type: str
    name: str
    urn: str
    parent: str
    inputs: dict[str, Any]
    """Secrets among them are `Secret`."""
    request: Any
    state: dict[str, Any]
    outputs: dict[str, Any] | None = None
    """What `register_outputs` said; None while it has not been called."""

    @property
    def plain(self) -> dict[str, Any]:
        return reveal(self.inputs)


@dataclass
class World:
    """All that a run registered."""

    resources: list[Registered] = field(default_factory=list)
    error: BaseException | None = None

    def one(self, type_: str, name: str) -> Registered:
        found = [r for r in self.resources if r.type.endswith(f":{type_}") and r.name == name]
        assert len(found) == 1, (type_, name, [(r.type, r.name) for r in self.resources])
        return found[0]

    def all(self, type_: str) -> list[Registered]:
        return [r for r in self.resources if r.type.endswith(f":{type_}")]

    def containers(self) -> list[Registered]:
        return self.all("Container")

    @property
    def stack(self) -> Registered:
        return self.all("Stack")[0]

    @property
    def exports(self) -> dict[str, Any]:
        assert self.stack.outputs is not None
        return self.stack.outputs

    @property
    def made(self) -> list[Registered]:
        """Everything but the stack itself."""
        return [r for r in self.resources if r.type != "pulumi:pulumi:Stack"]

    def secrets(self) -> set[str]:
        """Every generated password, private key and access key."""
        passwords = {r.state["result"] for r in self.all("RandomPassword")}
        private_keys = {r.state["privateKeyPem"] for r in self.all("PrivateKey")}
        return passwords | private_keys | self.access_keys() | self.auth_strings()

    def access_keys(self) -> set[str]:
        """Both keys of every cache on Azure, as they are and as they stand in URLs."""
        caches = [*self.all("redis:Redis"), *self.all("redisenterprise:RedisEnterprise")]
        names = [r.state["name"] for r in caches if "name" in r.state]
        keys = {key for name in names for key in package_azure_cloud.keys(name).values()}
        return keys | {quote(key, safe="") for key in keys}

    def auth_strings(self) -> set[str]:
        """The AUTH string of every cache of Redis on Google Cloud."""
        caches = self.all("redis/instance:Instance")
        return {r.state["authString"] for r in caches if r.state.get("authString")}


def reveal(value: Any) -> Any:
    """`value` without the marks of secrets."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def leaves(value: Any, path: str = "", *, secret: bool = False) -> list[tuple[str, Any, bool]]:
    """Each scalar in `value`: its path, itself, and whether it or what holds it is secret."""
    if isinstance(value, Secret):
        return leaves(value.value, path, secret=True)
    if isinstance(value, dict):
        return [x for k, v in value.items() for x in leaves(v, f"{path}.{k}", secret=secret)]
    if isinstance(value, list):
        return [x for i, v in enumerate(value) for x in leaves(v, f"{path}[{i}]", secret=secret)]
    return [(path, value, secret)]


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A property map with its secrets marked."""
    return _decode(json_format.MessageToDict(struct))


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == SECRET_SIGNATURE:
            return Secret(_decode(value.get("value")))
        return {key: _decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decode(item) for item in value]
    return value


CLOUDS: dict[str, Any] = {
    "aws": package_aws_cloud,
    "azure-native": package_azure_cloud,
    "gcp": package_gcp_cloud,
}
"""Who computes what the resources of a cloud are given, by the name of the provider."""


class Providers(mocks.Mocks):
    """What the providers compute. In a preview nothing that is computed is known."""

    def __init__(self, *, preview: bool) -> None:
        self.preview = preview

    def call(self, args: mocks.MockCallArgs) -> Any:
        return CLOUDS[args.token.partition(":")[0]].call(args.token, args.args)

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        inputs = dict(args.inputs)
        if not args.custom:
            return "", inputs
        provider = args.typ.partition(":")[0]
        if self.preview:
            azure = provider == "azure-native"
            return None, package_azure_cloud.shown(args.typ, inputs) if azure else inputs
        if provider in {"azure-native", "gcp"}:
            return CLOUDS[provider].made(args.typ, args.name, inputs)
        kind = args.typ.rpartition(":")[2]
        if args.typ.startswith("aws:"):
            id_, computed = package_aws_cloud.made(kind, args.name, inputs)
            return id_, {**inputs, **computed}
        if kind == "RandomId":
            return identity(args.name), {**inputs, "hex": OWNER[: 2 * int(inputs["byteLength"])]}
        return identity(args.name), {**inputs, **COMPUTED[kind](args.name)}


def identity(name: str) -> str:
    return sha256(name.encode()).hexdigest()


@cache
def _password(name: str) -> str:
    text = base64.b64encode(sha256(name.encode()).digest() * 2, altchars=b"Zz").decode()
    return text[:48]


def _key(name: str) -> str:
    return f"-----BEGIN PRIVATE KEY-----\n{_password(f'key {name}')}\n-----END PRIVATE KEY-----\n"


COMPUTED: dict[str, Callable[[str], dict[str, Any]]] = {
    "RandomPassword": lambda name: {"result": _password(name), "bcryptHash": "b"},
    "RandomUuid7": lambda _: {"result": UUID7},
    "PrivateKey": lambda name: {"privateKeyPem": _key(name), "publicKeyPem": "public"},
    "SelfSignedCert": lambda _: {"certPem": authority().certificate_pem},
    "CertRequest": lambda name: {"certRequestPem": f"request {name}"},
    "LocallySignedCert": lambda name: {"certPem": f"certificate {name}"},
    "RemoteImage": lambda name: {"imageId": f"sha256:{identity(name)}", "repoDigest": "r"},
    "Network": lambda _: {"scope": "local"},
    "Volume": lambda _: {"mountpoint": "/var"},
    "Container": lambda _: {"exitCode": 0},
    "aws": lambda _: {},
    "azure-native": lambda _: {},
    "docker": lambda _: {},
    "gcp": lambda _: {},
    "random": lambda _: {},
}


class Recorder(mocks.MockMonitor):
    """Keeps every registration, and wraps the outputs that the program calls secret."""

    def __init__(self, providers: Providers) -> None:
        super().__init__(providers)
        self.world = World()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        response = super().RegisterResource(request)
        for name in request.additionalSecretOutputs:
            if name in response.object:
                plain = response.object.fields[name]
                wrapped = struct_pb2.Struct()
                wrapped.fields[rpc._special_sig_key].string_value = SECRET_SIGNATURE
                wrapped.fields["value"].CopyFrom(plain)
                response.object.fields[name].struct_value.CopyFrom(wrapped)
        self.world.resources.append(
            Registered(
                type=request.type,
                name=request.name,
                urn=response.urn,
                parent=request.parent,
                inputs=decode(request.object),
                request=request,
                state=reveal(decode(response.object)),
            )
        )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        resource = next(r for r in self.world.resources if r.urn == request.urn)
        assert resource.outputs is None, f"register_outputs twice on {request.urn}"
        resource.outputs = decode(request.outputs)
        return super().RegisterResourceOutputs(request)

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes it: the whole chain of types, without the stack's own."""
        chain = parent.split("::")[2] if parent else ""
        chain = "" if chain == "pulumi:pulumi:Stack" else chain
        qualified = f"{chain}${type_}" if chain else type_
        return f"urn:pulumi:{settings.get_stack()}::{settings.get_project()}::{qualified}::{name}"


def run(
    program: Callable[[], Any],
    *,
    name: str = "local",
    config: Mapping[str, str] | None = None,
    secret_keys: tuple[str, ...] = (),
    preview: bool = False,
) -> World:
    """Runs `program` as a stack. What it raises is in the world's `error`."""
    recorder = Recorder(Providers(preview=preview))
    sync_await._ensure_event_loop()
    # A root that is there keeps set_mocks from making one; the run makes its own.
    _set_root(object())
    mocks.set_mocks(
        recorder.mocks, project="secure-redis", stack=name, preview=preview, monitor=recorder
    )
    _set_root(None)
    pulumi.runtime.set_all_config(dict(config or {}), list(secret_keys))

    def body() -> None:
        program()

    try:
        sync_await._sync_await(stack.run_in_stack(body))
    except BaseException as error:  # noqa: BLE001 - the test judges it
        recorder.world.error = error
    return recorder.world


def _set_root(root: Any) -> None:
    settings.set_root_resource(root)


def succeed(program: Callable[[], Any], **options: Any) -> World:
    """Runs `program`, which must not raise."""
    world = run(program, **options)
    if world.error is not None:
        raise world.error
    return world


def rotation_deadline(days: int) -> str:
    moment = datetime(2026, 3, 1, 12, tzinfo=timezone.utc) + timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
