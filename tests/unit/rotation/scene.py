"""One secret, one user, and Secrets Manager's rules of calling the function."""

import json
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from secure_redis.aws.rotation import function

from tests.unit.rotation.fake_elasticache import FakeElastiCache
from tests.unit.rotation.fake_secrets_manager import CURRENT, PENDING, FakeSecretsManager
from tests.unit.rotation.wire import Interruption, Killed, Wire

SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/cache-AbCdEf"
USER_ARN = "arn:aws:elasticache:eu-west-1:123456789012:user:app-cache"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
FIRST_VERSION = "00000000-0000-4000-8000-000000000000"
FIRST_PASSWORD = "FirstPasswordOfTheUser0123456789"


@dataclass
class Scene:
    """The services, the clock, and everything that the function said."""

    wire: Wire
    secrets: FakeSecretsManager
    cache: FakeElastiCache
    now: float = 0.0
    said: list[str] = field(default_factory=list)
    # False while an operator's own mistake keeps the current password out.
    guarded: bool = True
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def new_token(self) -> str:
        """The id of a version to come."""
        return f"00000000-0000-4000-8000-{next(self._numbers):012d}"

    def event(self, step: str, token: str) -> dict[str, str]:
        return {
            "Step": step,
            "SecretId": SECRET_ARN,
            "ClientRequestToken": token,
            "RotationToken": "rotation-token-that-nobody-may-log",
        }

    def step(self, step: str, token: str, *, seconds: float = 900.0) -> None:
        """The function does one step, in an invocation of that many seconds."""
        end = self.now + seconds
        named, version = function.checked_event(self.event(step, token), SECRET_ARN)
        with self.listening():
            function.run(
                function.Rotation(
                    step=named,
                    token=version,
                    secret_arn=SECRET_ARN,
                    user_arn=USER_ARN,
                    secrets_manager=self.secrets,
                    elasticache=self.cache,
                    remaining=lambda: end - self.now,
                    sleep=self._sleep,
                )
            )

    def rotate(self, token: str | None = None, *, steps: Sequence[str] = STEPS) -> str:
        """A rotation without any trouble: the version that it made."""
        token = token or self.new_token()
        self.secrets.start_rotation(token)
        for step in steps:
            self.step(step, token)
        return token

    def attempt(self, token: str, steps: Sequence[str], interruption: Interruption | None) -> int:
        """The steps, until one of them fails: how many were done."""
        self.wire.expect(interruption)
        done = 0
        with suppress(function.RotationError, Killed):
            for step in steps:
                self.step(step, token)
                done += 1
        return done

    def rotate_by_hand(self) -> str:
        """An operator's own rotation, done right: the user first, then the secret."""
        version = self.new_token()
        password = f"MadeByHand{version.replace('-', '')}"
        fields = self.secrets.fields(CURRENT)
        self.cache.settle()
        self.cache.change([password, fields["password"]])
        self.observe()
        self.cache.settle()
        self.secrets.store(version, json.dumps({**fields, "password": password}), [CURRENT])
        self.observe()
        return version

    def observe(self) -> None:
        """What must hold at every moment: who reads the secret now can connect."""
        if self.guarded:
            password = self.secrets.fields(CURRENT)["password"]
            assert self.cache.accepts(password), "the current password is not accepted"

    def is_settled(self, token: str) -> bool:
        """Whether the token's rotation ended in a state that Secrets Manager takes as complete."""
        pending = self.secrets.at(PENDING)
        return token in self.secrets.current_ever and pending in (None, self.secrets.at(CURRENT))

    def check_silence(self) -> None:
        """No secret value in anything that was logged or raised."""
        passwords = {json.loads(value)["password"] for value in self.secrets.values_ever}
        text = "\n".join(self.said)
        assert passwords
        # No failed assertion may print them either.
        leaked = sum(password in text for password in passwords)
        assert leaked == 0, f"{leaked} passwords in what the function said"
        assert "rotation-token" not in text

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keeps every log record and every exception, at every level and with all its parts."""
        root, listener = logging.getLogger(), _Listener(self.said)
        level = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        logging.getLogger(function.logger.name).setLevel(logging.DEBUG)
        try:
            yield
        except BaseException as error:
            self.said.extend(everything_in(error))
            raise
        finally:
            root.removeHandler(listener)
            root.setLevel(level)

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


class _Listener(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()} {vars(record)}")


def everything_in(error: BaseException | None) -> Iterator[str]:
    """All text of an exception and of those it is linked to, hidden ones included."""
    while error is not None:
        yield "".join(traceback.format_exception(type(error), error, None))
        yield f"{error.args} {vars(error)}"
        if error.__cause__ is not None and error.__cause__ is not error.__context__:
            yield from everything_in(error.__cause__)
        error = error.__context__


def new_scene(*, polls: int = 0, drops_pending: bool = False, second: str | None = None) -> Scene:
    """A secret as the component makes it, and its user; `second` is an older password of it."""
    wire = Wire()
    value = {
        "username": "app",
        "password": FIRST_PASSWORD,
        "user_arn": USER_ARN,
        "note": {"kept": ["as", 1, "is"]},
    }
    passwords = [FIRST_PASSWORD, second] if second else [FIRST_PASSWORD]
    scene = Scene(
        wire,
        FakeSecretsManager(wire, SECRET_ARN, json.dumps(value), FIRST_VERSION, drops_pending),
        FakeElastiCache(wire, USER_ARN, "app-cache", "app", passwords, polls),
    )
    wire.observers.append(scene.observe)
    return scene
