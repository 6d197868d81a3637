"""Redis URLs as clients read them, and what they make of broken ones.

The clients disagree on anything but the plain form, in which user and password are percent-encoded
once; what only some of them read is unreadable here. No text that this module makes holds a part of
the credentials, nor of what a client would take for the host where that is one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlsplit

PORT = 6379
"""The port that clients take where a URL names none."""

HIGHEST_PORT = 65535

SCHEMES: Mapping[str, bool] = MappingProxyType(
    {"redis": False, "rediss": True, "valkey": False, "valkeys": True}
)
"""Schemes of clients that take a URL, and whether they mean TLS."""

OTHER_SCHEMES = frozenset(
    {"http", "https", "tcp", "tls", "unix", "redis+socket", "redis-socket", "sentinel",
     "redis-sentinel", "redis+sentinel", "rediss+sentinel", "amqp", "postgres", "postgresql"}
)  # fmt: skip
"""Schemes that people write instead. Anything else is not repeated: it can be a password's part."""

BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
"""A percent sign that encodes nothing."""

ESCAPED_ESCAPE = re.compile(r"%25[0-9A-Fa-f]{2}")
"""What encoding makes of a percent-encoded character."""

SHORTEST_PART = 6
"""Characters from which a part of a password is searched for in texts."""

USER_PART = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
"""What Go accepts before the host; everything else has to be encoded."""

GO_HOST = re.compile(r"""[A-Za-z0-9\-._~!$&'()*+,;=:<>"\]]*""")
"""What Go takes for a host."""

HOST = re.compile(r"[A-Za-z0-9._-]+")
"""Names and IPv4 addresses."""


class UnreadableError(Exception):
    """A URL that not every client reads, and rightly so. The text says why, without secrets."""


@dataclass(frozen=True)
class Url:
    """The parts of a URL."""

    tls: bool
    host: str
    port: int | None
    """None: it names none."""
    username: str
    """Empty: it names none."""
    password: str = field(repr=False)
    """Secret, decoded once. Empty: it has none."""
    database: int | None
    """None: it names none."""
    query: Mapping[str, str] = field(repr=False)
    """Secret: anything can stand there."""
    raw_at: bool
    """Whether an @ stands in user or password as it is."""
    encoded_twice: bool
    """Whether the password looks as if it had been encoded twice."""


def read(text: str) -> Url:
    """The parts of a URL. Raises UnreadableError."""
    _check_text(text)
    scheme, _, rest = text.partition("://")
    authority, tail = _split(rest)
    if _goes_on(authority, tail):
        raise UnreadableError(
            "user or password hold a character that ends this part of a URL: " + readings(text)
        )
    login, at, place = authority.rpartition("@")
    if BROKEN_ESCAPE.search(login):
        raise UnreadableError(
            "a % in user or password encodes nothing: Go refuses the URL (invalid URL escape), "
            "redis-py takes the % as it stands"
        )
    if not USER_PART.fullmatch(login):
        raise UnreadableError(
            "user or password hold a character that has to be encoded: Go refuses the URL "
            "(invalid userinfo), redis-py takes it as it stands"
        )
    host, port = _place(place)
    path, _, query = tail.partition("?")
    username, _, password = login.partition(":")
    return Url(
        tls=SCHEMES[scheme.lower()],
        host=host,
        port=port,
        username=unquote(username) if at else "",
        password=unquote(password),
        database=_database(path),
        query=MappingProxyType(dict(parse_qsl(query, keep_blank_values=True))),
        raw_at="@" in login,
        encoded_twice=bool(ESCAPED_ESCAPE.search(password)),
    )


def _check_text(text: str) -> None:
    """Raises UnreadableError for what is wrong before there are parts."""
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        raise UnreadableError("white space or a control character stands in it")
    if text[:1] in {'"', "'"}:
        raise UnreadableError(
            "quotes stand around it: `docker run --env-file` and others keep them"
        )
    if "${" in text or "{{" in text:
        raise UnreadableError("it holds a variable that nothing has filled in")
    scheme, found, _ = text.partition("://")
    if not found:
        raise UnreadableError("it is no URL: it does not begin with rediss://")
    if scheme.lower() not in SCHEMES:
        shown = f" {scheme.lower()}" if scheme.lower() in OTHER_SCHEMES else ""
        raise UnreadableError(f"its scheme{shown} is neither rediss nor redis")


def _split(rest: str) -> tuple[str, str]:
    """What clients take for user, password, host and port; and what comes behind."""
    end = re.search(r"[/?#]", rest)
    return (rest[: end.start()], rest[end.start() :]) if end else (rest, "")


def _goes_on(authority: str, tail: str) -> bool:
    """Whether what comes behind is still a part of the password."""
    if "#" in tail:
        return True
    # An @ in the query's own values is no matter, where host and port are complete before.
    complete = "@" in authority and re.fullmatch(r"/\d+\?[A-Za-z_.]+=[^?#]*", tail)
    return "@" in tail and not complete


def _place(text: str) -> tuple[str, int | None]:
    """Host and port. Raises UnreadableError."""
    if text.startswith("["):
        host, closed, port = text[1:].partition("]")
        try:
            IPv6Address(host.partition("%")[0])
        except ValueError:
            closed = ""
        if not closed or port[:1] not in {"", ":"}:
            raise UnreadableError("what stands between the brackets is no IPv6 address")
        port = port[1:]
    else:
        host, _, port = text.partition(":")
        if ":" in port:
            raise UnreadableError(
                "several colons stand in the host: an IPv6 address needs brackets"
            )
        if not host:
            raise UnreadableError("it names no host")
        if not HOST.fullmatch(host):
            raise UnreadableError("what stands where the host should is no name")
    if not port:
        return host, None
    number = port_number(port)
    if number is None:
        raise UnreadableError("what stands where the port should is no port's number")
    return host, number


def port_number(text: str) -> int | None:
    """A port's number, 1 to 65535; None where the text is none."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) <= HIGHEST_PORT:
        return None
    return int(text)


def _database(path: str) -> int | None:
    number = path.strip("/")
    if number and not re.fullmatch(r"[0-9]{1,6}", number):
        raise UnreadableError("its path is no database's number: go-redis refuses the URL")
    return int(number) if number else None


def readings(text: str) -> str:
    """What redis-py and Go make of a URL whose password has a delimiter, without showing it."""
    return f"redis-py {_python(text)}; Go {_go(text)}"


TAKES_PART = "takes a part of them for the host, and would send the login there"


def _python(text: str) -> str:
    try:
        _ = urlsplit(text).port
    except ValueError as error:
        words = str(error)
        told = "Port could not be cast" if words.startswith("Port could not") else "invalid URL"
        return f"stops ({told})"
    return TAKES_PART


def _go(text: str) -> str:
    before, _, fragment = text.partition("://")[2].partition("#")
    authority, _, path = before.partition("?")[0].partition("/")
    login, _, place = authority.rpartition("@")
    host, _, port = place.rpartition(":") if ":" in place else (place, "", "")
    if not USER_PART.fullmatch(login):
        return "stops (invalid userinfo)"
    if any(BROKEN_ESCAPE.search(part) for part in (login, place, path, fragment)):
        return "stops (invalid URL escape)"
    if not GO_HOST.fullmatch(host):
        return "stops (invalid host)"
    return TAKES_PART if re.fullmatch(r"[0-9]*", port) else "stops (invalid port)"


def secrets(text: str) -> frozenset[str]:
    """Secret. Everything in a URL, readable or not, that can be a password or a part of one."""
    login = (text.partition("://")[2] or text).rpartition("@")[0]
    password = login.partition(":")[2] or login
    # What clients take for something else where a password has delimiters in it.
    parts = {part for part in re.split(r"[:/?#@\s]", password) if len(part) >= SHORTEST_PART}
    # A user alone, as in redis://default@host, is no secret under the name that every server has.
    return frozenset({password, unquote(password), *parts} - {"", "default"})
