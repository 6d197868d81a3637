"""Environment variables of all dialects, read back: what an application would make of them.

`secure_redis.rendering.env` writes them. Hand-written ones are rarely so tidy: variables are
missing, empty, of another cache, or disagree. Nothing here raises for that; it becomes `Trouble`s.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from secure_redis.connection import Auth, TlsVerify

from . import urls
from .certificate_files import Material, Place, client_pair, trusted
from .endpoint import Endpoint, Remark, Trouble

YES = frozenset({"1", "true", "yes", "on", "y", "t"})
NO = frozenset({"0", "false", "no", "off", "n", "f"})

NO_VERIFICATION = frozenset({"none", "cert_none", "0", "false", "no", "off", "verifynone"})
"""Values by which verification is turned off."""

LONG_ENOUGH = 32
"""Characters of a password from which guessing it is hopeless."""

PLACEHOLDER = re.compile(
    r"\$\{?\w+\}?|<[^>]*>|\{\{.*\}\}|\[secret\]|%\w+%|x{4,}|\*{3,}"
    r"|.*(change[-_ ]?(me|this|it)|replace[-_ ]?(me|this|with)|place[-_ ]?holder).*|to-?do"
    r"|(my|your|the|some|insert|enter)[-_ ].*|.*(password|passwort|secret|token|key)[-_ ]here",
    re.IGNORECASE,
)
"""Values of examples that somebody was to replace."""


@dataclass(frozen=True)
class Reading:
    """What one variable says of an endpoint; None where it says nothing."""

    name: str
    """The variable's."""
    host: str | None = None
    port: int | None = None
    tls: bool | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    """Secret."""
    database: int | None = None
    url: bool = False
    """Whether it is a URL or its like: enough to connect by."""
    query: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass
class Collected:
    """What was read of one application's variables, and what is wrong with it."""

    readings: list[Reading] = field(default_factory=list[Reading])
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    remarks: list[Remark] = field(default_factory=list[Remark])
    secrets: set[str] = field(default_factory=set[str], repr=False)

    def trouble(self, problem: str, observed: str) -> None:
        """Notes a problem; the same one of several variables once, with all that was seen."""
        for number, known in enumerate(self.troubles):
            if known.problem == problem:
                if observed not in known.observed:
                    more = f"{known.observed}; {observed}"
                    self.troubles[number] = replace(known, observed=more)
                return
        self.troubles.append(Trouble(problem, observed))

    def remark(self, observed: str) -> None:
        """Notes what is no problem."""
        self.remarks.append(Remark("D01", observed))


class NothingGivenError(Exception):
    """There is no Redis in what was given. The text says where one was looked for."""


# --- one variable ---------------------------------------------------------------------------


def url_reading(name: str, text: str, collected: Collected, *, queries: bool = False) -> Reading:
    """What a URL says. `queries`: who reads it knows the query of redis-py, as Celery does."""
    collected.secrets |= urls.secrets(text)
    try:
        url = urls.read(text)
    except urls.UnreadableError as error:
        if _placeholder_in(text):
            collected.trouble("password-placeholder", f"{name}: nothing was filled in")
        else:
            collected.trouble("url-unreadable", f"{name}: {error}")
        return Reading(name, url=True)
    password = url.password
    if url.encoded_twice:
        collected.trouble("url-encoded-twice", f"{name}: it has %25 before two hex digits")
        # What it will have been: with it, the rest can be looked at.
        password = urls.unquote(password)
    if url.raw_at:
        collected.trouble("url-not-encoded", f"{name}: an @ stands in user or password")
    if password and not url.username:
        collected.trouble("user-missing", f"{name} begins with a colon before the password")
    query = _query(name, url, collected, queries=queries)
    if url.port is None:
        collected.remark(f"{name} names no port: most clients take {urls.PORT}, Jedis fails")
    return Reading(
        name,
        host=url.host,
        port=url.port,
        tls=url.tls,
        username=url.username or None,
        password=password or None,
        database=_database_of(url, query),
        url=True,
        query=query,
    )


def _placeholder_in(text: str) -> bool:
    login = text.partition("://")[2].rpartition("@")[0]
    return bool(PLACEHOLDER.fullmatch(login.partition(":")[2]))


def _database_of(url: urls.Url, query: Mapping[str, str]) -> int | None:
    number = query.get("db", "")
    return int(number) if url.database is None and number.isdecimal() else url.database


def _query(name: str, url: urls.Url, collected: Collected, *, queries: bool) -> Mapping[str, str]:
    """The query, with a note of what is wrong with it."""
    query = {key.lower(): value for key, value in url.query.items()}
    if name == "CELERY_RESULT_BACKEND" and url.tls and "ssl_cert_reqs" not in query:
        collected.trouble("celery-query-missing", f"{name} has none")
    known = {key for key in query if queries and key.startswith("ssl_")}
    known |= {key for key in query if key in _VERIFYING and _turns_off(key, query[key])}
    rest = sorted(key for key in url.query if key.lower() not in known)
    if rest:
        shown = [key for key in rest if re.fullmatch(r"[a-zA-Z][a-zA-Z_]{0,30}", key)]
        hidden = [] if len(shown) == len(rest) else ["others"]
        collected.trouble("url-query", f"{name} has {', '.join([*shown, *hidden])}")
    return query


_VERIFYING = ("ssl_cert_reqs", "skip_verify", "insecure_skip_verify", "rejectunauthorized")
"""Keys of a query that turn verification off."""


def _turns_off(key: str, value: str) -> bool:
    word = value.lower()
    return word in YES if "skip" in key else word in NO_VERIFICATION


def host_reading(name: str, text: str, collected: Collected) -> Reading:
    """What a host says; phpredis and Predis write the scheme before it."""
    scheme, found, rest = text.partition("://")
    if found and scheme in {"tls", "ssl", "tcp"} and re.fullmatch(r"[\w.:\[\]-]+", rest):
        return Reading(name, host=rest.strip("[]").lower(), tls=scheme != "tcp")
    if not re.fullmatch(r"[A-Za-z0-9._:-]+|\[[0-9a-fA-F:.]+\]", text) or text.count(":") == 1:
        collected.trouble("setting-unreadable", f"{name} is no name or address of a host")
        return Reading(name)
    return Reading(name, host=text.strip("[]"))


def port_reading(name: str, text: str, collected: Collected) -> Reading:
    """What a port says."""
    number = urls.port_number(text)
    if number is not None:
        return Reading(name, port=number)
    like = "is an address, as Kubernetes sets it" if text.startswith("tcp://") else "is no number"
    collected.trouble("setting-unreadable", f"{name} {like}")
    return Reading(name)


def flag(name: str, text: str, collected: Collected) -> bool | None:
    """A switch; None where it cannot be told."""
    word = text.lower()
    if word in YES | NO:
        return word in YES
    collected.trouble("setting-unreadable", f"{name} is neither true nor false")
    return None


def number_reading(name: str, text: str, collected: Collected) -> Reading:
    """What a database's number says."""
    if re.fullmatch(r"[0-9]{1,6}", text):
        return Reading(name, database=int(text))
    collected.trouble("setting-unreadable", f"{name} is no number")
    return Reading(name)


def secret_reading(name: str, text: str, collected: Collected) -> Reading:
    """What a password says."""
    collected.secrets.add(text)
    return Reading(name, password=text)


def stackexchange_reading(name: str, text: str, collected: Collected) -> Reading:
    """What a configuration string of StackExchange.Redis says."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    options = {
        key.strip().lower(): value
        for key, sign, value in (part.partition("=") for part in parts)
        if sign
    }
    password = options.get("password", "")
    collected.secrets |= {password} - {""}
    places = [part for part in parts if "=" not in part]
    place = (
        re.fullmatch(r"\[?([A-Za-z0-9._:-]+?)\]?(?::([0-9]{1,5}))?", places[0]) if places else None
    )
    if place is None:
        collected.trouble("setting-unreadable", f"{name} begins with no host and port")
        return Reading(name, url=True)
    tls = options.get("ssl", "false").lower() in YES
    database = options.get("defaultdatabase", "")
    return Reading(
        name,
        host=place[1],
        port=int(place[2]) if place[2] else None,
        tls=tls,
        username=options.get("user") or None,
        password=password or None,
        database=int(database) if database.isdecimal() else None,
        url=True,
        query={"sslhost": options["sslhost"]} if options.get("sslhost") else {},
    )


# --- what belongs together ------------------------------------------------------------------


def core(values: Mapping[str, str], prefix: str, collected: Collected) -> list[Reading]:
    """What the variables of the application's own settings say, the URL first."""

    def each(*names: str) -> Iterator[tuple[str, str]]:
        for name in names:
            if f"{prefix}{name}" in values:
                yield f"{prefix}{name}", values[f"{prefix}{name}"]

    found = [url_reading(name, text, collected) for name, text in each("REDIS_URL")]
    found += [host_reading(name, text, collected) for name, text in each("REDIS_HOST")]
    found += [port_reading(name, text, collected) for name, text in each("REDIS_PORT")]
    users = each("REDIS_USERNAME", "REDIS_USER", "REDIS_IDENTITY_USER")
    found += [Reading(name, username=text) for name, text in users]
    found += [secret_reading(name, text, collected) for name, text in each("REDIS_PASSWORD")]
    for name, text in each("REDIS_SSL", "REDIS_TLS_ENABLED"):
        found.append(Reading(name, tls=flag(name, text, collected)))
    for name, text in each("REDIS_SCHEME"):
        tls = {"tls": True, "rediss": True, "tcp": False, "redis": False}.get(text.lower())
        if tls is None:
            collected.trouble("setting-unreadable", f"{name} is neither tls nor tcp")
        found.append(Reading(name, tls=tls))
    found += [number_reading(name, text, collected) for name, text in each("REDIS_DB")]
    return found


def others(values: Mapping[str, str], prefix: str, collected: Collected) -> list[list[Reading]]:
    """What the variables of each further dialect say: each list is one endpoint."""
    found: list[list[Reading]] = []
    for name in ("CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"):
        text = values.get(name, "")
        # Brokers and backends are often something else than Redis.
        if text.partition("://")[0].lower() in urls.SCHEMES:
            found.append([url_reading(name, text, collected, queries=True)])
    found.append(_spring(values, collected))
    # .NET writes a configuration string there; other programs put a URL.
    for name in _names(values, f"ConnectionStrings__{prefix}Redis"):
        text = values[name]
        read = url_reading if "://" in text else stackexchange_reading
        found.append([read(name, text, collected)])
    found.append(_exporter(values, collected))
    found += _aspire(values, prefix, collected)
    return [one for one in found if one]


def _names(values: Mapping[str, str], wanted: str) -> list[str]:
    """Variables of this name; .NET does not tell capitals from small letters."""
    return [name for name in values if name.lower() == wanted.lower()]


def _spring(values: Mapping[str, str], collected: Collected) -> list[Reading]:
    stem = "SPRING_DATA_REDIS_"
    found: list[Reading] = []
    if text := values.get(f"{stem}URL"):
        found.append(url_reading(f"{stem}URL", text, collected))
    if text := values.get(f"{stem}HOST"):
        found.append(host_reading(f"{stem}HOST", text, collected))
    if found:
        if text := values.get(f"{stem}PORT"):
            found.append(port_reading(f"{stem}PORT", text, collected))
        if text := values.get(f"{stem}USERNAME"):
            found.append(Reading(f"{stem}USERNAME", username=text))
        if text := values.get(f"{stem}PASSWORD"):
            found.append(secret_reading(f"{stem}PASSWORD", text, collected))
        if text := values.get(f"{stem}SSL_ENABLED"):
            name = f"{stem}SSL_ENABLED"
            found.append(Reading(name, tls=flag(name, text, collected)))
        elif f"{stem}SSL_BUNDLE" in values and not found[0].url:
            found.append(Reading(f"{stem}SSL_BUNDLE", tls=True))
    return found


def _exporter(values: Mapping[str, str], collected: Collected) -> list[Reading]:
    text = values.get("REDIS_ADDR", "")
    if not text:
        return []
    found = [url_reading("REDIS_ADDR", text if "://" in text else f"redis://{text}", collected)]
    if user := values.get("REDIS_USER"):
        found.append(Reading("REDIS_USER", username=user))
    if password := values.get("REDIS_PASSWORD"):
        found.append(secret_reading("REDIS_PASSWORD", password, collected))
    return found


def _aspire(values: Mapping[str, str], prefix: str, collected: Collected) -> list[list[Reading]]:
    found: list[list[Reading]] = []
    for name, text in values.items():
        stem, sign, rest = name.rpartition("_URI")
        if not sign or rest or text.partition("://")[0].lower() not in urls.SCHEMES:
            continue
        if prefix and stem != prefix.rstrip("_"):
            continue
        one = [url_reading(name, text, collected)]
        if host := values.get(f"{stem}_HOST"):
            one.append(host_reading(f"{stem}_HOST", host, collected))
        if port := values.get(f"{stem}_PORT"):
            one.append(port_reading(f"{stem}_PORT", port, collected))
        if password := values.get(f"{stem}_PASSWORD"):
            one.append(secret_reading(f"{stem}_PASSWORD", password, collected))
        found.append(one)
    return found


def chosen(values: Mapping[str, str], prefix: str, collected: Collected) -> list[Reading]:
    """The readings of the one endpoint that is looked at.

    It is that of the application's own settings, or of the first dialect that has one, with all
    other readings that go to the same place. Raises NothingGivenError.
    """
    own = core(values, prefix, collected)
    # A user, say, makes no endpoint.
    places = {f"{prefix}REDIS_URL", f"{prefix}REDIS_HOST"}
    groups = [own] if any(one.name in places for one in own) else []
    groups += others(values, prefix, collected)
    if not groups:
        raise NothingGivenError(_where_looked(values, prefix))
    first = list(groups[0])
    place = _goes_to(first)
    for group in groups[1:]:
        if _goes_to(group) == place or None in {_goes_to(group)[0], place[0]}:
            first += group
        else:
            collected.remark(f"{group[0].name} goes to another endpoint: not looked at here")
    if "REDISCLI_AUTH" in values:
        first.append(secret_reading("REDISCLI_AUTH", values["REDISCLI_AUTH"], collected))
    return list({one.name: one for one in first}.values())


def _where_looked(values: Mapping[str, str], prefix: str) -> str:
    if prefix:
        return f"there is no {prefix}REDIS_URL and no {prefix}REDIS_HOST"
    suffix = "REDIS_URL"
    near = sorted(name.removesuffix(suffix) for name in values if name.endswith(f"_{suffix}"))
    if near:
        choice = " or ".join(f"--prefix {one.rstrip('_')}" for one in near)
        return f"there is no REDIS_URL, but {', '.join(f'{one}{suffix}' for one in near)}: {choice}"
    return "there is no REDIS_URL, no REDIS_HOST, and nothing of another dialect"


def _goes_to(readings: Iterable[Reading]) -> tuple[str | None, int]:
    host = next((one.host for one in readings if one.host), None)
    port = next((one.port for one in readings if one.port), urls.PORT)
    return (host.lower() if host else None), port


# --- comparing ------------------------------------------------------------------------------


def compare(readings: Sequence[Reading], collected: Collected) -> None:
    """Notes what differs between the readings of one endpoint."""
    differences = [
        *_differ(readings, "host", "hosts"),
        *_differ(readings, "port", "ports"),
        *_differ(readings, "username", "users", shown=False),
        *_differ(readings, "password", "passwords", shown=False),
        *_differ(readings, "database", "databases"),
    ]
    plain = [one.name for one in readings if one.url and one.tls is False]
    asking = [one.name for one in readings if not one.url and one.tls]
    if plain and asking:
        collected.trouble("url-without-tls", f"{asking[0]} asks for TLS, {plain[0]} has none")
    else:
        differences += _differ(readings, "tls", "kinds of connection", shown=False)
    if differences:
        collected.trouble("settings-disagree", "; ".join(differences))


def _differ(
    readings: Sequence[Reading], part: str, kinds: str, *, shown: bool = True
) -> Iterator[str]:
    said: dict[object, str] = {}
    for one in readings:
        value = getattr(one, part)
        if value is not None:
            said.setdefault(value.lower() if part == "host" else value, one.name)
    if len(said) > 1:
        names = " and ".join(said.values())
        values = f" ({', '.join(map(str, said))})" if shown else ""
        yield f"{names} have different {kinds}{values}"


def judge_databases(
    values: Mapping[str, str], readings: Iterable[Reading], prefix: str, collected: Collected
) -> None:
    """Notes databases other than 0."""
    first = next((one for one in readings if one.database is not None), None)
    if first is not None and first.database:
        collected.trouble("database-not-portable", f"{first.name}: {first.database}")
    name = f"{prefix}REDIS_CACHE_DB"
    if values.get(name, "0") != "0":
        collected.trouble("database-not-portable", f"{name} is not 0")


# --- all of it ------------------------------------------------------------------------------


def endpoint(
    values: Mapping[str, str], readings: Sequence[Reading], prefix: str, collected: Collected
) -> Endpoint | None:
    """The endpoint that the readings make; None where there is no host to connect to."""
    host = _first(readings, "host")
    if host is None:
        return None
    identity = values.get(f"{prefix}REDIS_AUTH_MODE", "").lower() == "identity"
    tls = bool(_first(readings, "tls"))
    query = {key: value for one in readings for key, value in one.query.items()}
    return Endpoint(
        host=host,
        port=_first(readings, "port") or urls.PORT,
        tls=tls,
        username=_first(readings, "username") or "",
        password=_first(readings, "password") or "",
        auth=Auth.IDENTITY if identity else Auth.PASSWORD,
        tls_verify=TlsVerify.FULL,
        tls_server_name=values.get(f"{prefix}REDIS_TLS_SERVER_NAME", query.get("sslhost", "")),
        tls_min_version=_version(values.get(f"{prefix}REDIS_TLS_MIN_VERSION", "")),
        cluster_mode=bool(_switch(values, f"{prefix}REDIS_CLUSTER", collected)),
    )


def _version(text: str) -> str:
    """1.2 or 1.3, however it is spelled; what is older is what nobody may declare."""
    return "1.3" if re.fullmatch(r"(?i)(tls)?_?v?1[._]3", text.strip()) else "1.2"


def _switch(values: Mapping[str, str], name: str, collected: Collected) -> bool | None:
    return flag(name, values[name], collected) if name in values else None


def _first(readings: Sequence[Reading], part: str):  # noqa: ANN202
    return next((getattr(one, part) for one in readings if getattr(one, part) is not None), None)


def verification(
    values: Mapping[str, str], readings: Sequence[Reading], prefix: str
) -> tuple[list[str], list[str]]:
    """Names of what turns verification off, and of what turns the comparison of names off."""
    off = [
        name
        for name in (f"{prefix}REDIS_SSL_CERT_REQS", f"{prefix}REDIS_TLS_VERIFY")
        if values.get(name, "").lower() in NO_VERIFICATION
    ]
    if values.get("NODE_TLS_REJECT_UNAUTHORIZED") == "0":
        off.append("NODE_TLS_REJECT_UNAUTHORIZED")
    names = [f"{prefix}REDIS_SSL_CHECK_HOSTNAME"]
    no_names = [name for name in names if values.get(name, "").lower() in NO]
    for one in readings:
        off += [
            f"{key} in {one.name}"
            for key in _VERIFYING
            if key in one.query and _turns_off(key, one.query[key])
        ]
        if one.query.get("ssl_check_hostname", "").lower() in NO:
            no_names.append(f"ssl_check_hostname in {one.name}")
    return off, no_names


def client_certificate(
    values: Mapping[str, str],
    readings: Sequence[Reading],
    prefix: str,
    base: Path,
    material: Material,
) -> None:
    """Reads the client's pair that the variables name."""
    names = [(f"{prefix}{certificate}", f"{prefix}{key}") for certificate, key in _PAIR_NAMES]
    pairs = [
        (_place(values, certificate), _place(values, key))
        for certificate, key in (*names, *_FIXED_PAIR_NAMES)
    ]
    certificate, key = _queried(readings, "ssl_certfile"), _queried(readings, "ssl_keyfile")
    pairs.append((next(iter(certificate), None), next(iter(key), None)))
    name = f"{prefix}REDIS_CERT_PATH"
    if name in values:
        files = _in_directory(values[name], base)
        if any(file.exists() for file in files):
            pairs.append((Place(name, str(files[0])), Place(name, str(files[1]))))
    client_pair(material, pairs, base)


def authorities(
    values: Mapping[str, str],
    readings: Sequence[Reading],
    prefix: str,
    base: Path,
    material: Material,
) -> bool:
    """Reads the CA that the variables name; whether the system's CAs count too."""
    names = [f"{prefix}{name}" for name in _CA_NAMES] + list(_FIXED_CA_NAMES)
    places = [found for name in names if (found := _place(values, name))]
    places += _queried(readings, "ssl_ca_certs")
    name = f"{prefix}REDIS_CERT_PATH"
    if name in values:
        inside = _path(base, values[name])
        own = next((one for one in ("ca.crt", "ca.pem") if (inside / one).exists()), "")
        # With a public CA, the directory holds the client's pair alone.
        if own or not any(file.exists() for file in _in_directory(values[name], base)):
            places.append(Place(name, str(inside / (own or "ca.crt"))))
    encoded = _place(values, f"{prefix}REDIS_CA_PEM_B64")
    trusted(material, places, encoded, base)
    if not places and encoded is None:
        # What programs trust in general, where nothing is said for Redis.
        for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"):
            if found := _place(values, name):
                trusted(material, [found], None, base)
                return name == "NODE_EXTRA_CA_CERTS"
    return False


def _place(values: Mapping[str, str], name: str) -> Place | None:
    return Place(name, values[name]) if name in values else None


def _queried(readings: Sequence[Reading], key: str) -> list[Place]:
    return [Place(f"{key} in {one.name}", one.query[key]) for one in readings if one.query.get(key)]


def _in_directory(directory: str, base: Path) -> tuple[Path, Path]:
    inside = _path(base, directory)
    return inside / "client.crt", inside / "client.key"


_CA_NAMES = ("REDIS_SSL_CA_CERTS", "REDIS_TLS_CA_PATH", "REDIS_TLS_CA_CERT")
_FIXED_CA_NAMES = (
    "SPRING_SSL_BUNDLE_PEM_REDIS_TRUSTSTORE_CERTIFICATE",
    "REDIS_EXPORTER_TLS_CA_CERT_FILE",
)
_PAIR_NAMES = (
    ("REDIS_SSL_CERTFILE", "REDIS_SSL_KEYFILE"),
    ("REDIS_TLS_CERT_PATH", "REDIS_TLS_KEY_PATH"),
    ("REDIS_TLS_CERT", "REDIS_TLS_KEY"),
)
_FIXED_PAIR_NAMES = (
    (
        "SPRING_SSL_BUNDLE_PEM_REDIS_KEYSTORE_CERTIFICATE",
        "SPRING_SSL_BUNDLE_PEM_REDIS_KEYSTORE_PRIVATEKEY",
    ),
    ("REDIS_EXPORTER_TLS_CLIENT_CERT_FILE", "REDIS_EXPORTER_TLS_CLIENT_KEY_FILE"),
)


def _path(base: Path, text: str) -> Path:
    path = Path(text).expanduser()
    return path if path.is_absolute() else base / path
