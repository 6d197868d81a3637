"""What lies between the function and the fake services: it counts, checks and interrupts calls."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.unit.rotation import service_model


class Killed(BaseException):
    """The function's process ended in the middle of a step."""


@dataclass(frozen=True)
class Interruption:
    """Something that goes wrong at one call: before the service acts on it, or after."""

    call: int
    moment: Literal["before", "after"]
    kind: Literal["killed", "lost", "refused"]


@dataclass
class Wire:
    """Every exchange between a caller and a service.

    `counted` are the operations since the last `expect`, `interruption` hits one of them,
    `observers` look at the services after each effect.
    """

    counted: list[tuple[str, str]] = field(default_factory=list)
    interruption: Interruption | None = None
    observers: list[Callable[[], None]] = field(default_factory=list)

    def expect(self, interruption: Interruption | None) -> None:
        """From here on calls are counted, and the interruption hits one of them."""
        self.counted.clear()
        self.interruption = interruption

    def exchange(
        self,
        service: str,
        operation: str,
        request: dict[str, Any],
        effect: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> dict[str, Any]:
        service_model.check_request(service, operation, request)
        self.counted.append((service, operation))
        self._interrupt("before", operation, request)
        try:
            answer = effect(request)
        except ClientError as error:
            service_model.check_error(service, operation, error.response["Error"]["Code"])
            self._interrupt("after", operation, request)
            raise
        finally:
            for observe in self.observers:
                observe()
        service_model.check_answer(service, operation, answer)
        self._interrupt("after", operation, request)
        return answer

    def _interrupt(self, moment: str, operation: str, request: dict[str, Any]) -> None:
        hit = self.interruption
        if hit is None or (hit.call, hit.moment) != (len(self.counted) - 1, moment):
            return
        if hit.kind == "killed":
            raise Killed
        if hit.kind == "lost":
            raise ReadTimeoutError(endpoint_url="https://service.invalid/")
        # The worst that a service could answer: the request, word for word.
        raise refusal(operation, "InternalFailure", f"cannot process {request}")


def refusal(operation: str, code: str, message: str) -> ClientError:
    """What boto3 raises for an answer with an error."""
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": "11111111-2222-3333-4444-555555555555"},
    }
    return ClientError(answer, operation)  # pyright: ignore[reportArgumentType]
