"""The resources of the `random` package as the protocol takes them."""

import base64
import binascii
import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime

from toolchain.providers.local_providers.properties import (
    UNKNOWN,
    Failure,
    Kind,
    Plain,
    Property,
    Values,
)
from toolchain.providers.local_providers.protocol import Made, ProviderError, Resource

from . import generate

NEEDS_OFFICIAL_PLUGIN = ("random:index/randomPet:RandomPet",)
"""RandomPet draws from the word lists of one library; other words would be other names."""

FUNCTIONS = ()

INT64 = 2**63 - 1


def _keepers_replace(old: Plain, new: Plain) -> bool:
    """No keepers and empty keepers are alike."""
    return bool(old) or bool(new)


KEEPERS = Property("keepers", Kind.STRING_MAP, replaces=_keepers_replace, always_output=False)


def _output(name: str, kind: Kind = Kind.STRING, secret: bool = False) -> Property:
    return Property(name, kind, is_input=False, secret=secret)


def _count(name: str) -> Property:
    return Property(name, Kind.INTEGER, default=0, minimum=0)


# --- RandomPassword and RandomString


def _override_replaces(old: Plain, new: Plain) -> bool:
    """Dropping an empty override changes nothing; everything else does."""
    return not (old == "" and new is None)


def _text_properties(secret: bool) -> tuple[Property, ...]:
    classes = ("special", "upper", "lower")
    return (
        KEEPERS,
        Property("length", Kind.INTEGER, required=True, minimum=1),
        *(Property(name, Kind.BOOLEAN, default=True) for name in classes),
        # `number` is the old name of `numeric`: whichever is set gives the other its value.
        Property("number", Kind.BOOLEAN),
        Property("numeric", Kind.BOOLEAN),
        _count("minNumeric"),
        _count("minUpper"),
        _count("minLower"),
        _count("minSpecial"),
        Property(
            "overrideSpecial",
            Kind.STRING,
            replaces=_override_replaces,
            reveals=("result",),
            always_output=False,
        ),
        _output("result", secret=secret),
        *((_output("bcryptHash", secret=True),) if secret else ()),
    )


def _complete_text(inputs: Values) -> Values:
    numeric = inputs.get("numeric", inputs.get("number", True))
    return {**inputs, "number": inputs.get("number", numeric), "numeric": numeric}


def _validate_text(inputs: Values) -> Iterator[Failure]:
    minimums = [inputs[name] for name in ("minNumeric", "minUpper", "minLower", "minSpecial")]
    length = inputs["length"]
    if length is not UNKNOWN and UNKNOWN not in minimums and length < sum(minimums):
        yield Failure("length", "must be at least minNumeric + minUpper + minLower + minSpecial")
    number, numeric = inputs["number"], inputs["numeric"]
    if UNKNOWN not in (number, numeric) and number != numeric:
        yield Failure("number", "must not differ from numeric; number is deprecated, use numeric")
    if all(inputs[name] is False for name in ("numeric", "special", "upper", "lower")):
        yield Failure("numeric", "must be true, or special, upper or lower")


def _rules(inputs: Values) -> generate.TextRules:
    return generate.TextRules(
        length=inputs["length"],
        lower=inputs["lower"],
        upper=inputs["upper"],
        numeric=inputs["numeric"],
        special=inputs["special"],
        min_lower=inputs["minLower"],
        min_upper=inputs["minUpper"],
        min_numeric=inputs["minNumeric"],
        min_special=inputs["minSpecial"],
        override_special=inputs.get("overrideSpecial", ""),
    )


def _make_password(inputs: Values, _now: datetime) -> Made:
    result = generate.text(_rules(inputs))
    return Made("none", {"result": result, "bcryptHash": generate.bcrypt_hash(result)})


def _make_string(inputs: Values, _now: datetime) -> Made:
    result = generate.text(_rules(inputs))
    return Made(result, {"result": result})


def _imported_text(value: str) -> Values:
    """The inputs that would have made an existing text, as the official plugin guesses them."""
    return {
        **dict.fromkeys(("special", "upper", "lower", "number", "numeric"), True),
        **dict.fromkeys(("minNumeric", "minUpper", "minLower", "minSpecial"), 0),
        "length": len(value.encode()),
        "result": value,
    }


def _import_password(value: str) -> Made:
    return Made("none", {**_imported_text(value), "bcryptHash": generate.bcrypt_hash(value)})


def _import_string(value: str) -> Made:
    return Made(value, _imported_text(value))


# --- RandomId and RandomBytes


def _make_id(inputs: Values, _now: datetime) -> Made:
    forms = generate.identifier(secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix", ""))
    return Made(forms.pop("id"), dict(forms))


def _import_id(value: str) -> Made:
    """From `[prefix,]base64url`."""
    prefix, _, encoded = value.rpartition(",")
    try:
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ProviderError("RandomId is imported from [prefix,]base64url") from None
    forms = generate.identifier(data, prefix)
    values: Values = {**forms, "byteLength": len(data)}
    if prefix:
        values["prefix"] = prefix
    return Made(values.pop("id"), values)


def _bytes_outputs(data: bytes) -> Values:
    return {"base64": base64.b64encode(data).decode(), "hex": data.hex()}


def _make_bytes(inputs: Values, _now: datetime) -> Made:
    # The id of the official plugin's resource is the value itself, in plain text: ids cannot be
    # secret.
    outputs = _bytes_outputs(secrets.token_bytes(inputs["length"]))
    return Made(outputs["base64"], outputs)


def _import_bytes(value: str) -> Made:
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ProviderError("RandomBytes is imported from standard base64") from None
    return Made(value, {**_bytes_outputs(data), "length": len(data)})


# --- RandomInteger and RandomShuffle


def _seed_needs_official(inputs: Values) -> str | None:
    """A seed promises the official generator's own sequence, which is not rebuilt here."""
    return "a random resource with a seed" if inputs.get("seed") else None


SEED = Property("seed", Kind.STRING, always_output=False)


def _validate_range(inputs: Values) -> Iterator[Failure]:
    low, high = inputs["min"], inputs["max"]
    if low is not UNKNOWN and high is not UNKNOWN and low > high:
        yield Failure("min", "must not be greater than max")


def _make_integer(inputs: Values, _now: datetime) -> Made:
    result = generate.integer(inputs["min"], inputs["max"])
    return Made(str(result), {"result": result})


def _import_integer(value: str) -> Made:
    """From `result,min,max[,seed]`."""
    parts = value.split(",")
    try:
        result, low, high = (int(part) for part in parts[:3])
        seed = parts[3:]
    except ValueError:
        raise ProviderError("RandomInteger is imported from result,min,max[,seed]") from None
    values: Values = {"result": result, "min": low, "max": high}
    if seed:
        values["seed"] = ",".join(seed)
    return Made(parts[0], values)


def _make_shuffle(inputs: Values, _now: datetime) -> Made:
    return Made("-", {"results": generate.shuffled(inputs["inputs"], inputs.get("resultCount"))})


# --- RandomUuid and its versions


def _uuid_maker(make: Callable[[], str]) -> Callable[[Values, datetime], Made]:
    def made(_inputs: Values, _now: datetime) -> Made:
        value = make()
        return Made(value, {"result": value})

    return made


def _import_uuid(value: str) -> Made:
    try:
        parsed = str(uuid.UUID(value))
    except ValueError:
        raise ProviderError("a UUID is imported from its 8-4-4-4-12 form") from None
    return Made(parsed, {"result": parsed})


def _uuid_resource(name: str, make: Callable[[], str]) -> Resource:
    return Resource(
        f"random:index/random{name}:Random{name}",
        properties=(KEEPERS, _output("result")),
        make=_uuid_maker(make),
        import_id=_import_uuid,
    )


RESOURCES = (
    Resource(
        "random:index/randomPassword:RandomPassword",
        properties=_text_properties(secret=True),
        make=_make_password,
        validate=_validate_text,
        complete=_complete_text,
        import_id=_import_password,
        schema_version=3,
    ),
    Resource(
        "random:index/randomString:RandomString",
        properties=_text_properties(secret=False),
        make=_make_string,
        validate=_validate_text,
        complete=_complete_text,
        import_id=_import_string,
        schema_version=2,
    ),
    Resource(
        "random:index/randomId:RandomId",
        properties=(
            KEEPERS,
            Property("byteLength", Kind.INTEGER, required=True, minimum=1),
            Property(
                "prefix",
                Kind.STRING,
                reveals=("b64Url", "b64Std", "hex", "dec"),
                always_output=False,
            ),
            *(_output(name) for name in ("b64Url", "b64Std", "hex", "dec")),
        ),
        make=_make_id,
        import_id=_import_id,
    ),
    Resource(
        "random:index/randomBytes:RandomBytes",
        properties=(
            Property("keepers", Kind.STRING_MAP, always_output=False),
            Property("length", Kind.INTEGER, required=True, minimum=1),
            _output("base64", secret=True),
            _output("hex", secret=True),
        ),
        make=_make_bytes,
        import_id=_import_bytes,
        id_is_output=False,
    ),
    Resource(
        "random:index/randomInteger:RandomInteger",
        properties=(
            KEEPERS,
            Property("min", Kind.INTEGER, required=True, minimum=-INT64, maximum=INT64),
            Property("max", Kind.INTEGER, required=True, minimum=-INT64, maximum=INT64),
            SEED,
            _output("result", Kind.INTEGER),
        ),
        make=_make_integer,
        validate=_validate_range,
        needs_official=_seed_needs_official,
        import_id=_import_integer,
    ),
    Resource(
        "random:index/randomShuffle:RandomShuffle",
        properties=(
            KEEPERS,
            Property("inputs", Kind.STRINGS, required=True, reveals=("results",)),
            Property("resultCount", Kind.INTEGER, minimum=0, always_output=False),
            SEED,
            _output("results", Kind.STRINGS),
        ),
        make=_make_shuffle,
        needs_official=_seed_needs_official,
    ),
    _uuid_resource("Uuid", generate.uuid4),
    _uuid_resource("Uuid4", generate.uuid4),
    _uuid_resource("Uuid7", generate.uuid7),
)
