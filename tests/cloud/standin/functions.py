"""A function of a provider that a bridge makes: what it takes and who answers it."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .resource import Values
from .schema import Field, Shape


@dataclass(frozen=True)
class Function:
    """A function of the provider."""

    sdk: str
    """The SDK's function, as `module:name`."""
    answer: Callable[[Any, Values], Values]
    """Gives the answer, asked with the cloud at hand and the arguments."""

    @property
    def arguments(self) -> Mapping[str, Field]:
        """What it takes, by name on the wire. All of it is optional."""
        module, name = self.sdk.split(":")
        function = getattr(importlib.import_module(module), name)
        names = [one for one in inspect.signature(function).parameters if one != "opts"]
        return {_camel(one): Field(Shape("any"), required=False) for one in names}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
