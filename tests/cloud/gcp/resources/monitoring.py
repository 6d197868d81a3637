"""monitoring: alert policies and notification channels.

Transcribed from terraform-provider-google-beta (`services/monitoring`).
"""

from collections.abc import Iterable, Iterator, Mapping

from cloud.gcp.api import GoogleApi
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, PlanError
from cloud.standin.resource import Resource, Values

from .common import COMMON, Body, GoogleResource, one_of
from .redis import quoted

BASE = "https://monitoring.googleapis.com/v3"
POLICY = (
    "displayName", "combiner", "enabled", "conditions", "notificationChannels", "alertStrategy",
    "userLabels", "severity", "documentation",
)  # fmt: skip
CHANNEL = ("labels", "type", "userLabels", "description", "displayName", "enabled")
COMPARISONS = tuple(f"COMPARISON_{one}" for one in ("GT", "GE", "LT", "LE", "EQ", "NE"))
ALIGNERS = tuple(
    f"ALIGN_{one}"
    for one in (
        "NONE", "DELTA", "RATE", "INTERPOLATE", "NEXT_OLDER", "MIN", "MAX", "MEAN", "COUNT", "SUM",
        "STDDEV", "COUNT_TRUE", "COUNT_FALSE", "FRACTION_TRUE", "PERCENTILE_99", "PERCENTILE_95",
        "PERCENTILE_50", "PERCENTILE_05", "PERCENT_CHANGE",
    )
)  # fmt: skip
REDUCERS = tuple(
    f"REDUCE_{one}"
    for one in (
        "NONE", "MEAN", "MIN", "MAX", "SUM", "STDDEV", "COUNT", "COUNT_TRUE", "COUNT_FALSE",
        "FRACTION_TRUE", "PERCENTILE_99", "PERCENTILE_95", "PERCENTILE_50", "PERCENTILE_05",
    )
)  # fmt: skip
MISSING = tuple(f"EVALUATION_MISSING_DATA_{one}" for one in ("INACTIVE", "ACTIVE", "NO_OP"))
SECRETS = {"authToken": "auth_token", "password": "password", "serviceKey": "service_key"}
"""The secret labels of a channel by their names in the SDK."""


class Named(GoogleResource):
    """A type whose ids Google gives."""

    def identified(self, where: Mapping[str, str], answer: Body) -> str:
        return answer["name"]


class AlertPolicy(Named):
    """An alert policy."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from one_of(inputs, "combiner", "AND", "OR", "AND_WITH_MATCHING_RESOURCE")
        yield from quoted(inputs, "severity", "CRITICAL", "ERROR", "WARNING")
        conditions = inputs.get("conditions")
        for index, one in enumerate(conditions if isinstance(conditions, list) else []):
            threshold = one.get("conditionThreshold") if isinstance(one, dict) else None
            if isinstance(threshold, dict):
                yield from _threshold(threshold, f"conditions.{index}.condition_threshold.0")

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        silent = {
            "notificationChannels": [],
            "severity": "",
            "creationRecords": [thing["creationRecord"]] if "creationRecord" in thing else [],
        }
        return {**silent, **super().shown(api, thing, state)}

    def encoded(self, api: GoogleApi, inputs: Values, names: Iterable[str]) -> Body:
        """With the kind of text of the documentation, for which there is a default."""
        body = super().encoded(api, inputs, names)
        if "documentation" in body:
            body["documentation"] = {"mimeType": "text/markdown", **body["documentation"]}
        return body


def _threshold(threshold: Values, path: str) -> Iterator[Failure]:
    yield from one_of(threshold, "comparison", *COMPARISONS, path=f"{path}.comparison")
    yield from quoted(
        threshold, "evaluationMissingData", *MISSING, path=f"{path}.evaluation_missing_data"
    )
    for index, one in enumerate(threshold.get("aggregations") or []):
        where = f"{path}.aggregations.{index}"
        if isinstance(one, dict):
            aligner, reducer = f"{where}.per_series_aligner", f"{where}.cross_series_reducer"
            yield from quoted(one, "perSeriesAligner", *ALIGNERS, path=aligner)
            yield from quoted(one, "crossSeriesReducer", *REDUCERS, path=reducer)


class NotificationChannel(Named):
    """Where alerts are sent."""

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        labels, hidden = new.get("labels") or {}, new.get("sensitiveLabels") or {}
        for name, label in SECRETS.items():
            if isinstance(labels, dict) and labels.get(label) and hidden.get(name):
                raise PlanError(
                    f'Sensitive label "{label}" cannot be set at the same time as label "{label}".'
                )
        return ()

    def encoded(self, api: GoogleApi, inputs: Values, names: Iterable[str]) -> Body:
        body = super().encoded(api, inputs, names)
        hidden = inputs.get("sensitiveLabels") or {}
        labels = dict(inputs.get("labels") or {})
        labels |= {SECRETS[name]: one for name, one in hidden.items() if name in SECRETS and one}
        return {**body, "labels": labels}

    def body_of_creation(self, api: GoogleApi, inputs: Values) -> Body:
        return self.encoded(api, inputs, CHANNEL)

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        told = self.parsed(api, identifier)
        thing = self.fetched(api, identifier, state)
        if thing is None:
            return None
        given, hidden = state.get("labels") or {}, state.get("sensitiveLabels") or {}
        secret = {SECRETS[name] for name in hidden if name in SECRETS}
        labels = {
            name: given.get(name, one) if name in SECRETS.values() else one
            for name, one in (thing.get("labels") or {}).items()
            if name not in secret
        }
        silent = {"description": "", "displayName": "", "verificationStatus": ""}
        shown = self.shown(
            api, {name: one for name, one in thing.items() if name != "labels"}, state
        )
        return {
            **silent,
            **shown,
            "labels": labels,
            "project": told["project"],
            "deletionPolicy": state.get("deletionPolicy") or "DELETE",
            "forceDelete": bool(state.get("forceDelete")),
        }

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        if changed - {"deletionPolicy"}:
            self.patched(api, identifier, self.encoded(api, new, CHANNEL), [])

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        force = {"force": "true" if state.get("forceDelete") else "false"}
        super().delete(Forced(api, force), identifier, state)


class Forced(GoogleApi):
    """An interface that says with every request whether it is forced."""

    def __init__(self, api: GoogleApi, force: Mapping[str, str]) -> None:
        super().__init__(api.google.cloud, api.config, api.work)
        self.force = force

    def send(
        self,
        method: str,
        url: str,
        body: Body | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Body:
        """Sends a request with the parameter."""
        return super().send(method, url, body, {**self.force, **(query or {})})


RESOURCES: tuple[Resource, ...] = (
    AlertPolicy(
        sdk="pulumi_gcp.monitoring:AlertPolicy",
        what="AlertPolicy",
        long="MonitoringAlertPolicy",
        base=BASE,
        collection="projects/{project}/alertPolicies",
        identifier="projects/{project}/alertPolicies/{id}",
        sent=POLICY,
        changeable=POLICY,
        always=frozenset({"enabled"}),
        slow=False,
        models=COMMON | frozenset(POLICY),
        defaults={"enabled": True},
        replaces=frozenset({"project"}),
        rules=Rules(
            computed=frozenset(
                {"project", "deletionPolicy", "conditions.name", "documentation.mimeType"}
            ),
            ordered=frozenset({"conditions", "notificationChannels"}),
        ),
    ),
    NotificationChannel(
        sdk="pulumi_gcp.monitoring:NotificationChannel",
        what="NotificationChannel",
        long="MonitoringNotificationChannel",
        base=BASE,
        collection="projects/{project}/notificationChannels",
        identifier="projects/{project}/notificationChannels/{id}",
        sent=CHANNEL,
        changeable=CHANNEL,
        always=frozenset({"enabled"}),
        slow=False,
        masked=False,
        models=COMMON | frozenset(CHANNEL) | {"forceDelete", "sensitiveLabels"},
        defaults={"enabled": True, "forceDelete": False},
        replaces=frozenset({"project"}),
        rules=Rules(computed=frozenset({"project", "deletionPolicy"})),
        kept=frozenset({"sensitiveLabels"}),
    ),
)  # fmt: skip
