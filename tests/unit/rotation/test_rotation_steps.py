"""The four steps, one by one: what they do, repeat, wait for and refuse."""

import json
import re

import pytest
from secure_redis.aws.rotation import function
from secure_redis.aws.rotation.resources import function_policy

from tests.unit.rotation.fake_secrets_manager import CURRENT, PENDING, PREVIOUS
from tests.unit.rotation.scene import (
    FIRST_PASSWORD,
    FIRST_VERSION,
    SECRET_ARN,
    STEPS,
    USER_ARN,
    Scene,
    new_scene,
)
from tests.unit.rotation.wire import refusal

OLD_PASSWORD = "OlderPasswordOfTheUser0123456789"


def after(steps: int, *, polls: int = 0) -> tuple[Scene, str]:
    """A scene in which the first steps of a rotation are done."""
    scene = new_scene(polls=polls)
    return scene, scene.rotate(steps=STEPS[:steps])


def refused(scene: Scene, step: str, token: str, *, match: str, seconds: float = 900.0) -> None:
    with pytest.raises(function.RotationError, match=match):
        scene.step(step, token, seconds=seconds)
    assert scene.said
    scene.check_silence()


@pytest.mark.parametrize("drops_pending", [False, True])
def test_first_rotation(drops_pending: bool) -> None:
    scene = new_scene(polls=3, drops_pending=drops_pending)
    token = scene.rotate()
    made = scene.secrets.fields(CURRENT)
    assert scene.secrets.at(CURRENT) == token
    assert scene.secrets.at(PREVIOUS) == FIRST_VERSION
    assert scene.secrets.at(PENDING) is None
    assert re.fullmatch(r"[A-Za-z0-9]{48}", made["password"])
    assert scene.cache.passwords == [made["password"], FIRST_PASSWORD]
    first = json.loads(scene.secrets.values_ever[0])
    assert {**made, "password": ""} == {**first, "password": ""}
    scene.check_silence()


def test_many_rotations_keep_the_last_two_passwords() -> None:
    scene = new_scene(polls=2)
    for _ in range(4):
        previous = scene.secrets.fields(CURRENT)["password"]
        scene.rotate()
        current = scene.secrets.fields(CURRENT)["password"]
        assert scene.cache.passwords == [current, previous]
    assert len(set(scene.secrets.values_ever)) == 5


def test_the_role_allows_every_call_on_its_resource() -> None:
    scene = new_scene(polls=1)
    scene.wire.expect(None)
    scene.rotate()
    scene.rotate()
    used = {f"{service}:{operation}" for service, operation in scene.wire.counted}
    policy = function_policy(SECRET_ARN, USER_ARN, "arn:aws:logs:eu-west-1:123456789012:log", "")
    resources = {"secretsmanager": SECRET_ARN, "elasticache": USER_ARN}
    allowed = {
        action
        for statement in policy["Statement"]
        for action in statement["Action"]
        if statement["Resource"] == resources.get(action.partition(":")[0])
    }
    assert used == allowed


@pytest.mark.parametrize("done", range(1, 5))
def test_every_step_may_be_repeated(done: int) -> None:
    scene, token = after(done, polls=2)
    before = scene.secrets.values_ever.copy(), scene.cache.passwords
    scene.step(STEPS[done - 1], token)
    assert (scene.secrets.values_ever, scene.cache.passwords) == before
    for step in STEPS[done:]:
        scene.step(step, token)
    assert scene.is_settled(token)


@pytest.mark.parametrize("step", STEPS)
def test_a_finished_rotation_is_left_alone(step: str) -> None:
    scene, token = after(4)
    before = scene.cache.passwords
    scene.wire.expect(None)
    scene.step(step, token)
    assert [operation for _, operation in scene.wire.counted] == ["DescribeSecret"]
    assert scene.cache.passwords == before
    assert scene.secrets.at(CURRENT) == token


@pytest.mark.parametrize("step", STEPS)
def test_a_label_left_on_a_version_that_was_replaced_by_hand_is_taken_away(step: str) -> None:
    scene, token = after(4)
    scene.secrets.versions[token].labels.add(PENDING)
    by_hand = scene.rotate_by_hand()
    scene.step(step, token)
    assert scene.secrets.at(CURRENT) == by_hand
    assert scene.secrets.at(PENDING) is None
    scene.rotate()


def test_create_leaves_a_pending_password_alone() -> None:
    scene, token = after(1)
    pending = scene.secrets.fields(PENDING)
    scene.wire.expect(None)
    scene.step("createSecret", token)
    assert ("secretsmanager", "PutSecretValue") not in scene.wire.counted
    assert scene.secrets.fields(PENDING) == pending


def test_create_yields_to_a_faster_run_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, token = after(1)
    pending = scene.secrets.fields(PENDING)
    # Both runs looked before either had stored a password.
    monkeypatch.setattr(function, "pending_text", lambda _: None)
    scene.step("createSecret", token)
    assert ("secretsmanager", "PutSecretValue") in scene.wire.counted
    assert scene.secrets.fields(PENDING) == pending
    scene.check_silence()


def test_set_waits_for_a_user_that_somebody_else_changes() -> None:
    scene, token = after(1, polls=4)
    scene.cache.change()
    scene.step("setSecret", token)
    assert scene.now == pytest.approx(4 * function.POLL_SECONDS)
    assert scene.cache.passwords == [scene.secrets.fields(PENDING)["password"], FIRST_PASSWORD]


def test_set_waits_again_when_somebody_else_was_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, token = after(1, polls=2)
    changes = iter([True])

    def modify(request: dict[str, object]) -> dict[str, object]:
        if next(changes, False):
            scene.cache.change()
            raise refusal("ModifyUser", "InvalidUserState", f"cannot take {request}")
        return original(request)

    original = scene.cache._modify
    monkeypatch.setattr(scene.cache, "_modify", modify)
    scene.step("setSecret", token)
    assert scene.cache.passwords[1] == FIRST_PASSWORD
    assert len(scene.cache.passwords) == 2
    scene.check_silence()


def test_set_reads_what_is_current_after_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, token = after(1, polls=3)
    scene.cache.change()

    def sleep(seconds: float) -> None:
        if not scene.now:
            scene.rotate_by_hand()
        original(seconds)

    original = scene._sleep
    monkeypatch.setattr(scene, "_sleep", sleep)
    scene.step("setSecret", token)
    by_hand = scene.secrets.fields(CURRENT)["password"]
    assert by_hand != FIRST_PASSWORD
    assert scene.cache.passwords == [scene.secrets.fields(PENDING)["password"], by_hand]


@pytest.mark.parametrize("step", ["setSecret", "testSecret"])
def test_a_wait_ends_before_the_invocation_does(step: str) -> None:
    scene, token = after(1, polls=10_000)
    scene.cache.change()
    refused(scene, step, token, match="out of time: the user is still modifying", seconds=60)
    assert 60 - function.RESERVE_SECONDS <= scene.now < 60


def test_set_does_not_try_for_ever_against_a_user_that_is_never_free() -> None:
    scene, token = after(1)

    def modify(request: dict[str, object]) -> dict[str, object]:
        raise refusal("ModifyUser", "InvalidUserState", f"cannot take {request}")

    scene.cache._modify = modify  # pyright: ignore[reportAttributeAccessIssue]
    refused(scene, "setSecret", token, match="modified by somebody else", seconds=60)


def test_a_pending_password_that_is_the_current_one_is_given_once() -> None:
    scene = new_scene(second=OLD_PASSWORD)
    token = scene.new_token()
    scene.secrets.start_trial(token, scene.secrets.values_ever[0])
    scene.rotate(token)
    assert scene.cache.passwords == [FIRST_PASSWORD]
    assert scene.secrets.at(CURRENT) == token


@pytest.mark.parametrize("copied", [True, False])
def test_the_trial_of_a_new_configuration_passes_and_changes_nothing(copied: bool) -> None:
    scene = new_scene()
    token = scene.new_token()
    scene.secrets.start_trial(token, scene.secrets.values_ever[0] if copied else None)
    scene.step("testSecret", token)
    assert scene.cache.passwords == [FIRST_PASSWORD]
    assert scene.secrets.versions[FIRST_VERSION].labels == {CURRENT}
    scene.secrets.give_up()
    scene.rotate()


def test_test_waits_until_the_passwords_are_in_force() -> None:
    scene, token = after(2, polls=5)
    assert scene.cache.status == "modifying"
    scene.step("testSecret", token)
    assert scene.cache.status == "active"


def test_test_refuses_a_user_whose_passwords_were_changed() -> None:
    scene, token = after(2)
    scene.cache.change([FIRST_PASSWORD])
    refused(scene, "testSecret", token, match="has 1 of 2 passwords")


def test_finish_sets_the_password_again_after_a_rotation_by_hand() -> None:
    scene, token = after(3, polls=2)
    by_hand = scene.rotate_by_hand()
    kept = scene.secrets.fields(CURRENT)["password"]
    scene.step("finishSecret", token)
    assert scene.secrets.at(CURRENT) == token
    assert scene.secrets.at(PREVIOUS) == by_hand
    assert scene.cache.passwords == [scene.secrets.fields(CURRENT)["password"], kept]


def test_finish_waits_for_passwords_that_a_cut_off_run_of_it_has_set() -> None:
    scene, token = after(3, polls=3)
    scene.rotate_by_hand()
    refused(scene, "finishSecret", token, match="out of time", seconds=function.RESERVE_SECONDS)
    assert scene.cache.status == "modifying"
    scene.step("finishSecret", token)
    assert scene.secrets.at(CURRENT) == token


def test_a_secret_changed_by_hand_without_the_user_heals_by_the_next_rotation() -> None:
    scene = new_scene(polls=1)
    scene.guarded = False
    fields = scene.secrets.fields(CURRENT)
    by_hand = "OnlyInTheSecret0123456789"
    value = json.dumps({**fields, "password": by_hand})
    scene.secrets.store(scene.new_token(), value, [CURRENT])
    scene.rotate()
    scene.guarded = True
    scene.observe()
    assert scene.cache.passwords[1] == by_hand


def test_finish_yields_to_a_change_at_the_last_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, token = after(3)
    hands: list[str] = []

    def pending_credentials(rotation: function.Rotation) -> function.Credentials:
        if not hands:
            hands.append(scene.rotate_by_hand())
        return original(rotation)

    original = function.pending_credentials
    monkeypatch.setattr(function, "pending_credentials", pending_credentials)
    refused(scene, "finishSecret", token, match="InvalidParameterException")
    assert scene.secrets.at(CURRENT) == hands[0]
    for step in STEPS:
        scene.step(step, token)
    assert scene.secrets.at(CURRENT) == token


def test_an_empty_version_never_becomes_current() -> None:
    scene = new_scene()
    token = scene.rotate(steps=())
    refused(scene, "finishSecret", token, match="has no value yet")
    assert scene.secrets.at(CURRENT) == FIRST_VERSION
    # The same when an earlier rotation left its mark on the current version.
    scene.secrets.versions[FIRST_VERSION].labels.add(function.KEPT)
    refused(scene, "finishSecret", token, match="has no value yet")
    assert scene.secrets.at(CURRENT) == FIRST_VERSION


def test_set_needs_a_created_password() -> None:
    scene = new_scene()
    refused(scene, "setSecret", scene.rotate(steps=()), match="has no value yet")
    assert scene.cache.passwords == [FIRST_PASSWORD]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("enabled", [False, None])
def test_rotation_must_be_enabled(step: str, enabled: bool | None) -> None:
    scene = new_scene()
    token = scene.rotate(steps=())
    scene.secrets.rotation_enabled = enabled
    refused(scene, step, token, match="rotation is not enabled")
    assert scene.cache.passwords == [FIRST_PASSWORD]


@pytest.mark.parametrize("step", STEPS)
def test_the_version_must_be_the_pending_one(step: str) -> None:
    scene, token = after(1)
    refused(scene, step, scene.new_token(), match="is not staged as AWSPENDING")
    scene.secrets.give_up()
    refused(scene, step, token, match="is not staged as AWSPENDING")
    assert scene.cache.passwords == [FIRST_PASSWORD]


@pytest.mark.parametrize("done", range(4))
def test_a_user_that_was_deleted(done: int) -> None:
    scene, token = after(done)
    scene.cache.exists = False
    scene.guarded = False
    refused(scene, STEPS[done], token, match="user app-cache does not exist any more")


def test_a_user_that_is_being_deleted_is_not_waited_for() -> None:
    scene, token = after(1)
    scene.cache.status = "deleting"
    scene.guarded = False
    refused(scene, "setSecret", token, match="does not exist any more")
    assert scene.now == 0


@pytest.mark.parametrize("step", STEPS[:3])
@pytest.mark.parametrize("kind", ["iam", "no-password"])
def test_a_user_without_passwords(step: str, kind: str) -> None:
    scene, token = after(STEPS.index(step))
    scene.cache.kind = kind
    refused(scene, step, token, match=f"authenticates by {kind}")


@pytest.mark.parametrize("step", STEPS[:3])
def test_a_user_of_another_name(step: str) -> None:
    scene, token = after(STEPS.index(step))
    scene.cache.user_name = "other"
    refused(scene, step, token, match="has another username than the user")


@pytest.mark.parametrize("step", STEPS[:3])
def test_a_user_of_another_account(step: str) -> None:
    scene, token = after(STEPS.index(step))
    scene.cache.arn = USER_ARN.replace("123456789012", "210987654321")
    refused(scene, step, token, match="the user that was found is not")


SENTINEL = "SentinelThatMustNotBeSaid0123456789"
BROKEN = {
    "no JSON": (f'{{"password": "{SENTINEL}"', "is not a JSON object"),
    "no object": (json.dumps([SENTINEL]), "is not a JSON object"),
    "no password": (
        json.dumps({"username": "app", "user_arn": USER_ARN, "Password": SENTINEL}),
        "has no text at: password",
    ),
    "a number": (
        json.dumps({"username": "app", "user_arn": USER_ARN, "password": 10**20}),
        "has no text at: password",
    ),
    "nothing else": (json.dumps({"password": SENTINEL}), "has no text at: username, user_arn"),
    "a foreign user": (
        json.dumps({"username": "app", "user_arn": f"{USER_ARN}2", "password": SENTINEL}),
        "belongs to another user",
    ),
    "short": (
        json.dumps({"username": "app", "user_arn": USER_ARN, "password": SENTINEL[:15]}),
        "a password that ElastiCache does not take",
    ),
    "long": (
        json.dumps({"username": "app", "user_arn": USER_ARN, "password": SENTINEL * 4}),
        "a password that ElastiCache does not take",
    ),
    "comma": (
        json.dumps({"username": "app", "user_arn": USER_ARN, "password": f"{SENTINEL},"}),
        "a password that ElastiCache does not take",
    ),
    "line end": (
        json.dumps({"username": "app", "user_arn": USER_ARN, "password": f"{SENTINEL}\n"}),
        "a password that ElastiCache does not take",
    ),
}


@pytest.mark.parametrize("label", [CURRENT, PENDING])
@pytest.mark.parametrize("name", BROKEN)
def test_a_secret_that_is_broken(name: str, label: str) -> None:
    value, match = BROKEN[name]
    scene, token = after(1)
    version = scene.secrets.at(label)
    assert version
    scene.secrets.versions[version].value = value
    scene.guarded = False
    for step in STEPS[1:]:
        with pytest.raises(function.RotationError, match=match) as refusal_of_step:
            scene.step(step, token)
        assert label in str(refusal_of_step.value)
    # The whole value, and what an exact comparison with a part of it would find.
    assert not any(SENTINEL[:12] in line or str(10**20) in line for line in scene.said)
    assert scene.cache.passwords == [FIRST_PASSWORD]


def test_a_secret_without_text() -> None:
    scene, token = after(1)
    scene.guarded = False
    get = scene.secrets._get
    scene.secrets._get = lambda request: {  # pyright: ignore[reportAttributeAccessIssue]
        key: value for key, value in get(request).items() if key != "SecretString"
    }
    refused(scene, "setSecret", token, match="is not a JSON object")


def test_a_secret_marked_for_deletion() -> None:
    scene, token = after(1)
    scene.secrets.deleted = True
    refused(scene, "setSecret", token, match="InvalidRequestException .* marked for deletion")


def test_passwords_of_any_legal_alphabet_are_taken_over() -> None:
    scene = new_scene()
    scene.guarded = False
    odd = "!#$%&'()*+-.:;<=>?[\\]^_`{|}~ é"[:-1] + "0aA"
    fields = scene.secrets.fields(CURRENT)
    scene.secrets.versions[FIRST_VERSION].value = json.dumps({**fields, "password": odd})
    scene.cache.passwords = [odd]
    scene.guarded = True
    scene.rotate()
    assert scene.cache.passwords[1] == odd


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"SecretId": f"{SECRET_ARN}x"}, "names another secret"),
        ({"SecretId": "another/secret"}, "names another secret"),
        ({"SecretId": None}, "names another secret"),
        ({"Step": "create_secret"}, "Step is none of"),
        ({"Step": ["createSecret"]}, "Step is none of"),
        ({"Step": None}, "Step is none of"),
        ({"ClientRequestToken": "short"}, "is not the id of a version"),
        ({"ClientRequestToken": 7}, "is not the id of a version"),
        ({"ClientRequestToken": None}, "is not the id of a version"),
    ],
)
def test_an_event_that_is_not_for_this_function(change: dict[str, object], match: str) -> None:
    event = {**new_scene().event("createSecret", FIRST_VERSION), **change}
    if None in change.values():
        event = {key: value for key, value in event.items() if key not in change}
    with pytest.raises(function.RotationError, match=match) as refusal_of_event:
        function.checked_event(event, SECRET_ARN)
    assert not any(str(value) in str(refusal_of_event.value) for value in change.values() if value)
