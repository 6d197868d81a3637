"""The last net under what a pull request is told: no secret leaves, however it is spelled.

The engine hides what it knows to be secret. It does not hide it in what a policy, a provider or a
program says of it: these are texts, and whoever wrote them had the value.
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from secure_redis.configuration import is_encrypted
from secure_redis.posture.resources import SIGNATURE
from secure_redis.rendering.env import MASK

SHORTEST = 4
"""Secrets with fewer characters are not searched for: they are in every other word."""

SURE = 8
"""From this length on a secret is found inside of words too."""

SHORTEST_CODED = 6
"""Characters of an encoded secret that do not depend on what stands around it, at least."""

LONG = 16
"""From this length on a part of something secret is taken for a secret itself."""

_RUN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-%")
"""Characters of encoded texts: what stands around an encoded secret is a part of the same text."""

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE
)

_SUSPECTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END[^\n]*|\Z)", re.DOTALL), MASK),
    (re.compile(r"(?<=://)([^\s:/@'\"]{0,200}):[^\s/'\"]{1,500}@"), rf"\1:{MASK}@"),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|pul-|AKIA|ASIA|eyJ)[A-Za-z0-9_.-]{12,}"), MASK),
    (
        re.compile(
            # Behind a colon only what is quoted or has a digit: prose has words there.
            r"(?i)(?<![\w/-])((?:[\w-]*(?:passw(?:or)?d|passphrase|secret|token|requirepass))['\"]?\s?"
            r"(?:=\s?['\"]?|:(?!:)\s?(?:['\"]|(?=[^\s,;]*\d))))(?!\[secret\])[^\s,;'\"<>\[\]{}()]{8,}"
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"(?<![A-Za-z0-9])(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[0-9])"
            r"[A-Za-z0-9]{32,}(?![A-Za-z0-9])"
        ),
        MASK,
    ),
)
"""What looks like a credential that nobody knows: a PEM key, a password in a URL or a setting,
tokens by their first letters, and long words of mixed letters and digits, as generated passwords
are."""


class Redaction:
    """Puts `[secret]` in the place of secrets.

    Args:
        secrets: what is known to be secret.
        plain: what is known not to be, although it can be a part of something secret: a short
            secret that is also one of these stays.
    """

    def __init__(self, secrets: Iterable[str], plain: Iterable[str] = ()) -> None:
        known = frozenset(plain)
        wanted = {one.strip() for secret in secrets for one in (secret, *secret.splitlines())}
        wanted = {one for one in wanted if len(one) >= SHORTEST and not one.startswith("-----")}
        long = {one for one in wanted if len(one) >= SURE}
        short = sorted(wanted - long - known, key=len, reverse=True)
        self._words = re.compile(
            rf"(?<!\w)(?:{'|'.join(map(re.escape, short))})(?!\w)" if short else r"(?!)"
        )
        plainly = {form for one in long for form in _plain_forms(one)}
        coded = {form for one in long for form in _coded_forms(one)} - plainly
        # The longest first: one can be a part of another.
        self._plainly = sorted(plainly, key=len, reverse=True)
        self._coded = sorted(coded, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets, known ones and what looks like one."""
        text = self.known(text)
        for pattern, instead in _SUSPECTS:
            text = pattern.sub(instead, text)
        return text

    def known(self, text: str) -> str:
        """The text without known secrets: for names, in which a word like password is no sign."""
        for form in self._coded:
            text = _without_run(text, form)
        for form in self._plainly:
            text = text.replace(form, MASK)
        return self._words.sub(MASK, text)

    def value(self, value: Any) -> Any:
        """A JSON value with all texts in it, names too, without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(one) for key, one in value.items()}
        return [self.value(one) for one in value] if isinstance(value, list) else value


def _plain_forms(secret: str) -> Iterator[str]:
    """A secret as it stands in texts, settings, URLs, JSON and HTML."""
    for one in {secret, unquote(secret)}:
        quoted = (quote(one, safe="", errors="replace"), quote(one, errors="replace"))
        for escaped in (*quoted, quote_plus(one, errors="replace")):
            yield escaped
            yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), escaped)
        yield one
        yield json.dumps(one)[1:-1]
        yield json.dumps(one, ensure_ascii=False)[1:-1]
        yield json.dumps(one)[1:-1].replace("/", "\\/")
        yield one.replace("/", "\\/")
        yield html.escape(one)
        yield one.lower()
        yield one.upper()
        yield one.replace("+", "-").replace("/", "_").rstrip("=")


def _coded_forms(secret: str) -> Iterator[str]:
    """A secret in base64, wherever in the encoded text it begins, and in hex."""
    quoted = quote(secret, safe="", errors="replace")
    in_url = secret.replace("+", "-").replace("/", "_").rstrip("=")
    for one in {secret, quoted, quoted.lower(), secret.replace("/", "\\/"), in_url}:
        raw = one.encode("utf-8", "surrogatepass")
        for shift in range(3):
            whole = base64.b64encode(b"-" * shift + raw).decode()
            # Without the characters that what stands before and behind it has a part in.
            part = whole[(shift * 8 + 5) // 6 : -4]
            if len(part) >= SHORTEST_CODED:
                yield part
                yield part.replace("+", "-").replace("/", "_")
        yield raw.hex()
        yield raw.hex().upper()
    with suppress(binascii.Error, ValueError):
        yield base64.b64decode(secret, validate=True).hex()


def _without_run(text: str, form: str) -> str:
    """The text without each word that an encoded secret is a part of."""
    at = text.find(form)
    while at >= 0:
        begin, end = at, at + len(form)
        while begin and text[begin - 1] in _RUN:
            begin -= 1
        while end < len(text) and text[end] in _RUN:
            end += 1
        text = f"{text[:begin]}{MASK}{text[end:]}"
        at = text.find(form, begin + len(MASK))
    return text


def of_state(document: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Secret. The secrets of a state that was exported with them, and its texts that are none.

    A text that is secret only as a part of something that is (a host in a connection, the name of a
    user) counts where its name says so, or where it is long and not told openly elsewhere.
    """
    whole: set[str] = set()
    parts: set[tuple[str, str]] = set()
    plain: set[str] = set()
    for resource in (document.get("deployment") or {}).get("resources") or []:
        for key in ("inputs", "outputs"):
            _collect(resource.get(key), whole, parts, plain)
        plain |= {str(resource.get(key)) for key in ("urn", "id", "type")}
    for name, text in parts:
        if _SECRET_NAME.search(name) or (len(text) >= LONG and text not in plain):
            whole.add(text)
    return whole, plain


def of_config(shown: Mapping[str, Any], declared: Mapping[str, Any]) -> set[str]:
    """Secret. The values that are encrypted in a stack file.

    shown: the answer of `pulumi config --json --show-secrets`.
    declared: `config` of the stack file, which tells where something is encrypted.
    """
    found: set[str] = set()
    for key, value in declared.items():
        entry = shown.get(key)
        if isinstance(entry, Mapping):
            opened = entry.get("objectValue", entry.get("value"))
            for one in _encrypted(value, opened):
                found |= {one, *(text for _, text in _inside(one))}
    return found


def _encrypted(declared: Any, opened: Any) -> Iterator[str]:
    """Texts of `opened` in the places where `declared` has an encrypted value."""
    if is_encrypted(declared):
        yield from (text for _, text in _texts(opened))
    elif isinstance(declared, Mapping) and isinstance(opened, Mapping):
        for key, one in declared.items():
            yield from _encrypted(one, opened.get(key))
    elif isinstance(declared, list) and isinstance(opened, list):
        for one, other in zip(declared, opened, strict=False):
            yield from _encrypted(one, other)


def of_environment(environ: Mapping[str, str], read: Any = None) -> set[str]:
    """Secret. Tokens, passwords and passphrases among the variables.

    read: opens the file that `PULUMI_CONFIG_PASSPHRASE_FILE` names, for its text.
    """
    found: set[str] = set()
    for name, value in environ.items():
        if not _SECRET_NAME.search(name):
            continue
        if not name.endswith(("_FILE", "_PATH", "_URL", "_URI")):
            found.add(value)
        elif name == "PULUMI_CONFIG_PASSPHRASE_FILE" and read:
            found.add(read(value).strip())
    return {one for one in found if len(one) >= SURE and not one.startswith("/")}


def _collect(value: Any, whole: set[str], parts: set[tuple[str, str]], plain: set[str]) -> None:
    if isinstance(value, Mapping):
        if SIGNATURE not in value:
            for one in value.values():
                _collect(one, whole, parts, plain)
        elif "plaintext" in value:
            opened = json.loads(value["plaintext"])
            if isinstance(opened, (str, int, float)) and not isinstance(opened, bool):
                whole.add(str(opened))
            for name, text in _texts(opened):
                parts |= {(name, text), *_inside(text)}
    elif isinstance(value, list):
        for one in value:
            _collect(one, whole, parts, plain)
    elif isinstance(value, (str, int, float)):
        plain.add(str(value))


def _inside(text: str) -> set[tuple[str, str]]:
    """Names and texts within a secret text: of a JSON document, and the password of a URL."""
    found: set[tuple[str, str]] = set()
    with suppress(ValueError):
        document = json.loads(text)
        if isinstance(document, (dict, list)):
            found |= set(_texts(document))
    for one in {text, *(inner for _, inner in found)}:
        with suppress(ValueError):
            password = urlsplit(one).password
            if password:
                found |= {("password", password), ("password", unquote(password))}
    return found


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The texts in a JSON value, with the name under which each stands."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
