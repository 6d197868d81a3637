"""Cloud Monitoring: alert policies and notification channels."""

import re
import secrets
from datetime import datetime, timezone
from typing import Any, NoReturn

from cloud.gcp.google import Body, Call, Google, declare
from cloud.standin.store import Thing

from .alert_filters import FilterError, metric_of
from .answers import EMPTY, plain
from .certificates import stamp
from .metrics import ALIGNERS, Metric
from .refusals import invalid, permitted, unready

MONITORING = declare(
    "monitoring.googleapis.com", "v3", api="monitoring.v3", title="Cloud Monitoring API",
    also=("v1",),
)  # fmt: skip
POLICY = "monitoring.googleapis.com/AlertPolicy"
CHANNEL = "monitoring.googleapis.com/NotificationChannel"
POLICIES = "projects/{project}/alertPolicies"
ONE_POLICY = f"{POLICIES}/{{alertPolicy}}"
CHANNELS = "projects/{project}/notificationChannels"
ONE_CHANNEL = f"{CHANNELS}/{{notificationChannel}}"

MINUTE = 60
LONGEST_DURATION = 25 * 3600
SHORTEST_CLOSE, LONGEST_CLOSE = 30 * MINUTE, 7 * 24 * 3600
MOST_CONDITIONS, MOST_CHANNELS = 6, 16
LONGEST_NAME = 512
KINDS = (
    "conditionThreshold", "conditionAbsent", "conditionMatchedLog",
    "conditionPrometheusQueryLanguage", "conditionMonitoringQueryLanguage", "conditionSql",
)  # fmt: skip

REQUIRED: dict[str, frozenset[str]] = {
    "email": frozenset({"email_address"}),
    "pubsub": frozenset({"topic"}),
    "webhook_tokenauth": frozenset({"url"}),
    "webhook_basicauth": frozenset({"url", "username", "password"}),
    "sms": frozenset({"number"}),
    "slack": frozenset({"channel_name", "auth_token"}),
    "pagerduty": frozenset({"service_key"}),
}
"""Labels that a channel of a type must have."""
ALLOWED: dict[str, frozenset[str]] = {**REQUIRED, "slack": REQUIRED["slack"] | {"team"}}
SECRET_LABELS = frozenset({"auth_token", "password", "service_key"})
USER_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def wrong(field: str, value: Any, why: str) -> NoReturn:
    """Refuses as this service does."""
    invalid(f'Field {field} had an invalid value of "{value}": {why}')


@MONITORING.answers("POST", POLICIES, body="AlertPolicy")
def create_policy(google: Google, call: Call) -> Body:
    """Makes an alert policy."""
    permitted(google, "monitoring.alertPolicies.create", call.parent)
    name = f"{call.path}/{secrets.randbelow(9 * 10**18) + 10**18}"
    now = {"mutateTime": stamp(datetime.now(timezone.utc)), "mutatedBy": "user@example.com"}
    policy = _named_conditions({"enabled": True, **call.body, "name": name}, name)
    _check_policy(google, policy, call.project)
    policy |= {"creationRecord": now, "mutationRecord": now}
    return shown(google.put(POLICY, name, policy))


def _named_conditions(policy: Thing, name: str) -> Thing:
    conditions = [
        {"name": f"{name}/conditions/{secrets.randbelow(10**18)}", **one}
        for one in policy.get("conditions", [])
    ]
    return {**policy, "conditions": conditions}


def shown(thing: Thing) -> Body:
    """As the service answers it: whether it is enabled is always told."""
    return {**plain(thing), "enabled": bool(thing.get("enabled", True))}


def _check_policy(google: Google, policy: Thing, project: str) -> None:
    title = policy.get("displayName", "")
    if not 0 < len(title) <= LONGEST_NAME:
        wrong("alert_policy.display_name", title, "must not be empty, and at most 512 characters.")
    conditions = policy.get("conditions", [])
    if not 1 <= len(conditions) <= MOST_CONDITIONS:
        wrong("alert_policy.conditions", len(conditions), "must have between 1 and 6 conditions.")
    if policy.get("combiner", "COMBINE_UNSPECIFIED") == "COMBINE_UNSPECIFIED":
        wrong("alert_policy.combiner", "COMBINE_UNSPECIFIED", "must be specified.")
    for index, condition in enumerate(conditions):
        _check_condition(condition, f"alert_policy.conditions[{index}]")
    _check_strategy(policy)
    _check_channels(google, policy, project)
    _check_user_labels(policy, "alert_policy.user_labels")


def _check_condition(condition: Body, where: str) -> None:
    if not condition.get("displayName"):
        wrong(f"{where}.display_name", "", "must not be empty.")
    kinds = [kind for kind in KINDS if kind in condition]
    if len(kinds) != 1:
        wrong(where, len(kinds), "exactly one kind of condition must be set.")
    if "conditionThreshold" in condition:
        _check_threshold(condition["conditionThreshold"], f"{where}.condition_threshold")
    elif "conditionAbsent" in condition:
        _check_absent(condition["conditionAbsent"], f"{where}.condition_absent")
    else:
        wrong(where, kinds[0], "conditions of this kind are not known to this fake cloud.")


def _check_threshold(threshold: Body, where: str) -> None:
    metric = _metric(threshold, where)
    if threshold.get("comparison") not in {"COMPARISON_GT", "COMPARISON_LT"}:
        wrong(
            f"{where}.comparison",
            threshold.get("comparison", "COMPARISON_UNSPECIFIED"),
            "Only COMPARISON_LT and COMPARISON_GT are supported.",
        )
    duration = _duration(threshold.get("duration", "0s"), f"{where}.duration")
    if threshold.get("evaluationMissingData") and not duration:
        wrong(
            f"{where}.evaluation_missing_data",
            threshold["evaluationMissingData"],
            "Conditions setting evaluation_missing_data must have a non-zero duration.",
        )
    _check_aggregations(threshold.get("aggregations", []), metric)
    _check_trigger(threshold.get("trigger"), f"{where}.trigger")


def _check_absent(absent: Body, where: str) -> None:
    metric = _metric(absent, where)
    duration = _duration(absent.get("duration", "0s"), f"{where}.duration")
    if not 2 * MINUTE <= duration <= 23.5 * 3600:
        wrong(f"{where}.duration", f"{duration:g}s", "must be between 2 minutes and 23.5 hours.")
    _check_aggregations(absent.get("aggregations", []), metric)
    _check_trigger(absent.get("trigger"), f"{where}.trigger")


def _metric(condition: Body, where: str) -> Metric:
    text = condition.get("filter", "")
    try:
        return metric_of(text)
    except FilterError as error:
        wrong(f"{where}.filter", text, str(error))


def _duration(text: str, field: str) -> float:
    value = float(text.removesuffix("s"))
    if value < 0 or value % MINUTE:
        wrong(field, text, "must be a multiple of one minute.")
    if value > LONGEST_DURATION:
        wrong(field, text, "must not be longer than 25 hours.")
    return value


def _check_aggregations(aggregations: list[Body], metric: Metric) -> None:
    for index, one in enumerate(aggregations):
        aligner = one.get("perSeriesAligner", "ALIGN_NONE")
        reducer = one.get("crossSeriesReducer", "REDUCE_NONE")
        period = float(one.get("alignmentPeriod", "0s").removesuffix("s"))
        if reducer != "REDUCE_NONE" and aligner == "ALIGN_NONE":
            wrong(
                "aggregation.crossSeriesReducer",
                reducer,
                "The reducer needs an aligner other than ALIGN_NONE.",
            )
        if aligner == "ALIGN_NONE":
            continue
        if period < MINUTE or period % MINUTE:
            wrong(
                "aggregation.alignmentPeriod",
                one.get("alignmentPeriod", ""),
                "The alignment period must be at least 60 seconds, and a multiple of them.",
            )
        # What follows the first is applied to what that has made.
        kinds, values = ALIGNERS[aligner]
        if index == 0 and (metric.kind not in kinds or metric.value not in values):
            wrong(
                "aggregation.perSeriesAligner",
                aligner,
                f"The aligner cannot be applied to metrics with kind {metric.kind} and value type "
                f"{metric.value}.",
            )


def _check_trigger(trigger: Body | None, field: str) -> None:
    if trigger is None:
        return
    if ("count" in trigger) == ("percent" in trigger):
        wrong(field, "", "exactly one of count and percent must be set.")
    if "percent" in trigger and not 0 < trigger["percent"] <= 100:
        wrong(f"{field}.percent", trigger["percent"], "must be more than 0 and at most 100.")


def _check_strategy(policy: Thing) -> None:
    strategy = policy.get("alertStrategy") or {}
    close = strategy.get("autoClose")
    if close is not None:
        value = float(close.removesuffix("s"))
        if not SHORTEST_CLOSE <= value <= LONGEST_CLOSE:
            wrong(
                "alert_policy.alert_strategy.auto_close",
                close,
                "must be between 30 minutes and 7 days.",
            )
    if "notificationRateLimit" in strategy:
        wrong(
            "alertStrategy.notificationRateLimit",
            strategy["notificationRateLimit"].get("period", ""),
            "metric-based alert policies must not specify a notification rate limit",
        )


def _check_channels(google: Google, policy: Thing, project: str) -> None:
    channels = policy.get("notificationChannels", [])
    if len(channels) > MOST_CHANNELS:
        wrong("alert_policy.notification_channels", len(channels), "at most 16 are allowed.")
    for name in channels:
        if not re.fullmatch(r"projects/[^/]+/notificationChannels/[^/]+", name):
            wrong("alert_policy.notification_channels", name, "is not the name of a channel.")
        owner = google.project(name.split("/")[1])["projectId"]
        full = f"projects/{owner}/notificationChannels/{name.rpartition('/')[2]}"
        if owner != project or google.find(CHANNEL, full) is None:
            unready(f"Notification channel {name} does not exist.")


def _check_user_labels(thing: Thing, field: str) -> None:
    for key, value in (thing.get("userLabels") or {}).items():
        if not USER_LABEL.fullmatch(key) or not re.fullmatch(r"[a-z0-9_-]{0,63}", value):
            wrong(field, f"{key}={value}", "labels have lowercase letters, digits, _ and -.")


@MONITORING.answers("GET", ONE_POLICY)
def get_policy(google: Google, call: Call) -> Body:
    """An alert policy."""
    return shown(_policy(google, call.path))


def _policy(google: Google, name: str) -> Thing:
    return google.need(POLICY, name, f"Alert policy {name} does not exist.")


@MONITORING.answers("PATCH", ONE_POLICY, body="AlertPolicy")
def patch_policy(google: Google, call: Call) -> Body:
    """Changes an alert policy: the fields of the mask, or all of it without one."""
    old = _policy(google, call.path)
    permitted(google, "monitoring.alertPolicies.update", call.path)
    records = {name: old[name] for name in ("name", "creationRecord", "mutationRecord")}
    tops = {field.partition(".")[0] for field in call.mask}
    new = {**old, **{one: call.body.get(one) for one in tops}} if tops else dict(call.body)
    new = {name: value for name, value in {**new, **records}.items() if value is not None}
    new = _named_conditions(new, call.path)
    _check_policy(google, new, call.project)
    return shown(google.put(POLICY, call.path, new))


@MONITORING.answers("DELETE", ONE_POLICY)
def delete_policy(google: Google, call: Call) -> Body:
    """Takes an alert policy away."""
    _policy(google, call.path)
    permitted(google, "monitoring.alertPolicies.delete", call.path)
    google.remove(POLICY, call.path)
    return EMPTY


@MONITORING.answers("GET", POLICIES, query=("filter", "pageSize"))
def list_policies(google: Google, call: Call) -> Body:
    """All alert policies of a project."""
    found = google.all(POLICY, f"{call.path}/").values()
    return {"alertPolicies": [shown(one) for one in found]}


_LABELS = tuple(f"labels.{one}" for one in sorted(SECRET_LABELS))


@MONITORING.answers("POST", CHANNELS, body="NotificationChannel", secrets=_LABELS)
def create_channel(google: Google, call: Call) -> Body:
    """Makes a notification channel."""
    permitted(google, "monitoring.notificationChannels.create", call.parent)
    name = f"{call.path}/{secrets.randbelow(9 * 10**18) + 10**18}"
    channel = {"enabled": True, **call.body, "name": name}
    _check_channel(channel)
    return _shown_channel(google.put(CHANNEL, name, channel))


def _check_channel(channel: Thing) -> None:
    kind, labels = channel.get("type", ""), channel.get("labels") or {}
    if kind not in REQUIRED:
        wrong("notification_channel.type", kind, "there is no channel descriptor of this type.")
    for label in sorted(REQUIRED[kind] - labels.keys()):
        wrong("notification_channel.labels", "", f'the label "{label}" is required.')
    for label in sorted(labels.keys() - ALLOWED[kind]):
        wrong("notification_channel.labels", label, f'the type "{kind}" has no such label.')
    address = labels.get("email_address")
    if address is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        wrong("notification_channel.labels['email_address']", address, "is no email address.")
    topic = labels.get("topic")
    if topic is not None and not re.fullmatch(r"projects/[^/]+/topics/[^/]+", topic):
        wrong("notification_channel.labels['topic']", topic, "is no topic.")
    if len(channel.get("displayName", "")) > LONGEST_NAME:
        wrong("notification_channel.display_name", "", "must not exceed 512 characters.")
    _check_user_labels(channel, "notification_channel.user_labels")


def _shown_channel(channel: Thing) -> Body:
    """A channel; of a secret label only the end is told."""
    labels = {
        name: f"**********{value[-4:]}" if name in SECRET_LABELS else value
        for name, value in (channel.get("labels") or {}).items()
    }
    return {**shown(channel), **({"labels": labels} if labels else {})}


@MONITORING.answers("GET", ONE_CHANNEL)
def get_channel(google: Google, call: Call) -> Body:
    """A notification channel."""
    return _shown_channel(_channel(google, call.path))


def _channel(google: Google, name: str) -> Thing:
    return google.need(CHANNEL, name, f"Notification channel {name} does not exist.")


@MONITORING.answers("PATCH", ONE_CHANNEL, body="NotificationChannel", secrets=_LABELS)
def patch_channel(google: Google, call: Call) -> Body:
    """Changes a notification channel."""
    old = _channel(google, call.path)
    permitted(google, "monitoring.notificationChannels.update", call.path)
    tops = {field.partition(".")[0] for field in call.mask} or call.body.keys()
    new = {**old, **{field: call.body.get(field) for field in tops}, "name": old["name"]}
    new = {field: value for field, value in new.items() if value is not None}
    _check_channel(new)
    return _shown_channel(google.put(CHANNEL, call.path, new))


@MONITORING.answers("DELETE", ONE_CHANNEL, query=("force",))
def delete_channel(google: Google, call: Call) -> Body:
    """Takes a channel away; with force out of the policies that have it, too."""
    _channel(google, call.path)
    permitted(google, "monitoring.notificationChannels.delete", call.path)
    users = {
        name: one
        for name, one in google.all(POLICY).items()
        if call.path in one.get("notificationChannels", [])
    }
    if users and call.query.get("force") != "true":
        unready(
            f"Channel {call.path} cannot be deleted: it is used by the alerting policies "
            f"{', '.join(sorted(users))}."
        )
    for name, one in users.items():
        kept = [channel for channel in one["notificationChannels"] if channel != call.path]
        google.put(POLICY, name, {**one, "notificationChannels": kept})
    google.remove(CHANNEL, call.path)
    return EMPTY
