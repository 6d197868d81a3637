"""ElastiCache: subnet groups and parameter groups."""

import re

from cloud.aws.account import Account, Params, answers, refuse, tags_of
from cloud.aws.engines import FAMILIES, check_parameter

from .network import SUBNET

SUBNET_GROUP, PARAMETER_GROUP = "elasticache.subnet-group", "elasticache.parameter-group"
NAME = re.compile(r"[a-z][a-z0-9-]*")


def _name(text: str, what: str) -> str:
    """Stored lower-case, whatever was asked for."""
    name = text.lower()
    if not NAME.fullmatch(name) or name.endswith("-") or "--" in name or len(name) > 255:
        refuse(
            "InvalidParameterValue",
            f"The parameter {what} is not a valid identifier. Identifiers must begin with a "
            "letter; must contain only ASCII letters, digits, and hyphens; and must not end with a "
            "hyphen or contain two consecutive hyphens.",
        )
    return name


def subnet_group_of(account: Account, name: str) -> Params:
    """A subnet group. Raises when there is none."""
    message = f"Cache subnet group {name} does not exist."
    if name == "default":
        # AWS makes it in an account's default VPC, and this account has none.
        message += " The account has no default VPC."
    return account.need(SUBNET_GROUP, name.lower(), "CacheSubnetGroupNotFoundFault", message)


def parameter_group_of(account: Account, name: str) -> Params:
    """A parameter group, AWS's own default ones included. Raises when there is none."""
    default = re.fullmatch(r"default\.(.+?)(\.cluster\.on)?", name)
    if default and default[1] in FAMILIES:
        on = {"cluster-enabled": "yes"} if default[2] else {}
        return {"CacheParameterGroupFamily": default[1], "Parameters": on}
    message = f"CacheParameterGroup {name} not found."
    return account.need(PARAMETER_GROUP, name.lower(), "CacheParameterGroupNotFound", message)


def _network(account: Account, subnet_ids: list[str]) -> str:
    """The one VPC of the subnets."""
    subnets = account.all(SUBNET)
    missing = [one for one in subnet_ids if one not in subnets]
    if missing:
        refuse("InvalidSubnet", f"Some input subnets in :[{', '.join(missing)}] are invalid.")
    networks = {subnets[one]["VpcId"] for one in subnet_ids}
    if len(networks) != 1:
        refuse("InvalidSubnet", "The subnets of a group must be in one VPC")
    return networks.pop()


@answers("elasticache", "CreateCacheSubnetGroup")
def create_subnet_group(account: Account, params: Params) -> Params:
    """Subnets of one VPC under a name."""
    name = _name(params["CacheSubnetGroupName"], "CacheSubnetGroupName")
    if name == "default":
        refuse("InvalidParameterValue", "default is a reserved name")
    if account.find(SUBNET_GROUP, name):
        refuse("CacheSubnetGroupAlreadyExists", f"Cache subnet group {name} already exists.")
    group = {
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": params["CacheSubnetGroupDescription"],
        "VpcId": _network(account, params["SubnetIds"]),
        "SubnetIds": sorted(set(params["SubnetIds"])),
        "ARN": account.arn("elasticache", f"subnetgroup:{name}"),
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(SUBNET_GROUP, name, group)
    return {"CacheSubnetGroup": group}


@answers("elasticache", "DescribeCacheSubnetGroups")
def describe_subnet_groups(account: Account, params: Params) -> Params:
    """A subnet group by name."""
    return {"CacheSubnetGroups": [subnet_group_of(account, params["CacheSubnetGroupName"])]}


@answers("elasticache", "ModifyCacheSubnetGroup")
def modify_subnet_group(account: Account, params: Params) -> Params:
    """Other subnets, as long as those that caches are in stay."""
    group = subnet_group_of(account, params["CacheSubnetGroupName"])
    wanted = params.get("SubnetIds", group["SubnetIds"])
    if _network(account, wanted) != group["VpcId"]:
        refuse("InvalidSubnet", "The new subnets are of another VPC")
    gone = sorted(set(group["SubnetIds"]) - set(wanted))
    if gone and subnet_group_users(account, group["CacheSubnetGroupName"]):
        refuse("SubnetInUse", f"Some subnets to be removed are in use: {', '.join(gone)}")
    group["SubnetIds"] = sorted(set(wanted))
    group["CacheSubnetGroupDescription"] = params.get(
        "CacheSubnetGroupDescription", group["CacheSubnetGroupDescription"]
    )
    account.put(SUBNET_GROUP, group["CacheSubnetGroupName"], group)
    return {"CacheSubnetGroup": group}


def subnet_group_users(account: Account, name: str) -> list[str]:
    """The replication groups in a subnet group."""
    return [
        identifier
        for identifier, cache in account.all("elasticache.replication-group").items()
        if cache.get("CacheSubnetGroupName") == name
    ]


@answers("elasticache", "DeleteCacheSubnetGroup")
def delete_subnet_group(account: Account, params: Params) -> Params:
    """Only when no cache is in it."""
    group = subnet_group_of(account, params["CacheSubnetGroupName"])
    name = group["CacheSubnetGroupName"]
    if subnet_group_users(account, name):
        refuse(
            "CacheSubnetGroupInUse",
            f"Cache subnet group {name} is currently in use by a cache cluster.",
        )
    account.remove(SUBNET_GROUP, name)
    return {}


@answers("elasticache", "CreateCacheParameterGroup")
def create_parameter_group(account: Account, params: Params) -> Params:
    """A parameter group with its family's defaults."""
    name = _name(params["CacheParameterGroupName"], "CacheParameterGroupName")
    family = params["CacheParameterGroupFamily"]
    if family not in FAMILIES:
        refuse(
            "InvalidParameterValue",
            f"CacheParameterGroupFamily {family} is not a valid parameter group family.",
        )
    if account.find(PARAMETER_GROUP, name):
        refuse("CacheParameterGroupAlreadyExists", f"Parameter group {name} already exists")
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": family,
        "Description": params["Description"],
        "Parameters": {},
        "ARN": account.arn("elasticache", f"parametergroup:{name}"),
        "Tags": tags_of(params.get("Tags")),
    }
    account.put(PARAMETER_GROUP, name, group)
    return {"CacheParameterGroup": group}


@answers("elasticache", "DescribeCacheParameterGroups")
def describe_parameter_groups(account: Account, params: Params) -> Params:
    """A parameter group by name."""
    return {
        "CacheParameterGroups": [parameter_group_of(account, params["CacheParameterGroupName"])]
    }


@answers("elasticache", "ModifyCacheParameterGroup")
def modify_parameter_group(account: Account, params: Params) -> Params:
    """Sets up to twenty parameters."""
    group = parameter_group_of(account, params["CacheParameterGroupName"])
    changes = params["ParameterNameValues"]
    if len(changes) > 20:
        refuse("InvalidParameterValue", "A maximum of 20 parameters may be modified per request")
    for change in changes:
        check_parameter(change["ParameterName"], change["ParameterValue"])
        group["Parameters"][change["ParameterName"]] = change["ParameterValue"]
    account.put(PARAMETER_GROUP, group["CacheParameterGroupName"], group)
    return {}


@answers("elasticache", "ResetCacheParameterGroup")
def reset_parameter_group(account: Account, params: Params) -> Params:
    """Back to the family's defaults."""
    group = parameter_group_of(account, params["CacheParameterGroupName"])
    for change in params["ParameterNameValues"]:
        name = change["ParameterName"]
        if name not in group["Parameters"]:
            refuse("InvalidParameterValue", f"Parameter {name} doesn't exist")
        del group["Parameters"][name]
    account.put(PARAMETER_GROUP, group["CacheParameterGroupName"], group)
    return {}


@answers("elasticache", "DeleteCacheParameterGroup")
def delete_parameter_group(account: Account, params: Params) -> Params:
    """Only when no cache has it."""
    name = parameter_group_of(account, params["CacheParameterGroupName"])["CacheParameterGroupName"]
    used = any(
        cache.get("CacheParameterGroupName") == name
        for cache in account.all("elasticache.replication-group").values()
    )
    if used:
        refuse(
            "InvalidCacheParameterGroupState",
            f"One or more cache clusters are still members of this parameter group {name}, so the "
            "group cannot be deleted.",
        )
    account.remove(PARAMETER_GROUP, name)
    return {}


_TAGGED = {
    "subnetgroup": SUBNET_GROUP,
    "parametergroup": PARAMETER_GROUP,
    "user": "elasticache.user",
    "usergroup": "elasticache.user-group",
    "replicationgroup": "elasticache.replication-group",
    "serverlesscache": "elasticache.serverless",
}


def _tagged(account: Account, arn: str) -> tuple[str, str, Params]:
    *_, what, name = arn.split(":")
    thing = account.need(_TAGGED[what], name, "InvalidARN", f"{arn} is not a valid ARN")
    return _TAGGED[what], name, thing


@answers("elasticache", "AddTagsToResource")
def add_tags(account: Account, params: Params) -> Params:
    """Tags anything of ElastiCache."""
    kind, name, thing = _tagged(account, params["ResourceName"])
    account.put(kind, name, {**thing, "Tags": {**thing["Tags"], **tags_of(params["Tags"])}})
    return {}


@answers("elasticache", "RemoveTagsFromResource")
def remove_tags(account: Account, params: Params) -> Params:
    """Takes tags away."""
    kind, name, thing = _tagged(account, params["ResourceName"])
    kept = {key: value for key, value in thing["Tags"].items() if key not in params["TagKeys"]}
    account.put(kind, name, {**thing, "Tags": kept})
    return {}
