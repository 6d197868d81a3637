"""When a rule is judged: with its resource, before that is made, or with the whole stack.

It needs nothing of the policy SDK.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from secure_redis.posture import Companion, Judgement, judgements
from secure_redis.posture.resources import COMPONENTS

from .levels import AnyRule

Document = dict[str, Any]
"""A resource as a state records it."""


def judge(documents: Iterable[Document]) -> list[Judgement]:
    """What all rules say of resources: as production's, for levels say what is for which."""
    return list(judgements(documents, environment="production", everything=True))


def needs_stack(rule: AnyRule) -> bool:
    """Whether a rule is judged when all resources of the stack are known.

    So is what is about Redis only by what refers to it, what depends on other resources, and our
    own components, which say what they made when they are finished. Other rules stop a resource
    before it is made.
    """
    if isinstance(rule, Companion) or _looks_around(rule.when):
        return True
    if rule.read and _looks_around(rule.read):
        return True
    return not all(_is_redis(one) for one in rule.all_types)


def _looks_around(function: Callable[..., Any]) -> bool:
    """Whether a condition looks at other resources: its second parameter is the stack.

    The linter sees to it that what is not used has a name with an underscore.
    """
    _, stack, *_ = inspect.signature(function).parameters
    return not stack.startswith("_")


def _is_redis(type_: str) -> bool:
    """Whether rules are about a resource of a type, whatever else is known of it and around it."""
    alone = {"type": type_, "urn": f"urn:pulumi:stack::project::{type_}::name"}
    return not type_.startswith(COMPONENTS) and bool(judge([alone]))
