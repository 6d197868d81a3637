"""Azure Monitor: metric alerts, action groups, diagnostic settings."""

import re

from cloud.azure.arm import Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId, NotAnIdError

from .metrics import MONITORED, Monitored
from .refusals import bad_request, conflict

ALERT = declare(
    "Microsoft.Insights/metricAlerts",
    api="2018-03-01",
    located="global",
    tagged=True,
    pattern=r"[^#<>%&:\\?/{}*]{1,260}",
)
ACTIONS = declare(
    "Microsoft.Insights/actionGroups",
    api="2024-10-01-preview",
    located="global",
    tagged=True,
    pattern=r"[^%&?+/<>:|\\*#]{1,260}",
)
SETTING = declare(
    "Microsoft.Insights/diagnosticSettings",
    api="2021-05-01-preview",
    extension=True,
    outlives=True,
    pattern=r"[^#<>%&:\\?/*]{1,260}",
)
WORKSPACE = "microsoft.operationalinsights/workspaces"

MINUTES = {
    "PT1M": 1, "PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT6H": 360, "PT12H": 720,
    "PT24H": 1440, "P1D": 1440,
}  # fmt: skip
FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
OPERATORS = frozenset(
    {"Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"}
)
MOST_CRITERIA = 5
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@ALERT.puts
def put_alert(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A rule on the metrics of one resource."""
    del place, old
    asked = body.get("properties") or {}
    severity = asked.get("severity")
    if not isinstance(severity, int) or not 0 <= severity <= 4:
        bad_request(f"The severity {severity} is not valid: it must be between 0 and 4.")
    _check_times(asked.get("windowSize") or "", asked.get("evaluationFrequency") or "")
    scopes = asked.get("scopes") or []
    criteria = asked.get("criteria") or {}
    _check_kind(criteria, scopes)
    target = _target(arm, scopes[0])
    _check_criteria(target, criteria.get("allOf") or [])
    for action in asked.get("actions") or []:
        _check_action(arm, action)
    return {**body, "properties": {"autoMitigate": True, **asked}}


def _check_times(window: str, frequency: str) -> None:
    if window not in MINUTES:
        bad_request(f"The window size '{window}' is not valid: one of {', '.join(MINUTES)}.")
    if frequency not in FREQUENCIES:
        bad_request(
            f"The evaluation frequency '{frequency}' is not valid: one of {', '.join(FREQUENCIES)}."
        )
    if MINUTES[frequency] > MINUTES[window]:
        bad_request(
            f"The evaluation frequency {frequency} must not be longer than the window size {window}"
        )


def _check_kind(criteria: Body, scopes: list[str]) -> None:
    kind = criteria.get("odata.type")
    if not kind:
        bad_request("The property 'odata.type' is missing in 'properties.criteria'.")
    strange = criteria.keys() - {"odata.type", "allOf"}
    if strange:
        bad_request(f"Could not find member '{min(strange)}' in 'properties.criteria'.")
    if kind != SINGLE:
        bad_request(f"Criteria of the type '{kind}' are not known to this stand-in.")
    if len(scopes) != 1:
        bad_request(f"Criteria of the type '{SINGLE}' need exactly one scope.")


def _target(arm: Arm, scope: str) -> ArmId:
    try:
        target = ArmId.parse(scope)
    except NotAnIdError as error:
        bad_request(f"Scope is not valid: {error}.")
    arm.need(target)
    if not MONITORED.get(target.type.lower(), Monitored()).metrics:
        bad_request(
            f"Alerts are currently not supported with the resource type '{target.type}' of the "
            "scope."
        )
    return target


def _check_criteria(target: ArmId, criteria: list[Body]) -> None:
    if not 1 <= len(criteria) <= MOST_CRITERIA:
        bad_request(f"An alert rule needs 1 to {MOST_CRITERIA} criteria.")
    names = [one.get("name") for one in criteria]
    if len(set(names)) < len(names) or not all(names):
        bad_request("Every criterion needs a name, and names must be unique within a rule.")
    known = MONITORED[target.type.lower()]
    for one in criteria:
        _check_members(one)
        metric, space = one["metricName"], one.get("metricNamespace") or target.type
        if one.get("skipMetricValidation"):
            continue
        found = {name.lower(): name for name in known.metrics}.get(metric.lower())
        if found is None or space.lower() != target.type.lower():
            bad_request(
                f"The following metric name(s) were not found: {metric}. Please note that for "
                "custom metrics, the relevant metric namespace must be specified."
            )
        if one["timeAggregation"] not in known.metrics[found]:
            bad_request(
                f"The metric '{metric}' does not support the aggregation type "
                f"'{one['timeAggregation']}'. Supported: {', '.join(sorted(known.metrics[found]))}."
            )
        for dimension in one.get("dimensions") or []:
            if dimension.get("name") not in known.dimensions:
                bad_request(
                    f"The metric '{metric}' does not have the dimension '{dimension.get('name')}'."
                )


def _check_members(one: Body) -> None:
    kind = one.get("criterionType")
    if kind != "StaticThresholdCriterion":
        bad_request(f"Criteria of the type '{kind}' are not known to this stand-in.")
    for name in ("metricName", "operator", "threshold", "timeAggregation"):
        if one.get(name) is None:
            bad_request(f"The property '{name}' is missing in a criterion.")
    strange = one.keys() - {
        "criterionType", "name", "metricName", "metricNamespace", "operator", "threshold",
        "timeAggregation", "dimensions", "skipMetricValidation",
    }  # fmt: skip
    if strange:
        bad_request(f"Could not find member '{min(strange)}' in a criterion.")
    if one["operator"] not in OPERATORS:
        bad_request(f"The operator '{one['operator']}' is not valid.")
    if isinstance(one["threshold"], bool) or not isinstance(one["threshold"], int | float):
        bad_request("The threshold of a criterion must be a number.")


def _check_action(arm: Arm, action: Body) -> None:
    group = action.get("actionGroupId") or ""
    try:
        place = ArmId.parse(group)
    except NotAnIdError as error:
        bad_request(f"The action group is not valid: {error}.")
    if place.type.lower() != ACTIONS.name.lower():
        bad_request(f"'{group}' is not the id of an action group.")
    arm.need(place, 400, "BadRequest", f"The action group '{group}' was not found.")


@ACTIONS.puts
def put_actions(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Whom to tell."""
    del arm, place, old
    asked = body.get("properties") or {}
    short = asked.get("groupShortName") or ""
    if not 1 <= len(short) <= 12:
        bad_request(f"The short name '{short}' must have 1 to 12 characters.")
    receivers = asked.get("emailReceivers") or []
    names = [one.get("name") for one in receivers]
    if len(set(names)) < len(names):
        bad_request("The names of receivers must be unique within an action group.")
    for one in receivers:
        if not EMAIL.fullmatch(one.get("emailAddress") or ""):
            bad_request(f"The email address of the receiver '{one.get('name')}' is not valid.")
    return {**body, "properties": {"enabled": True, **asked}}


@ACTIONS.deletes
def delete_actions(arm: Arm, place: ArmId, thing: Body) -> None:
    """Azure lets a group go that alerts still name. Here they would tell nobody: refused."""
    del thing
    for alert in arm.all(ALERT.name).values():
        for action in alert["properties"].get("actions") or []:
            if action["actionGroupId"].lower() == place.key:
                conflict(f"The action group '{place.name}' is used by the alert {alert['name']}.")


@SETTING.puts
def put_setting(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Sends metrics or logs of one resource to a workspace."""
    del old
    target = ArmId.parse(place.scope)
    asked = body.get("properties") or {}
    known = MONITORED.get(target.type.lower())
    if known is None:
        refuse(
            400,
            "ResourceTypeNotSupported",
            f"The resource type '{target.type.lower()}' does not support diagnostic settings.",
        )
    logs, metrics = asked.get("logs") or [], asked.get("metrics") or []
    if not any(one.get("enabled") for one in (*logs, *metrics)):
        bad_request("At least one category of logs or metrics must be enabled.")
    _check_logs(known, logs)
    _check_metrics(known, metrics)
    workspace = _workspace(arm, asked)
    _check_retention((*logs, *metrics))
    _check_sinks(arm, place, workspace, _categories(known, logs, metrics))
    return {"properties": {**asked}}


def _check_logs(known: Monitored, logs: list[Body]) -> None:
    groups = [one for one in logs if one.get("categoryGroup")]
    if groups and len(groups) < len(logs):
        bad_request("Diagnostic setting does not support mix of log category and log category gro"
                    "up.")  # fmt: skip
    for one in logs:
        category, group = one.get("category"), one.get("categoryGroup")
        if group and (group not in {"allLogs", "audit"} or not known.logs):
            bad_request(f"Category group '{group}' is not supported.")
        if not group and category not in known.logs:
            bad_request(f"Category '{category}' is not supported.")


def _check_metrics(known: Monitored, metrics: list[Body]) -> None:
    for one in metrics:
        if not known.exports:
            bad_request(f"Metric category '{one.get('category')}' is not supported.")
        if one.get("category") != "AllMetrics":
            bad_request(
                f"Metric category '{one.get('category')}' is not supported, supported categories "
                "are: 'AllMetrics'"
            )


def _workspace(arm: Arm, asked: Body) -> str:
    others = ("storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
    given = [name for name in others if asked.get(name)]
    if given:
        bad_request(f"The destination '{given[0]}' is not known to this stand-in.")
    workspace = asked.get("workspaceId") or ""
    if not workspace:
        bad_request("At least one data sink needs to be specified.")
    if ArmId.parse(workspace).type.lower() != WORKSPACE:
        bad_request(f"'{workspace}' is not the id of a Log Analytics workspace.")
    arm.need(workspace)
    kind = asked.get("logAnalyticsDestinationType")
    if kind not in {None, "Dedicated", "AzureDiagnostics"}:
        bad_request(f"The value '{kind}' of 'logAnalyticsDestinationType' is not valid.")
    return workspace


def _check_retention(entries: tuple[Body, ...]) -> None:
    for one in entries:
        if (one.get("retentionPolicy") or {}).get("days"):
            bad_request("Diagnostic settings do not support retention for new diagnostic settings.")


def _categories(known: Monitored, logs: list[Body], metrics: list[Body]) -> set[str]:
    """What a setting sends, groups of categories taken apart."""
    sent = {"AllMetrics" for one in metrics if one.get("enabled")}
    for one in logs:
        if one.get("enabled"):
            sent |= set(known.logs) if one.get("categoryGroup") else {one["category"]}
    return sent


def _check_sinks(arm: Arm, place: ArmId, workspace: str, sent: set[str]) -> None:
    """Two settings of a resource cannot send the same to the same workspace."""
    target = ArmId.parse(place.scope)
    known = MONITORED[target.type.lower()]
    for identifier, one in arm.all(SETTING.name).items():
        other = ArmId.parse(identifier)
        asked = one["properties"]
        if other.key == place.key or ArmId.parse(other.scope).key != target.key:
            continue
        if (asked.get("workspaceId") or "").lower() != workspace.lower():
            continue
        both = sent & _categories(known, asked.get("logs") or [], asked.get("metrics") or [])
        if both:
            conflict(
                f"Data sink '{workspace}' is already used in diagnostic setting '{other.name}' for "
                f"category '{min(both)}'. Data sinks can't be reused in different settings on the "
                f"same category for the same resource."
            )
