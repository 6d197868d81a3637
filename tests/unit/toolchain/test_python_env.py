"""The project's .venv: left alone, topped up, or made again. uv is a fake that records."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from toolchain import python_env
from toolchain.errors import PreparationError

# `uv venv ... PATH` makes a tiny environment; `uv pip install` records, and fails on order.
UV = f"""
echo "$*" >> "$(dirname "$0")/uv.log"
case "$1" in
--version) echo "uv 0.13.8" ;;
venv)
  for last; do :; done
  rm -rf "$last"
  mkdir -p "$last/bin"
  ln -s {os.path.realpath(sys.executable)} "$last/bin/python"
  echo "home = x" > "$last/pyvenv.cfg" ;;
pip) [ ! -e "$(dirname "$0")/fail" ] || {{ echo "error: connection lost" >&2; exit 2; }} ;;
esac
"""


@pytest.fixture
def uv(fake):
    program = fake("uv", UV)

    class Uv:
        fail = program.parent / "fail"

        @property
        def calls(self):
            log = program.parent / "uv.log"
            lines = log.read_text().splitlines() if log.exists() else []
            return [line for line in lines if not line.startswith("--version")]

        def forget(self):
            (program.parent / "uv.log").unlink()

    return Uv()


def test_made_once_with_hashes_and_then_left_alone(make_setup, uv, task):
    setup = make_setup()
    assert "not there yet" in python_env.look(setup).found
    python_env.obtain(setup, task)
    venv, packages, own = uv.calls
    assert venv.startswith("venv ")
    assert f"--python {setup.machine.python}" in venv
    assert "--require-hashes" in packages
    assert packages.endswith("requirements/docker.txt")
    assert "--no-deps --build-constraints" in own
    assert own.endswith(f"-e {setup.project}/components")
    found = python_env.look(setup)
    assert found.ready
    assert found.path == (setup.project / ".venv" / "bin",)
    python_env.obtain(setup, task)
    assert len(uv.calls) == 3


CLOUDS = {
    # stack: target, SDK
    "cloud": ("aws", "pulumi-aws"),
    "other-cloud": ("azure", "pulumi-azure-native"),
    "third-cloud": ("gcp", "pulumi-gcp"),
}


@pytest.mark.parametrize("stack", CLOUDS)
def test_a_stack_of_a_cloud_installs_that_clouds_pins_alone(make_setup, uv, task, stack):
    setup = make_setup(stack)
    target, own = CLOUDS[stack]
    python_env.obtain(setup, task)
    pins = setup.project / "requirements" / f"{target}.txt"
    assert uv.calls[1].endswith(f"--require-hashes -r {pins}")
    for _, sdk in CLOUDS.values():
        assert (f"\n{sdk}==" in pins.read_text()) is (sdk == own)


def test_changed_pins_are_installed_into_the_same_environment(make_setup, uv, task):
    setup = make_setup()
    python_env.obtain(setup, task)
    pins = setup.project / "requirements" / "docker.txt"
    pins.write_text(pins.read_text() + "# changed\n")
    found = python_env.look(setup)
    assert not found.ready
    assert "requirements/docker.txt changed" in found.found
    uv.forget()
    python_env.obtain(setup, task)
    assert [call.split()[0] for call in uv.calls] == ["pip", "pip"]
    assert python_env.look(setup).ready


def test_pins_that_change_while_they_are_installed_are_found_changed(make_setup, fake, task):
    setup = make_setup()
    pins = setup.project / "requirements" / "docker.txt"
    fake("uv", f'{UV}\n[ "$1" != pip ] || echo "# changed" >> {pins}\n')
    python_env.obtain(setup, task)
    found = python_env.look(setup)
    assert not found.ready
    assert "requirements/docker.txt changed" in found.found


def test_a_second_target_and_the_test_tools_are_added_and_the_first_stays(make_setup, uv, task):
    python_env.obtain(make_setup(), task)
    other = make_setup("elsewhere")
    other.dev = True
    assert not python_env.look(other).ready
    uv.forget()
    python_env.obtain(other, task)
    packages = uv.calls[0]
    for name in ("docker", "external", "dev"):
        assert f"requirements/{name}.txt" in packages
    assert python_env.look(other).ready
    assert python_env.look(make_setup()).ready


def test_what_is_there_is_byte_code_whoever_installed_it(make_setup, uv, task):
    setup = make_setup()
    python_env.obtain(setup, task)
    packages = setup.project / ".venv" / "lib" / "python3" / "site-packages" / "sdk"
    packages.mkdir(parents=True)
    (packages / "network.py").write_text("x = 1\n")
    (packages / "example_for_python_2.py").write_text("print 1\n")
    pins = setup.project / "requirements" / "docker.txt"
    pins.write_text(pins.read_text() + "# changed\n")
    python_env.obtain(setup, task)
    compiled = [file.name.split(".")[0] for file in packages.glob("__pycache__/*.pyc")]
    assert compiled == ["network"]
    assert python_env.look(setup).ready


def test_an_interrupted_installation_is_made_again(make_setup, uv, task):
    setup = make_setup()
    uv.fail.touch()
    with pytest.raises(PreparationError) as problem:
        python_env.obtain(setup, task)
    assert "connection lost" in str(problem.value)
    assert "Run the same command again" in str(problem.value)
    assert not python_env.look(setup).ready
    uv.fail.unlink()
    uv.forget()
    python_env.obtain(setup, task)
    assert uv.calls[0].startswith("venv ")
    assert python_env.look(setup).ready


def test_an_interrupted_change_is_not_taken_for_finished(make_setup, uv, task):
    setup = make_setup()
    python_env.obtain(setup, task)
    pins = setup.project / "requirements" / "docker.txt"
    before = pins.read_text()
    pins.write_text(before + "# changed\n")
    uv.fail.touch()
    with pytest.raises(PreparationError):
        python_env.obtain(setup, task)
    pins.write_text(before)
    assert not python_env.look(setup).ready, "half of the new pins may be installed"


def test_a_python_that_is_gone_is_repaired(make_setup, uv, task):
    setup = make_setup()
    python_env.obtain(setup, task)
    python = setup.project / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python")
    assert "its Python is gone (/no/such/python)" in python_env.look(setup).found
    python_env.obtain(setup, task)
    assert python_env.look(setup).ready


def test_a_repository_that_has_moved_is_repaired(make_setup, uv, task):
    setup = make_setup()
    python_env.obtain(setup, task)
    moved = setup.project.with_name("moved")
    shutil.move(setup.project, moved)
    setup.project = moved
    assert "has moved" in python_env.look(setup).found
    python_env.obtain(setup, task)
    assert python_env.look(setup).ready


def test_a_damaged_marker_is_no_marker(make_setup, uv, task):
    setup = make_setup()
    python_env.obtain(setup, task)
    for text in ("", "{", "[]", '{"files": 3}'):
        (setup.project / ".venv" / python_env.MARKER).write_text(text)
        assert not python_env.look(setup).ready
    python_env.obtain(setup, task)
    marker = json.loads((setup.project / ".venv" / python_env.MARKER).read_text())
    assert marker["targets"] == ["docker"]


def test_a_target_without_pins_is_one_message(make_setup, project):
    (project / "requirements" / "docker.txt").unlink()
    with pytest.raises(PreparationError, match=r"requirements/docker\.txt is missing"):
        python_env.look(make_setup())


def test_an_old_uv_on_path_is_not_used(make_setup, fake, task, monkeypatch):
    fake("uv", "echo uv 0.4.9\n")
    setup = make_setup()
    asked = []

    def obtain(part, make, *, doing=""):
        asked.append(part)
        return Path("/cache/uv")

    monkeypatch.setattr(setup.store, "obtain", obtain)
    assert python_env.find_uv(setup, task) == "/cache/uv/lib/bin/uv"
    assert asked[0].name == "uv"


@pytest.mark.parametrize(
    ("environ", "config", "expected"),
    [
        ({}, "", {}),
        (
            {"PIP_INDEX_URL": "https://in.example/s"},
            "",
            {"UV_DEFAULT_INDEX": "https://in.example/s"},
        ),
        ({}, "[global]\nindex-url = https://c.example", {"UV_DEFAULT_INDEX": "https://c.example"}),
        (
            {"PIP_INDEX_URL": "https://a.example", "UV_DEFAULT_INDEX": "https://b.example"},
            "",
            {"UV_DEFAULT_INDEX": "https://b.example"},
        ),
        (
            {"PIP_INDEX_URL": "https://a.example", "UV_INDEX_URL": "https://b.example"},
            "",
            {"UV_INDEX_URL": "https://b.example"},
        ),
        (
            {},
            "[global]\nextra-index-url =\n    https://x.example\n    https://y.example\n",
            {"UV_INDEX": "https://x.example https://y.example"},
        ),
        ({}, "[global]\ntrusted-host = h.example", {"UV_INSECURE_HOST": "h.example"}),
        ({"PIP_CERT": "/no/such/file"}, "", {}),
        ({"PIP_CERT": "/etc/passwd"}, "", {"SSL_CERT_FILE": "/etc/passwd"}),
        ({}, "not = a section", {}),
    ],
)
def test_uv_gets_the_index_that_pip_is_set_to(make_setup, monkeypatch, environ, config, expected):
    setup = make_setup(environ=environ)
    file = setup.machine.home / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(config)
    # The machine that runs the tests may have a configuration of its own.
    system = [Path("/etc/pip.conf"), Path("/etc/xdg/pip/pip.conf")]
    real = python_env.configparser.RawConfigParser.read

    def read(parser, files):
        return real(parser, [f for f in files if Path(f) not in system])

    monkeypatch.setattr(python_env.configparser.RawConfigParser, "read", read)
    env = python_env.uv_environment(setup)
    names = {name: value for name, value in env.items() if name.startswith(("UV_", "SSL_"))}
    assert names.pop("UV_PYTHON_DOWNLOADS") == "never"
    assert names == expected


def test_pins_are_read_from_requirements(tmp_path):
    file = tmp_path / "x.txt"
    file.write_text(
        "# c\nother==2\nname==1.2.3 \\\n    --hash=sha256:0\nlast==4 ; python_version<'3'\n"
    )
    assert python_env.pinned(file, "name") == "1.2.3"
    assert python_env.pinned(file, "last") == "4"
    with pytest.raises(PreparationError, match="pins no version of nothing"):
        python_env.pinned(file, "nothing")
