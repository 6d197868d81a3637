"""EC2: VPCs, subnets, route tables, security groups, endpoints."""

import ipaddress
from typing import Any

from cloud.aws.account import ACCOUNT, Account, Params, answers, refuse, tags_of

VPC, SUBNET, GROUP, RULE = "ec2.vpc", "ec2.subnet", "ec2.security-group", "ec2.rule"
TABLE, ASSOCIATION, ENDPOINT = "ec2.route-table", "ec2.association", "ec2.endpoint"

SOURCES = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")


def add_vpc(account: Account, cidr: str, subnets: int = 2, *, seeded: bool = True) -> Params:
    """A VPC with private subnets in as many zones, as if somebody else had made them."""
    vpc = create_vpc(account, {"CidrBlock": cidr})["Vpc"]
    network = ipaddress.ip_network(cidr)
    blocks = network.subnets(prefixlen_diff=4)
    made = [
        create_subnet(
            account,
            {"VpcId": vpc["VpcId"], "CidrBlock": str(block), "AvailabilityZone": zone},
        )["Subnet"]["SubnetId"]
        for block, zone in zip(blocks, account.zones[:subnets], strict=False)
    ]
    if seeded:
        things = [(VPC, vpc["VpcId"]), *((SUBNET, identifier) for identifier in made)]
        things.append((GROUP, vpc["DefaultSecurityGroupId"]))
        things.append((TABLE, vpc["MainRouteTableId"]))
        for kind, identifier in things:
            thing = account.find(kind, identifier)
            assert thing is not None
            account.put(kind, identifier, {**thing, "seeded": True})
    return {"vpcId": vpc["VpcId"], "subnetIds": made}


def vpc_of(account: Account, identifier: str) -> Params:
    """A VPC. Raises when there is none."""
    return account.need(
        VPC, identifier, "InvalidVpcID.NotFound", f"The vpc ID '{identifier}' does not exist"
    )


def subnet_of(account: Account, identifier: str) -> Params:
    """A subnet. Raises when there is none."""
    message = f"The subnet ID '{identifier}' does not exist"
    return account.need(SUBNET, identifier, "InvalidSubnetID.NotFound", message)


def group_of(account: Account, identifier: str) -> Params:
    """A security group. Raises when there is none."""
    message = f"The security group '{identifier}' does not exist"
    return account.need(GROUP, identifier, "InvalidGroup.NotFound", message)


def interfaces(account: Account) -> list[Params]:
    """The network interfaces that other services hold: their subnets and security groups."""
    places = account.all("elasticache.subnet-group")
    return [
        *(
            _interface(
                places.get(cache.get("CacheSubnetGroupName") or "", {}).get("SubnetIds"),
                cache.get("SecurityGroupIds"),
            )
            for cache in account.all("elasticache.replication-group").values()
        ),
        *(
            _interface(cache.get("SubnetIds"), cache.get("SecurityGroupIds"))
            for cache in account.all("elasticache.serverless").values()
        ),
        *(
            _interface(config.get("SubnetIds"), config.get("SecurityGroupIds"))
            for function in account.all("lambda.function").values()
            for config in [function.get("VpcConfig") or {}]
        ),
        *(
            _interface(endpoint.get("SubnetIds"), endpoint.get("GroupIds"))
            for endpoint in account.all(ENDPOINT).values()
        ),
    ]


def _interface(subnets: list[str] | None, groups: list[str] | None) -> Params:
    return {"subnets": subnets or [], "groups": groups or []}


def _cidr(text: str) -> Any:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        refuse(
            "InvalidParameterValue",
            f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        )
    return network


@answers("ec2", "CreateVpc")
def create_vpc(account: Account, params: Params) -> Params:
    """A VPC, with the default security group and main route table that come with it."""
    block = params.get("CidrBlock")
    if not block:
        refuse("MissingParameter", "The request must contain the parameter cidrBlock")
    if not 16 <= _cidr(block).prefixlen <= 28:
        refuse("InvalidVpc.Range", f"The CIDR '{block}' is invalid.")
    vpc = {
        "VpcId": account.new_id("vpc"),
        "CidrBlock": block,
        "InstanceTenancy": params.get("InstanceTenancy", "default"),
        "EnableDnsSupport": True,
        "EnableDnsHostnames": False,
        "EnableNetworkAddressUsageMetrics": False,
        "DefaultNetworkAclId": account.new_id("acl"),
        "DhcpOptionsId": account.new_id("dopt"),
        "Tags": _specified(params),
    }
    group = _new_group(account, vpc["VpcId"], "default", "default VPC security group", {})
    table = _new_table(account, vpc["VpcId"], {}, main=True)
    for direction in ("ingress", "egress"):
        _new_rule(account, group["GroupId"], direction, _default_rule(group["GroupId"], direction))
    vpc["DefaultSecurityGroupId"] = group["GroupId"]
    vpc["MainRouteTableId"] = table["RouteTableId"]
    account.put(VPC, vpc["VpcId"], vpc)
    return {"Vpc": vpc}


def _default_rule(group: str, direction: str) -> Params:
    source = {"ReferencedGroupId": group} if direction == "ingress" else {"CidrIpv4": "0.0.0.0/0"}
    return {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, **source}


@answers("ec2", "DescribeVpcs")
def describe_vpcs(account: Account, params: Params) -> Params:
    """VPCs by id, or all."""
    wanted = params.get("VpcIds") or list(account.all(VPC))
    return {"Vpcs": [vpc_of(account, identifier) for identifier in wanted]}


@answers("ec2", "ModifyVpcAttribute")
def modify_vpc(account: Account, params: Params) -> Params:
    """One attribute a request, as EC2 has it."""
    vpc = vpc_of(account, params["VpcId"])
    attributes = [name for name in params if name.startswith("Enable")]
    if len(attributes) != 1:
        refuse("InvalidParameterCombination", "Fields for multiple attribute types specified")
    vpc[attributes[0]] = params[attributes[0]]["Value"]
    if vpc["EnableDnsHostnames"] and not vpc["EnableDnsSupport"]:
        refuse("InvalidParameterValue", "enableDnsHostnames needs enableDnsSupport to be turned on")
    account.put(VPC, vpc["VpcId"], vpc)
    return {}


@answers("ec2", "DeleteVpc")
def delete_vpc(account: Account, params: Params) -> Params:
    """Only when nothing is left in it."""
    vpc = vpc_of(account, params["VpcId"])
    own = {vpc["DefaultSecurityGroupId"], vpc["MainRouteTableId"]}
    for kind in (SUBNET, GROUP, TABLE, ENDPOINT):
        for identifier, thing in account.all(kind).items():
            if thing["VpcId"] == vpc["VpcId"] and identifier not in own:
                _in_use("vpc", vpc["VpcId"])
    _drop_rules(account, vpc["DefaultSecurityGroupId"])
    account.remove(GROUP, vpc["DefaultSecurityGroupId"])
    account.remove(TABLE, vpc["MainRouteTableId"])
    account.remove(VPC, vpc["VpcId"])
    return {}


@answers("ec2", "CreateSubnet")
def create_subnet(account: Account, params: Params) -> Params:
    """A subnet in the VPC's range and beside the other subnets."""
    vpc = vpc_of(account, params["VpcId"])
    block = params.get("CidrBlock")
    if not block:
        refuse("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.")
    network = _cidr(block)
    if not 16 <= network.prefixlen <= 28 or not network.subnet_of(_cidr(vpc["CidrBlock"])):
        refuse("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
    for other in account.all(SUBNET).values():
        if other["VpcId"] == vpc["VpcId"] and network.overlaps(_cidr(other["CidrBlock"])):
            refuse("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet")
    zone = params.get("AvailabilityZone", account.zones[0])
    if zone not in account.zones:
        refuse(
            "InvalidParameterValue",
            f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently "
            f"only be created in the following availability zones: {', '.join(account.zones)}.",
        )
    subnet = {
        "SubnetId": account.new_id("subnet"),
        "VpcId": vpc["VpcId"],
        "CidrBlock": block,
        "AvailabilityZone": zone,
        "AvailabilityZoneId": f"az{account.zones.index(zone) + 1}",
        "MapPublicIpOnLaunch": False,
        "Tags": _specified(params),
    }
    account.put(SUBNET, subnet["SubnetId"], subnet)
    return {"Subnet": subnet}


@answers("ec2", "DescribeSubnets")
def describe_subnets(account: Account, params: Params) -> Params:
    """Subnets by id, or all."""
    wanted = params.get("SubnetIds") or list(account.all(SUBNET))
    return {"Subnets": [subnet_of(account, identifier) for identifier in wanted]}


@answers("ec2", "ModifySubnetAttribute")
def modify_subnet(account: Account, params: Params) -> Params:
    """The one attribute that is used here."""
    subnet = subnet_of(account, params["SubnetId"])
    subnet["MapPublicIpOnLaunch"] = params["MapPublicIpOnLaunch"]["Value"]
    account.put(SUBNET, subnet["SubnetId"], subnet)
    return {}


@answers("ec2", "DeleteSubnet")
def delete_subnet(account: Account, params: Params) -> Params:
    """Only when nothing has an interface in it."""
    subnet = subnet_of(account, params["SubnetId"])
    if any(subnet["SubnetId"] in one["subnets"] for one in interfaces(account)):
        _in_use("subnet", subnet["SubnetId"])
    for identifier, one in account.all(ASSOCIATION).items():
        if one["SubnetId"] == subnet["SubnetId"]:
            account.remove(ASSOCIATION, identifier)
    account.remove(SUBNET, subnet["SubnetId"])
    return {}


@answers("ec2", "CreateRouteTable")
def create_route_table(account: Account, params: Params) -> Params:
    """A route table with the local route alone."""
    vpc_of(account, params["VpcId"])
    return {"RouteTable": _new_table(account, params["VpcId"], _specified(params))}


def _new_table(account: Account, vpc: str, tags: dict[str, str], *, main: bool = False) -> Params:
    table = {"RouteTableId": account.new_id("rtb"), "VpcId": vpc, "Main": main, "Tags": tags}
    account.put(TABLE, table["RouteTableId"], table)
    return table


@answers("ec2", "DescribeRouteTables")
def describe_route_tables(account: Account, params: Params) -> Params:
    """Route tables by id."""
    return {"RouteTables": [_table(account, identifier) for identifier in params["RouteTableIds"]]}


def _table(account: Account, identifier: str) -> Params:
    message = f"The routeTable ID '{identifier}' does not exist"
    return account.need(TABLE, identifier, "InvalidRouteTableID.NotFound", message)


@answers("ec2", "DeleteRouteTable")
def delete_route_table(account: Account, params: Params) -> Params:
    """Only when no subnet uses it."""
    table = _table(account, params["RouteTableId"])
    used = any(
        one["RouteTableId"] == table["RouteTableId"] for one in account.all(ASSOCIATION).values()
    )
    if used or table["Main"]:
        _in_use("routeTable", table["RouteTableId"])
    account.remove(TABLE, table["RouteTableId"])
    return {}


@answers("ec2", "AssociateRouteTable")
def associate(account: Account, params: Params) -> Params:
    """A subnet has one route table."""
    table = _table(account, params["RouteTableId"])
    subnet = subnet_of(account, params["SubnetId"])
    if table["VpcId"] != subnet["VpcId"]:
        refuse("InvalidParameterValue", "The route table and the subnet are of different networks")
    for one in account.all(ASSOCIATION).values():
        if one["SubnetId"] == subnet["SubnetId"]:
            refuse(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {table['RouteTableId']} "
                "conflicts with an existing association",
            )
    made = {
        "RouteTableAssociationId": account.new_id("rtbassoc"),
        "RouteTableId": table["RouteTableId"],
        "SubnetId": subnet["SubnetId"],
    }
    account.put(ASSOCIATION, made["RouteTableAssociationId"], made)
    return {"AssociationId": made["RouteTableAssociationId"]}


@answers("ec2", "ReplaceRouteTableAssociation")
def replace_association(account: Account, params: Params) -> Params:
    """The same association to another table gets a new id."""
    one = _association(account, params["AssociationId"])
    _table(account, params["RouteTableId"])
    account.remove(ASSOCIATION, one["RouteTableAssociationId"])
    new = {**one, "RouteTableAssociationId": account.new_id("rtbassoc")}
    new["RouteTableId"] = params["RouteTableId"]
    account.put(ASSOCIATION, new["RouteTableAssociationId"], new)
    return {"NewAssociationId": new["RouteTableAssociationId"]}


@answers("ec2", "DisassociateRouteTable")
def disassociate(account: Account, params: Params) -> Params:
    """Takes the association away."""
    one = _association(account, params["AssociationId"])
    account.remove(ASSOCIATION, one["RouteTableAssociationId"])
    return {}


def _association(account: Account, identifier: str) -> Params:
    message = f"The association ID '{identifier}' does not exist"
    return account.need(ASSOCIATION, identifier, "InvalidAssociationID.NotFound", message)


@answers("ec2", "CreateSecurityGroup")
def create_security_group(account: Account, params: Params) -> Params:
    """A security group; its name is unique in the VPC."""
    vpc_of(account, params.get("VpcId", ""))
    name = params["GroupName"]
    if name.startswith("sg-"):
        refuse("InvalidParameterValue", "Group names may not be in the format sg-*")
    if len(name) > 255 or len(params["Description"]) > 255:
        refuse("InvalidParameterValue", "Group name and description have up to 255 characters")
    for other in account.all(GROUP).values():
        if other["VpcId"] == params["VpcId"] and other["GroupName"] == name:
            refuse(
                "InvalidGroup.Duplicate",
                f"The security group '{name}' already exists for VPC '{params['VpcId']}'",
            )
    tags = _specified(params)
    group = _new_group(account, params["VpcId"], name, params["Description"], tags)
    egress = _default_rule(group["GroupId"], "egress")
    _new_rule(account, group["GroupId"], "egress", egress)
    return {"GroupId": group["GroupId"]}


def _new_group(
    account: Account, vpc: str, name: str, description: str, tags: dict[str, str]
) -> Params:
    group = {
        "GroupId": account.new_id("sg"),
        "GroupName": name,
        "Description": description,
        "VpcId": vpc,
        "Tags": tags,
    }
    account.put(GROUP, group["GroupId"], group)
    return group


@answers("ec2", "DescribeSecurityGroups")
def describe_groups(account: Account, params: Params) -> Params:
    """Security groups by id."""
    return {"SecurityGroups": [group_of(account, one) for one in params["GroupIds"]]}


@answers("ec2", "DescribeSecurityGroupRules")
def describe_rules(account: Account, params: Params) -> Params:
    """Rules by id, or of a group."""
    rules = account.all(RULE)
    for filtered in params.get("Filters", []):
        return {
            "SecurityGroupRules": [r for r in rules.values() if r["GroupId"] in filtered["Values"]]
        }
    for identifier in params["SecurityGroupRuleIds"]:
        if identifier not in rules:
            refuse(
                "InvalidSecurityGroupRuleId.NotFound",
                f"The security group rule ID '{identifier}' does not exist",
            )
    return {"SecurityGroupRules": [rules[one] for one in params["SecurityGroupRuleIds"]]}


@answers("ec2", "DeleteSecurityGroup")
def delete_security_group(account: Account, params: Params) -> Params:
    """Only when no interface and no rule of another group refers to it."""
    group = group_of(account, params["GroupId"])
    if group["GroupName"] == "default":
        refuse("CannotDelete", "the specified group: the default group cannot be deleted by a user")
    mine = group["GroupId"]
    referred = any(
        rule.get("ReferencedGroupId") == mine and rule["GroupId"] != mine
        for rule in account.all(RULE).values()
    )
    if referred or any(mine in one["groups"] for one in interfaces(account)):
        _in_use("resource", mine)
    _drop_rules(account, mine)
    account.remove(GROUP, mine)
    return {}


@answers("ec2", "AuthorizeSecurityGroupIngress")
def authorize_ingress(account: Account, params: Params) -> Params:
    """Adds ingress rules."""
    return {"SecurityGroupRules": _authorize(account, params, "ingress")}


@answers("ec2", "AuthorizeSecurityGroupEgress")
def authorize_egress(account: Account, params: Params) -> Params:
    """Adds egress rules."""
    return {"SecurityGroupRules": _authorize(account, params, "egress")}


def _authorize(account: Account, params: Params, direction: str) -> list[Params]:
    group = group_of(account, params["GroupId"])
    return [
        _new_rule(account, group["GroupId"], direction, rule)
        for permission in params["IpPermissions"]
        for rule in _rules_in(permission)
    ]


def _rules_in(permission: Params) -> list[Params]:
    """A permission's rules: one a source."""
    base = {name: permission.get(name, -1) for name in ("FromPort", "ToPort")}
    base["IpProtocol"] = permission["IpProtocol"]
    sources = [
        *(("CidrIpv4", one["CidrIp"], one) for one in permission.get("IpRanges", [])),
        *(("CidrIpv6", one["CidrIpv6"], one) for one in permission.get("Ipv6Ranges", [])),
        *(
            ("PrefixListId", one["PrefixListId"], one)
            for one in permission.get("PrefixListIds", [])
        ),
        *(
            ("ReferencedGroupId", one["GroupId"], one)
            for one in permission.get("UserIdGroupPairs", [])
        ),
    ]
    return [
        {**base, name: value, "Description": one.get("Description")} for name, value, one in sources
    ]


def _new_rule(account: Account, group: str, direction: str, rule: Params) -> Params:
    new = {
        "SecurityGroupRuleId": account.new_id("sgr"),
        "GroupId": group,
        "IsEgress": direction == "egress",
        "Tags": {},
        **rule,
    }
    _check_rule(account, new)
    for other in account.all(RULE).values():
        if _essence(other) == _essence(new):
            refuse("InvalidPermission.Duplicate", "the specified rule already exists in this group")
    account.put(RULE, new["SecurityGroupRuleId"], new)
    return new


def _check_rule(account: Account, rule: Params) -> None:
    given = [name for name in SOURCES if rule.get(name)]
    if len(given) != 1:
        refuse("InvalidParameterValue", "A rule has exactly one source or destination")
    _check_source(account, rule)
    if rule["IpProtocol"] in {"tcp", "udp", "6", "17"} and (
        not 0 <= rule["FromPort"] <= 65535 or not 0 <= rule["ToPort"] <= 65535
    ):
        refuse(
            "InvalidParameterValue", "Invalid value for portRange. Must specify both from and to"
        )
    if rule["FromPort"] > rule["ToPort"]:
        refuse("InvalidParameterValue", "Invalid TCP/UDP port range (from is greater than to)")
    if len(rule.get("Description") or "") > 255:
        refuse("InvalidParameterValue", "Rule descriptions have up to 255 characters")


def _check_source(account: Account, rule: Params) -> None:
    for name in ("CidrIpv4", "CidrIpv6"):
        if rule.get(name):
            _cidr(rule[name])
    if rule.get("ReferencedGroupId"):
        other = group_of(account, rule["ReferencedGroupId"])
        if other["VpcId"] != group_of(account, rule["GroupId"])["VpcId"]:
            refuse(
                "InvalidGroup.NotFound",
                "You have specified two resources that belong to different networks: "
                f"{rule['ReferencedGroupId']}",
            )
    if rule.get("PrefixListId") and not str(rule["PrefixListId"]).startswith("pl-"):
        refuse("InvalidPrefixListId.Malformed", f'Invalid id: "{rule["PrefixListId"]}"')


def _essence(rule: Params) -> tuple[Any, ...]:
    names = ("GroupId", "IsEgress", "IpProtocol", "FromPort", "ToPort", *SOURCES)
    return tuple(rule.get(name) for name in names)


@answers("ec2", "ModifySecurityGroupRules")
def modify_rules(account: Account, params: Params) -> Params:
    """Changes rules in place; the kind of source cannot change."""
    group_of(account, params["GroupId"])
    for update in params["SecurityGroupRules"]:
        rules = account.all(RULE)
        old = rules.get(update["SecurityGroupRuleId"])
        if old is None or old["GroupId"] != params["GroupId"]:
            refuse(
                "InvalidSecurityGroupRuleId.NotFound",
                f"The security group rule ID '{update['SecurityGroupRuleId']}' does not exist",
            )
        wanted = dict(update["SecurityGroupRule"])
        kinds = {name for name in SOURCES if old.get(name)}
        if {name for name in SOURCES if wanted.get(name)} != kinds:
            refuse("InvalidParameterCombination", "You cannot change the rule's source type")
        new = {**old, **dict.fromkeys(SOURCES), "Description": None, **wanted}
        _check_rule(account, new)
        account.put(RULE, old["SecurityGroupRuleId"], new)
    return {"Return": True}


@answers("ec2", "RevokeSecurityGroupIngress")
def revoke_ingress(account: Account, params: Params) -> Params:
    """Takes ingress rules away."""
    return _revoke(account, params)


@answers("ec2", "RevokeSecurityGroupEgress")
def revoke_egress(account: Account, params: Params) -> Params:
    """Takes egress rules away."""
    return _revoke(account, params)


def _revoke(account: Account, params: Params) -> Params:
    group_of(account, params["GroupId"])
    for identifier in params["SecurityGroupRuleIds"]:
        rule = account.find(RULE, identifier)
        if rule is None or rule["GroupId"] != params["GroupId"]:
            refuse(
                "InvalidSecurityGroupRuleId.NotFound",
                f"The security group rule ID '{identifier}' does not exist",
            )
        account.remove(RULE, identifier)
    return {"Return": True}


def _drop_rules(account: Account, group: str) -> None:
    for identifier, rule in account.all(RULE).items():
        if rule["GroupId"] == group:
            account.remove(RULE, identifier)


@answers("ec2", "CreateVpcEndpoint")
def create_endpoint(account: Account, params: Params) -> Params:
    """An endpoint of a service in the VPC."""
    vpc = vpc_of(account, params["VpcId"])
    known = {f"com.amazonaws.{account.region}.{name}" for name in ("secretsmanager", "kms", "logs",
             "monitoring", "elasticache", "s3", "sts", "lambda", "sns")}  # fmt: skip
    if params["ServiceName"] not in known:
        refuse(
            "InvalidServiceName",
            f"The Vpc Endpoint Service '{params['ServiceName']}' does not exist",
        )
    kind = params.get("VpcEndpointType", "Gateway")
    if kind == "Gateway" and not params["ServiceName"].endswith(".s3"):
        refuse(
            "InvalidParameter",
            f"The service {params['ServiceName']} does not support endpoints of type Gateway",
        )
    if params.get("PrivateDnsEnabled") and not (
        vpc["EnableDnsSupport"] and vpc["EnableDnsHostnames"]
    ):
        refuse(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC "
            f"attributes set to true for {vpc['VpcId']}",
        )
    for subnet in params.get("SubnetIds", []):
        if subnet_of(account, subnet)["VpcId"] != vpc["VpcId"]:
            refuse("InvalidParameter", f"The subnet ID '{subnet}' is of another network")
    for group in params.get("SecurityGroupIds", []):
        group_of(account, group)
    made = {
        "VpcEndpointId": account.new_id("vpce"),
        "VpcId": vpc["VpcId"],
        "ServiceName": params["ServiceName"],
        "VpcEndpointType": kind,
        "SubnetIds": params.get("SubnetIds", []),
        "GroupIds": params.get("SecurityGroupIds", []) or [vpc["DefaultSecurityGroupId"]],
        "RouteTableIds": params.get("RouteTableIds", []),
        "PrivateDnsEnabled": bool(params.get("PrivateDnsEnabled")),
        "PolicyDocument": params.get("PolicyDocument"),
        "State": "available",
        "Tags": _specified(params),
    }
    account.put(ENDPOINT, made["VpcEndpointId"], made)
    return {"VpcEndpoint": made}


@answers("ec2", "DescribeVpcEndpoints")
def describe_endpoints(account: Account, params: Params) -> Params:
    """Endpoints by id."""
    return {"VpcEndpoints": [_endpoint(account, one) for one in params["VpcEndpointIds"]]}


def _endpoint(account: Account, identifier: str) -> Params:
    message = f"The Vpc Endpoint Id '{identifier}' does not exist"
    return account.need(ENDPOINT, identifier, "InvalidVpcEndpointId.NotFound", message)


@answers("ec2", "ModifyVpcEndpoint")
def modify_endpoint(account: Account, params: Params) -> Params:
    """Adds and removes subnets and groups."""
    endpoint = _endpoint(account, params["VpcEndpointId"])
    for key, noun in (("SubnetIds", "Subnet"), ("GroupIds", "SecurityGroup")):
        kept = [one for one in endpoint[key] if one not in params.get(f"Remove{noun}Ids", [])]
        endpoint[key] = kept + params.get(f"Add{noun}Ids", [])
    for key in ("PolicyDocument", "PrivateDnsEnabled"):
        endpoint[key] = params.get(key, endpoint[key])
    account.put(ENDPOINT, endpoint["VpcEndpointId"], endpoint)
    return {"Return": True}


@answers("ec2", "DeleteVpcEndpoints")
def delete_endpoints(account: Account, params: Params) -> Params:
    """Takes endpoints away."""
    for identifier in params["VpcEndpointIds"]:
        _endpoint(account, identifier)
        account.remove(ENDPOINT, identifier)
    return {}


_TAGGED = {
    "vpc": VPC, "subnet": SUBNET, "sg": GROUP, "sgr": RULE, "rtb": TABLE, "vpce": ENDPOINT
}  # fmt: skip


@answers("ec2", "CreateTags")
def create_tags(account: Account, params: Params) -> Params:
    """Tags anything of EC2."""
    for identifier in params["Resources"]:
        kind = _TAGGED[identifier.partition("-")[0]]
        thing = account.need(kind, identifier, "InvalidID", f"The ID '{identifier}' is not valid")
        account.put(
            kind, identifier, {**thing, "Tags": {**thing["Tags"], **tags_of(params["Tags"])}}
        )
    return {}


@answers("ec2", "DeleteTags")
def delete_tags(account: Account, params: Params) -> Params:
    """Takes tags away."""
    gone = {one["Key"] for one in params["Tags"]}
    for identifier in params["Resources"]:
        kind = _TAGGED[identifier.partition("-")[0]]
        thing = account.need(kind, identifier, "InvalidID", f"The ID '{identifier}' is not valid")
        kept = {key: value for key, value in thing["Tags"].items() if key not in gone}
        account.put(kind, identifier, {**thing, "Tags": kept})
    return {}


def _specified(params: Params) -> dict[str, str]:
    return tags_of([tag for one in params.get("TagSpecifications", []) for tag in one["Tags"]])


def _in_use(what: str, identifier: str) -> None:
    refuse(
        "DependencyViolation",
        f"The {what} '{identifier}' has dependencies and cannot be deleted."
        if what != "resource"
        else f"resource {identifier} has a dependent object",
    )


__all__ = ["ACCOUNT", "add_vpc", "group_of", "interfaces", "subnet_of", "vpc_of"]
