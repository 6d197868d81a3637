"""cloudwatch: metric alarms."""

from collections.abc import Iterable
from typing import Any

from cloud.aws.api import AwsApi, doing
from cloud.aws.model import operation_model
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, PlanError, ProviderError
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import COMMON, arns, conflicting, known, listed, one_of, tag_changes, tagged

_MEMBERS = {
    "name": "AlarmName",
    "alarmDescription": "AlarmDescription",
    "actionsEnabled": "ActionsEnabled",
    "okActions": "OKActions",
    "alarmActions": "AlarmActions",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "statistic": "Statistic",
    "extendedStatistic": "ExtendedStatistic",
    "period": "Period",
    "unit": "Unit",
    "evaluationPeriods": "EvaluationPeriods",
    "datapointsToAlarm": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparisonOperator": "ComparisonOperator",
    "treatMissingData": "TreatMissingData",
    "thresholdMetricId": "ThresholdMetricId",
}


def _choices(member: str) -> tuple[str, ...]:
    shape: Any = operation_model("cloudwatch", "PutMetricAlarm").input_shape
    return tuple(shape.members[member].enum)


class MetricAlarm(Resource):
    """An alarm on one metric, or on an expression over several."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from one_of(inputs, "comparisonOperator", *_choices("ComparisonOperator"))
        yield from one_of(inputs, "statistic", *_choices("Statistic"))
        yield from one_of(
            inputs, "treatMissingData", "breaching", "notBreaching", "ignore", "missing"
        )
        yield from arns(inputs, "alarmActions", "okActions", "insufficientDataActions")
        yield from conflicting(inputs, "threshold", "thresholdMetricId")
        for name in ("metricName", "dimensions", "namespace", "period", "statistic"):
            yield from conflicting(inputs, name, "metricQueries")
        yield from conflicting(inputs, "statistic", "extendedStatistic")
        period = inputs.get("period")
        if known(period) and period not in {10, 20, 30} and period % 60:
            yield Failure("period", f"expected period to be one of [10 20 30] or divisible by 60"
                          f", got {period}")  # fmt: skip
        for name in ("evaluationPeriods", "datapointsToAlarm"):
            if known(inputs.get(name)) and inputs[name] < 1:
                yield Failure(name, f"expected {name} to be at least (1), got {inputs[name]}")

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        statistics = [name for name in ("statistic", "extendedStatistic") if name in new]
        if "metricName" in new and len(statistics) != 1:
            raise PlanError(
                "One of `statistic` or `extended_statistic` must be set for a cloudwatch metric "
                "alarm"
            )
        return ()

    @staticmethod
    def _put(api: AwsApi, inputs: Values) -> None:
        request = {member: inputs.get(name) for name, member in _MEMBERS.items()}
        dimensions = sorted((inputs.get("dimensions") or {}).items())
        request["Dimensions"] = [{"Name": key, "Value": value} for key, value in dimensions]
        if inputs.get("metricQueries"):
            request["Metrics"] = [_query(one) for one in inputs["metricQueries"]]
            del request["Dimensions"]
        api.call("cloudwatch", "PutMetricAlarm", **request, Tags=listed(inputs.get("tags")))

    def create(self, api: AwsApi, inputs: Values) -> str:
        name = inputs["name"]
        there = api.ask("cloudwatch", "DescribeAlarms", AlarmNames=[name]) or {}
        if there.get("MetricAlarms"):
            raise ProviderError(f'CloudWatch metric alarm "{name}" already exists')
        with doing(f"creating CloudWatch Metric Alarm ({name})"):
            self._put(api, inputs)
        return name

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("cloudwatch", "DescribeAlarms", AlarmNames=[identifier]) or {}
        if not found.get("MetricAlarms"):
            return None
        one = found["MetricAlarms"][0]
        outputs = {name: one.get(member) for name, member in _MEMBERS.items()}
        dimensions = {row["Name"]: row["Value"] for row in one.get("Dimensions", [])}
        return {
            **outputs,
            "arn": one["AlarmArn"],
            "dimensions": dimensions or None,
            "metricQueries": state.get("metricQueries"),
            "evaluateLowSampleCountPercentiles": "",
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating CloudWatch Metric Alarm ({identifier})"):
            if changed - {"tags"}:
                self._put(api, {**new, "tags": None})
            gone, tags = tag_changes(old, new)
            if gone:
                api.call("cloudwatch", "UntagResource", ResourceARN=old["arn"], TagKeys=gone)
            if tags:
                api.call("cloudwatch", "TagResource", ResourceARN=old["arn"], Tags=listed(tags))

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting CloudWatch Metric Alarm ({identifier})"):
            api.drop("cloudwatch", "DeleteAlarms", "ResourceNotFound", AlarmNames=[identifier])


def _query(query: Values) -> Values:
    """One line of an expression over several metrics."""
    request = {
        "Id": query["id"],
        "Expression": query.get("expression"),
        "Label": query.get("label"),
        "ReturnData": query.get("returnData"),
        "Period": query.get("period"),
    }
    metric = query.get("metric")
    if metric:
        dimensions = sorted((metric.get("dimensions") or {}).items())
        request["MetricStat"] = {
            "Metric": {
                "Namespace": metric.get("namespace"),
                "MetricName": metric["metricName"],
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
    return {name: value for name, value in request.items() if value is not None}


RESOURCES: tuple[Resource, ...] = (
    MetricAlarm(
        sdk="pulumi_aws.cloudwatch:MetricAlarm",
        models=COMMON | {*_MEMBERS, "dimensions", "metricQueries"},
        named=AutoName("name"),
        required=frozenset({"comparisonOperator", "evaluationPeriods"}),
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        replaces=frozenset({"name"}),
        rules=Rules(computed=frozenset({"evaluateLowSampleCountPercentiles"})),
    ),
)
