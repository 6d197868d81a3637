"""System packages by apt, and the tools of the tests. apt and dpkg are fakes that record."""

from pathlib import Path

import pytest
from scratch_machine import uv_that_makes

from toolchain import dev_tools, packages
from toolchain.errors import PreparationError


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(packages, "_updated", set())
    monkeypatch.setattr(packages, "_LOCK_PAUSE", 0.01)


@pytest.fixture
def debian(make_setup, fake, monkeypatch):
    """A Debian machine as root; the log has a line for each call of apt-get and dpkg."""
    record = 'echo "$(basename "$0") $DEBIAN_FRONTEND $*" >> "$(dirname "$0")/log"\n'
    program = fake("apt-get", record)
    fake("dpkg", record)
    setup = make_setup(root=True, debian_family=True)
    monkeypatch.setenv("PATH", setup.environ["PATH"])

    def calls():
        return program.with_name("log").read_text().splitlines()

    return setup, fake, record, calls


def test_lists_are_fetched_once_and_a_half_done_run_is_finished_first(debian, task):
    setup, _, _, calls = debian
    packages.install(setup, task, ["one", "two"])
    packages.install(setup, task, ["three"])
    update, repair, install, repair_again, second = calls()
    assert update.endswith(" update")
    assert repair == repair_again == "dpkg noninteractive --configure -a"
    assert "DPkg::Lock::Timeout=300" in install
    assert install.endswith("install -y --no-install-recommends one two")
    assert second.endswith("install -y --no-install-recommends three")


def test_a_source_of_the_machine_that_fails_does_not_stop_it(debian, task):
    setup, fake, record, calls = debian
    fake("apt-get", record + 'case "$*" in *update*) echo "E: no Release file"; exit 100 ;; esac\n')
    packages.install(setup, task, ["one"])
    assert calls()[-1].endswith(" one")


def test_another_programs_lock_is_waited_for(debian, task):
    setup, fake, record, calls = debian
    locked = 'if [ $(wc -l < "$(dirname "$0")/log") -lt 3 ]; then\n'
    locked += 'echo "E: Could not get lock /var/lib/apt/lists/lock"; exit 100; fi\n'
    fake("apt-get", record + locked)
    packages.install(setup, task, ["one"])
    assert sum(line.endswith(" update") for line in calls()) == 3


def test_a_lock_that_stays_is_said(debian, task):
    setup, fake, record, _ = debian
    fake("apt-get", record + 'echo "E: Could not get lock /x"; exit 100\n')
    with pytest.raises(PreparationError, match="kept apt locked"):
        packages.install(setup, task, ["one"])


def test_what_cannot_be_installed_is_said_in_apts_words(debian, task):
    setup, fake, record, _ = debian
    fail = 'case "$*" in *install*) echo "E: Unable to locate package one"; exit 100 ;; esac\n'
    fake("apt-get", record + fail)
    with pytest.raises(PreparationError) as problem:
        packages.install(setup, task, ["one"])
    assert "Unable to locate package one" in str(problem.value)
    assert "finished parts are kept" in str(problem.value)


def test_elsewhere_the_packages_are_named(make_setup, task):
    with pytest.raises(PreparationError, match="install these packages and run again: one two"):
        packages.install(make_setup(), task, ["one", "two"])


@pytest.fixture
def tools(fake, monkeypatch):
    """Only the fake programs exist; `add` makes one."""
    directory = fake("anything", "").parent
    real = dev_tools.shutil.which
    monkeypatch.setattr(
        dev_tools.shutil, "which", lambda name, path=None: real(name, path=directory)
    )

    def add(*names):
        for name in names:
            fake(name, "echo v20.1.0\n")

    return add


ALL = ("openssl", "redis-cli", "node", "npm", "docker-compose", "chromium", "testssl")


@pytest.fixture
def setup(make_setup):
    """A machine that has Checkov."""
    setup = make_setup()
    setup.store.obtain(dev_tools.checkov_part(setup), lambda directory: None)
    return setup


def test_tools_that_are_there_are_used(setup, tools):
    tools(*ALL)
    assert dev_tools.look(setup).ready


def test_missing_tools_are_named_with_their_packages(setup, make_setup, tools):
    tools("openssl", "node", "npm", "chromium", "testssl")
    found = dev_tools.look(setup)
    assert "redis-cli, docker-compose" in found.blocked
    assert "sudo apt-get install docker-compose redis-tools" in found.blocked
    found = dev_tools.look(make_setup(root=True, debian_family=True))
    assert found.plan == "apt-get install docker-compose redis-tools"
    assert found.usual == "half a minute"


def test_the_browser_comes_with_a_font_and_takes_its_time(setup, make_setup, tools):
    tools(*(name for name in ALL if name not in {"chromium", "testssl"}))
    assert dev_tools.look(setup).blocked
    found = dev_tools.look(make_setup(root=True, debian_family=True))
    assert found.found == "missing: chromium, testssl"
    assert found.plan == "apt-get install chromium fonts-liberation testssl.sh"
    assert found.usual == "1 to 2 minutes"


@pytest.fixture
def uv(fake, tools):
    tools(*ALL)
    return fake("uv", uv_that_makes("checkov"))


def test_checkov_is_installed_once_by_its_pins_into_an_environment_of_its_own(
    make_setup, uv, task, project
):
    setup = make_setup()
    found = dev_tools.look(setup)
    assert not found.ready
    assert "missing: checkov" in found.found
    assert "an environment of its own" in found.plan
    dev_tools.obtain(setup, task)
    found = dev_tools.look(setup)
    assert found.ready
    program = Path(found.environment["SECURE_REDIS_CHECKOV"])
    assert program.is_file()
    assert found.environment["CKV_SKIP_PACKAGE_UPDATE_CHECK"] == "true", "it asks no network"
    assert program.is_relative_to(setup.machine.cache)
    venv, packages = [s for s in uv.with_name("uv.log").read_text().splitlines() if s[0] != "-"]
    assert "--relocatable" in venv, "it is renamed when it is whole"
    assert packages.endswith(
        f"--require-hashes --compile-bytecode -r {project}/requirements/checkov.txt"
    )
    dev_tools.obtain(setup, task)
    assert len(uv.with_name("uv.log").read_text().splitlines()) == 3
    pins = project / "requirements" / "checkov.txt"
    pins.write_text(pins.read_text() + "# changed\n")
    assert not dev_tools.look(setup).ready


def test_half_of_checkov_is_not_kept(make_setup, uv, task):
    setup = make_setup()
    uv.with_name("fail").touch()
    with pytest.raises(PreparationError, match="installing Checkov's packages failed") as problem:
        dev_tools.obtain(setup, task)
    assert "connection lost" in str(problem.value)
    assert not dev_tools.look(setup).ready
    uv.with_name("fail").unlink()
    dev_tools.obtain(setup, task)
    assert dev_tools.look(setup).ready


@pytest.mark.parametrize(("version", "old"), [("v16.20.2", True), ("v18.0.0", False)])
def test_an_old_node_is_a_missing_one(make_setup, tools, fake, version, old):
    tools(*ALL)
    fake("node", f"echo {version}\n")
    assert ("node" in dev_tools.missing_tools(make_setup())) is old


@pytest.mark.parametrize("folder", dev_tools.NODE_PACKAGES)
def test_node_packages_are_installed_by_their_lock_file_and_again_when_it_changes(
    setup, tools, fake, task, folder
):
    tools(*ALL)
    packages = setup.project / folder
    packages.mkdir(parents=True)
    assert dev_tools.look(setup).ready, "without a lock file there is nothing to install"
    npm = fake("npm", 'echo "$*" >> "$0.log"\nmkdir -p node_modules\n')
    for content in ("{}", "{ }"):
        (packages / "package-lock.json").write_text(content)
        assert not dev_tools.look(setup).ready
        dev_tools.obtain(setup, task)
        assert dev_tools.look(setup).ready
    log = npm.with_name("npm.log").read_text().splitlines()
    assert log == ["ci --no-audit --no-fund --ignore-scripts"] * 2


def test_a_failing_npm_is_one_message_and_tried_again(setup, tools, fake, task, project):
    tools(*ALL)
    clients = project / dev_tools.CLIENTS
    clients.mkdir(parents=True)
    (clients / "package-lock.json").write_text("{}")
    fake("npm", "mkdir -p node_modules; echo npm error EINTEGRITY; exit 1\n")
    with pytest.raises(PreparationError, match="EINTEGRITY"):
        dev_tools.obtain(setup, task)
    assert not dev_tools.look(setup).ready
