"""Members of roles on resources: the policy is read, changed and written back.

Transcribed from terraform-provider-google-beta, `tpgiamresource/resource_iam_member.go` and
`tpgiamresource/iam.go`.
"""

import copy
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cloud.gcp.api import ApiError, GoogleApi
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, PlanError, ProviderError
from cloud.standin.operations import CloudError
from cloud.standin.resource import Resource, Values

from .common import known

ATTEMPTS = 6
VERSION = 3
_MEMBER = re.compile(
    r"(.+:.+|projectOwners|projectReaders|projectWriters|allUsers|allAuthenticatedUsers)"
)


@dataclass(frozen=True, kw_only=True)
class IamMember(Resource):
    """A member of a role on a resource of some type."""

    base: str
    """The service's address with its version."""
    on: str
    """The resource in the service, with inputs' names in braces."""
    described: str
    """As the provider calls the resource in its texts, likewise."""
    reads: str = "GET"
    """The method by which a policy is read."""

    def settled(self, config: Values, inputs: Values) -> Values:
        """With the provider's project, where the type has one."""
        if "{project}" not in self.on or inputs.get("project"):
            return inputs
        if not config.get("project"):
            raise PlanError("project: required field is not set")
        return {**inputs, "project": config["project"]}

    def validate(self, inputs: Values) -> Iterator[Failure]:
        """A member's form, as loosely as the provider looks at it."""
        member = inputs.get("member")
        if not known(member):
            return
        if member.startswith("deleted"):
            yield Failure(
                "member",
                "invalid value for member (Terraform does not support IAM members for deleted "
                "principals)",
            )
        elif not _MEMBER.search(member):
            yield Failure(
                "member",
                f'invalid value "{member}" for member (IAM members must have one of the values '
                "outlined here: https://cloud.google.com/billing/docs/reference/rest/v1/"
                "Policy#Binding)",
            )

    def resource(self, inputs: Values) -> str:
        """The full name of the resource."""
        return self.on.format_map(inputs)

    def create(self, api: GoogleApi, inputs: Values) -> str:
        """Adds the member."""
        resource = self.resource(inputs)
        wanted = _binding(inputs)

        def add(bindings: list[Values]) -> list[Values]:
            for one in bindings:
                if _key(one) == _key(wanted):
                    one["members"] = sorted({*one["members"], *wanted["members"]})
                    return bindings
            return [*bindings, wanted]

        self._change(api, inputs, add, VERSION)
        condition = inputs.get("condition") or {}
        identifier = f"{resource}/{inputs['role']}/{inputs['member']}"
        if condition:
            identifier += f"/{condition.get('title')}"
        api.work.made = identifier
        return identifier

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        """The member, if it still has the role."""
        inputs = state or self._told(identifier)
        try:
            policy = self._policy(api, self.resource(inputs))
        except ApiError as error:
            if error.http == 404:
                return None
            raise
        wanted = _key(_binding(inputs))
        for one in policy.get("bindings", []):
            if _key(one) == wanted:
                for member in one["members"]:
                    if member.lower() == inputs["member"].lower():
                        kept = {name: inputs[name] for name in self.models if name in inputs}
                        return {**kept, "member": member, "etag": policy["etag"]}
        return None

    def _told(self, identifier: str) -> Values:
        """What an import says: resource, role and member."""
        parts = identifier.split()
        if len(parts) < 3:
            raise ProviderError(
                f"Wrong number of parts to Member id {parts}; expected 'resource_name role member "
                "[condition_title]'."
            )
        form = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.on)
        found = re.fullmatch(form, parts[0])
        if not found or parts[3:]:
            raise ProviderError(f"Import id {parts[0]} doesn't match {self.on}")
        return {**found.groupdict(), "role": parts[1], "member": parts[2]}

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        """Takes the member out."""
        wanted = _binding(state)

        def take(bindings: list[Values]) -> list[Values]:
            for one in bindings:
                if _key(one) == _key(wanted):
                    one["members"] = [m for m in one["members"] if m not in wanted["members"]]
            return [one for one in bindings if one["members"]]

        try:
            self._change(api, state, take)
        except ApiError as error:
            if error.http != 404:
                raise

    def _policy(self, api: GoogleApi, resource: str) -> Values:
        address = f"{self.base}/{resource}:getIamPolicy"
        if self.reads == "POST":
            return api.ask("POST", address, {"options": {"requestedPolicyVersion": VERSION}})
        return api.ask("GET", address, query={"options.requestedPolicyVersion": str(VERSION)})

    def _change(
        self, api: GoogleApi, inputs: Values, change: Any, version: int | None = None
    ) -> None:
        """Reads, changes and writes the policy, again where somebody else came between."""
        resource = self.resource(inputs)
        what = self.described.format_map(inputs)
        for attempt in range(ATTEMPTS):
            policy = self._policy(api, resource)
            bindings = change(copy.deepcopy(policy.get("bindings", [])))
            number = version or policy.get("version", 1)
            whole: Values = {"etag": policy["etag"], "version": number}
            body = {"policy": {**({"bindings": bindings} if bindings else {}), **whole}}
            try:
                api.send("POST", f"{self.base}/{resource}:setIamPolicy", body)
            except ApiError as error:
                if error.http == 404:
                    raise
                if error.http != 409 or attempt + 1 == ATTEMPTS:
                    raise CloudError(f"Error applying IAM policy for {what}: {error}") from None
                time.sleep(0.02 * 2**attempt)
            else:
                return


def _binding(inputs: Values) -> Values:
    found: Values = {"role": inputs["role"], "members": [inputs["member"]]}
    if inputs.get("condition"):
        found["condition"] = inputs["condition"]
    return found


def _key(binding: Values) -> tuple[str, str]:
    return binding["role"], str(sorted((binding.get("condition") or {}).items()))


def _same_member(old: Any, new: Any) -> bool:
    """Members are compared without case, but for principals."""
    texts = isinstance(old, str) and isinstance(new, str)
    if not texts or "principal" in old.partition(":")[0].lower():
        return old == new
    return old.lower() == new.lower()


MEMBER_RULES = Rules(computed=frozenset({"project"}), suppressed={"member": _same_member})
"""How the inputs of such types are compared."""

RESOURCES: tuple[Resource, ...] = (
    IamMember(
        sdk="pulumi_gcp.projects:IAMMember",
        base="https://cloudresourcemanager.googleapis.com/v1",
        on="projects/{project}",
        described='project "{project}"',
        reads="POST",
        delete_first=True,
        replaces=frozenset({"project", "role", "member", "condition"}),
        rules=Rules(suppressed={"member": _same_member}),
        models=frozenset({"project", "role", "member", "condition"}),
    ),
)
