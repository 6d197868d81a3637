"""The provider protocol, over gRPC, as the engine speaks it."""

import base64
import json
import re
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from provider_client import UNKNOWN, Made, Plugin, RefusedError, Secret, reveal, struct
from pulumi.runtime.proto import provider_pb2

PASSWORD = "random:index/randomPassword:RandomPassword"
STRING = "random:index/randomString:RandomString"
ID = "random:index/randomId:RandomId"
BYTES = "random:index/randomBytes:RandomBytes"
INTEGER = "random:index/randomInteger:RandomInteger"
SHUFFLE = "random:index/randomShuffle:RandomShuffle"
UUID = "random:index/randomUuid:RandomUuid"
PET = "random:index/randomPet:RandomPet"
KEY = "tls:index/privateKey:PrivateKey"
REQUEST = "tls:index/certRequest:CertRequest"
SELF = "tls:index/selfSignedCert:SelfSignedCert"
LOCAL = "tls:index/locallySignedCert:LocallySignedCert"
REPLACE_KINDS = {
    provider_pb2.PropertyDiff.ADD_REPLACE,
    provider_pb2.PropertyDiff.DELETE_REPLACE,
    provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


@pytest.fixture(scope="module")
def pki(tls_plugin: Plugin) -> dict[str, Any]:
    """Inputs of a CA and a leaf that are valid, and the CA itself."""
    key = tls_plugin.create(KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P256"}).outputs
    other = tls_plugin.create(KEY, {"algorithm": "ED25519"}).outputs
    ca_inputs = {
        "privateKeyPem": key["privateKeyPem"],
        "subject": {"commonName": "CA"},
        "isCaCertificate": True,
        "validityPeriodHours": 48,
        "allowedUses": ["cert_signing"],
    }
    request_inputs = {
        "privateKeyPem": other["privateKeyPem"],
        "subject": {"commonName": "leaf"},
        "dnsNames": ["leaf"],
    }
    ca = tls_plugin.create(SELF, ca_inputs)
    request = tls_plugin.create(REQUEST, request_inputs)
    return {
        "key": key,
        "other": other,
        "ca_inputs": ca_inputs,
        "ca": ca,
        "request_inputs": request_inputs,
        "leaf_inputs": {
            "caPrivateKeyPem": key["privateKeyPem"],
            "caCertPem": ca.outputs["certPem"],
            "certRequestPem": request.outputs["certRequestPem"],
            "validityPeriodHours": 24,
            "allowedUses": ["server_auth"],
        },
    }


@pytest.fixture(scope="module")
def inputs_of(pki: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Valid inputs of each resource."""
    return {
        PASSWORD: {"length": 12, "overrideSpecial": "_-", "keepers": {"version": "1"}},
        STRING: {"length": 12, "keepers": {"version": "1"}},
        ID: {"byteLength": 4, "prefix": "p-"},
        BYTES: {"length": 4},
        INTEGER: {"min": 1, "max": 5},
        SHUFFLE: {"inputs": ["a", "b"], "resultCount": 2},
        UUID: {"keepers": {"a.b": "1"}},
        KEY: {"algorithm": "ECDSA"},
        REQUEST: pki["request_inputs"],
        SELF: pki["ca_inputs"],
        LOCAL: pki["leaf_inputs"],
    }


# --- create


def test_password_outputs_are_complete(random_plugin: Plugin) -> None:
    made = random_plugin.create(PASSWORD, {"length": 16, "minUpper": 2, "keepers": {"v": "1"}})
    result, hashed = made.outputs.pop("result"), made.outputs.pop("bcryptHash")
    assert made.id == "none"
    assert made.outputs == {
        "id": "none",
        "__meta": '{"schema_version":"3"}',
        "keepers": {"v": "1"},
        "length": 16,
        "minUpper": 2,
        **dict.fromkeys(("minLower", "minNumeric", "minSpecial"), 0),
        **dict.fromkeys(("lower", "upper", "number", "numeric", "special"), True),
    }
    assert isinstance(result, Secret)
    assert len(result.value) == 16
    assert isinstance(hashed, Secret)
    # Defaults stay out of the inputs.
    assert made.inputs == {"length": 16, "minUpper": 2, "keepers": {"v": "1"}}


@pytest.mark.parametrize(
    ("token", "inputs", "identity"),
    [
        (STRING, {"length": 5}, lambda made: made.outputs["result"]),
        (ID, {"byteLength": 5, "prefix": "x"}, lambda made: made.outputs["b64Url"][1:]),
        (BYTES, {"length": 5}, lambda made: made.outputs["base64"].value),
        (INTEGER, {"min": 5, "max": 6}, lambda made: str(made.outputs["result"])),
        (SHUFFLE, {"inputs": ["a"]}, lambda _: "-"),
        (UUID, {}, lambda made: made.outputs["result"]),
    ],
)
def test_ids_are_those_of_the_official_plugin(random_plugin, token, inputs, identity) -> None:
    made = random_plugin.create(token, inputs)
    assert made.id == identity(made)
    if token == BYTES:
        assert "id" not in made.outputs
    else:
        assert made.outputs["id"] == made.id


def test_tls_ids_and_outputs(tls_plugin: Plugin, pki: dict[str, Any]) -> None:
    key = pki["key"]
    assert re.fullmatch("[0-9a-f]{40}", key["id"])
    assert key["__meta"] == '{"schema_version":"1"}'
    assert (key["rsaBits"], key["ecdsaCurve"]) == (2048, "P256")
    assert {name for name, value in key.items() if isinstance(value, Secret)} == {
        "privateKeyPem",
        "privateKeyPemPkcs8",
        "privateKeyOpenssh",
    }
    ca = pki["ca"]
    assert ca.id.isdigit()
    assert ca.outputs["readyForRenewal"] is False
    assert ca.outputs["keyAlgorithm"] == "ECDSA"
    assert "maxPathLength" not in ca.outputs
    assert isinstance(ca.outputs["privateKeyPem"], Secret)
    leaf = tls_plugin.create(LOCAL, pki["leaf_inputs"])
    assert leaf.outputs["caKeyAlgorithm"] == "ECDSA"
    found = tls_plugin.invoke(
        "tls:index/getCertificate:getCertificate", {"content": leaf.outputs["certPem"]}
    )["certificates"][0]
    assert found["serialNumber"] == leaf.id
    assert found["notAfter"] == leaf.outputs["validityEndTime"]
    assert (found["issuer"], found["subject"]) == ("CN=CA", "CN=leaf")


@pytest.mark.parametrize(
    ("hours", "early", "ready"), [(24, 0, False), (24, 23, False), (24, 24, True), (0, 0, True)]
)
def test_ready_for_renewal_at_creation(tls_plugin, pki, hours, early, ready) -> None:
    inputs = {**pki["leaf_inputs"], "validityPeriodHours": hours, "earlyRenewalHours": early}
    assert tls_plugin.create(LOCAL, inputs).outputs["readyForRenewal"] is ready


def test_write_only_keys_stay_out_of_the_outputs(tls_plugin: Plugin, pki) -> None:
    inputs = {**pki["ca_inputs"], "privateKeyPemWoVersion": 1}
    inputs["privateKeyPemWo"] = inputs.pop("privateKeyPem")
    made = tls_plugin.create(SELF, inputs)
    assert isinstance(made.inputs["privateKeyPemWo"], Secret)
    assert not {"privateKeyPemWo", "privateKeyPem"} & made.outputs.keys()
    assert made.outputs["privateKeyPemWoVersion"] == 1
    other = {**inputs, "privateKeyPemWo": pki["other"]["privateKeyPem"]}
    assert not tls_plugin.diff(SELF, made, other).replaces
    assert list(tls_plugin.diff(SELF, made, {**other, "privateKeyPemWoVersion": 2}).replaces) == [
        "privateKeyPemWoVersion"
    ]


# --- secrets


@pytest.mark.parametrize(
    ("token", "change", "secret"),
    [
        (PASSWORD, {"keepers": {"v": Secret("k")}}, {"keepers", "result", "bcryptHash"}),
        (STRING, {"overrideSpecial": Secret("_")}, {"overrideSpecial", "result"}),
        (ID, {"prefix": Secret("p")}, {"prefix", "b64Url", "b64Std", "hex", "dec"}),
        (SHUFFLE, {"inputs": ["a", Secret("b")]}, {"inputs", "results"}),
        (INTEGER, {"max": Secret(5)}, {"max"}),
        (KEY, {}, {"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"}),
        (REQUEST, {}, {"privateKeyPem"}),
        (
            REQUEST,
            {"subject": {"commonName": Secret("x")}},
            {"privateKeyPem", "subject", "certRequestPem"},
        ),
        (SELF, {}, {"privateKeyPem"}),
        (SELF, {"dnsNames": Secret(["x"])}, {"privateKeyPem", "dnsNames", "certPem"}),
        (LOCAL, {}, {"caPrivateKeyPem"}),
    ],
)
@pytest.mark.parametrize("preview", [False, True])
def test_what_shows_a_secret_is_secret(
    *, plugin_of, inputs_of, token, change, secret, preview
) -> None:
    made = plugin_of[token.split(":")[0]].create(token, {**inputs_of[token], **change}, preview)
    holding = {name for name, value in made.outputs.items() if value != reveal(value)}
    assert holding == secret


def test_a_plain_key_is_made_secret(tls_plugin: Plugin, pki) -> None:
    inputs = {**pki["request_inputs"], "privateKeyPem": reveal(pki["other"]["privateKeyPem"])}
    made = tls_plugin.create(REQUEST, inputs)
    assert isinstance(made.inputs["privateKeyPem"], Secret)
    assert isinstance(made.outputs["privateKeyPem"], Secret)


def test_a_refusal_never_quotes_a_secret(plugin_of, inputs_of) -> None:
    hidden = "hunter2-hunter2"
    for token, name in (
        (REQUEST, "privateKeyPem"),
        (SELF, "dnsNames"),
        (LOCAL, "caCertPem"),
        (PASSWORD, "length"),
    ):
        inputs = {**inputs_of[token], name: Secret(hidden)}
        with pytest.raises(RefusedError) as caught:
            plugin_of[token.split(":")[0]].check(token, inputs)
        # The engine prints the value of the property that a failure names: this one names none.
        assert set(caught.value.failures) == {""}
        assert name in caught.value.failures[""]
        assert hidden not in str(caught.value)


@pytest.mark.parametrize("hide", [Secret, lambda value: value])
def test_a_key_of_another_ca_is_refused(tls_plugin: Plugin, pki, hide) -> None:
    """Also of a caller who did not mark the key as secret."""
    other = hide(reveal(pki["other"]["privateKeyPem"]))
    with pytest.raises(RefusedError) as caught:
        tls_plugin.check(LOCAL, {**pki["leaf_inputs"], "caPrivateKeyPem": other})
    assert caught.value.failures == {"": "caPrivateKeyPem: is not the key of caCertPem"}


def test_a_failed_creation_never_quotes_its_inputs(tls_plugin: Plugin, pki) -> None:
    """The engine calls `create` with checked inputs only; this one is not checked."""
    inputs = {**pki["leaf_inputs"], "isCaCertificate": False, "setSubjectKeyId": False}
    inputs["caPrivateKeyPem"] = Secret("hunter2-hunter2")
    with pytest.raises(grpc.RpcError) as caught:
        tls_plugin.stub.Create(
            provider_pb2.CreateRequest(
                urn=f"urn:pulumi:dev::test::{LOCAL}::subject", properties=struct(inputs)
            )
        )
    assert "could not be made: KeyFormatError" in str(caught.value)
    assert "hunter2" not in str(caught.value)


# --- preview


@pytest.mark.parametrize(
    "token", [PASSWORD, ID, BYTES, INTEGER, SHUFFLE, KEY, REQUEST, SELF, LOCAL]
)
def test_preview_knows_the_inputs_and_nothing_else(plugin_of, inputs_of, token) -> None:
    plugin = plugin_of[token.split(":")[0]]
    shown = plugin.create(token, inputs_of[token], preview=True)
    made = plugin.create(token, inputs_of[token])
    assert shown.id == ""
    outputs, final = reveal(shown.outputs), reveal(made.outputs)
    unknown = {name for name, value in outputs.items() if value == UNKNOWN}
    assert outputs.keys() - unknown == {
        name for name in outputs if outputs[name] == final.get(name)
    }
    assert final.keys() - unknown <= outputs.keys()
    assert unknown & made.inputs.keys() == set()


@pytest.mark.parametrize(
    ("token", "change"),
    [
        (PASSWORD, {"length": UNKNOWN, "keepers": {"v": UNKNOWN}}),
        (PASSWORD, {"keepers": UNKNOWN, "special": UNKNOWN, "minUpper": UNKNOWN}),
        (PASSWORD, {"overrideSpecial": UNKNOWN}),
        (INTEGER, {"min": UNKNOWN}),
        (SHUFFLE, {"inputs": ["a", UNKNOWN]}),
        (SHUFFLE, {"inputs": UNKNOWN, "resultCount": UNKNOWN}),
        (KEY, {"algorithm": UNKNOWN, "ecdsaCurve": UNKNOWN, "rsaBits": UNKNOWN}),
        (REQUEST, {"privateKeyPem": Secret(UNKNOWN), "subject": {"commonName": UNKNOWN}}),
        (REQUEST, {"dnsNames": [UNKNOWN], "ipAddresses": UNKNOWN, "uris": [UNKNOWN]}),
        (SELF, {"subject": UNKNOWN, "isCaCertificate": True}),
        (SELF, {"subject": {"streetAddresses": [UNKNOWN, "x"], "country": UNKNOWN}}),
        (SELF, {"allowedUses": [UNKNOWN], "validityPeriodHours": UNKNOWN}),
        (SELF, {"setAuthorityKeyId": UNKNOWN, "isCaCertificate": UNKNOWN}),
        (LOCAL, {"caCertPem": UNKNOWN, "certRequestPem": UNKNOWN, "allowedUses": UNKNOWN}),
        (LOCAL, {"earlyRenewalHours": UNKNOWN, "maxPathLength": UNKNOWN}),
    ],
)
def test_unknown_inputs_pass_a_preview(plugin_of, inputs_of, token, change) -> None:
    plugin = plugin_of[token.split(":")[0]]
    inputs = {**inputs_of[token], **change}
    shown = plugin.create(token, inputs, preview=True)
    for name, value in change.items():
        assert reveal(shown.outputs[name]) == reveal(value)
    made = plugin.create(token, inputs_of[token])
    difference = plugin.diff(token, made, inputs)
    assert difference.changes == provider_pb2.DiffResponse.DIFF_SOME
    if set(change) - {"earlyRenewalHours", "maxPathLength"}:
        assert difference.replaces


# --- check


@pytest.mark.parametrize(
    ("token", "change", "path", "reason"),
    [
        (PASSWORD, {"length": None}, "length", "is required"),
        (PASSWORD, {"length": 0}, "length", "at least 1"),
        (PASSWORD, {"length": 1.5}, "length", "whole number"),
        (PASSWORD, {"length": "long"}, "length", "whole number"),
        (PASSWORD, {"length": True}, "length", "whole number"),
        (PASSWORD, {"minUpper": -1}, "minUpper", "at least 0"),
        (PASSWORD, {"minUpper": 7, "minLower": 6}, "length", "minNumeric"),
        (PASSWORD, {"lenght": 4}, "lenght", "did you mean length"),
        (PASSWORD, {"special": "yes"}, "special", "true or false"),
        (PASSWORD, {"number": False, "numeric": True}, "number", "numeric"),
        (
            PASSWORD,
            dict.fromkeys(("special", "upper", "lower", "numeric"), False),
            "numeric",
            "must be true",
        ),
        (PASSWORD, {"keepers": "v1"}, "keepers", "must be a map"),
        (PASSWORD, {"keepers": {"v": ["x"]}}, "keepers.v", "must be a string"),
        (PASSWORD, {"overrideSpecial": ["_"]}, "overrideSpecial", "must be a string"),
        (ID, {"byteLength": 0}, "byteLength", "at least 1"),
        (BYTES, {"length": 0}, "length", "at least 1"),
        (INTEGER, {"min": 6}, "min", "greater than max"),
        (INTEGER, {"max": None}, "max", "is required"),
        (INTEGER, {"seed": "s"}, "", "needs the official plugin"),
        (SHUFFLE, {"inputs": "ab"}, "inputs", "list of strings"),
        (SHUFFLE, {"inputs": ["a", {}]}, "inputs[1]", "must be a string"),
        (SHUFFLE, {"resultCount": -1}, "resultCount", "at least 0"),
        (SHUFFLE, {"seed": "s"}, "", "pulumi plugin install resource random 4.21.4"),
        (KEY, {"algorithm": "DSA"}, "algorithm", "RSA, ECDSA, ED25519"),
        (KEY, {"algorithm": None}, "algorithm", "is required"),
        (KEY, {"ecdsaCurve": "P-256"}, "ecdsaCurve", "P224, P256, P384, P521"),
        (KEY, {"rsaBits": 512}, "rsaBits", "at least 1024"),
        (REQUEST, {"privateKeyPem": None}, "privateKeyPem", "exactly one of"),
        (REQUEST, {"privateKeyPem": "x"}, "", "privateKeyPem: is not an unencrypted"),
        (REQUEST, {"privateKeyPemWoVersion": 1}, "privateKeyPemWoVersion", "privateKeyPemWo"),
        (REQUEST, {"dnsNames": ["ü"]}, "dnsNames[0]", "ASCII"),
        (REQUEST, {"ipAddresses": ["::1", "x"]}, "ipAddresses[1]", "IPv4 or IPv6"),
        (REQUEST, {"ipAddresses": [""]}, "ipAddresses[0]", "empty"),
        (REQUEST, {"uris": ["a b"]}, "uris[0]", "URI"),
        (REQUEST, {"subject": {"country": "DEU"}}, "subject.country", "two letters"),
        (REQUEST, {"subject": {"cn": "x"}}, "subject.cn", "is not a property"),
        (REQUEST, {"subject": "CN=x"}, "subject", "must be an object"),
        (
            REQUEST,
            {"subject": {"streetAddresses": ["a", "a"]}},
            "subject.streetAddresses",
            "repeat",
        ),
        (SELF, {"subject": None}, "subject", "must not be empty"),
        (SELF, {"subject": {"commonName": ""}}, "subject", "must not be empty"),
        (SELF, {"allowedUses": ["cert_signing", "web"]}, "allowedUses[1]", "must be one of"),
        (SELF, {"allowedUses": ["encipher_only"]}, "allowedUses[0]", "key_agreement"),
        (SELF, {"allowedUses": None}, "allowedUses", "is required"),
        (SELF, {"validityPeriodHours": -1}, "validityPeriodHours", "at least 0"),
        (SELF, {"validityPeriodHours": 10**7}, "validityPeriodHours", "at most"),
        (SELF, {"earlyRenewalHours": -1}, "earlyRenewalHours", "at least 0"),
        (SELF, {"maxPathLength": -2}, "maxPathLength", "at least -1"),
        (
            SELF,
            {"setAuthorityKeyId": True, "isCaCertificate": False},
            "setAuthorityKeyId",
            "needs setSubjectKeyId",
        ),
        (LOCAL, {"caCertPem": "x"}, "caCertPem", "is not a certificate"),
        (LOCAL, {"certRequestPem": "x"}, "certRequestPem", "is not a certificate request"),
        (LOCAL, {"setAuthorityKeyId": True}, "setAuthorityKeyId", "is not a property"),
    ],
)
def test_wrong_inputs_are_refused(*, plugin_of, inputs_of, token, change, path, reason) -> None:
    inputs = {**inputs_of[token], **change}
    with pytest.raises(RefusedError) as caught:
        plugin_of[token.split(":")[0]].check(token, inputs)
    assert list(caught.value.failures) == [path]
    assert reason in caught.value.failures[path]


def test_every_wrong_input_is_named_at_once(random_plugin: Plugin) -> None:
    with pytest.raises(RefusedError) as caught:
        random_plugin.check(PASSWORD, {"length": 0, "minUpper": -1, "oops": 1})
    assert set(caught.value.failures) == {"length", "minUpper", "oops"}


def test_marks_of_the_bridge_are_tolerated(random_plugin: Plugin) -> None:
    olds = {"length": 12, "__defaults": ["special"], "special": True}
    news = {"length": 12, "keepers": {"v": "1", "__defaults": []}, "__defaults": []}
    assert random_plugin.check(PASSWORD, news, olds) == {"length": 12, "keepers": {"v": "1"}}


def test_numbers_and_booleans_become_the_property_type(random_plugin: Plugin) -> None:
    checked = random_plugin.check(PASSWORD, {"length": "12", "keepers": {"a": 1, "b": True}})
    assert checked == {"length": 12, "keepers": {"a": "1", "b": "true"}}


@pytest.mark.parametrize(
    ("token", "inputs"),
    [(PET, {"length": 2}), (INTEGER, {"min": 1, "max": 2, "seed": "s"})],
)
def test_what_needs_the_official_plugin_may_stay_as_it_is(random_plugin, token, inputs) -> None:
    assert random_plugin.check(token, inputs, olds=inputs) == inputs
    for olds in ({}, {**inputs, "keepers": {"v": "1"}}):
        with pytest.raises(RefusedError, match="needs the official plugin"):
            random_plugin.check(token, inputs, olds)
    made = Made("brave-otter", {"id": "brave-otter", **inputs}, inputs)
    difference = random_plugin.diff(token, made, inputs)
    assert difference.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert random_plugin.read(token, made) == made
    random_plugin.delete(token, made)


# --- diff


@pytest.mark.parametrize(
    "token", [PASSWORD, STRING, ID, BYTES, INTEGER, SHUFFLE, UUID, KEY, REQUEST, SELF, LOCAL]
)
def test_the_same_inputs_change_nothing(plugin_of, inputs_of, token) -> None:
    plugin = plugin_of[token.split(":")[0]]
    made = plugin.create(token, inputs_of[token])
    difference = plugin.diff(token, made, inputs_of[token])
    assert difference.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not difference.replaces
    assert not difference.diffs
    assert not difference.detailedDiff
    assert plugin.read(token, made) == made
    plugin.delete(token, made)


REPLACEMENTS = [
    (PASSWORD, {"length": 13}, {"length": "UPDATE"}),
    (PASSWORD, {"special": False}, {"special": "UPDATE"}),
    (PASSWORD, {"upper": False}, {"upper": "UPDATE"}),
    (PASSWORD, {"lower": False}, {"lower": "UPDATE"}),
    (PASSWORD, {"numeric": False}, {"number": "UPDATE", "numeric": "UPDATE"}),
    (PASSWORD, {"number": False}, {"number": "UPDATE", "numeric": "UPDATE"}),
    (PASSWORD, {"minUpper": 1}, {"minUpper": "UPDATE"}),
    (PASSWORD, {"minLower": 1}, {"minLower": "UPDATE"}),
    (PASSWORD, {"minNumeric": 1}, {"minNumeric": "UPDATE"}),
    (PASSWORD, {"minSpecial": 1}, {"minSpecial": "UPDATE"}),
    (PASSWORD, {"overrideSpecial": "!"}, {"overrideSpecial": "UPDATE"}),
    (PASSWORD, {"overrideSpecial": None}, {"overrideSpecial": "DELETE"}),
    (PASSWORD, {"keepers": {"version": "2"}}, {"keepers.version": "UPDATE"}),
    (PASSWORD, {"keepers": {"version": "1", "b": ""}}, {"keepers.b": "ADD"}),
    (PASSWORD, {"keepers": None}, {"keepers": "DELETE"}),
    (UUID, {"keepers": {"a.b": "2"}}, {'keepers["a.b"]': "UPDATE"}),
    (STRING, {"keepers": {}}, {"keepers.version": "DELETE"}),
    (BYTES, {"keepers": {}}, {"keepers": "ADD"}),
    (BYTES, {"length": 5}, {"length": "UPDATE"}),
    (ID, {"byteLength": 5}, {"byteLength": "UPDATE"}),
    (ID, {"prefix": None}, {"prefix": "DELETE"}),
    (INTEGER, {"min": 0}, {"min": "UPDATE"}),
    (INTEGER, {"max": 6}, {"max": "UPDATE"}),
    (SHUFFLE, {"inputs": ["a", "c", "d"]}, {"inputs[1]": "UPDATE", "inputs[2]": "ADD"}),
    (SHUFFLE, {"resultCount": None}, {"resultCount": "DELETE"}),
    (KEY, {"algorithm": "ED25519"}, {"algorithm": "UPDATE"}),
    (KEY, {"ecdsaCurve": "P256"}, {"ecdsaCurve": "UPDATE"}),
    (KEY, {"rsaBits": 4096}, {"rsaBits": "UPDATE"}),
    (REQUEST, {"dnsNames": None}, {"dnsNames": "DELETE"}),
    (REQUEST, {"ipAddresses": ["::1"]}, {"ipAddresses": "ADD"}),
    (REQUEST, {"uris": ["a:b"]}, {"uris": "ADD"}),
    (REQUEST, {"subject": {"commonName": "b"}}, {"subject.commonName": "UPDATE"}),
    (SELF, {"allowedUses": ["cert_signing", "crl_signing"]}, {"allowedUses[1]": "ADD"}),
    (SELF, {"validityPeriodHours": 49}, {"validityPeriodHours": "UPDATE"}),
    (SELF, {"isCaCertificate": False}, {"isCaCertificate": "UPDATE"}),
    (SELF, {"maxPathLength": 0}, {"maxPathLength": "ADD"}),
    (SELF, {"setSubjectKeyId": True}, {"setSubjectKeyId": "UPDATE"}),
    (SELF, {"setAuthorityKeyId": True}, {"setAuthorityKeyId": "UPDATE"}),
    (LOCAL, {"validityPeriodHours": 25}, {"validityPeriodHours": "UPDATE"}),
    (LOCAL, {"maxPathLength": 1}, {"maxPathLength": "ADD"}),
]


@pytest.mark.parametrize(("token", "change", "expected"), REPLACEMENTS)
def test_a_change_replaces_before_it_deletes(plugin_of, inputs_of, token, change, expected) -> None:
    plugin = plugin_of[token.split(":")[0]]
    made = plugin.create(token, inputs_of[token])
    difference = plugin.diff(token, made, {**inputs_of[token], **change})
    kinds = {
        path: provider_pb2.PropertyDiff.Kind.Name(diff.kind)
        for path, diff in difference.detailedDiff.items()
    }
    assert kinds == {path: f"{kind}_REPLACE" for path, kind in expected.items()}
    names = {re.split(r"[.\[]", path)[0] for path in expected}
    assert set(difference.replaces) == set(difference.diffs) == names
    assert difference.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert difference.hasDetailedDiff
    assert not difference.deleteBeforeReplace


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (REQUEST, "privateKeyPem"),
        (SELF, "privateKeyPem"),
        (LOCAL, "caPrivateKeyPem"),
        (LOCAL, "caCertPem"),
        (LOCAL, "certRequestPem"),
    ],
)
def test_another_pem_replaces_and_a_stored_hash_does_not(
    tls_plugin, pki, inputs_of, token, name
) -> None:
    made = tls_plugin.create(token, inputs_of[token])
    another = {
        "privateKeyPem": tls_plugin.create(KEY, {"algorithm": "ED25519"}).outputs["privateKeyPem"],
        "caPrivateKeyPem": pki["key"]["privateKeyPemPkcs8"],
        "caCertPem": tls_plugin.create(SELF, pki["ca_inputs"]).outputs["certPem"],
        "certRequestPem": tls_plugin.create(
            REQUEST, {**pki["request_inputs"], "dnsNames": ["b"]}
        ).outputs["certRequestPem"],
    }[name]
    difference = tls_plugin.diff(token, made, {**inputs_of[token], name: another})
    assert list(difference.replaces) == [name]
    hashed = Made(made.id, {**made.outputs, name: "0a" * 20}, made.inputs)
    difference = tls_plugin.diff(token, hashed, inputs_of[token])
    assert (list(difference.replaces), list(difference.diffs)) == ([], [name])


def test_changes_that_do_not_replace(random_plugin: Plugin) -> None:
    made = random_plugin.create(STRING, {"length": 4, "overrideSpecial": ""})
    difference = random_plugin.diff(STRING, made, {"length": 4, "keepers": {}})
    assert set(difference.diffs) == {"overrideSpecial", "keepers"}
    assert not difference.replaces
    updated = random_plugin.update(STRING, made, {"length": 4, "keepers": {}})
    assert "overrideSpecial" not in updated
    assert updated["result"] == made.outputs["result"]
    assert updated["keepers"] == {}


def test_ignored_changes_do_not_count(random_plugin: Plugin) -> None:
    made = random_plugin.create(STRING, {"length": 4})
    difference = random_plugin.diff(STRING, made, {"length": 5}, ignore=("length",))
    assert difference.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_states_of_earlier_official_plugins_stay(random_plugin: Plugin, tls_plugin, pki) -> None:
    made = random_plugin.create(PASSWORD, {"length": 8})
    kept = ("id", "length", "result", "number")
    old = Made("none", {name: made.outputs[name] for name in kept}, {"length": 8})
    difference = random_plugin.diff(PASSWORD, old, {"length": 8})
    assert difference.changes == provider_pb2.DiffResponse.DIFF_NONE
    ca = pki["ca"]
    outputs = {
        name: value
        for name, value in ca.outputs.items()
        if name not in ("setSubjectKeyId", "setAuthorityKeyId", "earlyRenewalHours")
    }
    outputs |= {"maxPathLength": -1, "__meta": '{"private_state":"bnVsbA=="}'}
    difference = tls_plugin.diff(SELF, Made(ca.id, outputs, ca.inputs), pki["ca_inputs"])
    assert difference.changes == provider_pb2.DiffResponse.DIFF_NONE


# --- renewal


def test_a_certificate_in_its_renewal_window_is_replaced(tls_plugin: Plugin, pki) -> None:
    made = tls_plugin.create(LOCAL, pki["leaf_inputs"])
    past = {**made.outputs, "validityEndTime": "2020-01-01T00:00:00.123456789+01:00"}
    expired = Made(made.id, past, made.inputs)
    difference = tls_plugin.diff(LOCAL, expired, pki["leaf_inputs"])
    assert list(difference.replaces) == ["readyForRenewal"]
    assert difference.detailedDiff["readyForRenewal"].kind in REPLACE_KINDS
    assert not difference.deleteBeforeReplace
    refreshed = tls_plugin.read(LOCAL, expired)
    assert refreshed.outputs == {**past, "readyForRenewal": True}
    assert tls_plugin.read(LOCAL, made).outputs == made.outputs


@pytest.mark.parametrize(("early", "replaces"), [(23, []), (24, ["readyForRenewal"])])
def test_the_window_follows_early_renewal_hours_in_place(
    tls_plugin: Plugin, pki, early: int, replaces: list[str]
) -> None:
    made = tls_plugin.create(LOCAL, pki["leaf_inputs"])
    wanted = {**pki["leaf_inputs"], "earlyRenewalHours": early}
    difference = tls_plugin.diff(LOCAL, made, wanted)
    assert "earlyRenewalHours" in difference.diffs
    assert list(difference.replaces) == replaces
    updated = tls_plugin.update(LOCAL, made, wanted)
    assert updated == {
        **made.outputs,
        "earlyRenewalHours": early,
        "readyForRenewal": bool(replaces),
    }
    shown = tls_plugin.update(LOCAL, made, {**wanted, "earlyRenewalHours": UNKNOWN}, preview=True)
    assert shown["earlyRenewalHours"] == UNKNOWN
    assert shown["certPem"] == made.outputs["certPem"]


def test_a_smaller_window_takes_the_mark_back(tls_plugin: Plugin, pki) -> None:
    inputs = {**pki["leaf_inputs"], "earlyRenewalHours": 24}
    made = tls_plugin.create(LOCAL, inputs)
    assert made.outputs["readyForRenewal"] is True
    difference = tls_plugin.diff(LOCAL, made, {**inputs, "earlyRenewalHours": 1})
    assert not difference.replaces
    assert set(difference.diffs) == {"earlyRenewalHours", "readyForRenewal"}
    updated = tls_plugin.update(LOCAL, made, {**inputs, "earlyRenewalHours": 1})
    assert updated["readyForRenewal"] is False


# --- import


@pytest.mark.parametrize(
    ("token", "value", "inputs"),
    [
        (PASSWORD, "Sup3r-secret", {"length": 12}),
        (STRING, "some text", {"length": 9}),
        (ID, "p,a,AQID", {"byteLength": 3, "prefix": "p,a"}),
        (ID, "AQIDBA", {"byteLength": 4}),
        (BYTES, base64.b64encode(b"12345").decode(), {"length": 5}),
        (INTEGER, "7,1,9", {"min": 1, "max": 9}),
        (INTEGER, "7,1,9,a,b", {"min": 1, "max": 9, "seed": "a,b"}),
        (UUID, "9b5a6eee-9901-4fdd-8a39-b5531cdc019d", {}),
    ],
)
def test_an_import_is_then_unchanged(random_plugin: Plugin, token, value, inputs) -> None:
    made = random_plugin.import_(token, value)
    assert made.inputs == inputs
    fresh = random_plugin.create(token, {k: v for k, v in inputs.items() if k != "seed"})
    assert made.outputs.keys() == fresh.outputs.keys() | inputs.keys()
    difference = random_plugin.diff(token, made, inputs)
    assert difference.changes == provider_pb2.DiffResponse.DIFF_NONE
    for name, output in fresh.outputs.items():
        assert isinstance(made.outputs[name], Secret) == isinstance(output, Secret)


def test_an_imported_password_is_secret_and_hashed(random_plugin: Plugin) -> None:
    made = random_plugin.import_(PASSWORD, "Sup3r-secret")
    assert (made.id, made.outputs["result"]) == ("none", Secret("Sup3r-secret"))
    assert made.outputs["bcryptHash"].value.startswith("$2a$10$")


@pytest.mark.parametrize(
    ("token", "value"),
    [(ID, "!"), (BYTES, "!"), (INTEGER, "1,2"), (INTEGER, "a,b,c"), (UUID, "x"), (SHUFFLE, "x")],
)
def test_what_cannot_be_imported_is_refused(random_plugin: Plugin, token, value) -> None:
    with pytest.raises(grpc.RpcError, match="imported"):
        random_plugin.import_(token, value)


def test_keys_and_certificates_cannot_be_imported(tls_plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError, match="cannot be imported"):
        tls_plugin.import_(KEY, "x")


# --- functions


def test_get_public_key(tls_plugin: Plugin, pki) -> None:
    token = "tls:index/getPublicKey:getPublicKey"
    key = pki["key"]
    expected = {
        name: key[name]
        for name in (
            "id",
            "publicKeyPem",
            "publicKeyOpenssh",
            "publicKeyFingerprintMd5",
            "publicKeyFingerprintSha256",
        )
    }
    for name in ("privateKeyPem", "privateKeyOpenssh"):
        found = tls_plugin.invoke(token, {name: key[name]})
        assert found == {**expected, "algorithm": "ECDSA", name: key[name]}
    with pytest.raises(RefusedError, match="exactly one"):
        tls_plugin.invoke(token, {})
    with pytest.raises(RefusedError, match="not an unencrypted private key") as caught:
        tls_plugin.invoke(token, {"privateKeyPem": Secret("hunter2")})
    assert "hunter2" not in str(caught.value)


def test_get_certificate(tls_plugin: Plugin, pki) -> None:
    token = "tls:index/getCertificate:getCertificate"
    ca = pki["ca"].outputs
    found = tls_plugin.invoke(token, {"content": ca["certPem"]})
    certificate = found["certificates"][0]
    assert re.fullmatch("[0-9a-f]{40}", found["id"])
    assert certificate == {
        "certPem": ca["certPem"],
        "isCa": True,
        "issuer": "CN=CA",
        "subject": "CN=CA",
        "maxPathLength": -1,
        "notBefore": ca["validityStartTime"],
        "notAfter": ca["validityEndTime"],
        "publicKeyAlgorithm": "ECDSA",
        "signatureAlgorithm": "ECDSA-SHA256",
        "serialNumber": pki["ca"].id,
        "sha1Fingerprint": certificate["sha1Fingerprint"],
        "version": 3,
    }
    for arguments, reason in (
        ({}, "exactly one"),
        ({"url": "https://example"}, "official plugin"),
        ({"content": ca["certPem"], "verifyChain": True}, "for url only"),
        ({"content": "x"}, "not a certificate"),
    ):
        with pytest.raises(RefusedError, match=reason):
            tls_plugin.invoke(token, arguments)


def test_an_unknown_function_names_the_official_plugin(random_plugin: Plugin) -> None:
    with pytest.raises(RefusedError, match="needs the official plugin"):
        random_plugin.invoke("random:index/other:other", {})


def test_an_unknown_resource_names_the_official_plugin(tls_plugin: Plugin) -> None:
    with pytest.raises(RefusedError, match=r"pulumi plugin install resource tls 5\.6\.2"):
        tls_plugin.check("tls:index/other:Other", {})


# --- the plugin


@pytest.mark.parametrize("package", ["random", "tls"])
def test_the_plugin_introduces_itself(plugin_of, package: str) -> None:
    stub = plugin_of[package].stub
    configured = stub.Configure(provider_pb2.ConfigureRequest())
    assert configured.acceptSecrets
    assert configured.supportsPreview
    assert not configured.acceptOutputs
    schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert schema["name"] == package
    assert stub.GetPluginInfo(empty_pb2.Empty()).version == schema["version"]
