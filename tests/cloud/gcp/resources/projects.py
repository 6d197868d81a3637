"""Services of a project, and the accounts that services act with there.

Transcribed from terraform-provider-google-beta,
`services/resourcemanager/resource_google_project_service.go` and
`resource_project_service_identity.go`.
"""

from collections.abc import Iterator
from typing import Any

from cloud.gcp.api import GoogleApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, PlanError, ProviderError
from cloud.standin.resource import Resource, Values

from .common import known, last

BASE = "https://serviceusage.googleapis.com/v1"
BETA = "https://serviceusage.googleapis.com/v1beta1"


def _settled(config: Values, inputs: Values) -> Values:
    project = inputs.get("project") or config.get("project")
    if not project:
        raise PlanError(
            "Failed to retrieve project, pid: , err: project: required field is not set"
        )
    return {**inputs, "project": project}


def _enabled(api: GoogleApi, project: str) -> set[str]:
    query = {
        "fields": "services/name,nextPageToken",
        "filter": "state:ENABLED",
        "pageSize": "200",
    }
    with doing(f"Failed to list enabled services for project {project}"):
        found = api.ask("GET", f"{BASE}/projects/{project}/services", query=query)
    return {last(one["name"]) for one in found.get("services", [])}


class ServiceResource(Resource):
    """A service that is enabled in a project."""

    def settled(self, config: Values, inputs: Values) -> Values:
        """With the project and the deletion policy."""
        return {"deletionPolicy": "DELETE", **_settled(config, inputs)}

    def validate(self, inputs: Values) -> Iterator[Failure]:
        """The service's name is a domain."""
        service = inputs.get("service")
        if not known(service):
            return
        if service == "bigquery-json.googleapis.com":
            yield Failure(
                "service", f"expected service to not match any of [{service}], got {service}"
            )
        elif "." not in service:
            yield Failure(
                "service", f"expected {service} to be a domain like serviceusage.googleapis.com"
            )

    def create(self, api: GoogleApi, inputs: Values) -> str:
        """Enables it, if it is not enabled yet."""
        project, service = last(inputs["project"]), inputs["service"]
        identifier = f"{project}/{service}"
        if service not in _enabled(api, project):
            place = f"{BASE}/projects/{project}/services/{service}:enable"
            with doing(
                f'Error when reading or editing Project Service : Request "Enable Project Service '
                f'\\"{service}\\" for project \\"{project}\\"" returned error'
            ):
                answer = api.send("POST", place, {})
                api.wait(BASE, answer, "api to enable")
        api.work.made = identifier
        return identifier

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        """Whether it is still enabled."""
        parts = identifier.split("/")
        if len(parts) != 2:
            raise ProviderError(
                "Invalid google_project_service id format for import, expecting "
                f"`{{project}}/{{service}}`, found {identifier}"
            )
        project, service = parts
        with doing(f"Error when reading or editing Project Service {identifier}"):
            if (
                api.get(f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}")
                is None
            ):
                return None
        if service not in _enabled(api, project):
            return None
        kept = {name: state[name] for name in self.kept if name in state}
        policy = state.get("deletionPolicy") or "DELETE"
        return {**kept, "project": project, "service": service, "deletionPolicy": policy}

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """Nothing that the cloud would hear of."""

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        """Forgets it, and disables it only where that is wanted."""
        policy = state.get("deletionPolicy")
        if policy == "PREVENT":
            raise ProviderError(
                f'cannot destroy "{identifier}" without setting deletion_policy="DELETE" and '
                "running `terraform apply`"
            )
        if policy == "ABANDON" or not state.get("disableOnDestroy"):
            return
        project, service = identifier.split("/")
        usage = "CHECK" if state.get("checkIfServiceHasUsageOnDestroy") else "SKIP"
        body: dict[str, Any] = {"checkIfServiceHasUsage": usage}
        if state.get("disableDependentServices"):
            body["disableDependentServices"] = True
        place = f"{BASE}/projects/{project}/services/{service}:disable"
        with doing(f'Error disabling service "{service}" for project "{project}"'):
            api.wait(BASE, api.send("POST", place, body), "api to disable")


class ServiceIdentityResource(Resource):
    """The account of a service in a project. The provider never looks at it again."""

    def settled(self, config: Values, inputs: Values) -> Values:
        """With the project."""
        return _settled(config, inputs)

    def create(self, api: GoogleApi, inputs: Values) -> str:
        """Makes the account, if it is not there."""
        project, service = inputs["project"], inputs["service"]
        place = f"{BETA}/projects/{project}/services/{service}:generateServiceIdentity"
        with doing("Error creating Service Identity"):
            answer = api.send("POST", place)
        found = api.wait(BETA, answer, "Creating Service Identity")
        identifier = f"projects/{project}/services/{service}"
        api.work.made = identifier
        # Nothing reads it later: what was answered is all that the state ever has.
        inputs["email"] = found["email"]
        return identifier

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        """What the state says."""
        if not state:
            raise ProviderError("resource google_project_service_identity doesn't support import")
        email = state["email"]
        found = {name: state[name] for name in ("project", "service")}
        return {**found, "email": email, "member": f"serviceAccount:{email}"}

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        """Only forgets it."""


RESOURCES: tuple[Resource, ...] = (
    ServiceResource(
        sdk="pulumi_gcp.projects:Service",
        replaces=frozenset({"service", "project"}),
        rules=Rules(computed=frozenset({"project", "deletionPolicy"})),
        kept=frozenset(
            {"disableOnDestroy", "disableDependentServices", "checkIfServiceHasUsageOnDestroy"}
        ),
        models=frozenset(
            {"service", "project", "deletionPolicy", "disableOnDestroy",
             "disableDependentServices", "checkIfServiceHasUsageOnDestroy"}
        ),
    ),
    ServiceIdentityResource(
        sdk="pulumi_gcp.projects:ServiceIdentity",
        replaces=frozenset({"service", "project"}),
        rules=Rules(computed=frozenset({"project"})),
        models=frozenset({"service", "project"}),
    ),
)  # fmt: skip
