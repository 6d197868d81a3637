"""What is read of a stack file, and the messages when it is missing or wrong."""

from pathlib import Path

import pytest

from toolchain.errors import PreparationError
from toolchain.stack_file import parse_stack_file, read_stack_file


def parse(text):
    return parse_stack_file("x", Path("stacks/Pulumi.x.yaml"), "config:\n" + text)


@pytest.mark.parametrize("value", ["docker", '"docker"', "'docker'", "docker   # here", "docker\t"])
def test_reads_the_target_however_it_is_written(value):
    assert parse(f"  secure-redis:target: {value}\n").target == "docker"


def test_a_quoted_key_is_the_same_key():
    assert parse('  "secure-redis:target": aws\n').target == "aws"


def test_a_commented_target_does_not_count():
    found = parse("  # secure-redis:target: aws\n  secure-redis:target: docker\n")
    assert found.target == "docker"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("", None),
        ("  docker:host: ssh://me@box:2222\n", "ssh://me@box:2222"),
        ('  docker:host: "tcp://10.0.0.1:2376"  # TLS\n', "tcp://10.0.0.1:2376"),
        ("  # docker:host: tcp://10.0.0.1:2376\n", None),
    ],
)
def test_reads_the_daemon_of_the_stack(text, host):
    assert parse("  secure-redis:target: docker\n" + text).docker_host == host


@pytest.mark.parametrize(
    ("caches", "engines"),
    [
        ("", ("redis",)),
        ("  secure-redis:caches:\n    a: { purpose: cache }\n", ("redis",)),
        ("  secure-redis:caches:\n    a: { engine: valkey }\n", ("valkey",)),
        ("  secure-redis:caches:\n    a: { engine: valkey }\n    b: {}\n", ("redis", "valkey")),
        (
            "  secure-redis:caches:\n    a:\n      engine: valkey\n      purpose: queue\n",
            ("valkey",),
        ),
        ("  secure-redis:caches: { a: { engine: valkey }, b: {} }\n", ("redis", "valkey")),
        ("  secure-redis:caches:\n    a: { docker: { image: my/redis:1 } }\n", ()),
        ("  secure-redis:caches:\n    a: { image: x }\n    b: {}\n  other:key: 1\n", ("redis",)),
    ],
)
def test_names_the_servers_that_need_an_image(caches, engines):
    assert parse("  secure-redis:target: docker\n" + caches).engines == engines


def test_the_repositorys_own_stacks_can_be_read():
    root = Path(__file__).resolve().parents[3]
    for file in (root / "stacks").glob("Pulumi.*.yaml"):
        name = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
        assert read_stack_file(root, name).target


def test_a_missing_stack_names_those_that_exist_and_the_nearest(project):
    with pytest.raises(PreparationError) as problem:
        read_stack_file(project, "loca")
    text = str(problem.value)
    assert "stacks/Pulumi.loca.yaml does not exist" in text
    assert "Did you mean local?" in text
    assert "elsewhere, local" in text


def test_no_stack_file_at_all(tmp_path):
    with pytest.raises(PreparationError, match="no other stack file"):
        read_stack_file(tmp_path, "local")


@pytest.mark.parametrize(
    ("text", "words"),
    [("  secure-redis:target: dockr\n", "'dockr', which does not exist"), ("", "names no target")],
)
def test_a_wrong_or_missing_target_lists_the_right_ones(text, words):
    with pytest.raises(PreparationError) as problem:
        parse(text)
    assert words in str(problem.value)
    assert "secure-redis:target: docker" in str(problem.value)
