"""Which services a project has enabled, and the accounts that services act with there."""

from cloud.gcp.google import PROJECT, Body, Call, Google, declare, refuse
from cloud.gcp.iam import create_agent

SERVICE_USAGE = declare(
    "serviceusage.googleapis.com",
    "v1",
    api="serviceusage.v1",
    title="Service Usage API",
    also=("v1beta1",),
)

KNOWN = (
    "cloudkms", "cloudresourcemanager", "compute", "dns", "iam", "logging", "memorystore",
    "monitoring", "networkconnectivity", "pubsub", "redis", "secretmanager", "servicenetworking",
    "serviceusage", "storage",
)  # fmt: skip
"""Services that can be enabled here."""


def _host(call: Call) -> str:
    name = call.values["name"]
    if name.removesuffix(".googleapis.com") not in KNOWN or not name.endswith(".googleapis.com"):
        refuse(
            "NOT_FOUND",
            f"Not found or permission denied for service(s): {name}.",
        )
    return name


def _service(project: Body, host: str) -> Body:
    return {
        "name": f"projects/{project['projectNumber']}/services/{host}",
        "config": {"name": host},
        "state": "ENABLED" if host in project["services"] else "DISABLED",
        "parent": f"projects/{project['projectNumber']}",
    }


@SERVICE_USAGE.answers(
    "GET", "projects/{project}/services", query=("filter", "pageSize", "pageToken")
)
def listed(google: Google, call: Call) -> Body:
    """The services of a project: the enabled ones, which is all that is asked for."""
    if call.query.get("filter") != "state:ENABLED":
        refuse("INVALID_ARGUMENT", "Only the filter state:ENABLED is known here.")
    project = google.project(call.project)
    return {"services": [_service(project, host) for host in project["services"]]}


@SERVICE_USAGE.answers("GET", "projects/{project}/services/{name}")
def get(google: Google, call: Call) -> Body:
    """A service in a project."""
    return _service(google.project(call.project), _host(call))


@SERVICE_USAGE.answers(
    "POST", "projects/{project}/services/{name}:enable", body="EnableServiceRequest"
)
def enable(google: Google, call: Call) -> Body:
    """Enables a service."""
    return google.begin(call, call.path, "enabled", services=[_host(call)])


@SERVICE_USAGE.answers(
    "POST", "projects/{project}/services:batchEnable", body="BatchEnableServicesRequest"
)
def enable_all(google: Google, call: Call) -> Body:
    """Enables several services."""
    return google.begin(call, call.path, "enabled", services=call.body.get("serviceIds", []))


@SERVICE_USAGE.finishes("enabled")
def enabled(google: Google, target: str, parameters: Body) -> Body:
    """The services are enabled."""
    project = google.project(target.split("/")[1])
    found = sorted({*project["services"], *parameters["services"]})
    google.put(PROJECT, project["projectId"], {**project, "services": found})
    return {}


@SERVICE_USAGE.answers(
    "POST", "projects/{project}/services/{name}:disable", body="DisableServiceRequest"
)
def disable(google: Google, call: Call) -> Body:
    """Disables a service."""
    return google.begin(call, call.path, "disabled", service=_host(call))


@SERVICE_USAGE.finishes("disabled")
def disabled(google: Google, target: str, parameters: Body) -> Body:
    """The service is disabled."""
    project = google.project(target.split("/")[1])
    found = [one for one in project["services"] if one != parameters["service"]]
    google.put(PROJECT, project["projectId"], {**project, "services": found})
    return {}


@SERVICE_USAGE.answers("POST", "projects/{project}/services/{name}:generateServiceIdentity")
def generate(google: Google, call: Call) -> Body:
    """Makes a service's account in the project."""
    host = _host(call)
    google.enabled(host, google.project(call.project))
    return google.begin(call, call.path, "generated", host=host)


@SERVICE_USAGE.finishes("generated")
def generated(google: Google, target: str, parameters: Body) -> Body:
    """The account is there."""
    made = create_agent(google, target.split("/")[1], parameters["host"])
    return {
        "@type": "type.googleapis.com/google.api.serviceusage.v1beta1.ServiceIdentity",
        "email": made["email"],
        "uniqueId": made["uniqueId"],
    }
