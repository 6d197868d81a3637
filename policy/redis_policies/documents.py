"""Resources as the engine shows them to a policy, as the documents that rules read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import (  # pyright: ignore[reportMissingImports]
    PolicyResource,
    ResourceValidationArgs,
)
from pulumi_policy.proxy import UnknownValueError  # pyright: ignore[reportMissingImports]
from secure_redis.posture import Judgement
from secure_redis.posture.resources import COMPONENTS, ENVIRONMENT_TAGS, REFERRED_BY

from .stages import Document, judge


class Run:
    """What the engine tells in one run, and what rules say of it.

    A policy over the whole stack is given what providers answered, and before a resource is made
    that does not tell "left out" from "not known yet". So it reads what was declared in its place.
    """

    def __init__(self) -> None:
        self._declared: dict[str, Document] = {}
        self._stack: tuple[int, list[Judgement]] | None = None

    def note(self, args: ResourceValidationArgs) -> None:
        """Keeps what a resource declares, for all policies that come after."""
        self._declared[args.urn] = _declared(args)
        self._stack = None

    def of_resource(self, args: ResourceValidationArgs) -> list[Judgement]:
        """What rules say of a resource that is about to be made, as far as it tells that alone."""
        around = [_declared(args)]
        # What is around it is always declared before it.
        while around[-1]["parent"] in self._declared:
            around.append(self._declared[around[-1]["parent"]])
        return [one for one in judge(around) if one.urn == args.urn]

    def of_stack(self, resources: Iterable[PolicyResource], position: int) -> list[Judgement]:
        """What rules say of all resources of a stack.

        position: of the policy that asks, in the pack. Policies are asked in their order, all about
        the same stack: one that is not behind the last is asked about another.
        """
        if self._stack is None or position <= self._stack[0]:
            found = judge(self._whole(one) for one in resources)
        else:
            found = self._stack[1]
        self._stack = position, found
        return found

    def _whole(self, resource: PolicyResource) -> Document:
        """A resource with what it declares, and what is recorded of it as far as that counts.

        Our components say in their outputs what they made. Of other resources outputs count where
        nothing was declared in this run; else they may be from before the change.
        """
        outputs = plain(resource.props)
        declared = self._declared.get(resource.urn)
        if declared and not resource.resource_type.startswith(COMPONENTS):
            # Others refer to it by these.
            outputs = {key: outputs[key] for key in REFERRED_BY if key in outputs}
        return {
            "type": resource.resource_type,
            "urn": resource.urn,
            "inputs": declared["inputs"] if declared else {},
            "outputs": outputs,
            "parent": resource.parent.urn if resource.parent else "",
            "protect": resource.opts.protect,
            "propertyDependencies": {
                key: [one.urn for one in sources]
                for key, sources in resource.property_dependencies.items()
            },
        }


def plain(value: Any) -> Any:
    """A value without the SDK's proxies: what a preview does not know is the engine's sign for it.

    The proxies raise when they are asked for such a value, which would end the whole policy.
    """
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, number) for number in range(len(value))]
    # A number of any kind arrives as a fraction.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _item(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError as unknown:
        return unknown.unknown_type_sentinel


def _declared(args: ResourceValidationArgs) -> Document:
    inputs = plain(args.props)
    return {
        "type": args.resource_type,
        "urn": args.urn,
        "inputs": {key: _without_environment(value) for key, value in inputs.items()},
        "parent": args.opts.parent or "",
        "protect": args.opts.protect,
    }


def _without_environment(value: Any) -> Any:
    """Tags or labels without those by which a program says that it is not production."""
    if isinstance(value, Mapping):
        return {key: one for key, one in value.items() if key not in ENVIRONMENT_TAGS}
    if isinstance(value, list):  # Docker's labels are a list
        return [one for one in value if _label(one) not in ENVIRONMENT_TAGS]
    return value


def _label(entry: Any) -> Any:
    return entry.get("label") if isinstance(entry, Mapping) else None
