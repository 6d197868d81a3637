"""`secure-redis down` on Azure: what is protected stays whole, and locks are explained.

The engine is a script here: it answers with a state, and `destroy` ends as it is told to.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from secure_redis.cli.main import main

ENGINE = """#!/bin/sh
printf '%s\\n' "$*" >> "$NOTES/calls"
case "$1 $2" in
"stack export") cat "$NOTES/state" ;;
destroy*) exit "$(cat "$NOTES/code")" ;;
esac
"""
URN = "urn:pulumi:prod::secure-redis::secure-redis:index:SecureRedis$"
LOCK = "azure-native:authorization:ManagementLockByScope"
CACHES = [
    "azure-native:redisenterprise:RedisEnterprise",
    "azure-native:redisenterprise:Database",
    "azure-native:redis:Redis",
]


class Scene:
    """A stack `prod` that is up, and what was asked of its engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def holds(self, *resources: tuple[str, bool], code: int = 0) -> None:
        listed = [
            {"urn": f"{URN}{kind}::thing-{number}", "type": kind, "protect": protect}
            for number, (kind, protect) in enumerate(resources)
        ]
        (self.folder / "state").write_text(json.dumps({"deployment": {"resources": listed}}))
        (self.folder / "code").write_text(str(code))

    def down(self) -> Result:
        project = str(self.folder / "project")
        return CliRunner().invoke(main, ["down", "--stack", "prod", "--project", project])

    @property
    def destroyed(self) -> bool:
        return "\ndestroy " in "\n" + (self.folder / "calls").read_text()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    (tmp_path / "project" / "stacks").mkdir(parents=True)
    (tmp_path / "project" / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    (tmp_path / "project" / "stacks" / "Pulumi.prod.yaml").write_text("config: {}\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").write_text(ENGINE)
    (tmp_path / "bin" / "pulumi").chmod(0o755)
    settings: dict[str, Any] = {
        "NOTES": tmp_path,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": "https://api.example.com",
        "SECURE_REDIS_STATE_DIR": tmp_path / "marks",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    return Scene(tmp_path)


@pytest.mark.parametrize("kind", CACHES)
def test_a_protected_cache_keeps_all_that_its_clients_need(scene: Scene, kind: str) -> None:
    scene.holds(("azure-native:network:PrivateEndpoint", False), (kind, True), (LOCK, False))
    done = scene.down()
    assert done.exit_code == 2
    assert "protects its data (thing-1); nothing was removed" in done.output
    assert not scene.destroyed


def test_what_nobody_protects_is_removed_with_its_lock(scene: Scene) -> None:
    scene.holds((CACHES[0], False), (LOCK, False))
    done = scene.down()
    assert (done.exit_code, done.output) == (0, "")
    assert scene.destroyed


def test_a_removal_that_fails_explains_locks(scene: Scene) -> None:
    scene.holds((CACHES[0], False), (LOCK, False), code=255)
    done = scene.down()
    assert done.exit_code == 255
    for words in ("User Access Administrator", "ScopeLocked", "az lock list", "again"):
        assert words in done.stderr


def test_nobody_elses_removal_speaks_of_azure(scene: Scene) -> None:
    scene.holds(("aws:elasticache/replicationGroup:ReplicationGroup", False), code=255)
    done = scene.down()
    assert (done.exit_code, done.output) == (255, "")


def test_every_command_is_in_the_list(scene: Scene) -> None:
    listed = CliRunner().invoke(main, ["--help"]).output
    for name in ("up", "preview", "down", "output", "url", "ca", "env", "doctor", "rotate"):
        assert f"  {name} " in listed
