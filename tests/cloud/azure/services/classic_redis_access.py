"""Azure Cache for Redis: who may come in and from where, and when it may be patched."""

import ipaddress
import re
from collections.abc import Iterator

from cloud.azure.arm import Arm, Body, declare
from cloud.azure.identifiers import ArmId

from .authorization import principal_type
from .classic_redis import API, BUSY
from .refusals import above, bad_request, conflict

POLICY = declare(
    "Microsoft.Cache/redis/accessPolicies",
    api=API,
    slow=True,
    pattern=r"(?=.{3,63}$)[a-zA-Z0-9][a-zA-Z0-9- ]*[a-zA-Z0-9]",
    busy=BUSY,
)
ASSIGNMENT = declare(
    "Microsoft.Cache/redis/accessPolicyAssignments",
    api=API,
    slow=True,
    pattern=r"(?=.{3,63}$)[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]",
    busy=BUSY,
)
RULE = declare(
    "Microsoft.Cache/redis/firewallRules", api=API, pattern=r"[A-Za-z0-9_]{1,256}", busy=BUSY
)
SCHEDULE = declare("Microsoft.Cache/redis/patchSchedules", api=API, busy=BUSY)

BUILT_IN = frozenset({"Data Owner", "Data Contributor", "Data Reader"})
GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
PERMISSION = re.compile(r"[+-]@?[a-z][a-z0-9|-]*|allkeys|allchannels|[~&]\S+|%(R|W|RW|WR)~\S+")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SEVERAL = {"Everyday": DAYS, "Weekend": DAYS[5:]}
WINDOW = re.compile(r"PT(\d+)H(?:(\d+)M)?")


def _check_entra(arm: Arm, place: ArmId) -> None:
    cache = arm.need(above(place))
    if cache["properties"]["redisConfiguration"].get("aad-enabled") != "true":
        bad_request(
            "Access policies need Microsoft Entra authentication: set "
            "'redisConfiguration.aad-enabled' to \"true\"."
        )


@POLICY.puts
def put_policy(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A custom access policy, in the words of Redis access lists."""
    del old
    _check_entra(arm, place)
    if place.name in BUILT_IN:
        bad_request(f"The access policy '{place.name}' is built in and cannot be changed.")
    permissions = (body.get("properties") or {}).get("permissions") or ""
    if not permissions.strip():
        bad_request("The property 'properties.permissions' is missing.")
    for word in permissions.split():
        if not PERMISSION.fullmatch(word):
            bad_request(f"The permission '{word}' is not valid in an access policy.")
    return {**body, "properties": {"permissions": permissions, "type": "Custom"}}


@POLICY.deletes
def delete_policy(arm: Arm, place: ArmId, policy: Body) -> None:
    """A policy that somebody has cannot go."""
    del policy
    for one in _assignments(arm, place):
        if one["properties"]["accessPolicyName"] == place.name:
            conflict(f"The access policy '{place.name}' is assigned: {one['name']}.")


def _assignments(arm: Arm, place: ArmId) -> Iterator[Body]:
    for identifier, one in arm.all(ASSIGNMENT.name).items():
        if ArmId.parse(identifier).within(above(place).text):
            yield one


@ASSIGNMENT.puts
def put_assignment(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Gives a user or a service principal a policy."""
    del old
    _check_entra(arm, place)
    asked = body.get("properties") or {}
    policy, who = asked.get("accessPolicyName") or "", asked.get("objectId") or ""
    if policy not in BUILT_IN and not arm.find(above(place).child("accessPolicies", policy)):
        bad_request(f"The access policy '{policy}' does not exist.")
    if not GUID.fullmatch(who):
        bad_request("'objectId' must be the object id of a user: a GUID.")
    if principal_type(arm, who) == "Group":
        bad_request(f"'{who}' is a group: only users and service principals are supported.")
    if not asked.get("objectIdAlias"):
        bad_request("The property 'properties.objectIdAlias' is missing.")
    for one in _assignments(arm, place):
        same = one["properties"]["objectId"].lower() == who.lower()
        if same and ArmId.parse(one["id"]).key != place.key:
            conflict(f"The user '{who}' has an access policy assignment already: {one['name']}.")
    return body


@RULE.puts
def put_rule(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A range of addresses that may come in by the public endpoint."""
    del old
    asked = body.get("properties") or {}
    ends = [asked.get("startIP") or "", asked.get("endIP") or ""]
    try:
        start, end = (ipaddress.IPv4Address(one) for one in ends)
    except ValueError:
        bad_request(f"The addresses '{ends[0]}' and '{ends[1]}' must be IPv4 addresses.")
    if start > end:
        bad_request(f"The start address {start} is after the end address {end}.")
    if arm.need(above(place))["properties"]["publicNetworkAccess"] == "Disabled":
        # Azure takes such a rule, and it lets nobody in.
        bad_request("A firewall rule has no effect while public network access is Disabled.")
    return body


@SCHEDULE.puts
def put_schedule(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """The hours in which a cache may be patched."""
    del arm, old
    if place.name != "default":
        bad_request(f"The patch schedule's name must be 'default', not '{place.name}'.")
    entries = (body.get("properties") or {}).get("scheduleEntries") or []
    if not entries:
        bad_request("A patch schedule needs at least one entry.")
    seen: list[str] = []
    for entry in entries:
        day, hour = entry.get("dayOfWeek") or "", entry.get("startHourUtc")
        if day not in DAYS and day not in SEVERAL:
            bad_request(f"The value '{day}' of 'dayOfWeek' is not a day.")
        if not isinstance(hour, int) or not 0 <= hour <= 23:
            bad_request(f"The value {hour} of 'startHourUtc' is not between 0 and 23.")
        window = WINDOW.fullmatch(entry.get("maintenanceWindow") or "PT5H")
        if not window or not 5 <= int(window[1]) <= 24:
            bad_request("The maintenance window must be an ISO 8601 duration of 5 hours or more.")
        seen += SEVERAL.get(day, (day,))
    if len(set(seen)) < len(seen):
        bad_request("A patch schedule can have one entry for each day.")
    return body
