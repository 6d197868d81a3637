"""Which engine and which plugins are used, and why: every row of the decision."""

import re
from pathlib import Path

import pytest

from toolchain import built, engine
from toolchain.errors import PreparationError

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("docker", "random", "tls")


@pytest.fixture(autouse=True)
def network(monkeypatch):
    """Decides whether the download site can be reached, and counts the questions."""

    class Network:
        up = False
        probes = 0

        def __call__(self, setup):
            self.probes += 1
            return self.up

    network = Network()
    monkeypatch.setattr(engine, "reachable", network)
    return network


def install_engine(fake, version="v3.260.0", host=True):
    program = fake("pulumi", f"echo asked >> $0.log\necho {version}\n")
    if host:
        fake("pulumi-language-python", "")
    return program


def install_plugins(setup, names=NAMES, **versions):
    pins = engine.plugin_versions(setup.project, "docker")
    for name in names:
        version = versions.get(name, pins[name])
        folder = setup.machine.home / ".pulumi" / "plugins" / f"resource-{name}-v{version}"
        folder.mkdir(parents=True)
        (folder / f"pulumi-resource-{name}").touch()


def pretend(setup, part):
    """Puts an empty part into the store."""
    return setup.store.obtain(part, lambda directory: None)


def all_plugins(setup):
    return engine.plugin_versions(setup.project, setup.stack.target)


def test_the_users_own_engine_with_its_plugins_is_used_untouched(make_setup, fake, network):
    program = install_engine(fake)
    setup = make_setup()
    install_plugins(setup)
    found = engine.look(setup)
    assert found.ready
    assert str(program) in found.found
    assert (found.environment, found.path) == ({}, ())
    assert network.probes == 0


@pytest.mark.parametrize(
    ("version", "host", "why"),
    [
        ("v3.230.9", True, "3.231.0 or newer is needed"),
        ("v3.99.0", True, "3.231.0 or newer is needed"),
        ("garbage", True, "does not tell its version"),
        ("v3.260.0", False, "comes without pulumi-language-python"),
    ],
)
def test_an_unfit_engine_is_passed_over_with_the_reason(make_setup, fake, version, host, why):
    install_engine(fake, version, host)
    found = engine.look(make_setup())
    assert not found.ready
    assert why in found.found


def test_an_engine_that_cannot_start_is_passed_over(make_setup, fake):
    fake("pulumi", "exit 1\n")
    assert "does not tell its version" in engine.look(make_setup()).found


def test_the_engine_is_asked_for_its_version_once(make_setup, fake):
    program = install_engine(fake)
    log = Path(f"{program}.log")
    setup = make_setup()
    for _ in range(3):
        engine.look(setup)
    assert log.read_text().count("asked") == 1
    install_engine(fake, "v3.200.0\necho and a longer program")
    assert "or newer is needed" in engine.look(setup).found, "another program is asked again"


def test_missing_plugins_are_left_to_the_engine_where_it_can_download(make_setup, fake, network):
    network.up = True
    install_engine(fake)
    setup = make_setup()
    install_plugins(setup, ["docker"])
    found = engine.look(setup)
    assert found.ready
    assert found.environment == {}
    assert "downloads its plugins itself: random" in found.found


def test_missing_plugins_are_built_where_it_cannot(make_setup, fake, network):
    install_engine(fake)
    setup = make_setup()
    install_plugins(setup, ["random", "tls"])
    found = engine.look(setup)
    assert not found.ready
    assert "build docker-provider" in found.plan
    assert "engine" not in found.plan
    assert "providers" not in found.plan
    parts = built.built_parts(setup, engine.missing_plugins(setup), with_engine=False)
    home = pretend(setup, parts.home)
    probes = network.probes
    found = engine.look(setup)
    assert found.ready
    assert found.environment["PULUMI_HOME"] == str(home)
    assert found.environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert found.path == (), "the user's engine stays first on PATH"
    assert network.probes == probes, "what is built is used without asking the network again"


def test_a_user_who_forbids_downloads_is_not_asked_again(make_setup, fake, network):
    network.up = True
    install_engine(fake)
    setup = make_setup(environ={"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"})
    assert "build docker-provider" in engine.look(setup).plan


@pytest.mark.parametrize(
    ("there", "enough"),
    [("5.2.0", True), ("5.3.1", True), ("5.1.9", False), ("6.0.0", False), ("4.9.0", False)],
)
def test_plugins_count_as_the_engine_counts_them(make_setup, there, enough):
    setup = make_setup()
    install_plugins(setup, ["random", "tls"])
    install_plugins(setup, ["docker"], docker=there)
    assert ("docker" not in engine.missing_plugins(setup)) is enough


def test_a_plugin_that_is_still_being_installed_does_not_count(make_setup):
    setup = make_setup()
    install_plugins(setup)
    version = all_plugins(setup)["tls"]
    plugins = setup.machine.home / ".pulumi" / "plugins"
    (plugins / f"resource-tls-v{version}.partial").touch()
    assert set(engine.missing_plugins(setup)) == {"tls"}


def test_a_plugin_on_path_counts(make_setup, fake):
    fake("pulumi-resource-docker", "")
    assert "docker" not in engine.missing_plugins(make_setup())


def test_an_official_download_is_used_without_asking_the_network(make_setup, network):
    setup = make_setup()
    install_plugins(setup)
    folder = pretend(setup, engine.official_part(setup))
    found = engine.look(setup)
    assert found.ready
    assert found.path == (folder,)
    assert network.probes == 0


def test_the_users_engine_comes_before_an_official_download(make_setup, fake):
    setup = make_setup()
    install_plugins(setup)
    pretend(setup, engine.official_part(setup))
    program = install_engine(fake)
    assert str(program) in engine.look(setup).found


def test_the_official_download_comes_before_one_built_here(make_setup, network):
    setup = make_setup()
    install_plugins(setup)
    pretend(setup, built.built_parts(setup, all_plugins(setup), with_engine=True).home)
    folder = pretend(setup, engine.official_part(setup))
    assert engine.look(setup).path == (folder,)


def test_an_engine_built_here_is_used_without_asking_the_network(make_setup, network):
    setup = make_setup()
    home = pretend(setup, built.built_parts(setup, all_plugins(setup), with_engine=True).home)
    found = engine.look(setup)
    assert found.ready
    assert found.path == (home / "bin",)
    assert found.environment == {
        "PULUMI_HOME": str(home),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    assert network.probes == 0


def test_a_login_is_kept_with_a_home_of_ours(make_setup):
    setup = make_setup()
    pretend(setup, built.built_parts(setup, all_plugins(setup), with_engine=True).home)
    credentials = setup.machine.home / ".pulumi"
    credentials.mkdir()
    (credentials / "credentials.json").write_text('{"current": "https://api.pulumi.com"}')
    assert engine.look(setup).environment["PULUMI_CREDENTIALS_PATH"] == str(credentials)


@pytest.mark.parametrize(
    ("up", "plan"),
    [
        (True, "download Pulumi"),
        (False, "build engine, language-python, docker-provider, providers"),
    ],
)
def test_the_doctor_says_which_way_it_would_be_obtained(make_setup, network, up, plan):
    network.up = up
    setup = make_setup()
    setup.thorough = True
    found = engine.look(setup)
    assert not found.ready
    assert plan in found.plan
    assert "no pulumi on PATH" in found.found


def test_a_quick_look_does_not_ask_the_network(make_setup, network):
    assert not engine.look(make_setup()).ready
    assert network.probes == 0


def test_a_plugin_that_cannot_be_built_is_one_message(make_setup, project, network, task):
    (project / "requirements" / "external.txt").write_text(
        "pulumi==3.231.0\npulumi-aws==7.1.0 \\\n    --hash=x\npulumi-policy==1.2.3\n"
    )
    setup = make_setup("elsewhere")
    assert engine.plugin_versions(project, "external") == {"aws": "7.1.0"}
    with pytest.raises(PreparationError) as problem:
        engine.obtain(setup, task)
    assert "plugin aws 7.1.0 is not here" in str(problem.value)
    assert "pulumi-resource-aws" in str(problem.value)


def test_a_target_without_docker_builds_no_docker_plugin(make_setup):
    setup = make_setup("elsewhere")
    parts = built.built_parts(setup, all_plugins(setup), with_engine=True)
    assert set(parts.programs) == {"engine", "language-python"}
    assert parts.providers is not None


def test_parts_change_with_what_they_are_made_of(make_setup):
    setup = make_setup()
    first = built.built_parts(setup, all_plugins(setup), with_engine=True)
    other = built.built_parts(make_setup(arch="arm64"), all_plugins(setup), with_engine=True)
    assert first.home != other.home
    assert first.programs["engine"] != other.programs["engine"]
    newer = built.built_parts(setup, {**all_plugins(setup), "tls": "9.9.9"}, with_engine=True)
    assert first.home != newer.home
    assert first.programs == newer.programs


def test_the_home_has_everything_where_the_engine_looks(make_setup):
    setup = make_setup()
    parts = built.built_parts(setup, all_plugins(setup), with_engine=True)
    for name, part in parts.programs.items():
        program = built._BUILDS[name][0]

        def make(directory, program=program):
            (directory / program).write_text("#!/bin/sh\necho v3.250.0\n")
            (directory / program).chmod(0o755)

        setup.store.obtain(part, make)
    assert parts.providers
    pretend(setup, parts.providers)

    def arrange(directory):
        built._arrange(setup, parts, [], directory)

    home = setup.store.obtain(parts.home, arrange)
    programs = sorted(p.name for p in (home / "bin").iterdir())
    assert programs == ["pulumi", "pulumi-language-python"]
    for name, version in parts.plugins.items():
        program = home / "plugins" / f"resource-{name}-v{version}" / f"pulumi-resource-{name}"
        assert program.stat().st_mode & 0o111
    launcher = home / "plugins" / f"resource-tls-v{parts.plugins['tls']}" / "pulumi-resource-tls"
    assert str(setup.store.path(parts.providers)) in launcher.read_text()
    assert ".making" not in launcher.read_text(), "no path that is gone after the renaming"


def test_the_users_plugins_stay_visible_in_a_home_of_ours(make_setup):
    setup = make_setup()
    install_plugins(setup, ["random", "tls"])
    parts = built.built_parts(setup, {"docker": "5.2.0"}, with_engine=False)
    own = setup.machine.home / ".pulumi" / "plugins"
    docker = parts.programs["docker-provider"]
    setup.store.obtain(docker, lambda d: (d / "pulumi-resource-docker").touch())

    def arrange(directory):
        built._arrange(setup, parts, sorted(own.iterdir()), directory)

    home = setup.store.obtain(parts.home, arrange)
    folders = sorted((home / "plugins").iterdir())
    assert len(folders) == 3
    assert not any(folder.is_symlink() for folder in folders)
    assert all(file.exists() for folder in folders for file in folder.iterdir())


def test_the_docker_plugin_answers_to_the_pinned_version():
    source = (ROOT / "toolchain" / "docker-provider" / "provider.go").read_text()
    version = re.search(r'\bversion = "([^"]+)"', source)
    assert version
    assert version.group(1) == engine.plugin_versions(ROOT, "docker")["docker"]


def test_the_local_providers_answer_to_the_pinned_versions():
    from toolchain.providers.local_providers import VERSIONS

    pins = engine.plugin_versions(ROOT, "docker")
    assert {name: pins[name] for name in VERSIONS} == dict(VERSIONS)


def test_the_engine_built_is_the_one_that_go_mod_names():
    module = (ROOT / "toolchain" / "engine" / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{built.PULUMI_VERSION}" in module
