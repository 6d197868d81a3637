"""What a stack file names that somebody else made: it is put into the fake Google Cloud."""

import re

import yaml
from cloud.audit.target import Document
from cloud.deployment import CloudDeployment
from cloud.gcp.cloud import GcpCloud
from cloud.gcp.services import monitoring

CHANNEL = re.compile(r"projects/[a-z0-9-]+/notificationChannels/\d+")

POLICIES = "https://networkconnectivity.googleapis.com/v1"

SERVICE_CLASS = "gcp-memorystore"
"""Service class of Valkey's connections."""


def settle(deployment: CloudDeployment, document: Document) -> Document:
    """The stack file; what it names is there."""
    cloud: GcpCloud = deployment.cloud
    config = document["config"]
    cloud.prepare(config)
    for name in set(CHANNEL.findall(yaml.safe_dump(document, width=1000))):
        cloud.google.put(monitoring.CHANNEL, name, {"name": name, "type": "email"})
    network = config.get("secure-redis:network", {})
    if adopted := network.get("adopt", {}).get("networkId"):
        _share(cloud, adopted, network["privateServices"]["rangeName"], config)
    return document


def _share(cloud: GcpCloud, network: str, range_name: str, config: Document) -> None:
    """A network of another project, with a range for Redis and a policy for Valkey."""
    host, region = network.split("/")[1], config["gcp:region"]
    cloud.add_project(host)
    cloud.share(host, config["gcp:project"])
    made = cloud.add_network(host, name=network.rpartition("/")[2], region=region)
    assert made["network"] == network
    cloud.add_private_access(network, range_name)
    policy = {
        "network": network,
        "serviceClass": SERVICE_CLASS,
        "pscConfig": {"subnetworks": [made["subnetwork"]]},
    }
    place = f"{POLICIES}/projects/{host}/locations/{region}/serviceConnectionPolicies"
    cloud.google.ask("POST", place, policy, {"serviceConnectionPolicyId": "memorystore"})
