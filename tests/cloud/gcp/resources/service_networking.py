"""The connection of a network with Google's own: private service access.

Transcribed from terraform-provider-google-beta,
`services/servicenetworking/resource_service_networking_connection.go`; what REMOVE_PEERING does
is what the SDK's own text says of it.
"""

import re
from urllib.parse import quote_plus, unquote_plus

from cloud.gcp.api import GoogleApi, OperationError, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import ProviderError
from cloud.standin.operations import CloudError
from cloud.standin.resource import Resource, Values

from .common import Body, relative, same_link_or_name

BASE = "https://servicenetworking.googleapis.com/v1"
CREATION = "Create Service Networking Connection"
UPDATE = "Update Service Networking Connection"
DELETION = "Delete Service Networking Connection"


class ConnectionResource(Resource):
    """A connection; its id is made of the network, as the program gave it, and the service."""

    def settled(self, config: Values, inputs: Values) -> Values:
        """With the deletion policy."""
        return {"deletionPolicy": "DELETE", **inputs}

    def create(self, api: GoogleApi, inputs: Values) -> str:
        """Makes it; over one that is there with other ranges it may be an update."""
        body = self._body(api, inputs)
        place = f"{BASE}/{_service(inputs['service'])}/connections"
        try:
            api.wait(BASE, api.send("POST", place, body), CREATION)
        except OperationError as error:
            wanted = "Cannot modify allocated ranges in CreateConnection." in str(error)
            if not (wanted and inputs.get("updateOnCreationFail")):
                raise
            self._patch(api, inputs["service"], body)
        identifier = f"{quote_plus(inputs['network'])}:{quote_plus(inputs['service'])}"
        api.work.made = identifier
        return identifier

    def _patch(self, api: GoogleApi, service: str, body: Body) -> None:
        query = {"updateMask": "reservedPeeringRanges", "force": "true"}
        place = f"{BASE}/{_service(service)}/connections/-"
        api.wait(BASE, api.send("PATCH", place, body, query), UPDATE)

    def _body(self, api: GoogleApi, inputs: Values) -> Body:
        return {
            "network": numbered(api, inputs["network"]),
            "reservedPeeringRanges": inputs["reservedPeeringRanges"],
        }

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        """It among the connections of its network."""
        network, service = _parsed(identifier)
        with doing("Failed to find Service Networking Connection, err"):
            number = numbered(api, network)
        found = api.ask("GET", f"{BASE}/{_service(service)}/connections", query={"network": number})
        for one in found.get("connections", []):
            if one["network"] == number:
                kept = {name: state[name] for name in self.kept if name in state}
                return {
                    **kept,
                    "network": network,
                    "service": service,
                    "peering": one["peering"],
                    "reservedPeeringRanges": one["reservedPeeringRanges"],
                    "deletionPolicy": state.get("deletionPolicy") or "DELETE",
                }
        return None

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """Other ranges."""
        if "reservedPeeringRanges" in changed:
            self._patch(api, new["service"], self._body(api, new))

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        """Takes it away; where services still use it, perhaps the peering alone."""
        policy = state.get("deletionPolicy")
        if policy == "PREVENT":
            raise ProviderError(
                f'cannot destroy "{identifier}" without setting deletion_policy="DELETE" and '
                "running `terraform apply`"
            )
        if policy == "ABANDON":
            return
        network, service = _parsed(identifier)
        place = f"{BASE}/{_service(service)}/connections/servicenetworking-googleapis-com"
        body = {"consumerNetwork": numbered(api, network)}
        try:
            with doing("Unable to remove Service Networking Connection, err"):
                api.wait(BASE, api.send("POST", place, body), DELETION)
        except CloudError as error:
            refused = "Error code 9" in str(error) and "still using this connection" in str(error)
            if policy != "REMOVE_PEERING" or not refused or not state.get("peering"):
                raise
            self._remove_peering(api, network, state["peering"])

    @staticmethod
    def _remove_peering(api: GoogleApi, network: str, peering: str) -> None:
        name = f"projects/{_project(api, network)}/global/networks/{_name(network)}"
        answer = api.send(
            "POST",
            f"https://compute.googleapis.com/compute/beta/{name}/removePeering",
            {"name": peering},
        )
        api.wait_for_compute(answer, "Removing Network Peering")


def numbered(api: GoogleApi, network: str) -> str:
    """A network by its project's number, as this service takes it."""
    project = _project(api, network)
    with doing(f"Failed to retrieve project, pid: {project}, err"):
        found = api.ask("GET", f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}")
    return f"projects/{found['projectNumber']}/global/networks/{_name(network)}"


def _project(api: GoogleApi, network: str) -> str:
    found = re.match(r"projects/([^/]+)/", relative(network))
    project = found.group(1) if found else api.config.get("project")
    if not project:
        raise ProviderError("Could not determine project")
    return project


def _name(network: str) -> str:
    return network.rstrip("/").rpartition("/")[2]


def _service(service: str) -> str:
    return service if service.startswith("services/") else f"services/{service}"


def _parsed(identifier: str) -> tuple[str, str]:
    parts = identifier.split(":")
    if len(parts) != 2 or not all(parts):
        raise ProviderError(
            "Unable to parse Service Networking Connection id, err: Failed to parse service "
            f"networking connection id, value: {identifier}"
        )
    return unquote_plus(parts[0]), unquote_plus(parts[1])


RESOURCES: tuple[Resource, ...] = (
    ConnectionResource(
        sdk="pulumi_gcp.servicenetworking:Connection",
        replaces=frozenset({"network", "service"}),
        rules=Rules(
            computed=frozenset({"deletionPolicy"}), suppressed={"network": same_link_or_name}
        ),
        kept=frozenset({"updateOnCreationFail"}),
        models=frozenset(
            {"network", "service", "reservedPeeringRanges", "deletionPolicy",
             "updateOnCreationFail"}
        ),
    ),
)  # fmt: skip
