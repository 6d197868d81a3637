"""How Azure names things: object ids and resource ids, as settings give them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from secure_redis.problems import Problem
from secure_redis.schema import join


def reader_problems(path: str, values: Sequence[Any]) -> Iterator[Problem]:
    """What is wrong with principals: object ids, of users and groups with their kind before."""
    for number, value in enumerate(values):
        kind, colon, object_id = value.rpartition(":") if isinstance(value, str) else ("", "", "")
        if colon and kind not in KINDS:
            known = ", ".join(f"{name}:" for name in KINDS)
            reason = f"begins with no kind of principal ({known})"
            yield Problem(join(path, number), reason, "Correct it.")
        elif object_id:
            for problem in guid_problems(path, [object_id]):
                yield Problem(join(path, number), problem.reason, problem.fix)


KINDS = ("user", "group", "servicePrincipal")
"""Kinds of principals that may stand before an object id, with a colon."""

_GUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def guid_problems(path: str, values: Sequence[Any]) -> Iterator[Problem]:
    """What is wrong with ids of Microsoft Entra ID, and of subscriptions."""
    for number, value in enumerate(values):
        if isinstance(value, str) and not re.fullmatch(
            r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value
        ):
            where = path if path.endswith("Id") else join(path, number)
            yield Problem(
                where,
                "is no id of its kind, such as 11111111-2222-3333-4444-555555555555",
                "Copy the object id (not the application's id) from Microsoft Entra ID.",
            )


def resource_id_problems(path: str, values: Sequence[Any], kind: str) -> Iterator[Problem]:
    """What is wrong with resource ids. kind: their type, with `*` for names between."""
    provider, *types = kind.split("/")
    tail = "/".join(f"{part}/[^/]+" if part != "*" else "" for part in types).replace("//", "/")
    pattern = (
        rf"(?i)/subscriptions/[0-9a-f-]{{36}}/resourceGroups/[^/]+/providers/{provider}/{tail}"
    )
    for number, value in enumerate(values):
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            single = path.rpartition(".")[2].endswith(("Id", "_id"))
            yield Problem(
                path if single else join(path, number),
                f"is no resource id of a {kind}",
                "Copy it from Azure: /subscriptions/ID/resourceGroups/NAME/providers/"
                f"{kind.replace('*', 'NAME')}/NAME.",
            )
