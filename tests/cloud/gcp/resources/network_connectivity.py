"""Service connection policies.

Transcribed from terraform-provider-google-beta,
`services/networkconnectivityv1/resource_network_connectivity_service_connection_policy.go`.
"""

from collections.abc import Iterator

from cloud.gcp.api import GoogleApi
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.resource import Resource, Values

from .common import COMMON, NAME, Body, GoogleResource, known, one_of


class PolicyResource(GoogleResource):
    """A policy."""

    def validate(self, inputs: Values) -> Iterator[Failure]:
        """Its only enum."""
        config = inputs.get("pscConfig")
        if known(config):
            yield from one_of(
                config,
                "producerInstanceLocation",
                "PRODUCER_INSTANCE_LOCATION_UNSPECIFIED",
                "CUSTOM_RESOURCE_HIERARCHY_LEVELS",
                "",
                path="psc_config.0.producer_instance_location",
            )

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """The network and the state's etag go along."""
        fields = [name for name in ("description", "pscConfig") if name in changed]
        labels = self.labelled(api.config, old, new.get("labels") or {})["effectiveLabels"]
        mask = fields + ["labels"] * ("labels" in changed)
        if not mask:
            return
        body: Body = self.encoded(api, new, ("description", "pscConfig"))
        body |= {"network": new["network"]}
        if old.get("etag"):
            body["etag"] = old["etag"]
        if labels:
            body["labels"] = labels
        self.patched(api, identifier, body, mask)


RESOURCES: tuple[Resource, ...] = (
    PolicyResource(
        sdk="pulumi_gcp.networkconnectivity:ServiceConnectionPolicy",
        what="ServiceConnectionPolicy",
        long="NetworkConnectivityv1ServiceConnectionPolicy",
        base="https://networkconnectivity.googleapis.com/v1",
        collection="projects/{project}/locations/{location}/serviceConnectionPolicies",
        creation={"serviceConnectionPolicyId": "{name}"},
        identifier="projects/{project}/locations/{location}/serviceConnectionPolicies/{name}",
        imports=("{project}/{location}/{name}", "{location}/{name}"),
        sent=("description", "network", "pscConfig", "serviceClass"),
        names={
            "allowedGoogleProducersResourceHierarchyLevels": (
                "allowedGoogleProducersResourceHierarchyLevel"
            )
        },
        named=NAME,
        replaces=frozenset({"location", "name", "network", "serviceClass", "project"}),
        rules=Rules(
            computed=frozenset({"project", "deletionPolicy", "pscConfig.producerInstanceLocation"})
        ),
        models=COMMON | {"description", "labels", "location", "name", "network", "pscConfig",
                         "serviceClass"},
    ),
)  # fmt: skip
