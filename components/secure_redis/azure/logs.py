"""Where logs and metrics of a cache go: a Log Analytics workspace."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from . import plan
from .site import Site


@dataclass(frozen=True)
class Source:
    """A resource that sends logs, metrics or both."""

    label: str
    resource_id: pulumi.Output[str]
    after: pulumi.Resource
    """What must be there before."""
    logs: Sequence[str] = ()
    """Groups of its logs (API categoryGroup)."""
    metrics: bool = False


ALL_LOGS = ("allLogs",)
AUDIT = ("audit", "allLogs")
"""Groups of logs: of a vault those who read a secret are an audit's."""


def workspace(site: Site) -> pulumi.Input[str]:
    """Resource id of the workspace: the named one, or one of the cache's own."""
    settings = site.cache.azure
    if settings.workspace_id is not None:
        return settings.workspace_id
    return operationalinsights.Workspace(
        site.name,
        workspace_name=site.identity,
        resource_group_name=site.group,
        sku={"name": "PerGB2018"},
        retention_in_days=settings.log_retention_days,
        tags=site.tags,
        opts=site.child(),
    ).id


def declare(site: Site, sources: Sequence[Source]) -> Iterator[monitor.DiagnosticSetting]:
    """Sends what the sources have to the workspace; nothing where logs are off."""
    if not plan.logs(site.cache):
        return
    workspace_id = workspace(site)
    for source in sources:
        yield monitor.DiagnosticSetting(
            f"{site.name}-{source.label}",
            name=site.named(source.label),
            resource_uri=source.resource_id,
            workspace_id=workspace_id,
            logs=[{"category_group": group, "enabled": True} for group in source.logs] or None,
            metrics=[{"category": "AllMetrics", "enabled": True}] if source.metrics else None,
            opts=site.child(depends_on=[source.after]),
        )
