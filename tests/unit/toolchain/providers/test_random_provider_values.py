"""Random values: composition, distribution, forms."""

import base64
import string
import uuid
from collections import Counter
from typing import Any

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.providers.local_providers.random import generate
from toolchain.providers.local_providers.random.generate import TextRules


@st.composite
def text_rules(draw: st.DrawFn) -> TextRules:
    minimums = {
        name: draw(st.integers(0, 6))
        for name in ("min_lower", "min_upper", "min_numeric", "min_special")
    }
    classes = {name: draw(st.booleans()) for name in ("lower", "upper", "numeric", "special")}
    if not any(classes.values()):
        classes["lower"] = True
    length = draw(st.integers(max(1, sum(minimums.values())), 60))
    override = draw(st.sampled_from(("", "_-", "äß€")))
    values: dict[str, Any] = {**classes, **minimums}
    return TextRules(length=length, override_special=override, **values)


@given(text_rules())
@settings(max_examples=150, deadline=None)
def test_text_follows_its_rules(rules: TextRules) -> None:
    text = generate.text(rules)
    special = rules.special_characters
    assert len(text) == rules.length
    classes = (
        (rules.lower, rules.min_lower, string.ascii_lowercase),
        (rules.upper, rules.min_upper, string.ascii_uppercase),
        (rules.numeric, rules.min_numeric, string.digits),
        (rules.special, rules.min_special, special),
    )
    counts = [sum(char in alphabet for char in text) for _, _, alphabet in classes]
    assert sum(counts) == rules.length
    for count, (on, minimum, _) in zip(counts, classes, strict=True):
        assert count >= minimum
        assert on or count == minimum


def test_every_character_comes_equally_often() -> None:
    alphabet = string.ascii_letters + string.digits + generate.SPECIAL
    draws = 400 * len(alphabet)
    counts = Counter(generate.text(TextRules(length=draws)))
    assert set(counts) == set(alphabet)
    chi_squared = sum((counts[char] - 400) ** 2 / 400 for char in alphabet)
    # 82 degrees of freedom: a fair source passes 170 once in 10^7 runs.
    assert chi_squared < 170


def test_minimum_characters_stand_anywhere() -> None:
    rules = TextRules(length=4, upper=False, numeric=False, special=False, min_numeric=1)
    places = Counter(
        next(index for index, char in enumerate(generate.text(rules)) if char.isdigit())
        for _ in range(2000)
    )
    assert set(places) == {0, 1, 2, 3}
    assert all(350 < count < 650 for count in places.values())


def test_texts_differ() -> None:
    assert len({generate.text(TextRules(length=16)) for _ in range(200)}) == 200


@pytest.mark.parametrize("text", ["correct horse", "ü" * 50, "x" * 100])
def test_bcrypt_hash_is_of_the_first_72_bytes(text: str) -> None:
    hashed = generate.bcrypt_hash(text)
    assert hashed.startswith("$2a$10$")
    assert bcrypt.checkpw(text.encode()[:72], hashed.encode())
    assert not bcrypt.checkpw(b"other", hashed.encode())


@given(st.binary(min_size=1, max_size=40), st.sampled_from(("", "p-")))
def test_identifier_forms_are_of_the_same_bytes(data: bytes, prefix: str) -> None:
    forms = generate.identifier(data, prefix)
    padding = "=" * (-len(forms["id"]) % 4)
    assert base64.urlsafe_b64decode(forms["id"] + padding) == data
    assert forms["b64Url"] == prefix + forms["id"]
    assert base64.b64decode(forms["b64Std"].removeprefix(prefix)) == data
    assert bytes.fromhex(forms["hex"].removeprefix(prefix)) == data
    assert int(forms["dec"].removeprefix(prefix)) == int.from_bytes(data, "big")


@given(st.integers(-50, 50), st.integers(0, 3))
def test_integer_stays_in_its_range(low: int, width: int) -> None:
    assert low <= generate.integer(low, low + width) <= low + width


def test_integer_reaches_both_ends() -> None:
    assert {generate.integer(3, 5) for _ in range(200)} == {3, 4, 5}


@given(st.lists(st.text(max_size=3), max_size=6), st.none() | st.integers(0, 20))
def test_shuffle_repeats_nothing_before_its_turn(items: list[str], count: int | None) -> None:
    result = generate.shuffled(items, count)
    wanted = len(items) if count is None else count
    assert len(result) == (wanted if items else 0)
    for start in range(0, len(result), len(items) or 1):
        batch = Counter(result[start : start + len(items)])
        assert not batch - Counter(items)


def test_shuffle_reaches_every_order() -> None:
    assert len({tuple(generate.shuffled("abc")) for _ in range(300)}) == 6


@pytest.mark.parametrize(("make", "version"), [(generate.uuid4, 4), (generate.uuid7, 7)])
def test_uuids_have_their_version(make, version: int) -> None:
    values = [uuid.UUID(make()) for _ in range(100)]
    assert len(set(values)) == 100
    assert {(value.version, value.variant) for value in values} == {(version, uuid.RFC_4122)}


def test_uuid7_orders_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate.time, "time_ns", lambda: 0x0123456789AB * 1_000_000)
    assert generate.uuid7().replace("-", "").startswith("0123456789ab7")
