"""Rotations that are cut off anywhere, repeated, and crossed by an operator's own, converge."""

import json
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.unit.rotation.fake_secrets_manager import CURRENT, PENDING, PREVIOUS
from tests.unit.rotation.scene import STEPS, new_scene
from tests.unit.rotation.wire import Interruption

OLD_PASSWORD = "OlderPasswordOfTheUser0123456789"
INTERRUPTIONS = st.builds(
    Interruption,
    call=st.integers(0, 30),
    moment=st.sampled_from(["before", "after"]),
    kind=st.sampled_from(["killed", "lost", "refused"]),
)


@dataclass(frozen=True)
class Attempt:
    """One try of a rotation, and what somebody else does before it."""

    before: Literal["nothing", "by hand", "user changed", "given up"]
    interruption: Interruption | None
    polls: int
    repeats: int
    """How many times each step is delivered."""
    resumes: bool
    """Whether Secrets Manager starts at the step that failed, or from the first one."""
    split: int
    """After how many steps an operator rotates by hand; more than there are: never."""


ATTEMPTS = st.builds(
    Attempt,
    before=st.sampled_from(["nothing", "by hand", "user changed", "given up"]),
    interruption=st.none() | INTERRUPTIONS,
    polls=st.integers(0, 3),
    repeats=st.integers(1, 2),
    resumes=st.booleans(),
    split=st.integers(0, 8),
)


@settings(deadline=None, max_examples=400, database=None)
@given(st.lists(ATTEMPTS, max_size=6), st.booleans(), st.booleans())
def test_any_history_converges(
    history: list[Attempt], drops_pending: bool, rotated_before: bool
) -> None:
    scene = new_scene(drops_pending=drops_pending, second=OLD_PASSWORD if rotated_before else None)
    token, failed_at = scene.new_token(), 0
    scene.secrets.start_rotation(token)
    for attempt in history:
        scene.cache.polls = attempt.polls
        scene.wire.expect(None)
        if attempt.before == "by hand":
            scene.rotate_by_hand()
        elif attempt.before == "user changed":
            scene.cache.change()
        elif attempt.before == "given up":
            scene.secrets.give_up()
            failed_at = 0
            token = scene.new_token()
        if scene.is_settled(token):
            token, failed_at = scene.new_token(), 0
        scene.secrets.start_rotation(token)
        start = failed_at if attempt.resumes else 0
        steps = [step for step in STEPS[start:] for _ in range(attempt.repeats)]
        done = scene.attempt(token, steps[: attempt.split], attempt.interruption)
        if done == attempt.split < len(steps):
            scene.rotate_by_hand()
            done += scene.attempt(token, steps[attempt.split :], None)
        failed_at = (start + done // attempt.repeats) % len(STEPS)
        event(f"steps done: {done // attempt.repeats}")
    # Whatever happened: one undisturbed run, from the step that failed, ends in a complete state.
    scene.wire.expect(None)
    scene.cache.polls = 2
    if scene.is_settled(token):
        token, failed_at = scene.new_token(), 0
    scene.rotate(token, steps=STEPS[failed_at:])
    assert scene.is_settled(token)
    pending, current = scene.secrets.at(PENDING), scene.secrets.at(CURRENT)
    assert pending in (None, current)
    assert scene.cache.status == "active"
    # And the next rotation starts from there.
    previous = scene.secrets.fields(CURRENT)["password"]
    following = scene.rotate()
    made = scene.secrets.fields(CURRENT)
    assert scene.secrets.at(CURRENT) == following
    assert scene.secrets.at(PREVIOUS) == current
    assert scene.cache.passwords == [made["password"], previous]
    assert made["note"] == json.loads(scene.secrets.values_ever[0])["note"]
    assert all(len(version.labels) <= 4 for version in scene.secrets.versions.values())
    scene.check_silence()


@pytest.mark.parametrize("kind", ["killed", "lost", "refused"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_every_call_of_a_rotation_may_fail(moment: str, kind: str) -> None:
    clean = new_scene(polls=2)
    clean.wire.expect(None)
    clean.rotate()
    calls = len(clean.wire.counted)
    assert calls > 20
    for call in range(calls):
        scene = new_scene(polls=2)
        token = scene.new_token()
        scene.secrets.start_rotation(token)
        interruption = Interruption(call, moment, kind)  # pyright: ignore[reportArgumentType]
        done = scene.attempt(token, STEPS, interruption)
        assert done < len(STEPS), f"call {call} did not fail"
        scene.wire.expect(None)
        scene.rotate(token)
        assert scene.secrets.at(CURRENT) == token
        assert scene.secrets.at(PENDING) is None
        assert len(scene.cache.passwords) == 2
        assert len(scene.secrets.values_ever) == 2, "a second password was made"
        scene.check_silence()
