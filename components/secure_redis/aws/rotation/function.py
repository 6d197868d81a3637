"""Rotates the password of an ElastiCache user: the function that Secrets Manager calls.

The secret is JSON with `username`, `password` and `user_arn`; other keys are kept as they are.
Secrets Manager calls the handler once for each of four steps, and again after a failure, so every
step can be repeated and interrupted anywhere. The user always holds two passwords, the new one and
the one that is AWSCURRENT: clients have until the next rotation to read the new one.

Environment: `SECRET_ARN` and `USER_ARN`, the only secret and the only user that are touched.

No value of a secret reaches a log record or an exception. What the two services answer is repeated
only for requests that carry no secret.

Nothing but the standard library and what the Lambda runtime brings (boto3) is imported.
"""

import json
import logging
import os
import re
import secrets
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ALPHABET = string.ascii_letters + string.digits
PASSWORD_LENGTH = 48

POLL_SECONDS = 5.0
RESERVE_SECONDS = 15.0  # kept for the calls after a wait, and to fail with a message of our own

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
KEPT = "SECURE_REDIS_KEPT"
"""The staging label of the version whose password `setSecret` left to the user beside the new one.
`finishSecret` needs it: a version made AWSCURRENT by hand in between does not carry it."""

# What ElastiCache takes as a user's password.
ACCEPTABLE = re.compile(r'(?:(?![,"/@])[ -~]){16,128}')
USER_ARN = re.compile(
    r"arn:[a-z0-9-]+:elasticache:(?P<region>[a-z0-9-]+):\d{12}:user:(?P<id>[A-Za-z][A-Za-z0-9-]*)"
)
SECRET_ARN = re.compile(r"arn:[a-z0-9-]+:secretsmanager:(?P<region>[a-z0-9-]+):\d{12}:secret:\S+")
TOKEN = re.compile(r"\S{32,64}")

# Their requests hold passwords, which an error's text may repeat.
SECRET_REQUESTS = {"modify_user", "put_secret_value"}

logger = logging.getLogger("secure_redis_rotation")


class RotationError(Exception):
    """The step cannot be done. The text says why and holds no secret value."""


class AwsCallError(RotationError):
    """A call to AWS failed. `code` is the service's error code, or the client's error class."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Rotation:
    """What every step works on: one version of one secret, and the user that it belongs to.

    `token` is the id of the version that the rotation makes. `remaining` tells the seconds that
    this invocation still has.
    """

    step: str
    token: str
    secret_arn: str
    user_arn: str
    secrets_manager: Any
    elasticache: Any
    remaining: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Credentials:
    """One version of the secret, decoded. `fields` is the whole JSON object (secret)."""

    version_id: str
    username: str
    password: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)


def handler(event: Mapping[str, Any], context: Any) -> None:
    """The Lambda entry point: one step of the rotation of the secret in `SECRET_ARN`.

    `event` has Step, SecretId and ClientRequestToken, as Secrets Manager sends them; `context` is
    Lambda's. Raises RotationError if the step cannot be done; Secrets Manager then tries again.
    """
    logger.setLevel(logging.INFO)
    # At level DEBUG these write whole requests and responses, with the passwords in them.
    for library in ("boto3", "botocore", "urllib3"):
        logging.getLogger(library).setLevel(logging.INFO)
    secret_arn, secret_region = environment_arn("SECRET_ARN", SECRET_ARN)
    user_arn, user_region = environment_arn("USER_ARN", USER_ARN)
    step, token = checked_event(event, secret_arn)
    run(
        Rotation(
            step=step,
            token=token,
            secret_arn=secret_arn,
            user_arn=user_arn,
            secrets_manager=client("secretsmanager", secret_region),
            elasticache=client("elasticache", user_region),
            remaining=lambda: context.get_remaining_time_in_millis() / 1000,
        )
    )


def client(service: str, region: str) -> Any:
    """A client that repeats throttled and interrupted calls by boto3's standard rules."""
    retries = {"mode": "standard", "total_max_attempts": 6}
    config = Config(connect_timeout=5, read_timeout=20, retries=retries)  # pyright: ignore[reportArgumentType]
    return boto3.client(service, region_name=region, config=config)  # pyright: ignore[reportArgumentType,reportCallIssue]


def environment_arn(name: str, form: re.Pattern[str]) -> tuple[str, str]:
    """The ARN in an environment variable, and its region. Raises RotationError if it is none."""
    value = os.environ.get(name, "")
    match = form.fullmatch(value)
    if not match:
        raise RotationError(f"the environment variable {name} is not an ARN of the expected form")
    return value, match["region"]


def checked_event(event: Mapping[str, Any], secret_arn: str) -> tuple[str, str]:
    """The event's step and version id. Raises RotationError for an event that is not for us."""
    if event.get("SecretId") != secret_arn:
        raise RotationError(f"the event names another secret than {secret_arn}")
    step, token = event.get("Step"), event.get("ClientRequestToken")
    if not isinstance(step, str) or step not in STEPS:
        raise RotationError(f"the event's Step is none of {', '.join(STEPS)}")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise RotationError("the event's ClientRequestToken is not the id of a version")
    return step, token


def run(rotation: Rotation) -> None:
    """Does the step, unless this version's rotation is finished. Logs how it ended.

    Raises RotationError if the step cannot be done.
    """
    try:
        outcome = outcome_of(rotation)
    except RotationError as error:
        log(rotation, logging.ERROR, str(error))
        raise
    log(rotation, logging.INFO, outcome)


def outcome_of(rotation: Rotation) -> str:
    """Does the step, unless this version's rotation is finished. Tells what was done.

    Raises RotationError if the version is not the pending one, or the step cannot be done.
    """
    stages = version_stages(rotation)
    mine = stages.get(rotation.token, ())
    if CURRENT in mine or PREVIOUS in mine:
        # Current already, or even replaced since: only the label can be left over. With it, a
        # version replaced by hand would be rotated in again.
        remove_pending(rotation, stages)
        return "this version's rotation is already finished"
    if PENDING not in mine:
        raise RotationError(f"version {rotation.token} is not staged as {PENDING}")
    return STEPS[rotation.step](rotation)


def create_secret(rotation: Rotation) -> str:
    """Stores a new password as the pending version, unless that version has one. Tells what it did.

    The password comes from the system's own generator and not from Secrets Manager's
    GetRandomPassword: that needs a permission on every resource and a call that can fail, and
    describes an alphabet by what it leaves out. 48 of 62 characters are 285 bits, legal for
    ElastiCache, and stand in a URL unencoded.
    """
    current = current_credentials(rotation)
    check_user(rotation, describe_user(rotation), current)
    if pending_text(rotation) is not None:
        return "the pending version has a password already"
    password = "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))
    try:
        call(
            rotation.secrets_manager,
            "put_secret_value",
            SecretId=rotation.secret_arn,
            ClientRequestToken=rotation.token,
            SecretString=json.dumps({**current.fields, "password": password}),
            VersionStages=[PENDING],
        )
    except AwsCallError as error:
        # A version never changes its value: another run of this step was faster.
        if error.code != "ResourceExistsException":
            raise
        return "the pending version has a password already"
    return "stored a new password as the pending version"


def set_secret(rotation: Rotation) -> str:
    """Gives the user the pending and the current password. Tells what it did.

    Both are read after the wait, right before they are set, so that a version that became current
    meanwhile is not shut out.
    """
    while True:
        user = wait_until_active(rotation)
        current, pending = current_credentials(rotation), pending_credentials(rotation)
        check_user(rotation, user, current)
        check_user(rotation, user, pending)
        if give_passwords(rotation, user["UserId"], distinct(pending, current)):
            break
        pause(rotation, "modified by somebody else")
    mark_kept(rotation, current.version_id)
    return "the user has the pending and the current password"


def test_secret(rotation: Rotation) -> str:
    """Waits until the passwords are in force at every node. Tells how many there are.

    ElastiCache does not tell passwords, so their number is what can be checked. Secrets Manager
    also calls this step alone when rotation is set up, with a pending version that has the current
    value, or none: then the user need not have two.
    """
    user = wait_until_active(rotation)
    current = current_credentials(rotation)
    check_user(rotation, user, current)
    wanted = 1
    if pending_text(rotation) is not None:
        pending = pending_credentials(rotation)
        check_user(rotation, user, pending)
        wanted = len(distinct(pending, current))
    count = user.get("Authentication", {}).get("PasswordCount", 0)
    if count < wanted:
        raise RotationError(
            f"user {user['UserId']} has {count} of {wanted} passwords: somebody else changed them"
        )
    return f"the user is active, passwords: {count}"


def finish_secret(rotation: Rotation) -> str:
    """Makes the pending version the current one. Tells what it did.

    If another version became current since `setSecret`, the user may not have the pending password
    any more: then it is set once more, first. Whether the passwords are in force is asked in any
    case: an earlier run of this step may have ended right after it had set them.
    """
    stages = version_stages(rotation)
    current = holder(stages, CURRENT)
    if current is None or current != holder(stages, KEPT):
        set_secret(rotation)
        current = holder(version_stages(rotation), KEPT)
    test_secret(rotation)
    pending_credentials(rotation)  # an empty or broken version must not become current
    # Refused by Secrets Manager if AWSCURRENT is at another version by now.
    move_label(rotation, CURRENT, source=current, target=rotation.token)
    remove_pending(rotation, version_stages(rotation))
    return "the pending version is the current one"


STEPS: Mapping[str, Callable[[Rotation], str]] = {
    "createSecret": create_secret,
    "setSecret": set_secret,
    "testSecret": test_secret,
    "finishSecret": finish_secret,
}


def version_stages(rotation: Rotation) -> Mapping[str, list[str]]:
    """The staging labels of each version. Raises RotationError if rotation is not enabled."""
    secret = call(rotation.secrets_manager, "describe_secret", SecretId=rotation.secret_arn)
    if not secret.get("RotationEnabled"):
        raise RotationError("rotation is not enabled for this secret")
    return secret.get("VersionIdsToStages", {})


def holder(stages: Mapping[str, list[str]], label: str) -> str | None:
    """The version that has a staging label; None if none has."""
    return next((version for version, labels in stages.items() if label in labels), None)


def move_label(rotation: Rotation, label: str, *, source: str | None, target: str | None) -> None:
    """Takes a staging label from `source`, gives it to `target`; None for no such version."""
    ends = {"RemoveFromVersionId": source, "MoveToVersionId": target}
    call(
        rotation.secrets_manager,
        "update_secret_version_stage",
        SecretId=rotation.secret_arn,
        VersionStage=label,
        **{name: version for name, version in ends.items() if version},
    )


def mark_kept(rotation: Rotation, version_id: str) -> None:
    """Labels the version whose password the user has beside the pending one."""
    marked = holder(version_stages(rotation), KEPT)
    if marked != version_id:
        move_label(rotation, KEPT, source=marked, target=version_id)


def remove_pending(rotation: Rotation, stages: Mapping[str, list[str]]) -> None:
    """Takes AWSPENDING from the finished version, if it is still there."""
    if PENDING in stages.get(rotation.token, ()):
        move_label(rotation, PENDING, source=rotation.token, target=None)


def current_credentials(rotation: Rotation) -> Credentials:
    """What is in the version AWSCURRENT. Raises RotationError if it is not usable."""
    answer = call(
        rotation.secrets_manager,
        "get_secret_value",
        SecretId=rotation.secret_arn,
        VersionStage=CURRENT,
    )
    return decoded(answer.get("SecretString"), answer["VersionId"], CURRENT, rotation.user_arn)


def pending_credentials(rotation: Rotation) -> Credentials:
    """What is in the version of this rotation. Raises RotationError if it is not usable."""
    text = pending_text(rotation)
    if text is None:
        raise RotationError(f"version {rotation.token} ({PENDING}) has no value yet")
    return decoded(text, rotation.token, PENDING, rotation.user_arn)


def pending_text(rotation: Rotation) -> str | None:
    """The raw value of this rotation's version (secret); None if it has none yet."""
    try:
        answer = call(
            rotation.secrets_manager,
            "get_secret_value",
            SecretId=rotation.secret_arn,
            VersionId=rotation.token,
            VersionStage=PENDING,
        )
    except AwsCallError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return None
    return answer.get("SecretString", "")


def decoded(text: str | None, version_id: str, label: str, user_arn: str) -> Credentials:
    """The credentials in a version's text. Raises RotationError, without any part of the text."""
    where = f"version {version_id} ({label})"
    try:
        fields = json.loads(text or "")
    except ValueError:
        fields = None
    # Raised out here: the decoder's own error holds the text, and would hang on to ours.
    if not isinstance(fields, dict):
        raise RotationError(f"{where} is not a JSON object")
    wanted = ("username", "password", "user_arn")
    missing = [key for key in wanted if not (isinstance(fields.get(key), str) and fields[key])]
    if missing:
        raise RotationError(f"{where} has no text at: {', '.join(missing)}")
    if fields["user_arn"] != user_arn:
        raise RotationError(f"{where} belongs to another user than {user_arn}")
    if not ACCEPTABLE.fullmatch(fields["password"]):
        raise RotationError(
            f"{where} has a password that ElastiCache does not take: 16 to 128 printable "
            'characters without comma, ", / and @'
        )
    return Credentials(version_id, fields["username"], fields["password"], fields)


def distinct(pending: Credentials, current: Credentials) -> list[str]:
    """The passwords that the user must have: one or two, the new one first (secret)."""
    return list(dict.fromkeys([pending.password, current.password]))


def describe_user(rotation: Rotation) -> Mapping[str, Any]:
    """The user as ElastiCache describes it. Raises RotationError if there is none."""
    user_id = USER_ARN.fullmatch(rotation.user_arn)["id"]  # pyright: ignore[reportOptionalSubscript]
    try:
        users = call(rotation.elasticache, "describe_users", UserId=user_id)["Users"]
    except AwsCallError as error:
        if error.code != "UserNotFound":
            raise
        users = []
    if not users or users[0].get("Status") == "deleting":
        raise RotationError(f"user {user_id} does not exist any more")
    return users[0]


def check_user(rotation: Rotation, user: Mapping[str, Any], credentials: Credentials) -> None:
    """Raises RotationError unless this is the user of the credentials, with passwords."""
    if user.get("ARN") != rotation.user_arn:
        raise RotationError(f"the user that was found is not {rotation.user_arn}")
    if user.get("UserName") != credentials.username:
        raise RotationError(f"version {credentials.version_id} has another username than the user")
    kind = user.get("Authentication", {}).get("Type")
    if kind != "password":
        raise RotationError(f"the user has no passwords to rotate: it authenticates by {kind}")


def wait_until_active(rotation: Rotation) -> Mapping[str, Any]:
    """The user, once it is active. Raises RotationError shortly before the invocation's end."""
    while (user := describe_user(rotation)).get("Status") != "active":
        pause(rotation, f"still {user.get('Status')}")
    return user


def pause(rotation: Rotation, state: str) -> None:
    """Waits a moment for the user. Raises RotationError if the invocation has no time for that."""
    left = rotation.remaining() - RESERVE_SECONDS
    if left <= 0:
        raise RotationError(f"out of time: the user is {state}")
    log(rotation, logging.INFO, f"waiting: the user is {state}")
    rotation.sleep(min(POLL_SECONDS, left))


def give_passwords(rotation: Rotation, user_id: str, passwords: list[str]) -> bool:
    """Sets the user's passwords (secret, one or two). False if it is being modified already."""
    try:
        call(rotation.elasticache, "modify_user", UserId=user_id, Passwords=passwords)
    except AwsCallError as error:
        if error.code != "InvalidUserState":
            raise
        return False
    return True


def call(client: Any, operation: str, **parameters: Any) -> Any:
    """Calls an operation of boto3. Raises AwsCallError, which holds no secret, if that fails.

    The error is raised outside the `except`, so that it has no link to boto3's own: that one's
    text repeats parameters.
    """
    try:
        return getattr(client, operation)(**parameters)
    except ClientError as error:
        failure = refused(operation, error.response)
    except BotoCoreError as error:
        kind = type(error).__name__
        failure = AwsCallError(f"{operation}: {kind}", kind)
    raise failure


def refused(operation: str, response: Mapping[str, Any]) -> AwsCallError:
    """The error for an answer that refuses a call: code and request id; text if that is safe."""
    details = response.get("Error", {})
    # The code in ElastiCache's protocol has no such ending, the name of the error has.
    code = str(details.get("Code", "unknown")).removesuffix("Fault")
    request = response.get("ResponseMetadata", {}).get("RequestId", "unknown")
    text = "" if operation in SECRET_REQUESTS else f" {details.get('Message', '')}"
    return AwsCallError(f"{operation}: {code} (request {request}){text}", code)


def log(rotation: Rotation, level: int, message: str) -> None:
    """Writes one line of JSON: which step of which rotation, and what happened."""
    facts = {
        "message": message,
        "step": rotation.step,
        "secret": rotation.secret_arn,
        "version": rotation.token,
        "user": rotation.user_arn,
    }
    logger.log(level, json.dumps(facts))
