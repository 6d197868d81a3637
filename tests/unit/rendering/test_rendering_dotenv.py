"""`.env` files say the same to every reader, or are not written."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from secure_redis.rendering import dotenv
from secure_redis.rendering.env import DIALECTS, render
from secure_redis.rendering.errors import RenderingError

from tests.unit.rendering import readers, samples

Reader = Callable[[Path], Mapping[str, str | None]]

TEXTS = st.text(
    st.one_of(
        st.sampled_from("/+=@:#$%'\"\\ ?&;[]{}<>|^`~,!*()._-"),
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.characters(exclude_categories=("C", "Z")),
    ),
    max_size=40,
)
CORPUS = [
    "",
    *"/+=@:#$%'\" ?&;[]{}<>|^`~,!*()._-é€",
    " leading",
    "trailing ",
    "a#b",
    "a #b",
    "#",
    "$HOME",
    "$$",
    "a$",
    "$(id)",
    "`id`",
    "\\n",
    "a\\b",
    "~",
    "~root",
    "a:~",
    "=x",
    "it's",
    "'q'",
    '"q"',
    "!!",
    "{a,b}",
    "*",
    "export X=1",
    "[secret]",
]
READERS = pytest.mark.parametrize(
    "read", readers.ENV_FILE_READERS.values(), ids=readers.ENV_FILE_READERS
)


def read_back(read: Reader, text: str) -> Mapping[str, str | None]:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "variables.env"
        path.write_text(text, encoding="utf-8")
        return read(path)


def numbered(values: list[str]) -> dict[str, str]:
    return {f"VALUE_{index}": value for index, value in enumerate(values)}


def accepted(values: list[str]) -> dict[str, str]:
    return {name: value for name, value in numbered(values).items() if not must_be_refused(value)}


def must_be_refused(value: str) -> bool:
    """The whole of what the module may refuse; anything else it has to write."""
    if not value.isprintable() or "${" in value:
        return True
    escapes = "\\\\" in value or value.endswith("\\") or "\\'" in value
    return ("'" in value or escapes) and any(sign in value for sign in '"\\$`')


@READERS
def test_a_corpus_of_awkward_values_arrives(read: Reader) -> None:
    variables = numbered(CORPUS)
    found = read_back(read, dotenv.document(variables, "secure-redis"))
    assert {name: found.get(name) for name in variables} == variables


@pytest.mark.parametrize("name", ["python-dotenv", "node", "bash", "sh"])
@given(values=st.lists(TEXTS, min_size=5, max_size=60))
@settings(deadline=None, max_examples=15)
def test_any_accepted_value_arrives(name: str, values: list[str]) -> None:
    variables = accepted(values)
    found = read_back(readers.ENV_FILE_READERS[name], dotenv.document(variables, "secure-redis"))
    assert {name: found.get(name) for name in variables} == variables


@given(values=st.lists(TEXTS, min_size=20, max_size=60))
@settings(deadline=None, max_examples=3, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_any_accepted_value_arrives_through_compose(values: list[str]) -> None:
    variables = accepted(values)
    found = read_back(readers.by_compose, dotenv.document(variables, "secure-redis"))
    assert {name: found.get(name) for name in variables} == variables


@given(value=st.one_of(TEXTS, st.text(max_size=20)))
@settings(deadline=None)
def test_exactly_what_readers_disagree_on_is_refused(value: str) -> None:
    if must_be_refused(value):
        with pytest.raises(RenderingError) as caught:
            dotenv.assignment("NAME", value)
        assert str(caught.value).startswith("NAME: ")
    else:
        assert dotenv.assignment("NAME", value).startswith("NAME=")


@pytest.mark.parametrize(
    "value",
    ["${HOME}", "a${", "it's $5", "'\"", "'`'", "\\", "\\\\", "\\'", "a\tb", "a\nb", "\u2028"],
)
def test_these_are_refused(value: str) -> None:
    assert must_be_refused(value)
    with pytest.raises(RenderingError, match=r"^NAME: "):
        dotenv.assignment("NAME", value)


def test_a_refusal_does_not_show_the_value() -> None:
    with pytest.raises(RenderingError) as caught:
        dotenv.assignment("REDIS_PASSWORD", "hunter'2\\\\")
    assert "hunter" not in str(caught.value)


@READERS
def test_every_dialect_of_every_kind_arrives(read: Reader) -> None:
    variables = {
        f"{kind}_{name}": value
        for kind, make in samples.ALL.items()
        for name, value in render(make(), DIALECTS, cache="cache").items()
    }
    found = read_back(read, dotenv.document(variables, "secure-redis"))
    assert {name: found.get(name) for name in variables} == variables


def test_the_default_variables_need_no_quotes() -> None:
    """So that the file serves readers without quotes, too."""
    for kind in samples.ALL.values():
        text = dotenv.document(render(kind()), "secure-redis")
        assert not set("'\"") & set(text)


@given(values=st.lists(st.text(max_size=40), max_size=40))
@settings(deadline=None, max_examples=10)
def test_any_line_arrives_through_docker(values: list[str]) -> None:
    values = [value for value in values if value.isprintable() or set(value) <= set("\t '\"\\${}")]
    variables = numbered([*values, *CORPUS, samples.AWKWARD_PASSWORD, "${HOME}", "a'\"\\"])
    found = read_back(readers.by_docker, dotenv.docker_document(variables, "secure-redis"))
    assert {name: found.get(name) for name in variables} == variables


@pytest.mark.parametrize("value", ["a\nREDIS_URL=b", "a\rb", "a\0b"])
def test_a_line_break_never_gets_through(value: str) -> None:
    with pytest.raises(RenderingError, match=r"^NAME: "):
        dotenv.docker_document({"NAME": value}, "secure-redis")
    with pytest.raises(RenderingError, match=r"^NAME: "):
        dotenv.document({"NAME": value}, "secure-redis")
