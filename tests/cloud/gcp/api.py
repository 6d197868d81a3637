"""Google's services, as the provider asks them during one operation."""

import copy
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cloud.standin.operations import CloudError
from cloud.standin.resource import Values, Work
from cloud.standin.store import FakeCloud

from .google import Body, Google, GoogleError, secrets_of, template_of

POLL_SECONDS = 0.01
LONGEST_SECONDS = 120.0


class ApiError(CloudError):
    """A request that Google refused, as Google's client for Go prints it."""

    def __init__(self, error: GoogleError) -> None:
        text = f"googleapi: Error {error.http}: {error.message}"
        if error.details:
            text += f"\nDetails:\n{json.dumps(error.details, indent=2)}\n"
        if error.reason:
            text += f", {error.reason}"
        super().__init__(text)
        self.status = error.status
        self.http = error.http
        self.message = error.message


class OperationError(CloudError):
    """A long-running operation that failed."""


class GoogleApi:
    """Sends requests for one operation of the provider: writes down, answers, waits.

    `config` is the provider's own configuration; project, region and zone are what it says for
    resources that say nothing.
    """

    def __init__(self, cloud: FakeCloud, config: Values, work: Work) -> None:
        self.google = Google(cloud)
        self.config = config
        self.work = work

    def send(
        self,
        method: str,
        url: str,
        body: Body | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Body:
        """Sends a request to a full address and gives the answer's body. Raises ApiError."""
        kept = {name: value for name, value in (query or {}).items() if value}
        self.work.requests.append(
            {
                "service": "google",
                "operation": template_of(url, method),
                "params": {
                    "url": url,
                    "query": kept,
                    "body": hashed(body or {}, secrets_of(url, method)),
                },
            }
        )
        return self.ask(method, url, body, kept)

    def ask(
        self,
        method: str,
        url: str,
        body: Body | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Body:
        """As `send`, without writing it down: for reading."""
        try:
            return self.google.ask(method, url, body, query)
        except GoogleError as error:
            raise ApiError(error) from None

    def get(self, url: str, query: Mapping[str, str] | None = None) -> Body | None:
        """An object, or None where it is not there. Raises ApiError."""
        try:
            return self.ask("GET", url, query=query)
        except ApiError as error:
            if error.http == 404:
                return None
            raise

    def wait(self, base: str, operation: Body, activity: str) -> Body:
        """Waits for a long-running operation; its response.

        Args:
            base: the service's address with its version, as https://redis.googleapis.com/v1.
            operation: what was answered.
            activity: what the provider says it does: Creating Instance.
        """
        end = time.monotonic() + LONGEST_SECONDS
        while not operation["done"]:
            if time.monotonic() > end:
                raise CloudError(f"Error waiting for {activity}: timeout while waiting for state")
            time.sleep(POLL_SECONDS)
            operation = self.ask("GET", f"{base}/{operation['name']}")
        if "error" in operation:
            error = operation["error"]
            raise OperationError(
                f"Error waiting for {activity}: Error code {error['code']}, "
                f"message: {error['message']}"
            )
        return operation["response"]

    def wait_for_compute(self, operation: Body, activity: str) -> None:
        """Waits for an operation of Compute Engine."""
        end = time.monotonic() + LONGEST_SECONDS
        address = operation["selfLink"].replace("www.googleapis.com", "compute.googleapis.com")
        while operation["status"] != "DONE":
            if time.monotonic() > end:
                raise CloudError(f"Error waiting for {activity}: timeout while waiting for state")
            time.sleep(POLL_SECONDS)
            operation = self.ask("GET", address)
        if "error" in operation:
            said = "\n".join(one["message"] for one in operation["error"]["errors"])
            raise OperationError(f"Error waiting for {activity}: {said}\n")


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Says what the provider was doing when the cloud refused."""
    try:
        yield
    except CloudError as error:
        raise CloudError(f"{what}: {error}") from None


def hashed(body: Mapping[str, Any], paths: tuple[str, ...]) -> Body:
    """A body for the journal: every secret in it is a hash that tells same from different."""
    whole = copy.deepcopy(dict(body))
    for path in paths:
        *above, last = path.split(".")
        holder: Any = whole
        for name in above:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(holder.get(last), str):
            holder[last] = digest(holder[last])
    return whole


def digest(secret: str) -> str:
    """What stands for a secret."""
    return f"sha256-{hashlib.sha256(secret.encode()).hexdigest()}"
