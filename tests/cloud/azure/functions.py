"""The provider's functions: getters ask with GET, `list*` functions with POST."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.standin.errors import ProviderError
from cloud.standin.operations import CloudError
from cloud.standin.resource import Values, Work
from cloud.standin.store import FakeCloud

from .api import AzureApi
from .configuration import Identity
from .resources import RESOURCES, AzureResource


@dataclass(frozen=True)
class Listing:
    """A function that asks for an action on a resource of a type."""

    token: str
    """Of the resource's type."""
    action: str
    body: frozenset[str] = frozenset()
    """Arguments that belong into the body."""


LISTINGS = {
    "azure-native:redisenterprise:listDatabaseKeys": Listing(
        "azure-native:redisenterprise:Database", "listKeys"
    ),
    "azure-native:redisenterprise:listRedisEnterpriseSkusForScaling": Listing(
        "azure-native:redisenterprise:RedisEnterprise", "listSkusForScaling"
    ),
    "azure-native:redis:listRedisKeys": Listing("azure-native:redis:Redis", "listKeys"),
}
"""Functions that answer with what no GET shows. Their answers are no secrets for the engine."""

GETTERS = {
    f"{token.rpartition(':')[0]}:get{token.rpartition(':')[2]}": token for token in RESOURCES
}
"""Every resource type has a getter."""

CLIENT = "azure-native:authorization:getClientConfig"


def invoke(cloud: FakeCloud, identity: Identity, token: str, arguments: Values) -> Values:
    """Answers a function. Raises ProviderError."""
    if token == CLIENT:
        _only(token, arguments, ())
        return {
            "clientId": identity.client,
            "objectId": identity.principal,
            "subscriptionId": identity.subscription,
            "tenantId": identity.tenant,
        }
    listing = LISTINGS.get(token)
    if listing is None and token not in GETTERS:
        raise ProviderError(f"Invoke type {token} not found")
    resource = RESOURCES[listing.token if listing else GETTERS[token]]
    # A getter of a child takes the same names as the resource; all of them are needed.
    _only(token, arguments, (*resource.parameters, *(listing.body if listing else ())))
    missing = [name for name in resource.parameters if name not in arguments]
    if missing:
        raise ProviderError(f"missing required property '{missing[0]}' of {token}")
    identifier = path_of(resource, identity.subscription, arguments)
    api = AzureApi(cloud, Work("invoke", token, ""), identity.subscription)
    try:
        if listing:
            body = {name: arguments[name] for name in listing.body if name in arguments}
            return _answer(api.post(identifier, listing.action, body, resource.api))
        found = api.get(identifier, resource.api)
    except CloudError as error:
        raise ProviderError(f"request failed {identifier}: {error}") from None
    if found is None:
        raise ProviderError(
            f'request failed {identifier}: Status=404 Code="ResourceNotFound" '
            f'Message="The Resource {identifier} was not found."'
        )
    return {**resource.outputs_from(found), "id": found["id"]}


def path_of(resource: AzureResource, subscription: str, inputs: Mapping[str, Any]) -> str:
    """The id that a resource with these inputs has. Raises ProviderError."""
    found = resource.path.replace("{subscriptionId}", subscription)
    for name in resource.parameters:
        value = inputs.get(name)
        if not isinstance(value, str) or not value:
            raise ProviderError(f"expected string value for path parameter '{name}'")
        if name in {"scope", "resourceUri"}:
            value = value.strip("/")
        elif "/" in value:
            raise ProviderError(f"the path parameter '{name}' has a slash in it: {value}")
        found = found.replace(f"{{{name}}}", value)
    return found


def _answer(response: Values) -> Values:
    """What a `list*` function gives: the response's own names."""
    return response


def _only(token: str, arguments: Values, known: tuple[str, ...]) -> None:
    strange = sorted(arguments.keys() - set(known))
    if strange:
        raise ProviderError(f"{token} has no argument '{strange[0]}'")
