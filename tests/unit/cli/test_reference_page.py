"""The reference has every command with its options, every exported output, and every network."""

import re

import click
import pytest
from secure_redis import __all__ as public
from secure_redis.cli.main import main
from secure_redis.stack import output_prefix

from tests.unit.cli.configurations import ROOT

PAGE = (ROOT / "docs" / "reference.md").read_text()
EXPORTING = (ROOT / "components" / "secure_redis" / "stack.py").read_text()


def part(heading: str) -> str:
    """What stands below a heading."""
    found = re.search(rf"^{heading}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found.group(1)


@pytest.mark.parametrize("name", main.commands)
def test_every_command_and_option(name: str) -> None:
    section = part(f"### `secure-redis {name}`")
    assert f"```text\nsecure-redis {name} [OPTIONS]" in section
    for option in main.commands[name].params:
        if isinstance(option, click.Option):
            assert f"| `{option.opts[0]}`" in section


def test_no_command_that_is_not_there() -> None:
    assert set(re.findall(r"^### `secure-redis ([a-z-]+)`", PAGE, re.MULTILINE)) == set(
        main.commands
    )


def test_every_exported_output() -> None:
    """As the program's source names them."""
    of_caches = re.findall(r'export\(f"\{prefix\}(\w+)"', EXPORTING)
    of_stack = re.findall(r'export\("(\w+)"', EXPORTING)
    assert len(of_caches) > 4
    rows = re.findall(r"^\| `([^`]+)` \| (yes)?", part("## Exported by a stack"), re.MULTILINE)
    assert [name for name, _ in rows] == [*(f"<name>{one}" for one in of_caches), *of_stack]
    assert [name for name, secret in rows if secret] == ["<name>Url", "connections"]
    assert output_prefix("job-queue") in part("## Exported by a stack")


@pytest.mark.parametrize("name", [one for one in public if one.endswith("Network")])
def test_every_network(name: str) -> None:
    section = part(f"### `{name}`")
    assert "| argument | meaning |" in section
    assert "| `tags` |" in section
    assert not re.search(r"\|  \|\n", section), "a row without a meaning"
