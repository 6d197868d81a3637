"""Networks, subnetworks, global addresses and firewall rules.

Transcribed from terraform-provider-google-beta, `services/compute/resource_compute_network.go`,
`..._subnetwork.go`, `..._global_address.go`, `..._firewall.go`.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from cloud.gcp.api import GoogleApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, PlanError
from cloud.standin.resource import Resource, Values

from .common import (
    COMMON,
    LOWER_NAME,
    NAME,
    Body,
    GoogleResource,
    between,
    conflicting,
    exactly_one,
    gce_name,
    known,
    one_of,
    or_default,
    relative,
    same_link_or_name,
    snake,
)

BASE = "https://compute.googleapis.com/compute/beta"

_COMPUTED = frozenset({"project", "deletionPolicy"})


def linked(api: GoogleApi, inputs: Values, text: str) -> str:
    """A network as the provider sends it: a name alone is one of the resource's own project."""
    if "/" not in text:
        project = inputs.get("project") or api.config.get("project")
        return f"projects/{project}/global/networks/{text}"
    return relative(text)


class ComputeResource(GoogleResource):
    """A resource type of Compute Engine: it is part of a network."""

    def encoded(self, api: GoogleApi, inputs: Values, names: Iterable[str]) -> Body:
        """The body with the network as a link."""
        body = super().encoded(api, inputs, names)
        if "network" in body:
            body["network"] = linked(api, inputs, body["network"])
        return body


class NetworkResource(ComputeResource):
    """A network."""

    def validate(self, inputs: Values) -> Iterator[Failure]:
        """Its name and its enums."""
        yield from gce_name(inputs)
        yield from one_of(inputs, "routingMode", "REGIONAL", "GLOBAL", "")
        yield from one_of(
            inputs,
            "networkFirewallPolicyEnforcementOrder",
            "BEFORE_CLASSIC_FIREWALL",
            "AFTER_CLASSIC_FIREWALL",
            "",
        )

    def body_of_creation(self, api: GoogleApi, inputs: Values) -> Body:
        """With what is nested in the interface."""
        return {**super().body_of_creation(api, inputs), **_routing(inputs)}

    def created(self, api: GoogleApi, identifier: str, inputs: Values) -> None:
        """Networks that are made here have no default routes to delete."""

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        """With what is nested in the interface."""
        config = thing.get("routingConfig", {})
        return {
            **super().shown(api, thing, state),
            "routingMode": config.get("routingMode"),
            "networkId": thing["id"],
            "numericId": thing["id"],
            "deleteDefaultRoutesOnCreate": bool(state.get("deleteDefaultRoutesOnCreate")),
        }

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """A request for each group of fields."""
        order = "networkFirewallPolicyEnforcementOrder"
        if changed & {"routingMode", order}:
            body = {"routingConfig": {"deleteBgpAlwaysCompareMed": False}}
            body["routingConfig"] |= _routing(new).get("routingConfig", {})
            if new.get(order):
                body[order] = new[order]
            self.patched(api, identifier, body, [])
        if "mtu" in changed:
            self.patched(api, identifier, {"mtu": new.get("mtu")}, [])


def _routing(inputs: Values) -> Body:
    mode = inputs.get("routingMode")
    return {"routingConfig": {"routingMode": mode}} if mode else {}


class SubnetworkResource(ComputeResource):
    """A subnetwork."""

    def validate(self, inputs: Values) -> Iterator[Failure]:
        """Its name, its addresses and the settings of its log."""
        yield from gce_name(inputs)
        text = inputs.get("ipCidrRange")
        if known(text) and not _is_cidr(text):
            yield Failure(
                "ipCidrRange",
                f'"ip_cidr_range" is not a valid IP CIDR range: invalid CIDR address: {text}',
            )
        log = inputs.get("logConfig")
        if known(log):
            yield from one_of(
                log,
                "metadata",
                "EXCLUDE_ALL_METADATA",
                "INCLUDE_ALL_METADATA",
                "CUSTOM_METADATA",
                "",
                path="log_config.0.metadata",
            )

    def plan(self, old: Values | None, new: Values) -> Iterator[str]:
        """Fewer addresses make a new one; more are given to the old one."""
        before, after = (old or {}).get("ipCidrRange"), new.get("ipCidrRange")
        if known(before) and known(after) and before != after:
            inner = ipaddress.IPv4Network(before, strict=False)
            outer = ipaddress.IPv4Network(after, strict=False)
            if not inner.subnet_of(outer):
                yield "ipCidrRange"

    def body_of_creation(self, api: GoogleApi, inputs: Values) -> Body:
        """With the region, and a log that is on or off."""
        body = super().body_of_creation(api, inputs)
        region = self.region(api, inputs)
        log = _log(body.pop("logConfig", None))
        return {**body, "region": f"projects/{inputs['project']}/global/regions/{region}", **log}

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        """Without a log that is off."""
        found = super().shown(api, thing, state)
        if not thing.get("logConfig", {}).get("enable"):
            found.pop("logConfig", None)
        return {**found, "region": thing["region"].rpartition("/")[2]}

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """A request for each field."""
        place = self.address(identifier)
        if "ipCidrRange" in changed:
            body = {"ipCidrRange": new["ipCidrRange"]}
            self._post(api, identifier, f"{place}/expandIpCidrRange", body)
        if "privateIpGoogleAccess" in changed:
            body = {"privateIpGoogleAccess": new.get("privateIpGoogleAccess", False)}
            self._post(api, identifier, f"{place}/setPrivateIpGoogleAccess", body)
        if "logConfig" in changed:
            found = api.ask("GET", place)
            log = self.encoded(api, new, ["logConfig"]).get("logConfig")
            self.patched(api, identifier, {**_log(log), "fingerprint": found["fingerprint"]}, [])

    def _post(self, api: GoogleApi, identifier: str, address: str, body: Body) -> None:
        with doing(f'Error updating {self.what} "{identifier}"'):
            answer = api.send("POST", address, body)
        self.waited(api, answer, f"Updating {self.what}")


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.IPv4Interface(text)
    except ValueError:
        return False
    return "/" in text


def _log(config: Body | None) -> Body:
    return {"logConfig": {**config, "enable": True}} if config else {"logConfig": {"enable": False}}


class GlobalAddressResource(ComputeResource):
    """A global address, or a range of them for peerings."""

    def settled(self, config: Values, inputs: Values) -> Values:
        """An address is an outer one if nothing is said."""
        return {"addressType": "EXTERNAL", **super().settled(config, inputs)}

    def validate(self, inputs: Values) -> Iterator[Failure]:
        """Its enums; a name is left to the API."""
        yield from one_of(inputs, "addressType", "EXTERNAL", "INTERNAL", "")
        yield from one_of(inputs, "ipVersion", "IPV4", "IPV6", "")

    def created(self, api: GoogleApi, identifier: str, inputs: Values) -> None:
        """Labels come in a request of their own."""
        labels = self.labelled(api.config, None, inputs.get("labels") or {})["effectiveLabels"]
        if labels:
            self._labelled(
                api, identifier, labels, f'Error adding labels to {self.long} "{identifier}"'
            )

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """Nothing but labels can change."""
        if "labels" in changed:
            labels = self.labelled(api.config, old, new.get("labels") or {})["effectiveLabels"]
            self._labelled(api, identifier, labels, f'Error updating {self.what} "{identifier}"')

    def _labelled(self, api: GoogleApi, identifier: str, labels: Values, what: str) -> None:
        found = api.ask("GET", self.address(identifier))
        body = {"labels": labels, "labelFingerprint": found["labelFingerprint"]}
        with doing(what):
            answer = api.send("POST", f"{self.address(identifier)}/setLabels", body)
        self.waited(api, answer, f"Updating {self.what} Labels")


class FirewallResource(ComputeResource):
    """A firewall rule."""

    def validate(self, inputs: Values) -> Iterator[Failure]:
        """Its name, its enums, and what excludes each other."""
        yield from gce_name(inputs)
        yield from one_of(inputs, "direction", "INGRESS", "EGRESS", "")
        yield from between(inputs, "priority", 0, 65535)
        yield from exactly_one({**inputs, "allow": inputs.get("allows"),
                                "deny": inputs.get("denies")}, "allow", "deny")  # fmt: skip
        for name in ("sourceServiceAccounts", "targetServiceAccounts"):
            yield from conflicting(inputs, name, "sourceTags", "targetTags")
            accounts = inputs.get(name)
            if known(accounts) and len(accounts) > 10:
                yield Failure(name, f"Too many list items. Attribute {snake(name)} supports 10 "
                              f"item maximum, but config has {len(accounts)} declared")  # fmt: skip
        log = inputs.get("logConfig")
        if known(log):
            yield from one_of(
                log,
                "metadata",
                "EXCLUDE_ALL_METADATA",
                "INCLUDE_ALL_METADATA",
                path="log_config.0.metadata",
            )

    def plan(self, old: Values | None, new: Values) -> Iterator[str]:
        """A rule for what comes in says from where."""
        direction = new.get("direction") or (old or {}).get("direction")
        sources = ("sourceTags", "sourceRanges", "sourceServiceAccounts")
        if direction != "EGRESS" and not any(new.get(one) is not None for one in sources):
            raise PlanError(
                "one of source_tags, source_ranges, or source_service_accounts must be defined"
            )
        return iter(())

    def encoded(self, api: GoogleApi, inputs: Values, names: Iterable[str]) -> Body:
        """With a log that is on or off."""
        body = super().encoded(api, inputs, names)
        log = inputs.get("logConfig")
        body["logConfig"] = {**log, "enable": True} if log else {"enable": False}
        return body

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        """Without a log that is off."""
        found = super().shown(api, thing, state)
        enabled = thing.get("logConfig", {}).get("enable", False)
        if not enabled:
            found.pop("logConfig", None)
        return {**found, "enableLogging": enabled}

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """All of it in one request."""
        if not changed - {"deletionPolicy"}:
            return
        nothing: Body = {
            self.names.get(name, name): [] for name in self.changeable if name not in _SINGLE
        }
        body = {
            **nothing,
            "description": "",
            "disabled": False,
            **self.encoded(api, new, self.changeable),
        }
        self.patched(api, identifier, body, [])


_RULE = (
    "allows", "denies", "description", "destinationRanges", "disabled", "network", "priority",
    "sourceRanges", "sourceServiceAccounts", "sourceTags", "targetServiceAccounts", "targetTags",
)  # fmt: skip


def _same_protocol(old: Any, new: Any) -> bool:
    return str(old).lower() == str(new).lower()


_SINGLE = frozenset({"description", "disabled", "network", "priority"})

RESOURCES: tuple[Resource, ...] = (
    NetworkResource(
        sdk="pulumi_gcp.compute:Network",
        what="Network",
        long="ComputeNetwork",
        base=BASE,
        collection="projects/{project}/global/networks",
        identifier="projects/{project}/global/networks/{name}",
        imports=("{project}/{name}", "{name}"),
        sent=("autoCreateSubnetworks", "description", "mtu", "name",
              "networkFirewallPolicyEnforcementOrder"),
        always=frozenset({"autoCreateSubnetworks"}),
        named=LOWER_NAME,
        defaults={
            "autoCreateSubnetworks": True,
            "deleteBgpAlwaysCompareMed": False,
            "deleteDefaultRoutesOnCreate": False,
            "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
        },
        replaces=frozenset({"name", "autoCreateSubnetworks", "description", "project"}),
        rules=Rules(computed=_COMPUTED | {"routingMode", "mtu"}),
        client=frozenset({"deleteBgpAlwaysCompareMed", "deleteDefaultRoutesOnCreate"}),
        models=COMMON | {"autoCreateSubnetworks", "deleteBgpAlwaysCompareMed",
                         "deleteDefaultRoutesOnCreate", "description", "mtu", "name",
                         "networkFirewallPolicyEnforcementOrder", "routingMode"},
        compute=True,
        masked=False,
    ),
    SubnetworkResource(
        sdk="pulumi_gcp.compute:Subnetwork",
        what="Subnetwork",
        long="ComputeSubnetwork",
        base=BASE,
        collection="projects/{project}/regions/{region}/subnetworks",
        identifier="projects/{project}/regions/{region}/subnetworks/{name}",
        imports=("{project}/{region}/{name}", "{region}/{name}", "{name}"),
        sent=("description", "ipCidrRange", "logConfig", "name", "network",
              "privateIpGoogleAccess"),
        named=LOWER_NAME,
        replaces=frozenset({"name", "network", "description", "region", "project"}),
        rules=Rules(
            computed=_COMPUTED | {"region", "privateIpGoogleAccess", "ipCidrRange", "stackType",
                                  "purpose", "privateIpv6GoogleAccess"},
            suppressed={"network": same_link_or_name, "region": same_link_or_name},
        ),
        models=COMMON | {"description", "ipCidrRange", "logConfig", "name", "network",
                         "privateIpGoogleAccess", "region"},
        compute=True,
        masked=False,
    ),
    GlobalAddressResource(
        sdk="pulumi_gcp.compute:GlobalAddress",
        what="GlobalAddress",
        long="ComputeGlobalAddress",
        base=BASE,
        collection="projects/{project}/global/addresses",
        identifier="projects/{project}/global/addresses/{name}",
        imports=("{project}/{name}", "{name}"),
        sent=("address", "addressType", "description", "ipVersion", "name", "network",
              "prefixLength", "purpose"),
        named=NAME,
        replaces=frozenset({"name", "address", "addressType", "description", "ipVersion", "network",
                            "prefixLength", "purpose", "project"}),
        rules=Rules(
            computed=_COMPUTED | {"address", "prefixLength"},
            suppressed={
                "network": same_link_or_name,
                "addressType": or_default("EXTERNAL"),
                "ipVersion": or_default("IPV4"),
            },
        ),
        models=COMMON | {"address", "addressType", "description", "ipVersion", "labels", "name",
                         "network", "prefixLength", "purpose"},
        compute=True,
        masked=False,
    ),
    FirewallResource(
        sdk="pulumi_gcp.compute:Firewall",
        what="Firewall",
        long="ComputeFirewall",
        base=BASE,
        collection="projects/{project}/global/firewalls",
        identifier="projects/{project}/global/firewalls/{name}",
        imports=("{project}/{name}", "{name}"),
        sent=("name", "direction", *_RULE),
        changeable=_RULE,
        always=frozenset({"priority", "disabled", "description"}),
        names={"allows": "allowed", "denies": "denied", "protocol": "IPProtocol"},
        named=NAME,
        defaults={"priority": 1000},
        replaces=frozenset({"name", "direction", "project"}),
        rules=Rules(
            computed=_COMPUTED | {"destinationRanges", "direction", "enableLogging"},
            suppressed={
                "network": same_link_or_name,
                "allows.protocol": _same_protocol,
                "denies.protocol": _same_protocol,
                "sourceRanges": lambda old, new: old == ["0.0.0.0/0"] and not new,
            },
        ),
        models=COMMON | {"direction", "logConfig", "name", *_RULE},
        compute=True,
        masked=False,
    ),
)  # fmt: skip
