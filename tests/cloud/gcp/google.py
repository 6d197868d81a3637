"""A fake Google Cloud: REST services over objects on disk, as they answer at their own addresses.

A service declares itself and answers requests; everything that Google's services do alike is here:
addresses, projects that exist and have the API enabled, bodies held against Google's own documents,
long-running operations, access policies. How a service is written::

    REDIS = declare(
        "redis.googleapis.com", "v1", api="redis.v1", title="Google Cloud Memorystore for Redis API"
    )
    INSTANCE = "redis.googleapis.com/Instance"  # kind of its objects on disk


    @REDIS.answers(
        "POST",
        "projects/{project}/locations/{location}/instances",
        body="Instance",
        query=("instanceId",),
    )
    def create(google: Google, call: Call) -> Body:
        name = f"{call.parent}/instances/{call.query['instanceId']}"
        refuse("ALREADY_EXISTS", f"Resource '{name}' already exists")  # raises GoogleError
        google.put(INSTANCE, name, {**call.body, "name": name, "state": "CREATING"})
        return google.begin(call, name, "created")  # a long-running operation


    @REDIS.finishes("created")  # when its time has come
    def created(
        google: Google, target: str, parameters: Body
    ) -> Body: ...  # may refuse: the operation then fails

Paths are those behind the version. `{project}` is always the project's id when the handler gets it,
whether the request names it by id or number. Handlers hold the lock of the cloud. Objects are kept
by their full relative names (`projects/p/locations/r/instances/n`), compute's too
(`projects/p/global/networks/n`).
"""

import copy
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from cloud.standin.store import FakeCloud, Thing

from . import model

Body = dict[str, Any]
"""A JSON object of an interface."""

Handler = Callable[["Google", "Call"], Body]
Finisher = Callable[["Google", str, Body], Body]

CODES = {
    "INVALID_ARGUMENT": (400, 3), "NOT_FOUND": (404, 5), "ALREADY_EXISTS": (409, 6),
    "PERMISSION_DENIED": (403, 7), "RESOURCE_EXHAUSTED": (429, 8), "FAILED_PRECONDITION": (400, 9),
    "ABORTED": (409, 10), "OUT_OF_RANGE": (400, 11), "UNIMPLEMENTED": (501, 12),
    "INTERNAL": (500, 13), "UNAVAILABLE": (503, 14), "UNAUTHENTICATED": (401, 16),
}  # fmt: skip
"""HTTP status and number of every canonical code."""

OPERATION = "operations"
POLICY = "iam.Policy"
SETTING = "settings"
PROJECT = "cloudresourcemanager.googleapis.com/Project"
SEEDED = "seeded"
"""Of an object that somebody else made before the test began."""

SLOW_SECONDS = 0.03
"""How long a long-running operation takes where no setting says otherwise."""


class GoogleError(Exception):
    """A request that Google refuses, or an operation that fails."""

    def __init__(
        self, status: str, message: str, *, reason: str = "", details: Iterable[Body] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.details = list(details)

    @property
    def http(self) -> int:
        """The HTTP status."""
        return CODES[self.status][0]

    @property
    def code(self) -> int:
        """The number in an operation's error."""
        return CODES[self.status][1]

    @property
    def body(self) -> Body:
        """The answer's body."""
        error: Body = {"code": self.http, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        if self.reason:
            error["errors"] = [{"message": self.message, "domain": "global", "reason": self.reason}]
        return {"error": error}


def refuse(status: str, message: str, **more: Any) -> NoReturn:
    """Refuses the request with a canonical code (as INVALID_ARGUMENT) and a text.

    `reason` (as `invalid`) goes into the list that compute's errors have, `details` as it is.
    """
    raise GoogleError(status, message, **more)


@dataclass
class Call:
    """A request, as a handler gets it."""

    service: "Service"
    method: str
    path: str
    """Behind the version, project by id, without a verb: `projects/p/locations/r/instances/n`."""
    values: dict[str, str]
    """What stands for the names in the route's path."""
    query: dict[str, str]
    body: Body
    mask: list[str]
    """The fields of `updateMask`, in camelCase."""

    @property
    def project(self) -> str:
        """Id of the project in the path; of no project, the empty text."""
        return self.values.get("project", "")

    @property
    def parent(self) -> str:
        """The path without its last part."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class Route:
    """One kind of request that a service answers."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    body: str
    query: tuple[str, ...]
    secrets: tuple[str, ...]
    free: bool
    """Whether it is answered although the service is not enabled in the project."""


@dataclass
class Service:
    """A service of Google's, at its own address."""

    host: str
    version: str
    api: str
    title: str
    also: tuple[str, ...] = ()
    routes: list[Route] = field(default_factory=list)
    finishers: dict[str, Finisher] = field(default_factory=dict)

    def answers(
        self,
        method: str,
        template: str,
        *,
        body: str = "",
        query: tuple[str, ...] = (),
        secrets: tuple[str, ...] = (),
        free: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Registers what answers a request.

        Args:
            method: GET, POST, PATCH, PUT or DELETE.
            template: the path behind the version, as in Google's documents.
            body: the schema of the body in the service's document; none: no body is taken.
            query: names of parameters that are taken besides those of every service.
            secrets: dotted paths into the body that hold secrets; the journal has hashes.
            free: answered although the service is not enabled.
        """

        def register(handler: Handler) -> Handler:
            self.routes.append(
                Route(method, template, _pattern(template), handler, body, query, secrets, free)
            )
            return handler

        return register

    def finishes(self, name: str) -> Callable[[Finisher], Finisher]:
        """Registers what happens when an operation of this name ends; it gives the response."""

        def register(finisher: Finisher) -> Finisher:
            self.finishers[name] = finisher
            return finisher

        return register

    @property
    def is_compute(self) -> bool:
        """Whether operations and errors have Compute Engine's form."""
        return self.host == "compute.googleapis.com"


SERVICES: dict[str, Service] = {}
"""Declared services by their hosts."""


def declare(
    host: str, version: str, *, api: str, title: str, also: tuple[str, ...] = ()
) -> Service:
    """Declares a service.

    Args:
        host: its address, as redis.googleapis.com.
        version: what paths begin with: v1, compute/v1.
        api: its document as model.py knows it: redis.v1, or proto:google.cloud.memorystore_v1.
        title: its name, as told when it is not enabled.
        also: other versions under which the same is answered.
    """
    SERVICES[host] = Service(host, version, api, title, also)
    return SERVICES[host]


_EVERYWHERE = {
    "alt", "prettyPrint", "fields", "key", "quotaUser", "userIp", "$alt", "$prettyPrint",
    "requestId", "$.xgafv", "upload_protocol", "updateMask",
}  # fmt: skip


class Google:
    """The services over one fake cloud."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud

    def request(
        self,
        method: str,
        url: str,
        body: Body | None = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Body]:
        """Answers a request at a full address: status and body, errors included."""
        try:
            return 200, self.ask(method, url, body, query)
        except GoogleError as error:
            return error.http, error.body

    def ask(
        self,
        method: str,
        url: str,
        body: Body | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Body:
        """Answers a request. Raises GoogleError."""
        parts = urlsplit(url)
        service, path = self._service(parts.netloc, parts.path)
        given = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **(query or {})}
        with self.cloud.locked():
            self.settle()
            if method == "GET" and (found := self._operation(service, path)):
                return found
            route, values = _route(service, method, path)
            self._enter(service, route, values)
            _parameters(route, given)
            mask = _mask(given.get("updateMask", ""))
            if body and not route.body:
                refuse("INVALID_ARGUMENT", f"The request to {path} takes no body.")
            sent = copy.deepcopy(body or {})
            if route.body and method == "PATCH":
                sent = model.settable(service.api, route.body, sent)
            if route.body:
                wrong = model.violations(service.api, route.body, sent, mask)
                if wrong:
                    refuse("INVALID_ARGUMENT", "\n".join(wrong), reason=_invalid(service))
            place = _filled(route.template, values).partition(":")[0]
            call = Call(service, method, place, values, given, _said(sent), mask)
            return copy.deepcopy(route.handler(self, call))

    # What services ask.

    def find(self, kind: str, name: str) -> Thing | None:
        """An object by its kind and full name, or None."""
        return self.cloud.get(kind, name)

    def need(self, kind: str, name: str, message: str = "") -> Thing:
        """An object. Raises GoogleError, NOT_FOUND."""
        found = self.cloud.get(kind, name)
        if found is None:
            refuse("NOT_FOUND", message or f"Resource '{name}' was not found")
        return found

    def put(self, kind: str, name: str, thing: Thing) -> Thing:
        """Stores an object as it is; what was there before the test stays so marked."""
        old = self.cloud.get(kind, name)
        whole = {**thing, SEEDED: True} if old and old.get(SEEDED) else thing
        self.cloud.put(kind, name, whole)
        return whole

    def remove(self, kind: str, name: str) -> None:
        """Takes an object away, with the policy on it."""
        self.cloud.remove(kind, name)
        self.cloud.remove(POLICY, name)

    def all(self, kind: str, under: str = "") -> dict[str, Thing]:
        """All objects of a kind by full name; those under a name, if one is given."""
        found = self.cloud.all(kind)
        return {name: one for name, one in found.items() if name.startswith(under)}

    def setting(self, name: str, default: Any) -> Any:
        """A switch of the fake cloud, which a test may have set."""
        found = self.cloud.get(SETTING, name)
        return default if found is None else found["value"]

    def project(self, name: str) -> Thing:
        """A project by id or number (with or without `projects/`). Raises GoogleError."""
        key = name.removeprefix("projects/")
        found = self.cloud.get(PROJECT, key)
        if found is None and key.isdigit():
            known = self.cloud.all(PROJECT).values()
            found = next((one for one in known if one["projectNumber"] == key), None)
        if found is None:
            refuse(
                "PERMISSION_DENIED",
                f"Permission denied on resource project {key}.",
                details=[_info("CONSUMER_INVALID", consumer=f"projects/{key}")],
            )
        return found

    def begin(
        self, call: Call, target: str, finish: str, *, verb: str = "", **parameters: Any
    ) -> Body:
        """Begins a long-running operation on an object and gives it as it is answered.

        When its time has come (`slow`, a setting in seconds) the service's finisher of that name
        runs and gives the response; what it refuses is the operation's error.
        """
        name = f"operation-{self.cloud.count('operations')}-{secrets.token_hex(4)}"
        place = "/".join(target.split("/")[: 3 if target.split("/")[2:3] == ["global"] else 4])
        now = time.time()
        stored = {
            "service": call.service.host,
            "place": place,
            "id": name,
            "target": target,
            "finish": finish,
            "verb": verb or {"POST": "create", "DELETE": "delete"}.get(call.method, "update"),
            "parameters": parameters,
            "since": now,
            "until": now + float(self.setting("slow", SLOW_SECONDS)),
            "done": False,
        }
        self.cloud.put(OPERATION, name, stored)
        return _shown(call.service, stored)

    def busy(self, target: str, host: str = "", verb: str = "") -> bool:
        """Whether an operation on an object is under way: any, or one of a service, of a kind."""
        return any(
            one["target"] == target
            and not one["done"]
            and host in {"", one["service"]}
            and verb in {"", one["verb"]}
            for one in self.cloud.all(OPERATION).values()
        )

    def settle(self) -> None:
        """Ends the operations whose time has come."""
        now = time.time()
        waiting = [one for one in self.cloud.all(OPERATION).values() if not one["done"]]
        for one in sorted(waiting, key=lambda one: one["until"]):
            if one["until"] > now:
                continue
            service = SERVICES[one["service"]]
            ended = {**one, "done": True}
            try:
                finish = service.finishers[one["finish"]]
                ended["response"] = finish(self, one["target"], one["parameters"])
            except GoogleError as error:
                ended["error"] = {
                    "code": error.code,
                    "message": error.message,
                    "http": error.http,
                    "reason": error.reason or error.status,
                }
            self.cloud.put(OPERATION, one["id"], ended)

    # What Google does for every service.

    @staticmethod
    def _service(host: str, path: str) -> tuple[Service, str]:
        service = SERVICES.get(host)
        rest = unquote(path.lstrip("/"))
        if service:
            for version in (service.version, *service.also):
                if rest.startswith(f"{version}/"):
                    return service, rest.removeprefix(f"{version}/")
        refuse("NOT_FOUND", f"The requested URL /{rest} was not found on this server.")

    def _operation(self, service: Service, path: str) -> Body | None:
        """The operation that a path names."""
        before, _, name = path.rpartition("/")
        if not before.endswith("operations"):
            return None
        found = self.cloud.get(OPERATION, name)
        if found is None or found["service"] != service.host:
            refuse("NOT_FOUND", f"Operation '{path}' was not found")
        return _shown(service, found)

    def _enter(self, service: Service, route: Route, values: dict[str, str]) -> None:
        """The project must be there and have the service enabled."""
        if "project" not in values:
            return
        project = self.project(values["project"])
        values["project"] = project["projectId"]
        if not route.free:
            self.enabled(service.host, project)

    def enabled(self, host: str, project: Thing) -> None:
        """Refuses where a project has not enabled a service."""
        if host in project["services"]:
            return
        number = project["projectNumber"]
        title = SERVICES[host].title if host in SERVICES else host
        address = f"https://console.developers.google.com/apis/api/{host}/overview?project={number}"
        refuse(
            "PERMISSION_DENIED",
            f"{title} has not been used in project {number} before or it is disabled. Enable it "
            f"by visiting {address} then retry. If you enabled this API recently, wait a few "
            "minutes for the action to propagate to our systems and retry.",
            reason="accessNotConfigured" if host == "compute.googleapis.com" else "",
            details=[
                _info(
                    "SERVICE_DISABLED",
                    consumer=f"projects/{number}",
                    service=host,
                    serviceTitle=title,
                    activationUrl=address,
                )
            ],
        )


def secrets_of(url: str, method: str) -> tuple[str, ...]:
    """The paths into the body of a request that hold secrets."""
    parts = urlsplit(url)
    service = SERVICES.get(parts.netloc)
    if service is None:
        return ()
    try:
        _, path = Google._service(parts.netloc, parts.path)
        return _route(service, method, path)[0].secrets
    except GoogleError:
        return ()


def template_of(url: str, method: str) -> str:
    """A request as the journal names it: service and path with names in the place of values."""
    parts = urlsplit(url)
    try:
        service, path = Google._service(parts.netloc, parts.path)
        return (
            f"{method} {service.host.partition('.')[0]} {_route(service, method, path)[0].template}"
        )
    except GoogleError:
        return f"{method} {parts.netloc}{parts.path}"


def _info(reason: str, **metadata: str) -> Body:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def _invalid(service: Service) -> str:
    return "invalid" if service.is_compute else ""


def _pattern(template: str) -> re.Pattern[str]:
    """A route's path as an expression: a name takes one part, `{name=**}` any number."""
    text = ""
    for part in re.split(r"(\{[^}]*\})", template):
        if part.startswith("{"):
            name, _, several = part[1:-1].partition("=")
            text += f"(?P<{name}>{'.+?' if several else '[^/:]+'})"
        else:
            text += re.escape(part)
    return re.compile(text)


def _route(service: Service, method: str, path: str) -> tuple[Route, dict[str, str]]:
    for route in service.routes:
        found = route.pattern.fullmatch(path)
        if found and route.method == method:
            return route, found.groupdict()
    refuse("NOT_FOUND", f"Method not found: {method} {service.host}/{service.version}/{path}")


def _filled(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)(=[^}]*)?\}", lambda found: values[found.group(1)], template)


def _said(value: Any) -> Any:
    """A body without its nulls, which say nothing."""
    if isinstance(value, dict):
        return {name: _said(item) for name, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


def _parameters(route: Route, given: Mapping[str, str]) -> None:
    for name in given:
        if name not in route.query and name not in _EVERYWHERE:
            refuse(
                "INVALID_ARGUMENT",
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query '
                "parameter. Field "
                f"'{name}' could not be found in request message.",
            )


def _mask(text: str) -> list[str]:
    """The fields of a mask in camelCase."""
    return [
        re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), one)
        for one in text.split(",")
        if one
    ]


def _shown(service: Service, stored: Thing) -> Body:
    """An operation as its service answers it."""
    if service.is_compute:
        return _shown_by_compute(stored)
    name = f"{stored['place']}/operations/{stored['id']}"
    if service.host in {"servicenetworking.googleapis.com", "serviceusage.googleapis.com"}:
        name = f"operations/{stored['id']}"
    shown: Body = {
        "name": name,
        "metadata": {"target": stored["target"], "verb": stored["verb"]},
        "done": stored["done"],
    }
    if "error" in stored:
        shown["error"] = {"code": stored["error"]["code"], "message": stored["error"]["message"]}
    elif stored["done"]:
        shown["response"] = stored["response"]
    return json.loads(json.dumps(shown))


def _shown_by_compute(stored: Thing) -> Body:
    root = "https://www.googleapis.com/compute/v1"
    shown: Body = {
        "kind": "compute#operation",
        "id": str(int(stored["since"] * 1000000)),
        "name": stored["id"],
        "operationType": {"create": "insert", "update": "patch"}.get(
            stored["verb"], stored["verb"]
        ),
        "targetLink": f"{root}/{stored['target']}",
        "status": "DONE" if stored["done"] else "RUNNING",
        "progress": 100 if stored["done"] else 0,
        "selfLink": f"{root}/{stored['place']}/operations/{stored['id']}",
    }
    parts = stored["place"].split("/")
    if parts[2:3] == ["regions"]:
        shown["region"] = f"{root}/{stored['place']}"
    if "error" in stored:
        shown["error"] = {
            "errors": [{"code": stored["error"]["reason"], "message": stored["error"]["message"]}]
        }
        shown["httpErrorStatusCode"] = stored["error"]["http"]
        shown["httpErrorMessage"] = stored["error"]["message"]
    return shown
