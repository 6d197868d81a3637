"""secretmanager: secrets, their versions, who may read them.

Transcribed from terraform-provider-google-beta (`services/secretmanager`).
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cloud.gcp.api import ApiError, GoogleApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, ProviderError
from cloud.standin.naming import AutoName
from cloud.standin.operations import CloudError
from cloud.standin.resource import Resource, Values

from .common import COMMON, Body, GoogleResource, last, required_with, same_link_or_name
from .iam import MEMBER_RULES, IamMember

SENT = (
    "versionAliases", "versionDestroyTtl", "replication", "topics", "expireTime", "ttl", "rotation",
)  # fmt: skip
CHANGEABLE = (
    "versionAliases", "versionDestroyTtl", "topics", "expireTime", "ttl", "rotation", "replication",
)  # fmt: skip
BOTH = "replication.0.auto,replication.0.user_managed"
BASE = "https://secretmanager.googleapis.com/v1"


class Secret(GoogleResource):
    """A secret without its value."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        replication = inputs.get("replication")
        if isinstance(replication, dict):
            yield from _replication(replication)
        yield from required_with(inputs, "rotation", "topics")
        rotation = inputs.get("rotation")
        period = isinstance(rotation, dict) and rotation.get("rotationPeriod")
        if isinstance(rotation, dict) and "nextRotationTime" in rotation and period is None:
            pair = "rotation.0.next_rotation_time,rotation.0.rotation_period"
            yield Failure(
                "rotation",
                'Missing required argument. "rotation.0.next_rotation_time": all of '
                f"`{pair}` must be specified",
            )

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        """Where a secret is kept cannot change. The keys that wrap it can."""
        before, after = (old or {}).get("replication"), new.get("replication")
        if old and _places(before) != _places(after):
            yield "replication"

    def encoded(self, api: GoogleApi, inputs: Values, names: Iterable[str]) -> Body:
        body = super().encoded(api, inputs, names)
        if "userManaged" in body.get("replication", {}):
            # The provider says of the other kind of replication that it is null.
            body["replication"] = {"automatic": None, **body["replication"]}
        if inputs.get("annotations"):
            body["annotations"] = dict(inputs["annotations"])
        return body

    def dropped(self, name: str, value: Any) -> bool:
        return name != "automatic" and super().dropped(name, value)

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        silent = {
            "versionDestroyTtl": "",
            "topics": [],
            "expireTime": "",
            "ttl": state.get("ttl"),
            "tags": state.get("tags"),
        }
        found = {**silent, **super().shown(api, thing, state)}
        # The answer has the number of the project; the rotation may be none.
        notes = thing.get("annotations") or {}
        given = state.get("annotations") or {}
        if given:
            found["annotations"] = {name: notes[name] for name in given if name in notes}
        found["effectiveAnnotations"] = notes
        found["name"] = thing["name"]
        return found

    def patched(self, api: GoogleApi, identifier: str, body: Body, mask: list[str]) -> None:
        if "ttl" in mask and "expireTime" not in mask:
            body.pop("expireTime", None)
        super().patched(api, identifier, body, mask)

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        if "annotations" not in changed:
            super().update(api, identifier, old, new, changed)
            return
        names = [name for name in self.changeable if name in changed]
        body = self.encoded(api, new, self.changeable)
        mask = [self.names.get(name, name) for name in names] + ["annotations"]
        if "labels" in changed:
            body["labels"] = self.labelled(api.config, old, new.get("labels") or {})[
                "effectiveLabels"
            ]
            mask.append("labels")
        self.patched(api, identifier, body, mask)

    def unprotected(self, state: Values) -> None:
        if state.get("deletionProtection"):
            raise ProviderError(
                "cannot destroy secret manager secret without setting deletion_protection=false "
                "and running `terraform apply`"
            )


def _replication(replication: Values) -> Iterable[Failure]:
    both = [name for name in ("auto", "userManaged") if replication.get(name) is not None]
    if len(both) == 2:
        yield Failure(
            "replication.auto",
            f'Invalid combination of arguments. "replication.0.auto": only one of `{BOTH}` can be '
            f"specified, but `{BOTH}` were specified.",
        )
    if not both:
        yield Failure(
            "replication.auto",
            f'Invalid combination of arguments. "replication.0.auto": one of `{BOTH}` must be '
            "specified",
        )
    managed = replication.get("userManaged")
    if isinstance(managed, dict) and managed.get("replicas") == []:
        yield Failure(
            "replication.userManaged.replicas",
            "Not enough list items. Attribute replication.0.user_managed.0.replicas requires 1 "
            "item minimum, but config has only 0 declared.",
        )


def _places(replication: Any) -> Any:
    """Where a secret is kept, whatever its keys."""
    if not isinstance(replication, dict):
        return replication
    managed = replication.get("userManaged")
    if not isinstance(managed, dict):
        return "auto" if "auto" in replication else replication
    return [one.get("location") for one in managed.get("replicas") or []]


class SecretVersion(GoogleResource):
    """A value of a secret."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        pair = ("secretData", "secretDataWo")
        given = [name for name in pair if inputs.get(name) is not None]
        for name, text in (("secretDataWo", "secret_data_wo"), ("secretData", "secret_data")):
            if not given:
                yield Failure(
                    name,
                    f'Invalid combination of arguments. "{text}": one of '
                    "`secret_data,secret_data_wo` must be specified",
                )
            elif len(given) == 2:
                yield Failure(
                    name,
                    f'Invalid combination of arguments. "{text}": only one of '
                    "`secret_data,secret_data_wo` can be specified, but "
                    "`secret_data,secret_data_wo` were specified.",
                )
        yield from required_with(inputs, "secretDataWo", "secretDataWoVersion")
        yield from required_with(inputs, "secretDataWoVersion", "secretDataWo")

    def settled(self, config: Values, inputs: Values) -> Values:
        # The project is that of the secret, which the plan does not look at.
        return {"deletionPolicy": "DELETE", **inputs}

    def create(self, api: GoogleApi, inputs: Values) -> str:
        """Adds the value, and then says once more whether it is enabled."""
        secret = _secret(api, inputs)
        data = inputs.get("secretData") or inputs.get("secretDataWo") or ""
        if not inputs.get("isSecretDataBase64"):
            data = base64.b64encode(data.encode()).decode()
        with doing("Error creating SecretVersion"):
            payload = {"data": data} if data else {}
            made = api.send("POST", f"{BASE}/{secret}:addVersion", {"payload": payload})
        name = made["name"]
        api.work.made = name
        self._switch(api, name, enabled=inputs.get("enabled", True))
        return name

    @staticmethod
    def _switch(api: GoogleApi, name: str, *, enabled: bool) -> None:
        api.send("POST", f"{BASE}/{name}:{'enable' if enabled else 'disable'}")

    def fetched(self, api: GoogleApi, identifier: str, state: Values) -> Body | None:
        thing = super().fetched(api, identifier, state)
        return None if thing is None or thing["state"] == "DESTROYED" else thing

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        """What the cloud says of it; of what secret it is, only its id tells an import."""
        secret = state.get("secret") or identifier.partition("/versions/")[0]
        return super().read(api, identifier, {**state, "secret": secret})

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        name = thing["name"]
        enabled = thing["state"] == "ENABLED"
        return {
            "name": name,
            "version": last(name),
            "secret": _full(api, state["secret"], state),
            "enabled": enabled,
            "createTime": thing.get("createTime", ""),
            "destroyTime": thing.get("destroyTime", ""),
            "isSecretDataBase64": bool(state.get("isSecretDataBase64")),
            "project": state.get("project"),
            **self._value(api, name, state, enabled=enabled),
        }

    @staticmethod
    def _value(api: GoogleApi, name: str, state: Values, *, enabled: bool) -> Values:
        """The value as it is now; what cannot be read stays as it was."""
        if state.get("secretDataWoVersion"):
            return {"secretDataWoVersion": state["secretDataWoVersion"]}
        if not enabled:
            return {"secretData": state.get("secretData")}
        try:
            data = api.ask("GET", f"{BASE}/{name}:access")["payload"]["data"]
        except CloudError:
            return {"secretData": state.get("secretData")}
        if state.get("isSecretDataBase64"):
            return {"secretData": data}
        return {"secretData": base64.b64decode(data).decode()}

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        if "enabled" in changed:
            self._switch(api, identifier, enabled=bool(new.get("enabled")))

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        policy = state.get("deletionPolicy")
        if policy == "PREVENT":
            raise ProviderError(
                "cannot destroy SecretManagerSecretVersion without setting deletion_policy="
                '"DELETE" and running `terraform apply`'
            )
        if policy == "ABANDON":
            return
        verb = "disable" if policy == "DISABLE" else "destroy"
        try:
            api.send("POST", f"{BASE}/{identifier}:{verb}")
        except ApiError as error:
            if error.http != 404:
                raise ProviderError(
                    f"Error when reading or editing SecretVersion: {error}"
                ) from None


def _secret(api: GoogleApi, inputs: Values) -> str:
    """The secret's full name, whatever it was given by. Raises ProviderError."""
    text = inputs["secret"]
    found = re.fullmatch(r"(?:projects/([^/]+)/secrets/)?([^/]+)", text)
    if found is None:
        raise ProviderError(
            "secret does not fit any of the expected formats `projects/{{project}}/secrets/"
            f"{{{{secret}}}}` or `{{{{secret}}}}`. Got: {text}"
        )
    project = inputs.get("project")
    if found[1] and project and project != found[1]:
        raise ProviderError(
            f"project {found[1]} was supplied on the secret and {project} supplied on the config, "
            "values conflict"
        )
    return _full(api, text, inputs)


def _full(api: GoogleApi, secret: str, values: Values) -> str:
    if "/" in secret:
        return secret
    project = values.get("project") or api.config.get("project")
    return f"projects/{project}/secrets/{secret}"


class SecretMember(IamMember):
    """A member of a role on a secret."""

    def settled(self, config: Values, inputs: Values) -> Values:
        return inputs

    def create(self, api: GoogleApi, inputs: Values) -> str:
        return super().create(api, self._whole(api, inputs))

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        whole = self._whole(api, state) if state else self._told(identifier)
        found = super().read(api, identifier, whole)
        return None if found is None else {**found, "secretId": whole["secret"]}

    def _told(self, identifier: str) -> Values:
        parts = identifier.split()
        found = re.fullmatch(r"projects/([^/]+)/secrets/[^/]+", parts[0]) if parts else None
        if len(parts) != 3 or found is None:
            raise ProviderError(
                f"Wrong number of parts to Member id {parts}; expected 'resource_name role member "
                "[condition_title]'."
            )
        named = {"secret": parts[0], "secretId": parts[0], "project": found[1]}
        return {**named, "role": parts[1], "member": parts[2]}

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        super().delete(api, identifier, self._whole(api, state))

    @staticmethod
    def _whole(api: GoogleApi, values: Values) -> Values:
        """With the secret's full name and the project in it."""
        secret = _full(api, values["secretId"], values)
        return {**values, "secret": secret, "project": secret.split("/")[1]}


RESOURCES: tuple[Resource, ...] = (
    Secret(
        sdk="pulumi_gcp.secretmanager:Secret",
        what="Secret",
        long="SecretManagerSecret",
        base=BASE,
        collection="projects/{project}/secrets",
        creation={"secretId": "{secretId}"},
        identifier="projects/{project}/secrets/{secretId}",
        imports=("{project}/{secretId}", "{secretId}"),
        sent=SENT,
        changeable=CHANGEABLE,
        names={"auto": "automatic"},
        client=frozenset({"deletionProtection"}),
        slow=False,
        models=COMMON
        | frozenset(SENT)
        | {"secretId", "labels", "annotations", "deletionProtection"},
        named=AutoName("secretId", 255),
        defaults={"deletionProtection": False},
        replaces=frozenset({"secretId", "project"}),
        delete_first=True,
        rules=Rules(
            computed=frozenset({"expireTime", "project", "deletionPolicy"}),
        ),
        kept=frozenset({"deletionProtection", "ttl"}),
    ),
    SecretVersion(
        sdk="pulumi_gcp.secretmanager:SecretVersion",
        what="SecretVersion",
        long="SecretManagerSecretVersion",
        base=BASE,
        collection="",
        identifier="projects/{number}/secrets/{id}/versions/{version}",
        slow=False,
        policies=("DELETE", "DISABLE", "ABANDON", "PREVENT"),
        models=COMMON
        | {"secret", "secretData", "secretDataWo", "secretDataWoVersion", "enabled",
           "isSecretDataBase64"},
        defaults={"enabled": True},
        replaces=frozenset(
            {"secret", "secretData", "isSecretDataBase64", "secretDataWoVersion", "project"}
        ),
        rules=Rules(
            computed=frozenset({"project", "deletionPolicy"}),
            suppressed={"secret": same_link_or_name},
        ),
        kept=frozenset({"secretDataWo", "secretDataWoVersion"}),
    ),
    SecretMember(
        sdk="pulumi_gcp.secretmanager:SecretIamMember",
        base=BASE,
        on="{secret}",
        described='secretmanager secret "{secret}"',
        replaces=frozenset({"project", "secretId", "role", "member", "condition"}),
        rules=replace(
            MEMBER_RULES, suppressed={**MEMBER_RULES.suppressed, "secretId": same_link_or_name}
        ),
        models=frozenset({"project", "secretId", "role", "member", "condition"}),
    ),
)  # fmt: skip
