"""The stand-in of AWS driven in process, as the engine would drive it, a resource at a time."""

from pathlib import Path
from typing import Any

from cloud.aws.account import Account
from cloud.aws.package import AwsPackage
from cloud.aws.resources import RESOURCES
from cloud.standin.driver import BridgedDriver, Held, RefusedError
from cloud.standin.provider import CloudError, StandIn
from cloud.standin.resource import Values, Work
from cloud.standin.store import FakeCloud

REGION = "eu-west-1"
TOKENS = {token.rpartition(":")[2]: token for token in RESOURCES}
"""Tokens by the name of the SDK's class."""

assert len(TOKENS) == len(RESOURCES)


class Driver(BridgedDriver):
    """A stack without an engine, on the fake AWS in a directory."""

    tokens = TOKENS

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.attach(root)

    def attach(self, root: Path) -> None:
        """Works on the fake cloud in a directory from now on."""
        self.cloud = FakeCloud(root)
        self.stand_in = StandIn(AwsPackage(), self.cloud)
        self.stand_in.config = {"region": REGION}
        self.account = Account(self.cloud, REGION)

    def changes(self, kind: str, name: str, /) -> set[str]:
        """The inputs that would change if the same inputs came again."""
        held = self.state[kind, name]
        diff = self.stand_in.diff(self.urn(kind, name), held.outputs, held.inputs)
        return {one.name for one in diff.found}

    def ask(self, service: str, operation: str, **params: Any) -> Values:
        """Asks a service directly. Raises RefusedError."""
        api = AwsPackage().api(self.cloud, self.stand_in.config, Work("", "", ""), {})
        try:
            return api.call(service, operation, **params)
        except CloudError as error:
            raise RefusedError(str(error)) from None


__all__ = ["REGION", "TOKENS", "Driver", "Held", "RefusedError"]
