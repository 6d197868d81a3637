"""examples/yaml, as it stands there, on the real engine and real Docker through the plugin."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from examples.languages_program import Program, client, component, is_secret, local_image
from harness import Run, free_port
from secure_redis.component import SECRET_OUTPUTS

KEY = "-----BEGIN PRIVATE KEY----- not to be printed"


@dataclass
class Shop:
    """The example after one `up`."""

    program: Program
    first: Run

    @property
    def file(self) -> Path:
        return self.program.directory / "Pulumi.yaml"

    def preview_with(self, **changes: Any) -> Run:
        """A preview with other properties of the cache; the program is put back."""
        text = self.file.read_text()
        document = yaml.safe_load(text)
        document["resources"]["cache"]["properties"] |= changes
        self.file.write_text(yaml.safe_dump(document))
        try:
            return self.program.pulumi("preview")
        finally:
            self.file.write_text(text)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    program = Program(tmp_path_factory.mktemp("yaml"), "yaml")
    try:
        file = program.directory / "Pulumi.yaml"
        text = file.read_text()
        # What differs from machine to machine; everything else is the example's.
        assert text.count("port: 6390") == 1
        place = f"port: {free_port()}\n        image: {local_image()}"
        file.write_text(text.replace("port: 6390", place))
        program.make_stack()
        yield Shop(program, program.up())
    finally:
        program.close()


def test_the_outputs_connect_an_application(shop: Shop) -> None:
    outputs = shop.program.outputs()
    with client(outputs["url"], outputs["ca"]) as connected:
        assert connected.ping()
        connected.set("basket", "full")
        assert connected.get("basket") == "full"
    assert outputs["environment"]["REDIS_URL"] == outputs["url"]
    assert outputs["port"] == int(outputs["publicEnvironment"]["REDIS_PORT"])
    with (
        pytest.raises(redis.ConnectionError, match="certificate verify failed"),
        redis.Redis.from_url(outputs["url"]) as mistrusting,
    ):
        mistrusting.ping()


def test_what_carries_a_credential_is_secret_on_the_programs_side(shop: Shop) -> None:
    resources = shop.program.resources()
    (stack,) = [each for each in resources if each["type"] == "pulumi:pulumi:Stack"]
    secret = {name for name, value in stack["outputs"].items() if is_secret(value)}
    assert secret == {"url", "environment"}
    shown = shop.program.pulumi("stack", "output", "url").succeeded().stdout
    assert shown.strip() == "[secret]"


def test_the_component_in_the_programs_state_has_its_secrets_encrypted(shop: Shop) -> None:
    outputs = component(shop.program.resources())["outputs"]
    assert {name for name, value in outputs.items() if is_secret(value)} == SECRET_OUTPUTS


def test_no_secret_is_printed_logged_or_kept_readable(shop: Shop) -> None:
    program = shop.program
    everywhere = {
        "what up printed": shop.first.text,
        "the event log": program.events.read_text(),
        "the state": program.state(),
        "the outputs": program.pulumi("stack", "output", "--json").succeeded().stdout,
        "what preview prints": program.pulumi("preview", "--diff").succeeded().text,
    }
    found = [
        place
        for place, text in everywhere.items()
        for secret in program.secrets()
        if secret in text
    ]
    assert found == []


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    shop.program.pulumi("preview", "--refresh", "--expect-no-changes").succeeded()


def test_mistakes_are_told_together_without_a_traceback(shop: Shop) -> None:
    run = shop.preview_with(purpose="session", memoryGb=-1)
    assert run.code != 0
    assert "the configuration has 2 problems; nothing was changed" in run.text
    assert "purpose: must be one of cache, sessions or queue" in run.text
    assert "memoryGb: " in run.text
    assert "Traceback" not in run.text
    assert 'File "' not in run.text


def test_an_unknown_property_is_refused_before_the_plugin_is_asked(shop: Shop) -> None:
    run = shop.preview_with(purpos="cache")
    assert run.code != 0
    assert "Property purpos does not exist on 'secure-redis:index:SecureRedis'" in run.text


def test_a_refusal_prints_no_value(shop: Shop) -> None:
    certificates = {"authority": {"certificate": "none", "privateKey": KEY}}
    run = shop.preview_with(mode="none", docker={"certificates": certificates})
    assert run.code != 0
    assert "docker.certificates" in run.text
    assert "nothing was changed" in run.text
    assert KEY not in run.text
    assert "not to be printed" not in run.text


def test_a_change_that_would_lose_the_data_is_refused_in_the_preview(shop: Shop) -> None:
    """The hook that compares old and new runs in the plugin's process, for this program."""
    run = shop.preview_with(
        environment="production",
        target="external",
        docker=None,
        memoryGb=None,
        tags=None,
        external={"host": "redis.example.com", "port": 6379, "password": "p" * 32},
    )
    assert run.code != 0
    assert "moving it from docker to external makes a new, empty cache" in run.text
