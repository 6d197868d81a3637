"""ec2 and vpc: networks, security groups and their rules, endpoints."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values
from cloud.standin.wire import contains_unknown

from .common import (
    COMMON,
    between,
    conflicting,
    documents,
    known,
    listed,
    specified,
    tag_changes,
    tagged,
)

MANAGED = "Managed by Pulumi"


def retag(api: AwsApi, identifier: str, old: Values, new: Values) -> None:
    """Brings the tags of something of EC2 up to date."""
    gone, changed = tag_changes(old, new)
    if gone:
        keys = [{"Key": key} for key in gone]
        api.call("ec2", "DeleteTags", Resources=[identifier], Tags=keys)
    if changed:
        api.call("ec2", "CreateTags", Resources=[identifier], Tags=listed(changed))


def _cidr(inputs: Values, name: str) -> Iterable[Failure]:
    value = inputs.get(name)
    if not known(value):
        return
    try:
        ipaddress.ip_network(value)
    except ValueError:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            yield Failure(name, f'"{value}" is not a valid CIDR block: invalid CIDR address')
        else:
            yield Failure(name, f'"{value}" is not a valid CIDR block; did you mean "{network}"?')


class Vpc(Resource):
    """A VPC."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from _cidr(inputs, "cidrBlock")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating EC2 VPC"):
            made = api.call(
                "ec2",
                "CreateVpc",
                CidrBlock=inputs.get("cidrBlock"),
                InstanceTenancy=inputs.get("instanceTenancy"),
                TagSpecifications=specified("vpc", inputs.get("tags")),
            )["Vpc"]
            api.work.made = made["VpcId"]
            self._attributes(api, made["VpcId"], {"enableDnsSupport": True}, inputs)
        return made["VpcId"]

    @staticmethod
    def _attributes(api: AwsApi, identifier: str, old: Values, new: Values) -> None:
        for name, member in (
            ("enableDnsSupport", "EnableDnsSupport"),
            ("enableDnsHostnames", "EnableDnsHostnames"),
        ):
            wanted = new.get(name)
            if wanted is not None and wanted != bool(old.get(name)):
                api.call(
                    "ec2", "ModifyVpcAttribute", VpcId=identifier, **{member: {"Value": wanted}}
                )

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("ec2", "DescribeVpcs", "InvalidVpcID.NotFound", VpcIds=[identifier])
        if found is None:
            return None
        one = found["Vpcs"][0]
        return {
            "arn": api.account.arn("ec2", f"vpc/{identifier}"),
            "cidrBlock": one["CidrBlock"],
            "instanceTenancy": one["InstanceTenancy"],
            "enableDnsSupport": one["EnableDnsSupport"],
            "enableDnsHostnames": one["EnableDnsHostnames"],
            "enableNetworkAddressUsageMetrics": False,
            "assignGeneratedIpv6CidrBlock": False,
            "defaultNetworkAclId": one["DefaultNetworkAclId"],
            "defaultRouteTableId": one["MainRouteTableId"],
            "mainRouteTableId": one["MainRouteTableId"],
            "defaultSecurityGroupId": one["DefaultSecurityGroupId"],
            "dhcpOptionsId": one["DhcpOptionsId"],
            "ownerId": "123456789012",
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating EC2 VPC ({identifier})"):
            self._attributes(api, identifier, old, new)
            retag(api, identifier, old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting EC2 VPC ({identifier})"):
            api.drop("ec2", "DeleteVpc", "InvalidVpcID.NotFound", VpcId=identifier)


class Subnet(Resource):
    """A subnet."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from _cidr(inputs, "cidrBlock")
        yield from conflicting(inputs, "availabilityZone", "availabilityZoneId")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating EC2 Subnet"):
            made = api.call(
                "ec2",
                "CreateSubnet",
                VpcId=inputs["vpcId"],
                CidrBlock=inputs.get("cidrBlock"),
                AvailabilityZone=inputs.get("availabilityZone"),
                TagSpecifications=specified("subnet", inputs.get("tags")),
            )["Subnet"]
            api.work.made = made["SubnetId"]
            if inputs.get("mapPublicIpOnLaunch"):
                self._public(api, made["SubnetId"], inputs)
        return made["SubnetId"]

    @staticmethod
    def _public(api: AwsApi, identifier: str, inputs: Values) -> None:
        wanted = {"Value": bool(inputs.get("mapPublicIpOnLaunch"))}
        api.call("ec2", "ModifySubnetAttribute", SubnetId=identifier, MapPublicIpOnLaunch=wanted)

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "InvalidSubnetID.NotFound"
        found = api.ask("ec2", "DescribeSubnets", missing, SubnetIds=[identifier])
        if found is None:
            return None
        one = found["Subnets"][0]
        return {
            "arn": api.account.arn("ec2", f"subnet/{identifier}"),
            "vpcId": one["VpcId"],
            "cidrBlock": one["CidrBlock"],
            "availabilityZone": one["AvailabilityZone"],
            "availabilityZoneId": one["AvailabilityZoneId"],
            "mapPublicIpOnLaunch": one["MapPublicIpOnLaunch"],
            "assignIpv6AddressOnCreation": False,
            "ownerId": "123456789012",
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating EC2 Subnet ({identifier})"):
            if "mapPublicIpOnLaunch" in changed:
                self._public(api, identifier, new)
            retag(api, identifier, old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting EC2 Subnet ({identifier})"):
            api.drop("ec2", "DeleteSubnet", "InvalidSubnetID.NotFound", SubnetId=identifier)


class RouteTable(Resource):
    """A route table; its local route is always there and not an input."""

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating EC2 Route Table"):
            return api.call(
                "ec2",
                "CreateRouteTable",
                VpcId=inputs["vpcId"],
                TagSpecifications=specified("route-table", inputs.get("tags")),
            )["RouteTable"]["RouteTableId"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "InvalidRouteTableID.NotFound"
        found = api.ask("ec2", "DescribeRouteTables", missing, RouteTableIds=[identifier])
        if found is None:
            return None
        one = found["RouteTables"][0]
        return {
            "arn": api.account.arn("ec2", f"route-table/{identifier}"),
            "vpcId": one["VpcId"],
            "routes": [],
            "propagatingVgws": [],
            "ownerId": "123456789012",
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating EC2 Route Table ({identifier})"):
            retag(api, identifier, old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting EC2 Route Table ({identifier})"):
            api.drop(
                "ec2", "DeleteRouteTable", "InvalidRouteTableID.NotFound", RouteTableId=identifier
            )


class RouteTableAssociation(Resource):
    """A subnet's route table."""

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating EC2 Route Table Association"):
            return api.call(
                "ec2",
                "AssociateRouteTable",
                RouteTableId=inputs["routeTableId"],
                SubnetId=inputs.get("subnetId"),
            )["AssociationId"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        one = api.account.find("ec2.association", identifier)
        if one is None:
            # A replaced association has a new id; the subnet finds it.
            rows = api.account.all("ec2.association").values()
            one = next((row for row in rows if row["SubnetId"] == state.get("subnetId")), None)
        if one is None:
            return None
        return {
            "routeTableId": one["RouteTableId"],
            "subnetId": one["SubnetId"],
            "region": api.region,
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating EC2 Route Table Association ({identifier})"):
            api.call(
                "ec2",
                "ReplaceRouteTableAssociation",
                AssociationId=identifier,
                RouteTableId=new["routeTableId"],
            )

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting EC2 Route Table Association ({identifier})"):
            api.drop(
                "ec2",
                "DisassociateRouteTable",
                "InvalidAssociationID.NotFound",
                AssociationId=identifier,
            )


class Group(Resource):
    """What every security group does."""

    title: ClassVar[str]
    """Its name in the provider's messages."""

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        return read_group(api, identifier, state)

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating {self.title} ({identifier})"):
            for direction in ("ingress", "egress"):
                if direction in changed:
                    drop_rules(api, identifier, egress=direction == "egress")
                    authorize(api, identifier, direction, new.get(direction) or [])
            retag(api, identifier, old, new)


class SecurityGroup(Group):
    """A security group. The provider takes the rule away that EC2 adds to a new group."""

    title = "Security Group"

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating Security Group ({inputs['name']})"):
            identifier = api.call(
                "ec2",
                "CreateSecurityGroup",
                GroupName=inputs["name"],
                Description=inputs["description"],
                VpcId=inputs.get("vpcId"),
                TagSpecifications=specified("security-group", inputs.get("tags")),
            )["GroupId"]
            api.work.made = identifier
            drop_rules(api, identifier, egress=True)
            for direction in ("ingress", "egress"):
                authorize(api, identifier, direction, inputs.get(direction) or [])
        return identifier

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting Security Group ({identifier})"):
            api.drop("ec2", "DeleteSecurityGroup", "InvalidGroup.NotFound", GroupId=identifier)


class DefaultSecurityGroup(Group):
    """A VPC's default group, adopted: its rules go, the group itself stays for ever."""

    title = "Default Security Group"

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating Default Security Group"):
            found = api.ask("ec2", "DescribeVpcs", VpcIds=[inputs["vpcId"]]) or {}
            identifier = found["Vpcs"][0]["DefaultSecurityGroupId"]
            api.work.made = identifier
            for egress in (False, True):
                drop_rules(api, identifier, egress=egress)
            for direction in ("ingress", "egress"):
                authorize(api, identifier, direction, inputs.get(direction) or [])
            retag(api, identifier, {}, inputs)
        return identifier

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        """Nothing: EC2 deletes it with its VPC."""


def read_group(api: AwsApi, identifier: str, state: Values) -> Values | None:
    """A security group's outputs; its rules only where they are given with the group."""
    missing = "InvalidGroup.NotFound"
    found = api.ask("ec2", "DescribeSecurityGroups", missing, GroupIds=[identifier])
    if found is None:
        return None
    one = found["SecurityGroups"][0]
    return {
        "arn": api.account.arn("ec2", f"security-group/{identifier}"),
        "name": one["GroupName"],
        "description": one["Description"],
        "vpcId": one["VpcId"],
        "ownerId": "123456789012",
        "ingress": state.get("ingress") or [],
        "egress": state.get("egress") or [],
        "namePrefix": "",
        **tagged(api, one["Tags"]),
    }


def drop_rules(api: AwsApi, group: str, *, egress: bool) -> None:
    """Takes all rules of one direction away."""
    filters = [{"Name": "group-id", "Values": [group]}]
    found = api.ask("ec2", "DescribeSecurityGroupRules", Filters=filters) or {}
    rules = found.get("SecurityGroupRules", [])
    ids = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] == egress]
    if ids:
        operation = "RevokeSecurityGroupEgress" if egress else "RevokeSecurityGroupIngress"
        api.call("ec2", operation, GroupId=group, SecurityGroupRuleIds=ids)


def authorize(api: AwsApi, group: str, direction: str, rules: list[Values]) -> None:
    """Adds rules that are given with their group."""
    permissions = [
        {
            "IpProtocol": rule["protocol"],
            "FromPort": rule["fromPort"],
            "ToPort": rule["toPort"],
            "IpRanges": [{"CidrIp": one} for one in rule.get("cidrBlocks", [])],
            "Ipv6Ranges": [{"CidrIpv6": one} for one in rule.get("ipv6CidrBlocks", [])],
            "PrefixListIds": [{"PrefixListId": one} for one in rule.get("prefixListIds", [])],
            "UserIdGroupPairs": [
                {"GroupId": one}
                for one in [*rule.get("securityGroups", []), *([group] if rule.get("self") else [])]
            ],
        }
        for rule in rules
    ]
    if permissions:
        operation = f"AuthorizeSecurityGroup{direction.capitalize()}"
        api.call("ec2", operation, GroupId=group, IpPermissions=permissions)


_SOURCES = {
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "referencedSecurityGroupId": "ReferencedGroupId",
}


@dataclass(frozen=True, kw_only=True)
class Rule(Resource):
    """One rule of a security group."""

    direction: str
    """Ingress or Egress."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        given = [name for name in _SOURCES if inputs.get(name) is not None]
        if len(given) != 1:
            yield Failure(
                given[0] if given else "",
                "Invalid Attribute Combination. Exactly one of these attributes must be "
                "configured: [cidr_ipv4,cidr_ipv6,prefix_list_id,referenced_security_group_id]",
            )
        for name in ("cidrIpv4", "cidrIpv6"):
            yield from _cidr(inputs, name)
        for name in ("fromPort", "toPort"):
            yield from between(inputs, name, -1, 65535)

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        if old is None or contains_unknown(new):
            return
        before = {name for name in _SOURCES if old.get(name)}
        after = {name for name in _SOURCES if new.get(name)}
        if before != after:
            yield from sorted(before | after)

    def create(self, api: AwsApi, inputs: Values) -> str:
        noun = f"VPC Security Group {self.direction} Rule"
        with doing(f"creating {noun}"):
            made = api.call(
                "ec2",
                f"AuthorizeSecurityGroup{self.direction}",
                GroupId=inputs["securityGroupId"],
                IpPermissions=[self._permission(inputs)],
            )
            identifier = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
            api.work.made = identifier
            retag(api, identifier, {}, inputs)
        return identifier

    @staticmethod
    def _permission(inputs: Values) -> Values:
        described = {"Description": inputs["description"]} if "description" in inputs else {}
        permission: Values = {"IpProtocol": inputs["ipProtocol"]}
        for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")):
            if name in inputs:
                permission[member] = inputs[name]
        for name, member, key in (
            ("cidrIpv4", "IpRanges", "CidrIp"),
            ("cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
            ("prefixListId", "PrefixListIds", "PrefixListId"),
            ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
        ):
            if name in inputs:
                permission[member] = [{key: inputs[name], **described}]
        return permission

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask(
            "ec2",
            "DescribeSecurityGroupRules",
            "InvalidSecurityGroupRuleId.NotFound",
            SecurityGroupRuleIds=[identifier],
        )
        if found is None:
            return None
        one = found["SecurityGroupRules"][0]
        ports = {
            name: None if one[member] == -1 and name not in state else one[member]
            for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort"))
        }
        return {
            "arn": api.account.arn("ec2", f"security-group-rule/{identifier}"),
            "securityGroupRuleId": identifier,
            "securityGroupId": one["GroupId"],
            "ipProtocol": one["IpProtocol"],
            "description": one.get("Description"),
            **ports,
            **{name: one.get(member) for name, member in _SOURCES.items()},
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating VPC Security Group {self.direction} Rule ({identifier})"):
            if changed - {"tags"}:
                rule: dict[str, Any] = {"IpProtocol": new["ipProtocol"]}
                names = {"fromPort": "FromPort", "toPort": "ToPort", "cidrIpv4": "CidrIpv4",
                         "cidrIpv6": "CidrIpv6", "prefixListId": "PrefixListId",
                         "referencedSecurityGroupId": "ReferencedGroupId",
                         "description": "Description"}  # fmt: skip
                rule |= {member: new[name] for name, member in names.items() if name in new}
                api.call(
                    "ec2",
                    "ModifySecurityGroupRules",
                    GroupId=new["securityGroupId"],
                    SecurityGroupRules=[
                        {"SecurityGroupRuleId": identifier, "SecurityGroupRule": rule}
                    ],
                )
            retag(api, identifier, old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting VPC Security Group {self.direction} Rule ({identifier})"):
            api.drop(
                "ec2",
                f"RevokeSecurityGroup{self.direction}",
                "InvalidSecurityGroupRuleId.NotFound",
                "InvalidGroup.NotFound",
                GroupId=state["securityGroupId"],
                SecurityGroupRuleIds=[identifier],
            )


class VpcEndpoint(Resource):
    """An endpoint of an AWS service."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from documents(inputs, "policy")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating EC2 VPC Endpoint"):
            return api.call(
                "ec2",
                "CreateVpcEndpoint",
                VpcId=inputs["vpcId"],
                ServiceName=inputs.get("serviceName"),
                VpcEndpointType=inputs.get("vpcEndpointType"),
                SubnetIds=inputs.get("subnetIds"),
                SecurityGroupIds=inputs.get("securityGroupIds"),
                RouteTableIds=inputs.get("routeTableIds"),
                PrivateDnsEnabled=inputs.get("privateDnsEnabled"),
                PolicyDocument=inputs.get("policy"),
                TagSpecifications=specified("vpc-endpoint", inputs.get("tags")),
            )["VpcEndpoint"]["VpcEndpointId"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = "InvalidVpcEndpointId.NotFound"
        found = api.ask("ec2", "DescribeVpcEndpoints", missing, VpcEndpointIds=[identifier])
        if found is None:
            return None
        one = found["VpcEndpoints"][0]
        return {
            "arn": api.account.arn("ec2", f"vpc-endpoint/{identifier}"),
            "vpcId": one["VpcId"],
            "serviceName": one["ServiceName"],
            "vpcEndpointType": one["VpcEndpointType"],
            "subnetIds": one["SubnetIds"],
            "securityGroupIds": one["GroupIds"],
            "routeTableIds": one["RouteTableIds"],
            "privateDnsEnabled": one["PrivateDnsEnabled"],
            "policy": one["PolicyDocument"],
            "state": one["State"],
            "ownerId": "123456789012",
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating EC2 VPC Endpoint ({identifier})"):
            request: dict[str, Any] = {}
            for name, noun in (("subnetIds", "Subnet"), ("securityGroupIds", "SecurityGroup")):
                before, after = set(old.get(name) or []), set(new.get(name) or [])
                if name in changed:
                    request[f"Add{noun}Ids"] = sorted(after - before) or None
                    request[f"Remove{noun}Ids"] = sorted(before - after) or None
            if "privateDnsEnabled" in changed:
                request["PrivateDnsEnabled"] = new["privateDnsEnabled"]
            if "policy" in changed:
                request["PolicyDocument"] = new.get("policy")
            if request:
                api.call("ec2", "ModifyVpcEndpoint", VpcEndpointId=identifier, **request)
            retag(api, identifier, old, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting EC2 VPC Endpoint ({identifier})"):
            api.drop(
                "ec2",
                "DeleteVpcEndpoints",
                "InvalidVpcEndpointId.NotFound",
                VpcEndpointIds=[identifier],
            )


def _rule(sdk: str, direction: str) -> Rule:
    return Rule(
        sdk=sdk,
        direction=direction,
        models=COMMON
        | {*_SOURCES, "securityGroupId", "ipProtocol", "fromPort", "toPort", "description"},
        replaces=frozenset({"securityGroupId"}),
    )


_INLINE = frozenset({"ingress", "egress"})

RESOURCES: tuple[Resource, ...] = (
    Vpc(
        sdk="pulumi_aws.ec2:Vpc",
        models=COMMON | {"cidrBlock", "enableDnsSupport", "enableDnsHostnames", "instanceTenancy"},
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        replaces=frozenset({"cidrBlock", "instanceTenancy"}),
        rules=Rules(computed=frozenset({"enableDnsHostnames", "cidrBlock"})),
    ),
    Subnet(
        sdk="pulumi_aws.ec2:Subnet",
        models=COMMON | {"vpcId", "cidrBlock", "availabilityZone", "mapPublicIpOnLaunch"},
        defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
        replaces=frozenset({"vpcId", "cidrBlock", "availabilityZone"}),
        rules=Rules(computed=frozenset({"availabilityZone", "availabilityZoneId"})),
    ),
    RouteTable(
        sdk="pulumi_aws.ec2:RouteTable",
        models=COMMON | {"vpcId"},
        replaces=frozenset({"vpcId"}),
        rules=Rules(computed=frozenset({"routes", "propagatingVgws"})),
    ),
    RouteTableAssociation(
        sdk="pulumi_aws.ec2:RouteTableAssociation",
        models=frozenset({"region", "routeTableId", "subnetId"}),
        replaces=frozenset({"subnetId"}),
    ),
    SecurityGroup(
        sdk="pulumi_aws.ec2:SecurityGroup",
        models=COMMON | _INLINE | {"name", "description", "vpcId", "revokeRulesOnDelete"},
        named=AutoName("name"),
        defaults={"description": MANAGED, "revokeRulesOnDelete": False},
        replaces=frozenset({"name", "description", "vpcId"}),
        rules=Rules(computed=_INLINE | {"namePrefix"}),
        kept=frozenset({"revokeRulesOnDelete"}),
    ),
    DefaultSecurityGroup(
        sdk="pulumi_aws.ec2:DefaultSecurityGroup",
        models=COMMON | _INLINE | {"vpcId"},
        replaces=frozenset({"vpcId"}),
        rules=Rules(computed=_INLINE),
        kept=frozenset({"revokeRulesOnDelete"}),
    ),
    VpcEndpoint(
        sdk="pulumi_aws.ec2:VpcEndpoint",
        models=COMMON
        | {"vpcId", "serviceName", "vpcEndpointType", "subnetIds", "securityGroupIds",
           "routeTableIds", "privateDnsEnabled", "policy"},
        defaults={"vpcEndpointType": "Gateway"},
        replaces=frozenset({"vpcId", "serviceName", "vpcEndpointType"}),
        rules=Rules(
            computed=frozenset({"subnetIds", "securityGroupIds", "routeTableIds", "policy",
                                "privateDnsEnabled"}),
            documents=frozenset({"policy"}),
        ),
    ),
    _rule("pulumi_aws.vpc:SecurityGroupIngressRule", "Ingress"),
    _rule("pulumi_aws.vpc:SecurityGroupEgressRule", "Egress"),
)  # fmt: skip
