"""How settings are read: strict types, unknown keys refused, all mistakes found in one pass."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import date
from ipaddress import ip_network
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pulumi import Output
from pydantic import (
    AfterValidator,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from .problems import Problem


class Settings(BaseModel):
    """Base of all settings: frozen, camelCase in configuration, unknown keys refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_camel, serialization_alias=to_camel),
        arbitrary_types_allowed=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    ABSENT: ClassVar[Mapping[str, str]] = {}
    """Keys that other tools have and this one has not, with the reason."""


def _whole(value: Any) -> Any:
    # Pulumi's wire knows one kind of number: an int arrives as 3.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Flag = Annotated[bool, Field(strict=True)]


def _decimal(value: Any) -> Any:
    # `pulumi config set --path` writes 1 as a number, but 0.5 as text.
    return float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value


_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")

Number = Annotated[float, Field(strict=True), BeforeValidator(_decimal)]
Whole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
Text = Annotated[str, Field(strict=True, min_length=1)]


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise ValueError("must be a network such as 10.20.0.0/16") from None
    return value


def _plain_day(value: Any) -> Any:
    # YAML takes 2027-03-31 without quotes for a moment; the engine hands it on as Go prints it.
    return value.removesuffix(" 00:00:00 +0000 UTC") if isinstance(value, str) else value


def _day(value: str) -> str:
    try:
        date.fromisoformat(value if _DAY.fullmatch(value) else "")
    except ValueError:
        raise ValueError("must be a day such as 2027-03-31") from None
    return value


_DAY = re.compile(r"\d{4}-\d\d-\d\d")

HostName = Annotated[str, Field(strict=True, max_length=253, pattern=r"^[A-Za-z0-9_.:*-]+$")]
"""A DNS name (a wildcard too) or an IP address."""
Cidr = Annotated[str, Field(strict=True), AfterValidator(_network)]
"""A network in CIDR notation, IPv4 or IPv6, with no bits set behind its prefix."""
Day = Annotated[str, Field(strict=True), BeforeValidator(_plain_day), AfterValidator(_day)]
"""A day of the calendar, such as 2027-03-31."""
WiredText = Text | Output[str]
"""A text that another resource may provide; an Output is not validated before it is known."""

Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], raw: Any, path: str) -> tuple[Model | None, list[Problem]]:
    """Reads `raw` into `model`: the settings, None where nothing usable is left, and all problems.

    Whatever is wrong is taken out and the rest read again, so that rules can judge the rest too.
    """
    data = deepcopy_plain(raw)
    problems: dict[str, Problem] = {}
    while True:
        try:
            return model.model_validate(data), list(problems.values())
        except ValidationError as error:  # noqa: PERF203 - once for each layer of mistakes
            found = [e for e in error.errors() if e["type"] != "default_factory_not_called"]
            for detail in found:
                problem = _problem(model, path, detail)
                # What was taken out as wrong is not missing as well.
                if not covered(problem.path, problems):
                    problems[problem.path] = problem
            removed = [_remove(data, _misread(detail)) for detail in found]
            if not any(removed):
                return None, list(problems.values())


def deepcopy_plain(value: Any) -> Any:
    """Copies dictionaries and lists; everything else, Outputs among it, is passed on."""
    if isinstance(value, Mapping):
        return {key: deepcopy_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [deepcopy_plain(item) for item in value]
    return value if isinstance(value, Output) else deepcopy(value)


def suggestion(word: str, known: list[str]) -> str:
    """`Did you mean ...?`, or the list of what is known where nothing comes near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known))}."


def covered(path: str, complained: Iterable[str]) -> bool:
    """Whether a problem at `path` may only follow from one at it or below it in `complained`."""
    return any(other == path or other.startswith(f"{path}.") for other in complained)


def join(path: str, *keys: int | str) -> str:
    """The path of a key below `path`, as it is written in the stack file."""
    return ".".join(str(part) for part in (path, *keys) if part != "")


def _location(detail: ErrorDetails) -> tuple[int | str, ...]:
    """Where the mistake is, without Pydantic's marks of union members and mapping keys."""
    return tuple(part for part in detail["loc"] if part not in _MARKS)


def _misread(detail: ErrorDetails) -> tuple[int | str, ...]:
    """What to take out: what is wrong, or what cannot be without the value that is missing."""
    location = _location(detail)
    return location[:-1] if detail["type"] == "missing" else location


def _remove(data: Any, location: tuple[int | str, ...]) -> bool:
    for depth, key in enumerate(location):
        if not isinstance(data, dict) or key not in data:
            return False
        if depth == len(location) - 1 or not isinstance(data[key], dict):
            del data[key]
            return True
        data = data[key]
    return False


def _problem(model: type[BaseModel], path: str, detail: ErrorDetails) -> Problem:
    location = tuple(str(part) for part in _location(detail))
    where = join(path, *location)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(where, _owner(model, location[:-1]), location[-1])
    if kind == "missing":
        return Problem(where, "is required", "Set it.")
    if kind == "enum":
        expected = str(context["expected"]).replace("'", "")
        return Problem(where, f"must be one of {expected}", "Choose one of them.")
    if kind in _EMPTY:
        return Problem(where, _EMPTY[kind], "Give it a value.")
    if kind in _TYPES:
        given = type(detail["input"]).__name__
        return Problem(
            where,
            f"must be {_TYPES[kind]}, not {_GIVEN.get(given, given)}",
            "Write it without quotes." if given == "str" else "Correct its type.",
        )
    reason = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return Problem(where, reason[0].lower() + reason[1:], "Correct the value.")


def _unknown(where: str, owner: type[BaseModel], key: str) -> Problem:
    absent = getattr(owner, "ABSENT", {}).get(key)
    if absent:
        return Problem(where, absent, "Remove it.")
    known = [to_camel(name) for name in owner.model_fields]
    return Problem(where, "unknown key", suggestion(key, known))


_MARKS = {"[key]", "constrained-str", "is-instance[Output]"}

_EMPTY = {"string_too_short": "is empty", "too_short": "is empty"}

_TYPES = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "text",
}

_GIVEN = {
    "NoneType": "nothing",
    "bool": "true or false",
    "dict": "a mapping",
    "float": "a fraction",
    "int": "a number",
    "list": "a list",
    "str": "text",
}


def _owner(model: type[BaseModel], location: tuple[str, ...]) -> type[BaseModel]:
    """The model at `location` in `model`."""
    for key in location:
        field = next((f for name, f in model.model_fields.items() if to_camel(name) == key), None)
        # No field: a name that the user chose, in a mapping of models.
        model = next(_models(field.annotation), model) if field else model
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that `annotation` is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
