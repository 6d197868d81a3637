"""Resource groups, identities, roles, locks, monitoring."""

from .common import GROUPED, TRACKED, AzureResource, Rule

INSIGHTS = "Microsoft.Insights/"
EXTENSION = "/{scope}/providers/Microsoft.Authorization/"

TYPES = (
    AzureResource(
        sdk="resources:ResourceGroup",
        path="/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}",
        outside=TRACKED | {"managedBy"},
        replaces=frozenset({"location"}),
        required=frozenset({"location"}),
        rules={"resourceGroupName": Rule(shortest=1, longest=90)},
        models=TRACKED,
    ),
    AzureResource(
        sdk="authorization:ManagementLockByScope",
        path=f"{EXTENSION}locks/{{lockName}}",
        outside=frozenset(),
        models=frozenset({"level", "notes"}),
    ),
    AzureResource(
        sdk="authorization:RoleAssignment",
        path=f"{EXTENSION}roleAssignments/{{roleAssignmentName}}",
        outside=frozenset(),
        replaces=frozenset({"principalId"}),
        models=frozenset(
            {
                "condition",
                "conditionVersion",
                "description",
                "principalId",
                "principalType",
                "roleDefinitionId",
            }
        ),
    ),
    AzureResource(
        sdk="managedidentity:UserAssignedIdentity",
        path=f"{GROUPED}Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}",
        outside=TRACKED,
        replaces=frozenset({"location"}),
        models=TRACKED,
    ),
    AzureResource(
        sdk="operationalinsights:Workspace",
        path=f"{GROUPED}Microsoft.OperationalInsights/workspaces/{{workspaceName}}",
        outside=TRACKED | {"identity"},
        replaces=frozenset({"location"}),
        models=TRACKED
        | {
            "publicNetworkAccessForIngestion",
            "publicNetworkAccessForQuery",
            "retentionInDays",
            "sku",
        },
        rules={
            "workspaceName": Rule(r"^[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]$", shortest=4, longest=63)
        },
    ),
    AzureResource(
        sdk="monitor:DiagnosticSetting",
        path=f"/{{resourceUri}}/providers/{INSIGHTS}diagnosticSettings/{{name}}",
        outside=frozenset(),
        models=frozenset(
            {
                "eventHubAuthorizationRuleId",
                "eventHubName",
                "logAnalyticsDestinationType",
                "logs",
                "metrics",
                "storageAccountId",
                "workspaceId",
            }
        ),
    ),
    AzureResource(
        sdk="monitor:MetricAlert",
        path=f"{GROUPED}{INSIGHTS}metricAlerts/{{ruleName}}",
        outside=TRACKED,
        replaces=frozenset({"location"}),
        renamed={"criteria.odataType": "odata.type"},
        required=frozenset({"location"}),
        models=TRACKED
        | {
            "actions",
            "autoMitigate",
            "criteria",
            "description",
            "enabled",
            "evaluationFrequency",
            "scopes",
            "severity",
            "targetResourceRegion",
            "targetResourceType",
            "windowSize",
        },
    ),
    AzureResource(
        sdk="monitor:ActionGroup",
        path=f"{GROUPED}{INSIGHTS}actionGroups/{{actionGroupName}}",
        outside=TRACKED,
        replaces=frozenset({"location"}),
        required=frozenset({"location"}),
        models=TRACKED | {"emailReceivers", "enabled", "groupShortName", "webhookReceivers"},
    ),
)
