"""The CA certificates of a cache: all of them, in one order, with the first and the last end."""

from itertools import permutations
from typing import Any

import package_gcp_cloud
import pulumi
import pytest
from gcp_cases import VALKEY, gcp_cache, run, succeed
from hypothesis import given
from hypothesis import strategies as st
from package_certificates import NOW, authority
from package_components import outputs_of
from package_gcp_cloud import certificates
from package_monitor import reveal
from pulumi.runtime import rpc
from secure_redis import pem
from secure_redis.gcp.authority import bundle
from secure_redis.timestamps import parse

KINDS = {
    "redis": ({}, "redis/instance:Instance"),
    "valkey": (VALKEY, "memorystore/instance:Instance"),
}
EACH_KIND = pytest.mark.parametrize(("args", "kind"), KINDS.values(), ids=KINDS)


def answered(
    patch: pytest.MonkeyPatch, kind: str, pems: list[str], args: dict[str, Any], **options: Any
) -> Any:
    """What a cache registers to which Google names these certificates."""
    original = package_gcp_cloud.COMPUTED[kind]

    def changed(id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        found = {
            "serverCaCerts": [{"cert": each} for each in pems],
            "managedServerCas": [{"caCerts": [{"certificates": [each]} for each in pems]}],
        }
        return {**original(id_, inputs), **found}

    patch.setitem(package_gcp_cloud.COMPUTED, kind, changed)
    return run(lambda: gcp_cache(**args), **options)


def test_a_bundle_is_the_same_in_any_order() -> None:
    pems = [*certificates(), authority("third", 400).certificate_pem]
    found = {bundle(order) for order in permutations(pems)}
    assert len(found) == 1
    (text,) = found
    assert text.count("-----BEGIN CERTIFICATE-----") == 3
    assert len(pem.certificates(text)) == 3
    assert text.endswith("-----END CERTIFICATE-----\n")


@given(
    st.lists(st.sampled_from(certificates()), min_size=1, max_size=6),
    st.sampled_from(["", "\n", "\n\n"]),
)
def test_each_certificate_stands_there_once(pems: list[str], end: str) -> None:
    text = bundle(f"{each.strip()}{end}" for each in pems)
    assert len(pem.certificates(text)) == len(set(pems))
    assert text == bundle(pems)


def test_the_first_and_the_last_end() -> None:
    text = bundle(certificates())
    first, last = parse(pem.not_after(text)), parse(pem.last_not_after(text))
    assert (first - NOW).days in range(1824, 1826)
    assert (last - NOW).days in range(7299, 7301)


def test_one_certificate_ends_once() -> None:
    text = bundle([authority().certificate_pem])
    assert pem.not_after(text) == pem.last_not_after(text) != ""


def test_without_a_certificate_nobody_could_verify_the_cache() -> None:
    with pytest.raises(pulumi.RunError, match="Google names no CA certificate of the cache"):
        bundle([])


@EACH_KIND
def test_the_order_of_googles_answer_changes_nothing(args: dict[str, Any], kind: str) -> None:
    texts: set[str] = set()
    for order in permutations(certificates()):
        with pytest.MonkeyPatch.context() as patch:
            world = answered(patch, kind, list(order), args)
        outputs = reveal(outputs_of(world))
        texts.add(outputs["ca_pem"])
        assert outputs["ca_not_after"] < outputs["ca_last_not_after"]
    assert texts == {bundle(certificates())}


@EACH_KIND
def test_the_certificates_of_every_year_are_told(
    args: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One at first, two while one follows the other."""
    first = authority("older", 1825).certificate_pem
    alone = reveal(outputs_of(answered(monkeypatch, kind, [first], args)))
    assert alone["ca_pem"] == first
    assert alone["ca_not_after"] == alone["ca_last_not_after"]

    monkeypatch.undo()
    both = reveal(outputs_of(succeed(lambda: gcp_cache(**args))))
    assert first in both["ca_pem"]
    assert both["ca_pem"] != first


@EACH_KIND
def test_no_certificate_ends_the_run_with_words(
    args: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = answered(monkeypatch, kind, [], args)
    assert isinstance(world.error, pulumi.RunError), "no traceback"
    assert "Google names no CA certificate of the cache" in str(world.error)


@EACH_KIND
def test_a_preview_waits_for_them(args: dict[str, Any], kind: str) -> None:
    """Nothing is known of a cache that is not made: that is no mistake."""
    world = run(lambda: gcp_cache(**args), preview=True)
    assert world.error is None
    assert rpc.UNKNOWN in str(outputs_of(world)["ca_pem"]), kind
