"""Which engine and which plugins are used, and why: every row of the decision."""

import re
from pathlib import Path

import pytest

from toolchain import built, engine, official
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
    pins = engine.plugin_versions(setup.project, setup.stack.target)
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
    parts = engine._parts(setup, engine.missing_plugins(setup), with_engine=False)
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


# A stack of each cloud, and the plugin of its provider, which exists as a download only.
CLOUDS = pytest.mark.parametrize(
    ("stack", "plugin"),
    [("cloud", "aws"), ("other-cloud", "azure-native"), ("third-cloud", "gcp")],
)


@CLOUDS
def test_a_cloud_needs_two_plugins_and_one_can_be_built(make_setup, stack, plugin):
    pins = all_plugins(make_setup(stack))
    assert sorted(pins) == [plugin, "random"]
    assert pins["random"] == all_plugins(make_setup())["random"]
    assert set(pins) - built.BUILDABLE == {plugin}


def assert_says_how_to_get(plugin, setup, message):
    version = all_plugins(setup)[plugin]
    assert f"the Pulumi plugin {plugin} {version} is missing" in message
    assert f"\n  pulumi plugin install resource {plugin} {version}\n" in message
    assert f"pulumi-resource-{plugin} on PATH" in message
    assert "random" not in message, "that one is built"


@CLOUDS
@pytest.mark.parametrize("yours", [True, False])
@pytest.mark.parametrize("thorough", [True, False])
def test_a_plugin_that_cannot_be_had_is_said_at_the_first_look(
    *, make_setup, fake, yours, thorough, stack, plugin
):
    if yours:
        install_engine(fake)
    setup = make_setup(stack)
    setup.thorough = thorough
    message = engine.look(setup).blocked
    assert_says_how_to_get(plugin, setup, message)
    assert f"{official.DOWNLOADS} does not answer from here" in message
    assert f"Copy ~/.pulumi/plugins/resource-{plugin}-v" in message
    assert f"to {setup.machine.home}/.pulumi/plugins" in message
    assert "(linux, x64)" in message


@CLOUDS
def test_it_is_said_too_if_the_site_has_gone_since_the_look(
    make_setup, network, task, stack, plugin
):
    network.up = True
    setup = make_setup(stack)
    assert engine.look(setup).plan == "obtain Pulumi"
    network.up = False
    with pytest.raises(PreparationError) as problem:
        engine.obtain(setup, task)
    assert_says_how_to_get(plugin, setup, str(problem.value))


@CLOUDS
@pytest.mark.parametrize("yours", [True, False])
@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_it_is_not_the_networks_fault_if_downloads_are_forbidden(
    *, make_setup, fake, network, value, yours, stack, plugin
):
    network.up = True
    if yours:
        install_engine(fake)
    variable = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    setup = make_setup(stack, {variable: value})
    message = engine.look(setup).blocked
    assert_says_how_to_get(plugin, setup, message)
    assert f"{variable} forbids downloading it" in message
    assert "does not answer" not in message


def test_two_plugins_that_cannot_be_had_are_one_message(make_setup, project):
    (project / "requirements" / "aws.txt").write_text("pulumi-aws==7.1.0\npulumi-gcp==9.2.0\n")
    message = engine.look(make_setup("cloud")).blocked
    assert "the Pulumi plugins aws 7.1.0 and gcp 9.2.0 are missing" in message
    assert "\n  pulumi plugin install resource aws 7.1.0\n" in message
    assert "\n  pulumi plugin install resource gcp 9.2.0\n" in message
    assert "plugins/{resource-aws-v7.1.0,resource-gcp-v9.2.0}" in message


@CLOUDS
def test_where_the_site_answers_the_engine_gets_the_plugin(
    make_setup, fake, network, stack, plugin
):
    network.up = True
    assert not engine.look(make_setup(stack)).blocked
    install_engine(fake)
    found = engine.look(make_setup(stack))
    assert found.ready
    assert f"downloads its plugins itself: {plugin}" in found.found


@pytest.fixture(params=["in the user's plugins", "in PULUMI_HOME", "on PATH"])
def with_plugin(*, request, make_setup, fake, tmp_path, stack, plugin):
    """A machine with the plugin that cannot be built, and the folders that a home links to."""
    environ = {"PULUMI_HOME": str(tmp_path / "own")} if request.param == "in PULUMI_HOME" else {}
    setup = make_setup(stack, environ)
    if request.param == "on PATH":
        fake(f"pulumi-resource-{plugin}", "")
        return setup, []
    install_plugins(setup, [plugin])
    folder = next((setup.machine.home / ".pulumi" / "plugins").iterdir())
    if environ:
        target = tmp_path / "own" / "plugins" / folder.name
        target.parent.mkdir(parents=True)
        folder = folder.rename(target)
    return setup, [folder]


@CLOUDS
def test_with_that_plugin_only_the_rest_is_built(with_plugin, fake):
    setup, _ = with_plugin
    found = engine.look(setup)
    assert (found.ready, found.blocked, found.plan) == (False, "", "obtain Pulumi")
    setup.thorough = True
    assert "build engine, language-python, providers from" in engine.look(setup).plan
    install_engine(fake)
    found = engine.look(setup)
    assert not found.blocked
    assert "build providers from" in found.plan


@CLOUDS
@pytest.mark.parametrize("yours", [True, False])
def test_a_home_of_ours_has_that_plugin_beside_the_built_ones(
    *, with_plugin, fake, task, monkeypatch, yours, plugin
):
    setup, folders = with_plugin
    if yours:
        install_engine(fake)
    built_now = []

    def build_all(setup, task, parts):
        built_now.append(parts)
        setup.store.obtain(parts.home, lambda directory: built._arrange(setup, parts, directory))

    monkeypatch.setattr(engine, "build_all", build_all)
    pins = all_plugins(setup)
    parts = built.built_parts(
        setup, {"random": pins["random"]}, with_engine=not yours, users_plugins=folders
    )
    for part in (*parts.programs.values(), parts.providers):
        assert part
        pretend(setup, part)
    engine.obtain(setup, task)
    assert [parts.home for parts in built_now] == [parts.home]
    found = engine.look(setup)
    assert found.ready
    home = Path(found.environment["PULUMI_HOME"])
    names = {f"resource-random-v{pins['random']}", *(folder.name for folder in folders)}
    assert {folder.name for folder in (home / "plugins").iterdir()} == names
    for folder in folders:
        assert (home / "plugins" / folder.name / f"pulumi-resource-{plugin}").exists()


def test_another_version_of_a_users_plugin_is_another_home(make_setup):
    setup = make_setup("cloud")
    install_plugins(setup, ["aws"])
    before = engine._parts(setup, engine.missing_plugins(setup), with_engine=True)
    folder = next((setup.machine.home / ".pulumi" / "plugins").iterdir())
    folder.rename(folder.with_name("resource-aws-v7.999.0"))
    after = engine._parts(setup, engine.missing_plugins(setup), with_engine=True)
    assert before.plugins == after.plugins
    assert before.home != after.home, "the old one's links lead nowhere"
    folder.with_name("resource-aws-v7.999.0.partial").touch()
    assert "aws" in engine.missing_plugins(setup)


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
        program = built.PROGRAMS[name].program

        def make(directory, program=program):
            (directory / program).write_text("#!/bin/sh\necho v3.250.0\n")
            (directory / program).chmod(0o755)

        setup.store.obtain(part, make)
    assert parts.providers
    pretend(setup, parts.providers)

    def arrange(directory):
        built._arrange(setup, parts, directory)

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
    own = setup.machine.home / ".pulumi" / "plugins"
    users = sorted(own.iterdir())
    wanted = {"docker": "5.2.0"}
    parts = built.built_parts(setup, wanted, with_engine=False, users_plugins=users)
    docker = parts.programs["docker-provider"]
    setup.store.obtain(docker, lambda d: (d / "pulumi-resource-docker").touch())

    def arrange(directory):
        built._arrange(setup, parts, directory)

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
