"""Projects: their numbers, the services that are enabled, hosts of shared networks."""

import zlib

from cloud.gcp.google import PROJECT, SEEDED, Body, Call, Google, declare
from cloud.gcp.iam import policies
from cloud.standin.store import Thing

RESOURCE_MANAGER = declare(
    "cloudresourcemanager.googleapis.com",
    "v1",
    api="cloudresourcemanager.v1",
    title="Cloud Resource Manager API",
)

ENABLED = (
    "cloudkms.googleapis.com", "cloudresourcemanager.googleapis.com", "compute.googleapis.com",
    "iam.googleapis.com", "memorystore.googleapis.com", "monitoring.googleapis.com",
    "networkconnectivity.googleapis.com", "redis.googleapis.com", "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com", "serviceusage.googleapis.com",
)  # fmt: skip
"""The services that are enabled in a project if nothing else is said."""


def add_project(
    google: Google, project: str, services: tuple[str, ...] = ENABLED, host: str | None = None
) -> Thing:
    """A project that somebody else made.

    Args:
        google: where.
        project: its id.
        services: the services that are enabled.
        host: id of the project whose networks it shares (Shared VPC), which must be there.
    """
    number = str(100000000000 + zlib.crc32(project.encode()))
    made = {
        "projectId": project,
        "projectNumber": number,
        "name": project,
        "lifecycleState": "ACTIVE",
        "createTime": "2026-01-01T00:00:00.000Z",
        "services": sorted(services),
        "host": host,
        SEEDED: True,
    }
    if host:
        google.project(host)
    google.put(PROJECT, project, made)
    return made


def shares(google: Google, project: str, host: str) -> bool:
    """Whether a project may use the networks of another one: it is the same or attached to it."""
    one, other = google.project(project), google.project(host)
    return one["projectId"] == other["projectId"] or one.get("host") == other["projectId"]


@RESOURCE_MANAGER.answers("GET", "projects/{project}")
def get(google: Google, call: Call) -> Body:
    """A project."""
    found = google.project(call.project)
    return {name: one for name, one in found.items() if name not in {"services", "host", SEEDED}}


policies(RESOURCE_MANAGER, "projects/{project}", "")
