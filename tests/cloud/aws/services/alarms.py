"""CloudWatch: metric alarms."""

from cloud.aws.account import Account, Params, answers, refuse, tags_of

ALARM = "cloudwatch.alarm"


@answers("cloudwatch", "PutMetricAlarm")
def put_alarm(account: Account, params: Params) -> Params:
    """Makes or replaces an alarm, silently, as CloudWatch does."""
    single = "MetricName" in params
    if single == bool(params.get("Metrics")):
        refuse("ValidationError", "MetricName or Metrics must be given, and not both")
    if single:
        _check_single(params)
    if ("Threshold" in params) == ("ThresholdMetricId" in params):
        refuse("ValidationError", "The parameter Threshold or ThresholdMetricId is required")
    periods = params["EvaluationPeriods"]
    if params.get("DatapointsToAlarm", periods) > periods:
        refuse(
            "ValidationError",
            "The parameter DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        )
    if params.get("TreatMissingData", "missing") not in {
        "breaching", "notBreaching", "ignore", "missing"
    }:  # fmt: skip
        refuse("ValidationError", "The value of TreatMissingData is not valid")
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for action in params.get(name, []):
            if not action.startswith("arn:"):
                refuse("ValidationError", f"Invalid arn syntax: {action}")
    old = account.find(ALARM, params["AlarmName"]) or {}
    sent = {name: value for name, value in params.items() if name != "Tags"}
    account.put(
        ALARM,
        params["AlarmName"],
        {
            "ActionsEnabled": True,
            "TreatMissingData": "missing",
            **sent,
            "AlarmArn": account.arn("cloudwatch", f"alarm:{params['AlarmName']}"),
            # Tags of an alarm that is there already do not change here.
            "Tags": old.get("Tags") or tags_of(params.get("Tags")),
        },
    )
    return {}


def _check_single(params: Params) -> None:
    for name in ("Namespace", "Period"):
        if name not in params:
            refuse("ValidationError", f"The parameter {name} is required")
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        refuse("ValidationError", "Statistic or ExtendedStatistic must be given, and not both")
    period = params["Period"]
    if period not in {10, 20, 30} and period % 60:
        refuse("ValidationError", "The value of Period must be 10, 20, 30 or a multiple of 60")
    if period * params["EvaluationPeriods"] > 7 * 86400:
        refuse("ValidationError", "Metrics cannot be checked across more than a week")


@answers("cloudwatch", "DescribeAlarms")
def describe_alarms(account: Account, params: Params) -> Params:
    """Alarms by name."""
    alarms = account.all(ALARM)
    wanted = params.get("AlarmNames", list(alarms))
    return {"MetricAlarms": [alarms[name] for name in wanted if name in alarms]}


@answers("cloudwatch", "DeleteAlarms")
def delete_alarms(account: Account, params: Params) -> Params:
    """Takes alarms away."""
    for name in params["AlarmNames"]:
        account.need(ALARM, name, "ResourceNotFound", f"The alarm {name} does not exist")
        account.remove(ALARM, name)
    return {}


@answers("cloudwatch", "TagResource")
def tag_alarm(account: Account, params: Params) -> Params:
    """Adds tags."""
    name = params["ResourceARN"].partition("alarm:")[2]
    alarm = account.need(ALARM, name, "ResourceNotFoundException", "no such alarm")
    account.put(ALARM, name, {**alarm, "Tags": {**alarm["Tags"], **tags_of(params["Tags"])}})
    return {}


@answers("cloudwatch", "UntagResource")
def untag_alarm(account: Account, params: Params) -> Params:
    """Takes tags away."""
    name = params["ResourceARN"].partition("alarm:")[2]
    alarm = account.need(ALARM, name, "ResourceNotFoundException", "no such alarm")
    kept = {key: value for key, value in alarm["Tags"].items() if key not in params["TagKeys"]}
    account.put(ALARM, name, {**alarm, "Tags": kept})
    return {}
