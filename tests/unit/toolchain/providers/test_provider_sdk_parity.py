"""The local providers offer exactly what the SDKs of the official ones ask for."""

import inspect
import typing
from typing import Any

import pulumi
import pulumi_random
import pulumi_tls
import pytest
from pulumi import _types

from toolchain.providers.local_providers import VERSIONS
from toolchain.providers.local_providers.__main__ import provider
from toolchain.providers.local_providers.properties import Kind, Property
from toolchain.providers.local_providers.protocol import Resource

PROVIDERS = {package: provider(package) for package in VERSIONS}
CLASSES: dict[str, type[pulumi.CustomResource]] = {
    "random:index/randomPassword:RandomPassword": pulumi_random.RandomPassword,
    "random:index/randomString:RandomString": pulumi_random.RandomString,
    "random:index/randomId:RandomId": pulumi_random.RandomId,
    "random:index/randomBytes:RandomBytes": pulumi_random.RandomBytes,
    "random:index/randomInteger:RandomInteger": pulumi_random.RandomInteger,
    "random:index/randomShuffle:RandomShuffle": pulumi_random.RandomShuffle,
    "random:index/randomUuid:RandomUuid": pulumi_random.RandomUuid,
    "random:index/randomUuid4:RandomUuid4": pulumi_random.RandomUuid4,
    "random:index/randomUuid7:RandomUuid7": pulumi_random.RandomUuid7,
    "tls:index/privateKey:PrivateKey": pulumi_tls.PrivateKey,
    "tls:index/certRequest:CertRequest": pulumi_tls.CertRequest,
    "tls:index/selfSignedCert:SelfSignedCert": pulumi_tls.SelfSignedCert,
    "tls:index/locallySignedCert:LocallySignedCert": pulumi_tls.LocallySignedCert,
}
RESOURCES: dict[str, Resource] = {
    token: resource for one in PROVIDERS.values() for token, resource in one.resources.items()
}
TYPES = {
    Kind.STRING: str,
    Kind.INTEGER: int,
    Kind.BOOLEAN: bool,
    # The SDKs use the names of `typing`.
    Kind.STRINGS: typing.Sequence[str],
    Kind.STRING_MAP: typing.Mapping[str, str],
}


class RegisteredError(Exception):
    """Carries what an SDK class would have registered."""

    def __init__(self, token: str, properties: Any, options: pulumi.ResourceOptions) -> None:
        super().__init__(token)
        self.token, self.properties, self.options = token, properties, options


def registered(cls: type, monkeypatch: pytest.MonkeyPatch, arguments: Any) -> RegisteredError:
    def init(_self: Any, token: str, _name: str, properties: Any, options: Any, **_: Any) -> None:
        raise RegisteredError(token, properties, options)

    monkeypatch.setattr(pulumi.CustomResource, "__init__", init)
    with pytest.raises(RegisteredError) as caught:
        cls("subject", arguments)
    return caught.value


def arguments_class(cls: type) -> type:
    modules = {"pulumi_random": pulumi_random, "pulumi_tls": pulumi_tls}
    return getattr(modules[cls.__module__.split(".")[0]], f"{cls.__name__}Args")


def required_arguments(cls: type) -> set[str]:
    names = _types.input_type_py_to_pulumi_names(cls)
    parameters = inspect.signature(cls).parameters
    return {names[name] for name in names if parameters[name].default is inspect.Parameter.empty}


def test_versions_are_those_of_the_installed_sdks() -> None:
    assert pulumi_random._utilities.get_version() == VERSIONS["random"]
    assert pulumi_tls._utilities.get_version() == VERSIONS["tls"]


def test_every_resource_of_the_sdks_is_made_or_refused() -> None:
    exported = {
        cls
        for module in (pulumi_random, pulumi_tls)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, pulumi.CustomResource)
    }
    made = set(CLASSES.values())
    not_made = {cls for cls in exported - made if not issubclass(cls, pulumi.ProviderResource)}
    assert {cls.__name__ for cls in not_made} == {"RandomPet"}
    assert PROVIDERS["random"].needs_official == {"random:index/randomPet:RandomPet"}
    assert set(RESOURCES) == set(CLASSES)


@pytest.mark.parametrize("token", CLASSES)
def test_inputs_are_those_of_the_sdk(token: str) -> None:
    inputs = {prop.name: prop for prop in RESOURCES[token].properties if prop.is_input}
    cls = arguments_class(CLASSES[token])
    assert set(inputs) == set(_types.input_type_py_to_pulumi_names(cls).values())
    assert {name for name, prop in inputs.items() if prop.required} == required_arguments(cls)


@pytest.mark.parametrize("token", CLASSES)
def test_outputs_and_their_types_are_those_of_the_sdk(token: str) -> None:
    outputs: dict[str, Property] = {prop.name: prop for prop in RESOURCES[token].properties}
    types = dict(_types.resource_types(CLASSES[token]))
    assert set(outputs) == set(types)
    for name, prop in outputs.items():
        if prop.kind is Kind.OBJECT:
            fields = _types.output_type_types(_types.unwrap_type(types[name]))
            assert {field.name for field in prop.fields} == set(fields)
            for field in prop.fields:
                assert _types.unwrap_type(fields[field.name]) == TYPES[field.kind], field.name
        else:
            assert _types.unwrap_type(types[name]) == TYPES[prop.kind], name


@pytest.mark.parametrize("token", CLASSES)
def test_outputs_that_may_be_absent_are_those_of_the_sdk(token: str) -> None:
    cls = CLASSES[token]
    names = _types.resource_py_to_pulumi_names(cls)
    optional = {
        wire
        for name, wire in names.items()
        if _types._is_optional_type(typing.get_args(hint_of(getattr(cls, name)))[0])
    }
    properties = RESOURCES[token].properties
    assert {prop.name for prop in properties if not prop.always_output} == optional


def hint_of(attribute: Any) -> Any:
    return typing.get_type_hints(attribute.fget)["return"]


def sample(token: str) -> dict[str, Any]:
    """Any value for every argument that the SDK class insists on."""
    cls = arguments_class(CLASSES[token])
    names = {wire: name for name, wire in _types.input_type_py_to_pulumi_names(cls).items()}
    return {names[wire]: "x" for wire in required_arguments(cls)}


@pytest.mark.parametrize("token", CLASSES)
def test_token_and_secret_outputs_are_those_of_the_sdk(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls = CLASSES[token]
    found = registered(cls, monkeypatch, arguments_class(cls)(**sample(token)))
    assert found.token == token
    secret = {prop.name for prop in RESOURCES[token].properties if prop.secret}
    assert secret == set(found.options.additional_secret_outputs or ())


def test_functions_are_those_of_the_sdk() -> None:
    results = {
        "tls:index/getPublicKey:getPublicKey": pulumi_tls.GetPublicKeyResult,
        "tls:index/getCertificate:getCertificate": pulumi_tls.GetCertificateResult,
    }
    functions = PROVIDERS["tls"].functions
    assert set(functions) == set(results)
    for token, cls in results.items():
        function = functions[token]
        names = {prop.name for prop in (*function.inputs, *function.outputs)}
        assert names == set(_types.output_type_types(cls))
    certificate = next(
        prop
        for prop in functions["tls:index/getCertificate:getCertificate"].outputs
        if prop.name == "certificates"
    )
    fields = _types.output_type_types(pulumi_tls.outputs.GetCertificateCertificateResult)
    assert {field.name for field in certificate.fields} == set(fields)


@pytest.mark.parametrize("package", VERSIONS)
def test_schema_names_what_is_made(package: str) -> None:
    schema = PROVIDERS[package].schema()
    assert (schema["name"], schema["version"]) == (package, VERSIONS[package])
    assert set(schema["resources"]) == set(PROVIDERS[package].resources)
    references = [
        spec["$ref"].removeprefix("#/types/")
        for resource in schema["resources"].values()
        for spec in resource["properties"].values()
        if "$ref" in spec
    ]
    assert set(references) <= set(schema["types"])
