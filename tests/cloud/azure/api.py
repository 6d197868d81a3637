"""Azure's interface, as the provider asks it during one operation."""

import copy
import hashlib
import time
from collections.abc import Mapping
from typing import Any

from cloud.standin.operations import CloudError
from cloud.standin.resource import Work
from cloud.standin.store import FakeCloud

from .arm import TYPES, Arm, ArmError, Body
from .identifiers import ArmId, NotAnIdError
from .subscription import SUBSCRIPTION_ID

DATA_PLANE = "data-plane-delete"
"""The action by which a service deletes at its own endpoint."""

POLL_SECONDS = 0.02
LONGEST_SECONDS = 120.0
ATTEMPTS = 4
"""A request that finds another operation under way is sent again three times."""

SECRET_WORDS = ("connection-string", "connectionstring", "password", "secretvalue")


class ApiError(CloudError):
    """A request that Azure refused, as the provider prints it."""

    def __init__(self, error: ArmError) -> None:
        super().__init__(f'Status={error.status} Code="{error.code}" Message="{error.message}"')
        self.status = error.status
        self.code = error.code
        self.message = error.message


class AzureApi:
    """Sends requests for one operation of the provider: writes down, answers, waits."""

    def __init__(self, cloud: FakeCloud, work: Work, subscription: str = SUBSCRIPTION_ID) -> None:
        self.arm = Arm(cloud, subscription)
        self.work = work

    def get(self, identifier: str, api: str) -> Body | None:
        """A resource, or None when it is not there. Raises ApiError."""
        try:
            return self.arm.request("GET", identifier, api=api)
        except ArmError as error:
            if error.status == 404:
                return None
            raise ApiError(error) from None

    def put(self, identifier: str, body: Body, api: str) -> None:
        """Makes or changes a resource and waits until that is done. Raises ApiError."""
        self._send("PUT", identifier, body, api)
        self.work.made = self.work.made or identifier
        self._wait(identifier)

    def delete(self, identifier: str, api: str) -> None:
        """Takes a resource away and waits until it is gone. One that is gone is no error."""
        try:
            self._send("DELETE", identifier, {}, api)
        except ApiError as error:
            if error.status != 404:
                raise
            return
        self._wait(identifier)

    def post(self, identifier: str, action: str, body: Body, api: str) -> Body:
        """Asks for an action on a resource, such as listKeys. Raises ApiError."""
        return self._send("POST", f"{identifier}/{action}", body, api) or {}

    def _send(self, method: str, identifier: str, body: Body, api: str) -> Body | None:
        self._record(method, identifier, body, api)
        for attempt in range(ATTEMPTS):
            try:
                return self.arm.request(method, identifier, body, api)
            except ArmError as error:  # noqa: PERF203 - sent again
                again = error.code == "AnotherOperationInProgress" and attempt + 1 < ATTEMPTS
                if not again:
                    raise ApiError(error) from None
                # As often as the provider, much sooner.
                time.sleep(POLL_SECONDS * 2 ** (attempt + 1))
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, identifier: str) -> None:
        end = time.monotonic() + LONGEST_SECONDS
        while self.arm.pending(identifier):
            if time.monotonic() > end:
                raise CloudError("operation timed out")
            time.sleep(POLL_SECONDS)

    def _record(self, method: str, identifier: str, body: Body, api: str) -> None:
        place, action = identifier, ""
        if method == "POST":
            place, _, action = identifier.rpartition("/")
        try:
            kind = ArmId.parse(place).type
        except NotAnIdError:
            kind = "?"
        known = TYPES.get(kind.lower())
        self.work.requests.append(
            {
                "service": "arm",
                "operation": f"{method} {known.name if known else kind}"
                + (f"/{action}" if action else ""),
                "params": {
                    "id": identifier,
                    "apiVersion": api,
                    "body": hashed(body, known.secrets if known else ()),
                },
            }
        )


def hashed(body: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    """A body for the journal: every secret in it is a hash that tells same from different."""
    whole = copy.deepcopy(dict(body))
    for path in paths:
        *above, last = path.split(".")
        holder: Any = whole
        for name in above:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(holder.get(last), str):
            holder[last] = digest(holder[last])
    return _without_secrets(whole)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: digest(item)
            if isinstance(item, str) and any(word in name.lower() for word in SECRET_WORDS)
            else _without_secrets(item)
            for name, item in value.items()
        }
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def digest(secret: str) -> str:
    """What stands for a secret."""
    return f"sha256-{hashlib.sha256(secret.encode()).hexdigest()}"
