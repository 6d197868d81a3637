"""Single facts about planned resources, out of which the rules of every catalogue are made."""

from collections.abc import Collection
from ipaddress import ip_network

from cloud.audit.planned import Mark, Planned, PlannedStack

REDIS_PORT = 6379

ANYWHERE = 0
"""Length of the prefix of a network that is everybody."""

DEFAULT_SUBNET_GROUP = "default"


def caches(stack: PlannedStack) -> list[Planned]:
    """Every cache: with nodes, and serverless."""
    return stack.of("ReplicationGroup", "ServerlessCache")


def replication_groups(stack: PlannedStack) -> list[Planned]:
    """The caches with nodes, which are all that most catalogues know."""
    return stack.of("ReplicationGroup")


def snapshots(one: Planned, days: int) -> bool:
    """Whether daily snapshots are kept so many days or longer."""
    return int(one.inputs.get("snapshotRetentionLimit", 0)) >= days


def version(one: Planned) -> tuple[int, ...]:
    """The version of a cache's engine, as numbers."""
    text = one.inputs.get("engineVersion") or one.inputs.get("majorEngineVersion") or "0"
    return tuple(int(part) for part in str(text).split("."))


def with_token(one: Planned) -> bool:
    """Whether clients give an AUTH token. What is set is secret: an open one is none."""
    return one.inputs.get("authToken") is Mark.SECRET


def with_users(stack: PlannedStack, one: Planned) -> bool:
    """Whether clients log in as users with passwords or IAM, and the default user is off."""
    group = users(stack, one)
    return bool(group) and all(
        user.inputs.get("noPasswordRequired") is not True
        and (
            user.inputs.get("passwords") is Mark.SECRET
            or user.inputs.get("authenticationMode", {}).get("type") == "iam"
        )
        and (user.inputs["userName"] != "default" or user.inputs["accessString"].startswith("off "))
        for user in group
    )


def users(stack: PlannedStack, one: Planned) -> list[Planned]:
    """The users of a cache."""
    named = one.inputs.get("userGroupIds") or [one.inputs.get("userGroupId")]
    groups = [g for g in stack.of("UserGroup") if g.inputs["userGroupId"] in named]
    ids = {user_id for group in groups for user_id in group.inputs["userIds"]}
    return [user for user in stack.of("User") if user.inputs["userId"] in ids]


def security_groups(stack: PlannedStack, one: Planned) -> list[Planned]:
    """The security groups of a cache that belong to the stack."""
    ids = set(one.inputs.get("securityGroupIds", ()))
    return [group for group in stack.of("SecurityGroup") if group.outputs["id"] in ids]


def rules_in(stack: PlannedStack, group: Planned) -> list[Planned]:
    """The rules that let something into a security group."""
    owner = group.outputs["id"]
    rules = stack.of("SecurityGroupIngressRule")
    return [rule for rule in rules if rule.inputs["securityGroupId"] == owner]


def open_to_everybody(rule: Planned, ports: Collection[int] = range(65536)) -> bool:
    """Whether a rule lets the internet reach one of the ports."""
    sources = (rule.inputs.get("cidrIpv4"), rule.inputs.get("cidrIpv6"))
    if not any(ip_network(cidr).prefixlen == ANYWHERE for cidr in sources if cidr):
        return False
    low, high = rule.inputs.get("fromPort", 0), rule.inputs.get("toPort", 65535)
    return rule.inputs["ipProtocol"] == "-1" or any(low <= port <= high for port in ports)


def closed(stack: PlannedStack, group: Planned, ports: Collection[int] = range(65536)) -> bool:
    """Whether the internet reaches none of the ports through a security group."""
    inline = group.inputs.get("ingress") or []
    return not inline and not any(open_to_everybody(rule, ports) for rule in rules_in(stack, group))


def subnet_ids(stack: PlannedStack, one: Planned) -> list[str]:
    """Ids of the subnets that a cache is in."""
    if "subnetIds" in one.inputs:
        return one.inputs["subnetIds"]
    group = stack.target(one, "subnetGroupName")
    return group.inputs["subnetIds"] if group else []


def private(stack: PlannedStack, one: Planned) -> bool:
    """Whether none of the stack's subnets that a cache is in leads to the internet.

    A subnet is public when it hands out public addresses or is routed to an internet gateway.
    """
    ids = subnet_ids(stack, one)
    own = [subnet for subnet in stack.of("Subnet") if subnet.outputs["id"] in ids]
    routed = stack.of("InternetGateway", "Route", "RouteTable")
    return bool(ids) and not routed and not any(s.inputs["mapPublicIpOnLaunch"] for s in own)


def logs(one: Planned) -> set[str]:
    """The logs that a cache delivers."""
    return {entry["logType"] for entry in one.inputs.get("logDeliveryConfigurations", ())}


def alarmed(stack: PlannedStack, one: Planned) -> set[str]:
    """Metrics of a cache with an alarm that tells somebody."""
    identity = one.outputs.get("replicationGroupId") or one.outputs["name"]
    return {
        alarm.inputs["metricName"]
        for alarm in stack.of("MetricAlarm")
        if any(
            value == identity or value.startswith(f"{identity}-")
            for value in alarm.inputs["dimensions"].values()
        )
        and alarm.inputs.get("actionsEnabled", True)
        and alarm.inputs.get("alarmActions")
    }


def own_key(stack: PlannedStack, one: Planned) -> bool:
    """Whether data are encrypted with a key of the customer."""
    key = stack.target(one, "kmsKeyId")
    return key is not None or ":key/" in str(one.inputs.get("kmsKeyId", ""))
