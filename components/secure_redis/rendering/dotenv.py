"""`.env` files that all their readers read the same.

The readers disagree: a shell expands `$` and stops at `&`, Node.js cuts at `#`, python-dotenv
expands `${}` even between single quotes, and `docker run --env-file` knows no quotes at all. So a
value is written in the plainest way on which they agree, and one that has no such way is refused.
"""

import re
from collections.abc import Mapping

from secure_redis.rendering.errors import RenderingError

BARE = re.compile(r"[A-Za-z0-9%:/@._+=,\[\]-]*")
"""Values that need no quotes anywhere; every URL, host, number and path of a connection is one."""

SINGLE_QUOTED = re.compile(r"""(?:[^'\\]|\\(?![\\']|$))*""")
"""Values that can stand between single quotes: python-dotenv takes `\\\\` and `\\'` for escapes."""

DOUBLE_QUOTED = re.compile(r"""[^"\\$`]*""")
"""Values that can stand between double quotes: nothing that a shell or a reader expands there."""


def assignment(name: str, value: str) -> str:
    """The line `name=value`, quoted only if it must be.

    Read alike by python-dotenv, `node --env-file`, a POSIX shell and Docker Compose. Raises
    RenderingError, without the value, where they would disagree: control characters, `${`, and
    mixtures of quotes, backslashes, `$` and backticks.
    """
    if value.isprintable() and "${" not in value:
        if BARE.fullmatch(value):
            return f"{name}={value}"
        if SINGLE_QUOTED.fullmatch(value):
            return f"{name}='{value}'"
        if DOUBLE_QUOTED.fullmatch(value):
            return f'{name}="{value}"'
    raise RenderingError(
        f"{name}: the readers of .env files disagree on its quotes, backslashes, $ or control "
        "characters; use another format, or credentials of letters and digits"
    )


def document(variables: Mapping[str, str], heading: str) -> str:
    """The text of a `.env` file, under a one-line comment. As secret as the values.

    Raises RenderingError as `assignment` does.
    """
    lines = [f"# {heading}", *(assignment(name, value) for name, value in variables.items())]
    return "\n".join(lines) + "\n"


def docker_document(variables: Mapping[str, str], heading: str) -> str:
    """The text of a file for `docker run --env-file`, which takes every value as it stands.

    As secret as the values. Raises RenderingError for a value with a line break or a NUL.
    """
    for name, value in variables.items():
        if re.search(r"[\r\n\0]", value):
            raise RenderingError(f"{name}: a file for docker --env-file cannot hold a line break")
    lines = [f"# {heading}", *(f"{name}={value}" for name, value in variables.items())]
    return "\n".join(lines) + "\n"
