"""The stand-in of Google Cloud driven in process, as the engine would drive it."""

from pathlib import Path
from typing import Any

from cloud.standin.driver import BridgedDriver, Held, RefusedError
from cloud.standin.errors import ProviderError
from cloud.standin.operations import CloudError, Urn
from cloud.standin.resource import Values

from .cloud import CREDENTIALS, PROJECT_ID, REGION, GcpCloud
from .google import Body, GoogleError
from .package import GoogleStandIn
from .resources import RESOURCES

TOKENS = {
    # Two services have a type of this name.
    "Valkey": "gcp:memorystore/instance:Instance",
    **{
        token.rpartition(":")[2]: token
        for token in RESOURCES
        if token != "gcp:memorystore/instance:Instance"
    },
}
"""Tokens by the name of the SDK's class; `Instance` is the one of Redis."""

assert len(TOKENS) == len(RESOURCES)

CONFIG = {
    "project": PROJECT_ID,
    "region": REGION,
    "accessToken": CREDENTIALS["GOOGLE_OAUTH_ACCESS_TOKEN"],
}


class Driver(BridgedDriver):
    """A stack without an engine, on the fake Google Cloud in a directory."""

    tokens = TOKENS

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.attach(root)
        self.cloud.add_project(PROJECT_ID)

    def attach(self, root: Path) -> None:
        """Works on the fake cloud in a directory from now on."""
        self.cloud = GcpCloud(root)
        self.stand_in = GoogleStandIn(self.cloud)
        self.stand_in.configure(CONFIG)

    def _create(self, urn: Urn, checked: Values) -> Held:
        """With a preview first, which must not fail where the creation does not."""
        self.stand_in.create(urn, checked, preview=True)
        return super()._create(urn, checked)

    def changes(self, kind: str, name: str, /) -> set[str]:
        """The inputs that would change if the same inputs came again after a refresh."""
        held, urn = self.state[kind, name], self.urn(kind, name)
        outputs, inputs = self.stand_in.read(urn, held.identifier, held.outputs, held.inputs)
        checked, failures = self.stand_in.check(urn, inputs, self.given(kind, name))
        assert failures == []
        return {one.name for one in self.stand_in.diff(urn, outputs, checked).found}

    def refresh(self, kind: str, name: str, /) -> Held | None:
        """What the cloud has now in the place of what the state has; None: it is gone."""
        held, urn = self.state[kind, name], self.urn(kind, name)
        try:
            outputs, inputs = self.stand_in.read(urn, held.identifier, held.outputs, held.inputs)
        except (CloudError, ProviderError) as error:
            raise RefusedError(str(error)) from None
        if not outputs:
            del self.state[kind, name]
            return None
        self.state[kind, name] = Held(held.identifier, inputs, outputs)
        return self.state[kind, name]

    def ask(
        self, method: str, address: str, body: Body | None = None, /, **query: str
    ) -> dict[str, Any]:
        """Asks a service directly: `redis.googleapis.com/v1/projects/...`. Raises RefusedError.

        A long-running operation is not waited for.
        """
        try:
            return self.cloud.google.ask(method, f"https://{address}", body, query)
        except GoogleError as error:
            raise RefusedError(f"Error {error.http}, {error.status}: {error.message}") from None


__all__ = ["CONFIG", "TOKENS", "Driver", "Held", "RefusedError"]
