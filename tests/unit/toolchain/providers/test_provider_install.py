"""Installing a local provider as a plugin."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from provider_client import served

from toolchain.providers import install as installer

PYTHON = Path(sys.executable)


def processor_seconds_to_start(launcher: Path) -> float:
    """What a start costs, whatever else the machine does meanwhile."""
    process = subprocess.Popen([launcher, "127.0.0.1:1"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline().strip().isdigit()
        process.terminate()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("package", ["random", "tls"])
def test_a_plugin_starts_quickly(package: str, plugins: Path) -> None:
    launcher = next(plugins.glob(f"resource-{package}-*/pulumi-resource-{package}"))
    assert min(processor_seconds_to_start(launcher) for _ in range(2)) < 0.6


def test_the_launcher_needs_neither_the_repository_nor_the_environment(tmp_path: Path) -> None:
    launcher = installer.install("random", PYTHON, tmp_path / "plugin")
    text = launcher.read_text()
    assert str(installer.SOURCES) not in text
    copied = {path.name for path in tmp_path.rglob("*.py")}
    assert {"start.py", "protocol.py", "properties.py", "generate.py"} <= copied
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere"}
    done = subprocess.run(
        [launcher], env=environment, capture_output=True, text=True, check=False, cwd="/"
    )
    assert "usage" in done.stderr
    assert "engine" in done.stderr


def test_installing_again_changes_nothing(tmp_path: Path) -> None:
    def content() -> dict[str, bytes]:
        return {
            str(path.relative_to(tmp_path)): path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file()
        }

    installer.install("tls", PYTHON, tmp_path)
    first = content()
    launcher = installer.install("tls", PYTHON, tmp_path)
    assert content() == first
    assert os.access(launcher, os.X_OK)


def test_installing_twice_at_once_leaves_one_working_plugin(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(5):
                installer.install("random", PYTHON, tmp_path)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert names[0] == "pulumi-resource-random"
    with served(tmp_path / "pulumi-resource-random"):
        pass


def test_a_copy_cut_short_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def cut(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) > 3:
            raise KeyboardInterrupt
        Path(target).write_bytes(Path(source).read_bytes())

    with monkeypatch.context() as patched:
        patched.setattr(installer.shutil, "copyfile", cut)
        with pytest.raises(KeyboardInterrupt):
            installer.install("random", PYTHON, tmp_path)
    assert list(tmp_path.iterdir()) == []
    installer.install("random", PYTHON, tmp_path)
    with served(tmp_path / "pulumi-resource-random"):
        pass


def test_another_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="random, tls"):
        installer.install("aws", PYTHON, tmp_path)


def test_the_command_line(tmp_path: Path) -> None:
    script = Path(installer.__file__)
    plugin = tmp_path / "resource-tls-v5.6.2"
    done = subprocess.run(
        [sys.executable, script, "tls", "--python", sys.executable, "--plugin-dir", plugin],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(plugin / "pulumi-resource-tls")
