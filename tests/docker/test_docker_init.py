"""A stack file of `secure-redis init` on the real engine, and what `explain-config` says of it."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from harness import Deployment, deployed, free_port


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A project with a stack file that `init` wrote, for three caches in production."""
    with deployed(tmp_path_factory.mktemp("init"), "init") as deployment:
        kinds = ["--target", "docker", "--environment", "production"]
        caches = [part for name in ("cache", "sessions", "queue") for part in ("--cache", name)]
        project = ["--project", str(deployment.project)]
        command = ["secure-redis", "init", "--name", deployment.name, *kinds, *caches, *project]
        written = deployment._execute(command, 60, {})
        assert written.code == 0, written.text
        yield deployment


def explained(stack: Deployment) -> dict[str, object]:
    command = ["secure-redis", "explain-config", str(stack.stack_file), "--json"]
    values = json.loads(stack._execute(command, 60, {}).succeeded().stdout)["values"]
    return {value["path"]: value["value"] for value in values}


def planned(stack: Deployment) -> str:
    """What the engine would make, in detail."""
    return stack.run("preview", "--", "--diff").succeeded().text


def test_the_engine_takes_the_file_as_it_is(stack: Deployment) -> None:
    text = planned(stack)
    found = explained(stack)
    for name in ("cache", "sessions", "queue"):
        assert re.search(rf"memory\s*: {found[f'caches.{name}.containerMb']}\n", text)
        assert re.search(rf"external\s*: {found[f'caches.{name}.docker.port']}\n", text)


def test_plain_words_mean_to_the_engine_what_explain_config_says(stack: Deployment) -> None:
    before = stack.stack_file.read_text()
    port = free_port()
    words = "{ flag: off, answer: yes, hour: 12:30, day: '2027-03-31' }"
    text = before + f"  secure-redis:tags: {words}\n"
    text = text.replace("purpose: cache\n", f"purpose: cache\n      docker: {{ port: {port} }}\n")
    stack.stack_file.write_text(text)
    try:
        shown = planned(stack)
        found = explained(stack)
    finally:
        stack.stack_file.write_text(before)
    assert found["tags"] == {"flag": "off", "answer": "yes", "hour": "12:30", "day": "2027-03-31"}
    assert found["caches.cache.docker.port"] == port
    assert re.search(rf"external\s*: {port}\n", shown)
    for word in ("off", "yes", "12:30", "2027-03-31"):
        assert f'"{word}"' in shown
    # Another reader of YAML would have taken them for something else.
    assert yaml.safe_load(text)["config"]["secure-redis:tags"]["flag"] is False


def test_a_mistake_is_told_in_the_words_of_the_engine(stack: Deployment) -> None:
    before = stack.stack_file.read_text()
    stack.stack_file.write_text(before.replace("purpose: queue", "memoryGB: 1"))
    try:
        run = stack.run("preview")
        command = ["secure-redis", "explain-config", str(stack.stack_file)]
        told = stack._execute(command, 60, {})
    finally:
        stack.stack_file.write_text(before)
    assert (run.code != 0, told.code) == (True, 1)
    lines = told.stderr.removeprefix("error: ").splitlines()
    assert len(lines) == 3
    assert lines[2] == "  caches.queue.memoryGB: unknown key. Did you mean memoryGb?"
    for line in lines:
        assert line.strip() in run.text
