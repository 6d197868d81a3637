"""The fake Google Cloud, as a test looks at it, and what a test's process must know of it."""

import re
from collections.abc import Mapping
from typing import Any

from cloud.standin.observed import ObservedCloud
from cloud.standin.store import Thing

from . import iam, services  # noqa: F401 - declares them
from .google import OPERATION, POLICY, PROJECT, SEEDED, SETTING, Google
from .services import compute, resource_manager, service_networking

PROJECT_ID = "secure-redis-tests"
"""The project of a stack that names none."""

REGION = "europe-west1"

CREDENTIALS = {"GOOGLE_OAUTH_ACCESS_TOKEN": "fake-access-token"}
"""What the provider takes for credentials; nobody ever checks them."""

VARIABLES = re.compile(r"(GOOGLE|GCLOUD|CLOUDSDK|PULUMI_GCP)_.*")
"""Variables of a real account, which must not reach a test."""

_KEPT = {
    OPERATION, SETTING, PROJECT, iam.AGENT, "cloudkms.googleapis.com/KeyRing",
    "cloudkms.googleapis.com/CryptoKey",
}  # fmt: skip
"""Kinds that nobody takes away: operations that have ended, projects, accounts of
services, key rings and keys."""


class GcpCloud(ObservedCloud):
    """The fake Google Cloud with the questions that tests ask."""

    project = PROJECT_ID
    """The project of the stack; what its configuration names, once that is written."""

    @property
    def google(self) -> Google:
        """Its services, for a test that asks by itself: `google.ask("GET", url)`."""
        return Google(self)

    def settings(self, **values: Any) -> None:
        """Sets switches: `slow` (seconds of long-running operations), `directoryIsComplete` and
        `serviceAccounts` (accounts that exist), and those that services name.
        """
        for name, value in values.items():
            self.put(SETTING, name, {"value": value})

    def prepare(self, config: Mapping[str, Any]) -> None:
        """The project that a stack's configuration names is there, with its services enabled."""
        project = config.get("gcp:project")
        if isinstance(project, str):
            self.project = project
            if self.get(PROJECT, project) is None:
                self.add_project(project)

    def add_project(self, project: str, **options: Any) -> Thing:
        """A project: options `services` (those enabled) and `host` (whose networks it shares)."""
        with self.locked():
            return resource_manager.add_project(self.google, project, **options)

    def share(self, host: str, project: str) -> None:
        """Lets a project use the networks of another one (Shared VPC)."""
        with self.locked():
            self.put(PROJECT, project, {**self.google.project(project), "host": host})

    def enable(self, project: str, *hosts: str) -> None:
        """Enables services of a project."""
        self._services(project, lambda found: {*found, *hosts})

    def disable(self, project: str, *hosts: str) -> None:
        """Disables services of a project."""
        self._services(project, lambda found: found - {*hosts})

    def _services(self, project: str, change: Any) -> None:
        with self.locked():
            found = self.google.project(project)
            services_now = sorted(change(set(found["services"])))
            self.put(PROJECT, project, {**found, "services": services_now})

    def add_network(self, project: str = PROJECT_ID, **options: Any) -> dict[str, str]:
        """A network with a subnetwork of somebody else: `network` and `subnetwork` by full name.

        Options: `name`, `region`, `cidr`, `subnetwork`.
        """
        with self.locked():
            return compute.add_network(self.google, project, **options)

    def add_private_access(
        self, network: str, name: str = "services", cidr: str = "10.240.0.0/20"
    ) -> str:
        """A range and a connection of somebody else for private access; the range's name."""
        with self.locked():
            return service_networking.add_private_access(self.google, network, name, cidr)

    def add_grant(self, resource: str, role: str, member: str) -> None:
        """Gives a member a role on a resource, as somebody else did."""
        with self.locked():
            iam.grant(self.google, resource, role, member)

    def add_agent(self, project: str, host: str) -> str:
        """The account of a service in a project, as its first use makes it; its address."""
        with self.locked():
            return iam.create_agent(self.google, project, host)["email"]

    def settle(self) -> None:
        """Ends the operations whose time has come."""
        with self.locked():
            self.google.settle()

    def is_left(self, kind: str, thing: Thing) -> bool:
        """Not what was there before, not what nobody can take away."""
        if kind == POLICY:
            return bool(thing["bindings"]) and not thing.get(SEEDED)
        if thing.get("gone"):
            return False
        return super().is_left(kind, thing) and kind not in _KEPT
