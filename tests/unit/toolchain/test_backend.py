"""Whose backend is used, and the passphrase that is made for ours."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import backend

ROOT = Path(__file__).resolve().parents[3]


def log_in(setup, url):
    folder = setup.machine.home / ".pulumi"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "credentials.json").write_text(json.dumps({"current": url, "accessTokens": {}}))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_without_a_choice_of_the_users_a_private_one_is_made(make_setup, task):
    setup = make_setup()
    assert not backend.look(setup).ready
    assert not setup.machine.state.exists(), "a look makes nothing"
    backend.obtain(setup, task)
    found = backend.look(setup)
    secret = setup.machine.state / "passphrase"
    assert found.ready
    assert found.environment == {
        "PULUMI_BACKEND_URL": f"file://{setup.machine.state}/backend",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(secret),
    }
    assert (mode(secret), mode(setup.machine.state)) == (0o600, 0o700)
    assert mode(setup.machine.state / "backend") == 0o700
    assert len(secret.read_text()) >= 43
    assert secret.read_text() not in task.result + found.found


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PULUMI_BACKEND_URL": "s3://states?region=x"}, "s3://states (PULUMI_BACKEND_URL)"),
        ({"PULUMI_ACCESS_TOKEN": "pul-1"}, "Pulumi Cloud (PULUMI_ACCESS_TOKEN)"),
        ({"PULUMI_BACKEND_URL": "postgres://u:secret@h/d"}, "postgres://h/d"),
    ],
)
def test_a_backend_named_by_the_environment_is_used_as_it_is(make_setup, environ, says):
    found = backend.look(make_setup(environ=environ))
    assert found.ready
    assert found.environment == {}
    assert says in found.found
    assert "secret" not in found.found


def test_a_login_is_used_as_it_is(make_setup):
    setup = make_setup()
    log_in(setup, "https://api.pulumi.com")
    found = backend.look(setup)
    assert found.ready
    assert found.environment == {}
    assert "https://api.pulumi.com (your login)" in found.found


def test_the_login_of_another_home_counts(make_setup, tmp_path):
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "credentials.json").write_text('{"current": "gs://states"}')
    found = backend.look(make_setup(environ={"PULUMI_HOME": str(home)}))
    assert "gs://states (your login)" in found.found


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"current": ""}', '{"current": 3}'])
def test_credentials_without_a_current_login_are_none(make_setup, text):
    setup = make_setup()
    folder = setup.machine.home / ".pulumi"
    folder.mkdir()
    (folder / "credentials.json").write_text(text)
    assert not backend.look(setup).ready


def test_our_own_backend_remembered_by_the_engine_is_not_a_login(make_setup, task):
    setup = make_setup()
    log_in(setup, f"file://{setup.machine.state}/backend")
    backend.obtain(setup, task)
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in backend.look(setup).environment


def test_a_backend_in_the_project_file_is_used(make_setup):
    setup = make_setup()
    project = setup.project / "Pulumi.yaml"
    project.write_text(project.read_text() + "backend:\n  url: azblob://states\n")
    assert "azblob://states (Pulumi.yaml)" in backend.look(setup).found


@pytest.mark.parametrize("name", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
def test_a_passphrase_of_the_users_is_kept(make_setup, task, name):
    setup = make_setup(environ={name: "/theirs"})
    backend.obtain(setup, task)
    found = backend.look(setup)
    assert found.ready
    assert set(found.environment) == {"PULUMI_BACKEND_URL"}
    assert not (setup.machine.state / "passphrase").exists()


def test_a_passphrase_that_others_can_read_is_made_private_and_said(make_setup, task):
    setup = make_setup()
    backend.obtain(setup, task)
    secret = setup.machine.state / "passphrase"
    content = secret.read_text()
    secret.chmod(0o644)
    assert "readable by others" in backend.look(setup).found
    backend.obtain(setup, task)
    assert "was readable by others" in task.result
    assert (mode(secret), secret.read_text()) == (0o600, content)


def test_an_existing_passphrase_is_never_replaced(tmp_path):
    secret = tmp_path / "passphrase"
    assert backend.make_passphrase(secret)
    content = secret.read_text()
    assert not backend.make_passphrase(secret)
    assert secret.read_text() == content
    assert [p.name for p in tmp_path.iterdir()] == ["passphrase"], "no temporary file stays"


def test_many_at_once_make_one_passphrase(tmp_path):
    secret = tmp_path / "passphrase"
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path; from toolchain.backend import make_passphrase\n"
        f"secret = Path({str(secret)!r}); print('ready', flush=True); sys.stdin.readline()\n"
        "print(make_passphrase(secret), secret.read_text())\n"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    for run in runs:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin
        run.stdin.write("go\n")
        run.stdin.flush()
    answers = [run.communicate(timeout=20)[0].split() for run in runs]
    assert sorted(made for made, _ in answers) == ["False"] * 5 + ["True"]
    assert len({text for _, text in answers}) == 1
