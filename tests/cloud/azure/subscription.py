"""The subscription and the caller of the fake cloud."""

TENANT_ID = "72f988bf-0000-4000-8000-2d7cd011db47"
SUBSCRIPTION_ID = "00000000-1111-4222-8333-444444444444"
CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
CALLER_ID = "aaaaaaaa-0000-4000-8000-000000000002"
"""Object id of the service principal that the provider runs as."""

PRINCIPALS = {
    CALLER_ID: "ServicePrincipal",
    "bbbbbbbb-0000-4000-8000-000000000001": "User",
    "bbbbbbbb-0000-4000-8000-000000000002": "Group",
    "bbbbbbbb-0000-4000-8000-000000000003": "ServicePrincipal",
}
"""Principals of the directory and what they are; managed identities come on top."""

SUBSCRIPTION_SCOPE = f"/subscriptions/{SUBSCRIPTION_ID}"
