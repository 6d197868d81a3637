"""What a stack file names that somebody else made: it is put into the fake subscription."""

import re

import yaml
from cloud.audit.target import Document
from cloud.azure.driver import Driver
from cloud.azure.identifiers import ArmId
from cloud.azure.subscription import SUBSCRIPTION_ID
from cloud.deployment import CloudDeployment

REGION = "westeurope"

IDENTIFIER = re.compile(r"/subscriptions/[0-9a-f-]{36}/[A-Za-z0-9/._-]+")

BODIES = {
    "Microsoft.Network/virtualNetworks": {
        "location": REGION,
        "properties": {"addressSpace": {"addressPrefixes": ["10.99.0.0/16"]}},
    },
    "Microsoft.Network/virtualNetworks/subnets": {"properties": {"addressPrefix": "10.99.1.0/24"}},
    "Microsoft.Network/privateDnsZones": {"location": "global"},
    "Microsoft.Insights/actionGroups": {
        "location": "global",
        "properties": {"groupShortName": "team", "enabled": True},
    },
}
"""By type, what is enough to make one."""


def settle(deployment: CloudDeployment, document: Document) -> Document:
    """The stack file with ids of the fake subscription, in which there is what they name."""
    text = yaml.safe_dump(document, width=1000)
    for found in set(IDENTIFIER.findall(text)):
        text = text.replace(f"/subscriptions/{found.split('/')[2]}/", _SUBSCRIPTION)
    driver = Driver(deployment.cloud.root)
    for found in sorted(set(IDENTIFIER.findall(text))):
        _make(driver, ArmId.parse(found))
    return yaml.safe_load(text)


_SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}/"


def _make(driver: Driver, place: ArmId) -> None:
    group = f"{_SUBSCRIPTION}resourceGroups/{place.group}"
    driver.ask("PUT", group, {"location": REGION})
    if place.parent is not None:
        _make(driver, place.parent)
    driver.ask("PUT", place.text, BODIES[place.type])
