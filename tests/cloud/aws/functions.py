"""Functions that a program may ask: where it is and what is there."""

from collections.abc import Mapping

from cloud.standin.functions import Function
from cloud.standin.resource import Values

from .account import ACCOUNT, Account
from .services.network import subnet_of, vpc_of


def _zones(account: Account, arguments: Values) -> Values:
    zones = [one for one in account.zones if one not in arguments.get("excludeNames", [])]
    ids = [f"az{account.zones.index(one) + 1}" for one in zones]
    return {
        **arguments,
        "id": account.region,
        "names": zones,
        "zoneIds": ids,
        "groupNames": [account.region],
        "region": account.region,
    }


def _region(account: Account, arguments: Values) -> Values:
    region = arguments.get("region") or account.region
    return {
        "id": region,
        "name": region,
        "region": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
        "description": region,
    }


def _identity(account: Account, arguments: Values) -> Values:
    return {
        "id": ACCOUNT,
        "accountId": ACCOUNT,
        "arn": f"arn:{account.partition}:iam::{ACCOUNT}:user/deployer",
        "userId": "AIDAEXAMPLE",
    }


def _partition(account: Account, arguments: Values) -> Values:
    china = account.partition == "aws-cn"
    suffix = "amazonaws.com.cn" if china else "amazonaws.com"
    return {
        "id": account.partition,
        "partition": account.partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _subnet(account: Account, arguments: Values) -> Values:
    one = subnet_of(account, arguments.get("id", ""))
    return {
        "id": one["SubnetId"],
        "arn": account.arn("ec2", f"subnet/{one['SubnetId']}"),
        "vpcId": one["VpcId"],
        "cidrBlock": one["CidrBlock"],
        "availabilityZone": one["AvailabilityZone"],
        "availabilityZoneId": one["AvailabilityZoneId"],
        "mapPublicIpOnLaunch": one["MapPublicIpOnLaunch"],
        "ownerId": ACCOUNT,
        "state": "available",
        "tags": one["Tags"],
        "region": account.region,
    }


def _vpc(account: Account, arguments: Values) -> Values:
    one = vpc_of(account, arguments.get("id", ""))
    return {
        "id": one["VpcId"],
        "arn": account.arn("ec2", f"vpc/{one['VpcId']}"),
        "cidrBlock": one["CidrBlock"],
        "enableDnsSupport": one["EnableDnsSupport"],
        "enableDnsHostnames": one["EnableDnsHostnames"],
        "mainRouteTableId": one["MainRouteTableId"],
        "default": False,
        "state": "available",
        "ownerId": ACCOUNT,
        "tags": one["Tags"],
        "region": account.region,
    }


FUNCTIONS: Mapping[str, Function] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": Function(
        "pulumi_aws:get_availability_zones", _zones
    ),
    "aws:index/getRegion:getRegion": Function("pulumi_aws:get_region", _region),
    "aws:index/getCallerIdentity:getCallerIdentity": Function(
        "pulumi_aws:get_caller_identity", _identity
    ),
    "aws:index/getPartition:getPartition": Function("pulumi_aws:get_partition", _partition),
    "aws:ec2/getSubnet:getSubnet": Function("pulumi_aws.ec2:get_subnet", _subnet),
    "aws:ec2/getVpc:getVpc": Function("pulumi_aws.ec2:get_vpc", _vpc),
}
