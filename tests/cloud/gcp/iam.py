"""Access policies on resources, and the accounts that may stand in them.

A policy is read, changed and written back whole; its etag tells whether somebody else came between.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator

from cloud.standin.store import Thing

from .google import POLICY, Body, Call, Google, Service, refuse

AGENT = "iam.ServiceAgent"
"""Kind of the accounts that services act with in a project."""

AGENTS = {
    "redis.googleapis.com": "cloud-redis",
    "memorystore.googleapis.com": "gcp-sa-memorystore",
    "secretmanager.googleapis.com": "gcp-sa-secretmanager",
    "networkconnectivity.googleapis.com": "gcp-sa-networkconnectivity",
    "servicenetworking.googleapis.com": "service-networking",
    "cloudkms.googleapis.com": "gcp-sa-cloudkms",
    "monitoring.googleapis.com": "gcp-sa-monitoring-notification",
    "compute.googleapis.com": "compute-system",
}
"""What stands in the address of each service's agent."""

_MEMBER = re.compile(
    r"(user|serviceAccount|group|domain):[^\s:]+|principal(Set)?://[^\s]+"
    r"|allUsers|allAuthenticatedUsers|deleted:[^\s]+"
)
_AGENT = re.compile(r"service-(\d+)@([a-z-]+)\.iam\.gserviceaccount\.com")
_ROLE = re.compile(r"roles/[A-Za-z0-9_.]+|(projects|organizations)/[^/]+/roles/[A-Za-z0-9_.]+")


def policies(service: Service, template: str, kind: str, roles: str = "") -> None:
    """Registers reading and writing the policy of a type.

    Args:
        service: who answers.
        template: the path of a resource.
        kind: of its objects, which must be there; none: only the project must.
        roles: what the names of roles for it begin with, as `secretmanager`; none: any.
    """

    def read(google: Google, call: Call) -> Body:
        _there(google, call, kind)
        return _shown(policy_of(google, call.path))

    def write(google: Google, call: Call) -> Body:
        _there(google, call, kind)
        sent = call.body.get("policy", {})
        old = policy_of(google, call.path)
        if sent.get("etag") and sent["etag"] != old["etag"]:
            refuse(
                "ABORTED",
                "There were concurrent policy changes. Please retry the whole read-modify-write "
                "with exponential backoff. The request's ETag did not match the current policy's.",
            )
        for binding in sent.get("bindings", []):
            _checked(google, binding, roles)
        stored = {**old, "bindings": sent.get("bindings", []), "etag": _etag()}
        google.cloud.put(POLICY, call.path, stored)
        return _shown(stored)

    if kind:
        service.answers(
            "GET", f"{template}:getIamPolicy", query=("options.requestedPolicyVersion",)
        )(read)
    else:
        service.answers("POST", f"{template}:getIamPolicy", body="GetIamPolicyRequest")(read)
    service.answers("POST", f"{template}:setIamPolicy", body="SetIamPolicyRequest")(write)


def policy_of(google: Google, resource: str) -> Thing:
    """The policy on a resource; an empty one where nobody wrote one."""
    return google.find(POLICY, resource) or {"bindings": [], "etag": "ACAB", "version": 1}


def granted(google: Google, resource: str, role: str, member: str) -> bool:
    """Whether a member has a role on a resource, without a condition."""
    return any(
        binding["role"] == role and member in binding["members"] and not binding.get("condition")
        for binding in policy_of(google, resource)["bindings"]
    )


def grant(google: Google, resource: str, role: str, member: str) -> None:
    """Gives a member a role, as somebody else did before the test."""
    old = policy_of(google, resource)
    bindings = [*old["bindings"], {"role": role, "members": [member]}]
    google.cloud.put(
        POLICY, resource, {**old, "bindings": bindings, "seeded": True, "etag": _etag()}
    )


def agent(google: Google, project: str, host: str) -> Thing | None:
    """The account of a service in a project, or None where it was not made yet."""
    return google.find(AGENT, f"{google.project(project)['projectId']}/{host}")


def create_agent(google: Google, project: str, host: str) -> Thing:
    """Makes the account of a service in a project, if it is not there."""
    found = google.project(project)
    name = f"{found['projectId']}/{host}"
    if host not in AGENTS:
        refuse("INVALID_ARGUMENT", f"Service {host} has no service identity.")
    email = f"service-{found['projectNumber']}@{AGENTS[host]}.iam.gserviceaccount.com"
    made = {
        "email": email,
        "uniqueId": str(int(hashlib.sha256(email.encode()).hexdigest()[:16], 16)),
    }
    google.put(AGENT, name, made)
    return made


def _there(google: Google, call: Call, kind: str) -> None:
    if kind:
        google.need(kind, call.path)


def _checked(google: Google, binding: Body, roles: str) -> None:
    role = binding.get("role", "")
    if not _ROLE.fullmatch(role):
        refuse("INVALID_ARGUMENT", f"Role {role} is not valid.")
    basic = role in {"roles/owner", "roles/editor", "roles/viewer"}
    if roles and role.startswith("roles/") and not basic and not role.startswith(f"roles/{roles}."):
        refuse("INVALID_ARGUMENT", f"Role {role} is not supported for this resource.")
    for member in binding.get("members", []):
        if not _MEMBER.fullmatch(member):
            refuse(
                "INVALID_ARGUMENT",
                f"The member {member} is of an unknown type. Please set a valid type prefix for "
                "the member.",
            )
        for wrong in _unknown(google, member):
            refuse("INVALID_ARGUMENT", wrong)


def _unknown(google: Google, member: str) -> Iterator[str]:
    """What is said of an account that does not exist."""
    kind, _, email = member.partition(":")
    if kind != "serviceAccount" or email in google.setting("serviceAccounts", []):
        return
    found = _AGENT.fullmatch(email)
    if found:
        known = {one["email"] for one in google.all(AGENT).values()}
        if email not in known:
            yield f"Service account {email} does not exist."
    elif google.setting("directoryIsComplete", False) or not email.endswith(".gserviceaccount.com"):
        yield f"Service account {email} does not exist."


def _shown(policy: Thing) -> Body:
    return {"version": 1, "etag": policy["etag"], "bindings": policy["bindings"]}


def _etag() -> str:
    return base64.b64encode(secrets.token_bytes(8)).decode()
