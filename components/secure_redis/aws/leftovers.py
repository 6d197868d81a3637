"""What a run that broke off left behind in AWS: made, but never written into the state.

AWS is not asked here: the engine then looks under these ids, and drops what is not there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ID_PROPERTIES = {
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:elasticache/parameterGroup:ParameterGroup": "name",
    "aws:elasticache/replicationGroup:ReplicationGroup": "replicationGroupId",
    "aws:elasticache/serverlessCache:ServerlessCache": "name",
    "aws:elasticache/subnetGroup:SubnetGroup": "name",
    "aws:elasticache/user:User": "userId",
    "aws:elasticache/userGroup:UserGroup": "userGroupId",
    "aws:iam/role:Role": "name",
    "aws:kms/alias:Alias": "name",
    "aws:lambda/function:Function": "name",
}
"""Types whose id is one of their inputs (the provider's documentation, import of each resource).
Ids of others are AWS's choice: what of them was left behind is found by its tags."""


def ids(
    pending: Iterable[Mapping[str, Any]], recorded: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """URN and id of each resource whose creation was begun and never recorded.

    Both are resources as the state has them; here an id needs nothing of what is recorded.
    """
    del recorded
    for resource in pending:
        identifier = resource.get("inputs", {}).get(ID_PROPERTIES.get(resource["type"], ""))
        if isinstance(identifier, str) and identifier:
            yield resource["urn"], identifier
