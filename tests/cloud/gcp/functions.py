"""Functions that a program may ask: which project it is in and what is there."""

from collections.abc import Mapping

from cloud.standin.errors import ProviderError
from cloud.standin.functions import Function
from cloud.standin.resource import Values

from .api import GoogleApi
from .resources.common import last

COMPUTE = "https://compute.googleapis.com/compute/beta"


def _project(api: GoogleApi, arguments: Values) -> Values:
    project = arguments.get("projectId") or api.config.get("project")
    if not project:
        raise ProviderError(
            "no project value set. `project_id` must be set at the resource level, or a default "
            "`project` value must be specified on the provider"
        )
    found = api.ask("GET", f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}")
    labels = found.get("labels", {})
    return {
        "id": f"projects/{project}",
        "projectId": found["projectId"],
        "number": found["projectNumber"],
        "name": found["name"],
        "labels": labels,
        "effectiveLabels": labels,
        "pulumiLabels": labels,
        "autoCreateNetwork": False,
        "billingAccount": "",
        "deletionPolicy": "",
        "folderId": "",
        "orgId": "",
        "tags": {},
    }


def _client(api: GoogleApi, arguments: Values) -> Values:
    project, region, zone = (api.config.get(one, "") for one in ("project", "region", "zone"))
    return {
        "id": f'projects/"{project}"/regions/"{region}"/zones/"{zone}"',
        "project": project,
        "region": region,
        "zone": zone,
        "accessToken": api.config.get("accessToken", ""),
        "defaultLabels": {},
    }


def _where(api: GoogleApi, arguments: Values) -> str:
    project = arguments.get("project") or api.config.get("project")
    if not project:
        raise ProviderError("project: required field is not set")
    return project


def _read(api: GoogleApi, name: str) -> Values:
    found = api.get(f"{COMPUTE}/{name}")
    if found is None:
        raise ProviderError(f"{name} not found")
    return {**found, "id": name, "number": int(found["id"])}


def _network(api: GoogleApi, arguments: Values) -> Values:
    project = _where(api, arguments)
    found = _read(api, f"projects/{project}/global/networks/{arguments.get('name', '')}")
    return {
        "id": found["id"],
        "name": found["name"],
        "project": project,
        "selfLink": found["selfLink"],
        "description": found.get("description", ""),
        "gatewayIpv4": "",
        "internalIpv6Range": "",
        "networkId": found["number"],
        "networkProfile": "",
        "subnetworksSelfLinks": found.get("subnetworks", []),
    }


def _subnetwork(api: GoogleApi, arguments: Values) -> Values:
    link = arguments.get("selfLink")
    region = arguments.get("region") or api.config.get("region")
    project = _where(api, arguments)
    name = f"projects/{project}/regions/{region}/subnetworks/{arguments.get('name', '')}"
    if link:
        name = link.partition("/projects/")[2] and f"projects/{link.partition('/projects/')[2]}"
    found = _read(api, name or "")
    return {
        "id": found["id"],
        "name": found["name"],
        "project": found["id"].split("/")[1],
        "region": last(found["region"]),
        "network": found["network"],
        "ipCidrRange": found["ipCidrRange"],
        "gatewayAddress": found["gatewayAddress"],
        "privateIpGoogleAccess": found["privateIpGoogleAccess"],
        "selfLink": found["selfLink"],
        "description": found.get("description", ""),
        "secondaryIpRanges": [],
    }


def _address(api: GoogleApi, arguments: Values) -> Values:
    project = _where(api, arguments)
    found = _read(api, f"projects/{project}/global/addresses/{arguments.get('name', '')}")
    return {
        "id": found["id"],
        "name": found["name"],
        "project": project,
        "address": found["address"],
        "addressType": found.get("addressType", "EXTERNAL"),
        "network": found.get("network", ""),
        "networkTier": "",
        "prefixLength": found.get("prefixLength", 0),
        "purpose": found.get("purpose", ""),
        "selfLink": found["selfLink"],
        "status": found["status"],
        "subnetwork": "",
        "users": "",
    }


FUNCTIONS: Mapping[str, Function] = {
    "gcp:organizations/getProject:getProject": Function(
        "pulumi_gcp.organizations:get_project", _project
    ),
    "gcp:organizations/getClientConfig:getClientConfig": Function(
        "pulumi_gcp.organizations:get_client_config", _client
    ),
    "gcp:compute/getNetwork:getNetwork": Function("pulumi_gcp.compute:get_network", _network),
    "gcp:compute/getSubnetwork:getSubnetwork": Function(
        "pulumi_gcp.compute:get_subnetwork", _subnetwork
    ),
    "gcp:compute/getGlobalAddress:getGlobalAddress": Function(
        "pulumi_gcp.compute:get_global_address", _address
    ),
}
