"""A fake Azure Resource Manager: resources on disk, locks, long-running operations.

A service declares its types and says what is particular about them; everything that Azure Resource
Manager does for every type alike is here. How a service is written::

    CLUSTER = declare("Microsoft.Cache/redisEnterprise", api="2025-07-01", slow=True,
                      located="region", tagged=True, pattern=r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")

    @CLUSTER.puts                                # checks, and gives what is to be stored
    def put(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
        refuse(400, "BadRequest", "...")         # raises ArmError
        return {**body, "properties": {...}}     # id, name and type are added

    @CLUSTER.shows                               # what GET answers: to hide, to add counts
    @CLUSTER.settles                             # what is stored when a slow PUT ends
    @CLUSTER.deletes                             # may it go? what else happens when it does?
    @CLUSTER.acts("listKeys")                    # POST .../listKeys: (arm, place, thing, body)

The body comes in ARM's form (camelCase, `properties` nested). Handlers hold the lock of the cloud.
`old` and things are what was stored; names in them that begin with `_` are private: GET never shows
them. Other resources: `arm.find(id)`, `arm.need(id)`, `arm.all(TYPE)`, `arm.put(place, thing)`,
`arm.remove(place)`. Switches of the subscription: `arm.setting("name", default)`, which a test sets
by `cloud.settings(name=value)`. What is no resource, such as the name of a vault that is deleted
softly, is kept under a kind of its own by `arm.cloud.put(kind, name, {...})`; kinds whose last part
begins with `deleted` do not count as left over.
"""

import copy
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from cloud.standin.store import FakeCloud

from . import model
from .identifiers import GROUP, SUBSCRIPTION, ArmId, NotAnIdError
from .subscription import SUBSCRIPTION_ID

Body = dict[str, Any]
"""A JSON object of the interface."""

Put = Callable[["Arm", ArmId, Body, "Body | None"], Body]
Take = Callable[["Arm", ArmId, Body], None]
Show = Callable[["Arm", ArmId, Body], Body]
Act = Callable[["Arm", ArmId, Body, Body], Body]

_REGIONS = (
    "australiacentral australiaeast australiasoutheast brazilsouth canadacentral canadaeast "
    "centralindia centralus eastasia eastus eastus2 francecentral germanywestcentral "
    "italynorth japaneast japanwest koreacentral northcentralus northeurope norwayeast "
    "polandcentral qatarcentral southafricanorth southcentralus southindia southeastasia "
    "spaincentral swedencentral switzerlandnorth uaenorth uksouth ukwest westcentralus "
    "westeurope westindia westus westus2 westus3"
)
REGIONS = frozenset(_REGIONS.split())
"""Regions of the public cloud."""

SLOW_SECONDS = 0.05
"""How long a long-running operation takes where no setting says otherwise."""

_UNDER_WAY = "_operation"
"""Of a resource with a long-running operation: what, since when, until when."""

SEEDED = "_seeded"
"""Of a resource that somebody else made before the test began."""

SETTINGS = "Microsoft.Resources/settings"
"""Kind under which the switches of the subscription are kept."""


class ArmError(Exception):
    """A request that Azure refuses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def refuse(status: int, code: str, message: str) -> NoReturn:
    """Refuses the request with an HTTP status, a code and a text."""
    raise ArmError(status, code, message)


@dataclass
class ArmType:
    """A resource type and what is particular about it."""

    name: str
    api: str
    """The version of the interface that the SDK asks by default; no other is known here."""
    slow: bool = False
    """Whether PUT and DELETE are long-running operations."""
    slow_delete: bool = False
    """Whether DELETE alone is one."""
    located: str = ""
    """`region`, `global` or nothing: where resources of the type may be."""
    tagged: bool = False
    extension: bool = False
    """Whether it hangs on another resource or scope: locks, role assignments."""
    outlives: bool = False
    """Whether one of an extension type stays when the resource that it hangs on goes."""
    name_pattern: str = ""
    busy: tuple[str, str] = ("AnotherOperationInProgress", "")
    """Code and text when an operation is under way on the resource or a relative of it."""
    serialised: bool = False
    """Whether one operation at a time is allowed on the resource and its children together."""
    secrets: tuple[str, ...] = ()
    """Dotted paths into the body that hold secrets: the journal has hashes instead."""
    put: Put | None = None
    delete: Take | None = None
    show: Show | None = None
    settle: Show | None = None
    actions: dict[str, Act] = field(default_factory=dict)

    def puts(self, handler: Put) -> Put:
        """Registers what checks a PUT and gives what is stored."""
        self.put = handler
        return handler

    def deletes(self, handler: Take) -> Take:
        """Registers what may refuse a DELETE, or does something more than taking away."""
        self.delete = handler
        return handler

    def shows(self, handler: Show) -> Show:
        """Registers what makes GET's answer of what is stored."""
        self.show = handler
        return handler

    def settles(self, handler: Show) -> Show:
        """Registers what is stored when a long-running PUT has ended."""
        self.settle = handler
        return handler

    def acts(self, action: str) -> Callable[[Act], Act]:
        """Registers what answers a POST."""

        def register(handler: Act) -> Act:
            self.actions[action.lower()] = handler
            return handler

        return register


TYPES: dict[str, ArmType] = {}
"""Declared types by their names in lower case."""


def declare(name: str, *, api: str, **options: Any) -> ArmType:
    """Declares a type. Options as the fields of ArmType; `name` there is `pattern` here."""
    pattern = options.pop("pattern", "")
    made = ArmType(name, api, name_pattern=pattern, **options)
    TYPES[name.lower()] = made
    return made


class Arm:
    """The resources of a subscription, for requests and for the services that keep them."""

    def __init__(self, cloud: FakeCloud, subscription: str = SUBSCRIPTION_ID) -> None:
        self.cloud = cloud
        self.subscription = subscription

    def request(
        self, method: str, identifier: str, body: Body | None = None, api: str = ""
    ) -> Body | None:
        """Answers a request: PUT, PATCH, GET, DELETE or POST. Raises ArmError.

        The answer of a PUT is the resource as it is at once; `pending` says whether it is still
        being made. A DELETE of nothing is no error and answers None.
        """
        try:
            place = canonical(ArmId.parse(identifier.rpartition("/")[0] if method == "POST"
                                          else identifier))  # fmt: skip
        except NotAnIdError as error:
            refuse(400, "InvalidResourceId", str(error))
        kind = self._type(place, api)
        with self.cloud.locked():
            self._enter(place)
            if method == "GET":
                return self._shown(place, self._existing(place))
            if method == "PUT":
                return self._shown(place, self._put(kind, place, copy.deepcopy(body or {})))
            if method == "DELETE":
                self._delete(kind, place)
                return None
            action = kind.actions.get(identifier.rpartition("/")[2].lower())
            if method != "POST" or action is None:
                refuse(404, "NotFound", f"No HTTP resource was found that matches {method}")
            thing = self._existing(place)
            return action(self, place, thing, copy.deepcopy(body or {}))

    def pending(self, identifier: str) -> bool:
        """Whether a long-running operation on a resource is under way."""
        with self.cloud.locked():
            return _UNDER_WAY in (self.find(identifier) or {})

    # What services ask.

    def find(self, identifier: "str | ArmId") -> Body | None:
        """A resource as it is stored, or None. Its operation ends if it is time."""
        place = canonical(_parsed(identifier))
        thing = self.cloud.get(place.type, _file(place))
        return self._settled(place, thing) if thing else None

    def need(
        self, identifier: "str | ArmId", status: int = 404, code: str = "", message: str = ""
    ) -> Body:
        """A resource. Raises ArmError, ResourceNotFound if nothing else is said."""
        try:
            place = canonical(_parsed(identifier))
        except NotAnIdError:
            refuse(400, "LinkedInvalidPropertyId", f"Property id '{identifier}' is invalid.")
        found = self.find(place)
        if found is None:
            refuse(status, code or "ResourceNotFound", message or _not_found(place))
        return found

    def all(self, kind: str) -> dict[str, Body]:
        """All resources of a type, by id."""
        found = [self._settled(ArmId.parse(one["id"]), one) for one in self._stored(kind)]
        return {one["id"]: one for one in found if one}

    def put(self, place: ArmId, thing: Body) -> None:
        """Stores a resource as it is."""
        place = canonical(place)
        whole = {**thing, "id": place.text, "name": place.name, "type": place.type}
        self.cloud.put(place.type, _file(place), whole)

    def remove(self, place: ArmId) -> None:
        """Takes a resource away, if it is there."""
        place = canonical(place)
        self.cloud.remove(place.type, _file(place))

    def children(self, place: ArmId) -> Iterator[ArmId]:
        """Everything under a resource or scope, the outermost first; extensions too."""
        for kind in self.cloud.kinds():
            if kind.lower() in TYPES:
                for thing in self._stored(kind):
                    inner = ArmId.parse(thing["id"])
                    if inner.within(place.text) and inner.key != place.key:
                        yield inner

    def setting(self, name: str, default: Any) -> Any:
        """A switch of the subscription, which a test may have set."""
        found = self.cloud.get(SETTINGS, name)
        return default if found is None else found["value"]

    # What Azure Resource Manager does for every type.

    def _type(self, place: ArmId, api: str) -> ArmType:
        kind = TYPES.get(place.type.lower())
        if kind is None:
            refuse(
                404,
                "InvalidResourceType",
                f"The resource type '{place.type.partition('/')[2]}' could not be found in the "
                f"namespace '{place.namespace}' for api version '{api}'.",
            )
        if api != kind.api:
            refuse(
                400,
                "NoRegisteredProviderFound",
                f"No registered resource provider found for API version '{api}' for type "
                f"'{place.type.partition('/')[2]}'. The supported api-versions are '{kind.api}'.",
            )
        return kind

    def _enter(self, place: ArmId) -> None:
        """The subscription and the resource group must be there."""
        others = self.setting("subscriptions", [])
        if place.subscription.lower() not in {self.subscription.lower(), *others}:
            refuse(
                404,
                "SubscriptionNotFound",
                f"The subscription '{place.subscription}' could not be found.",
            )
        group = place.group
        if group and place.type != GROUP and self.find(group_of(place)) is None:
            refuse(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        if place.namespace in self.setting("unregistered", []):
            refuse(
                409,
                "MissingSubscriptionRegistration",
                "The subscription is not registered to use namespace "
                f"'{place.namespace}'. See https://aka.ms/rps-not-found for how to register "
                "subscriptions.",
            )

    def _existing(self, place: ArmId) -> Body:
        found = self.find(place)
        if found is None:
            if place.type == GROUP:
                refuse(
                    404,
                    "ResourceGroupNotFound",
                    f"Resource group '{place.name}' could not be found.",
                )
            refuse(404, "ResourceNotFound", _not_found(place))
        return found

    def _put(self, kind: ArmType, place: ArmId, body: Body) -> Body:
        old = self.find(place)
        self._unlocked(place, "write")
        self._above(kind, place)
        _named(kind, place)
        if kind.located:
            body["location"] = _location(kind, place, body.get("location"), old)
        elif "location" in body:
            _strange("location")
        if kind.tagged:
            _tagged(body.get("tags") or {})
        elif "tags" in body:
            _strange("tags")
        wrong = model.violations(kind.name, body)
        if wrong:
            refuse(400, "InvalidRequestBody", f"The request body is not valid: {'; '.join(wrong)}.")
        self.not_busy(place)
        assert kind.put is not None
        thing = kind.put(self, place, body, old)
        if old and SEEDED in old:
            thing[SEEDED] = True
        if kind.slow:
            self.begin(place, thing, "Updating" if old else "Creating")
        self.put(place, thing)
        found = self.find(place)
        assert found is not None
        return found

    def _above(self, kind: ArmType, place: ArmId) -> None:
        """The parent, or what an extension hangs on, must be there."""
        parent = place.parent
        if parent is not None and self.find(parent) is None:
            refuse(
                404,
                "ParentResourceNotFound",
                f"Failed to perform 'write' on resource(s) of type "
                f"'{place.type.partition('/')[2]}', because the parent resource "
                f"'{parent.text}' could not be found.",
            )
        if kind.extension and canonical(ArmId.parse(place.scope)).type != SUBSCRIPTION:
            self.need(place.scope)

    def not_busy(self, place: ArmId) -> None:
        """Raises ArmError when an operation is under way that has to end first.

        That is one on the resource, or on a relative where they take turns.
        """
        top, kind = place, TYPES[place.type.lower()]
        while (parent := top.parent) is not None:
            top = parent
        above = TYPES.get(top.type.lower(), kind)
        others = [place, top, *self.children(top)] if above.serialised else [place]
        if any(_UNDER_WAY in (self.find(one) or {}) for one in others):
            code, text = above.busy if above.serialised else kind.busy
            refuse(
                409,
                code,
                text or "Another operation on this or dependent resource is in progress.",
            )

    def _delete(self, kind: ArmType, place: ArmId) -> None:
        thing = self.find(place)
        if thing is None:
            return
        if place.type != LOCK:
            self._unlocked(place, "delete")
        self.not_busy(place)
        if kind.delete is not None:
            kind.delete(self, place, thing)
        if (kind.slow or kind.slow_delete) and self.find(place) is not None:
            self.begin(place, thing, "Deleting")
            self.put(place, thing)
        else:
            self.take(place)

    def drop(self, place: ArmId) -> None:
        """Deletes a resource at once, if its service does not refuse. Raises ArmError."""
        thing, kind = self.find(place), TYPES[place.type.lower()]
        if thing is not None and kind.delete is not None:
            kind.delete(self, place, thing)
        self.take(place)

    def take(self, place: ArmId) -> None:
        """Takes a resource away with all that is under it, and asks nobody."""
        for inner in list(self.children(place)):
            kind = TYPES[inner.type.lower()]
            if not (kind.extension and kind.outlives):
                self.remove(inner)
        self.remove(place)

    def _unlocked(self, place: ArmId, operation: str) -> None:
        """Raises ArmError when a lock forbids the operation."""
        locked = [
            ArmId.parse(identifier).scope
            for identifier, lock in self.all(LOCK).items()
            if lock["properties"]["level"] == "ReadOnly" or operation == "delete"
        ]
        # Who deletes a scope deletes what is in it; who writes it does not.
        touched = [
            scope
            for scope in locked
            if place.within(scope) or (operation == "delete" and _parsed(scope).within(place.text))
        ]
        if touched and place.type != LOCK:
            listed = ",".join(f"'{scope}'" for scope in sorted(set(touched)))
            refuse(
                409,
                "ScopeLocked",
                f"The scope '{place.text}' cannot perform {operation} operation because following "
                f"scope(s) are locked: {listed}. Please remove the lock and try again.",
            )

    def begin(self, place: ArmId, thing: Body, what: str) -> None:
        """Marks a resource as being made, changed or deleted for the time that this takes."""
        until = time.time() + float(self.setting("slow", SLOW_SECONDS))
        thing[_UNDER_WAY] = {"what": what, "until": until}
        thing.setdefault("properties", {})["provisioningState"] = what

    def _settled(self, place: ArmId, thing: Body) -> Body | None:
        """The resource, its operation ended if it is time: None if that took it away."""
        operation = thing.get(_UNDER_WAY)
        if operation is None or operation["until"] > time.time():
            return thing
        if operation["what"] == "Deleting":
            self.take(place)
            return None
        del thing[_UNDER_WAY]
        thing["properties"]["provisioningState"] = "Succeeded"
        kind = TYPES[place.type.lower()]
        if kind.settle is not None:
            thing = kind.settle(self, place, thing)
        self.put(place, thing)
        return thing

    def _shown(self, place: ArmId, thing: Body) -> Body:
        kind = TYPES[place.type.lower()]
        whole = copy.deepcopy(thing)
        if kind.show is not None:
            whole = kind.show(self, place, whole)
        return {name: value for name, value in whole.items() if not name.startswith("_")}

    def _stored(self, kind: str) -> list[Body]:
        return list(self.cloud.all(kind).values())


LOCK = "Microsoft.Authorization/locks"


def group_of(place: ArmId) -> ArmId:
    """The id of the resource group that a resource is in."""
    return ArmId.parse(f"/subscriptions/{place.subscription}/resourceGroups/{place.group}")


def canonical(place: ArmId) -> ArmId:
    """The id as Azure writes it: the case of the type as it was declared."""
    kind = TYPES.get(place.type.lower())
    scope = re.sub(r"(?i)/resourcegroups/", "/resourceGroups/", place.scope)
    if place.type == GROUP:
        return ArmId.parse(f"{scope}/resourceGroups/{place.name}")
    if kind is None or not scope:
        return place
    namespace, *parts = kind.name.split("/")
    path = "".join(f"/{part}/{name}" for part, name in zip(parts, place.names, strict=True))
    return ArmId(f"{scope}/providers/{namespace}{path}", kind.name, place.names, scope)


def _parsed(identifier: "str | ArmId") -> ArmId:
    return identifier if isinstance(identifier, ArmId) else ArmId.parse(identifier)


def _file(place: ArmId) -> str:
    """The name under which a resource is stored: short, because files' names are."""
    inner = ":".join(place.names)
    kind = TYPES.get(place.type.lower())
    away = "" if place.subscription == SUBSCRIPTION_ID else f"{place.subscription}:"
    if kind is not None and kind.extension:
        _, _, rest = place.scope.lower().partition("/resourcegroups/")
        inner = f"{rest.replace('/providers/', ':').replace('/', ':')}::{inner}"
    elif place.type != GROUP:
        inner = f"{place.group}:{inner}"
    return f"{away}{inner}".lower()


def _not_found(place: ArmId) -> str:
    path = "/".join((place.type, *place.names)) if len(place.names) == 1 else place.text
    where = f"under resource group '{place.group}' was not found" if place.group else "not found"
    return (
        f"The Resource '{path}' {where}. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix"
    )


def _named(kind: ArmType, place: ArmId) -> None:
    if kind.name_pattern and not re.fullmatch(kind.name_pattern, place.name):
        refuse(
            400,
            "InvalidResourceName",
            f"Resource name {place.name} is invalid. The name of a {kind.name} must match "
            f"{kind.name_pattern}",
        )


def _strange(name: str) -> NoReturn:
    refuse(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: 'Could not find member "
        f"'{name}' on object of type 'ResourceDefinition'. Path '{name}'.",
    )


def _location(kind: ArmType, place: ArmId, given: Any, old: Body | None) -> str:
    """Where the resource is, as Azure writes it. Raises ArmError."""
    if not given:
        refuse(400, "LocationRequired", "The location property is required for this definition.")
    location = str(given).replace(" ", "").lower()
    fits = location == "global" if kind.located == "global" else location in REGIONS
    if not fits:
        listed = "global" if kind.located == "global" else ",".join(sorted(REGIONS))
        refuse(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{given}' is not available for resource type '{kind.name}'. "
            f"List of available regions for the resource type is '{listed}'.",
        )
    if old is not None and old["location"] != location and place.type == GROUP:
        refuse(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{given}'. The Resource group already exists in "
            f"location '{old['location']}'.",
        )
    if old is not None and old["location"] != location:
        refuse(
            409,
            "InvalidResourceLocation",
            f"The resource '{place.name}' already exists in location '{old['location']}' in "
            f"resource group '{place.group}'. A resource with the same name cannot be created in "
            f"location '{location}'. Please select a new resource name.",
        )
    return location


def _tagged(tags: Body) -> None:
    if len(tags) > 50:
        refuse(400, "InvalidTagCount", "The number of tags exceeds the maximum of 50.")
    for key, value in tags.items():
        if len(key) > 512 or re.search(r"[<>%&\\?/]", key):
            refuse(400, "InvalidTagName", f"The tag name '{key}' is invalid.")
        if not isinstance(value, str) or len(value) > 256:
            refuse(400, "InvalidTagValueLength", f"The value of the tag '{key}' is too long.")
