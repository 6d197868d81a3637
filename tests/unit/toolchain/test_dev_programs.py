"""The programs of the tests: which are built, which come with the engine, where they are found."""

import re
from pathlib import Path

import pytest

from toolchain import built, dev_programs, engine

TOOLCHAIN = Path(built.__file__).parent
HOSTS = {"language-yaml", "language-nodejs"}
ALL = {"actionlint", *HOSTS}


@pytest.fixture
def builds(monkeypatch, setup):
    """Pretends to build, and keeps what was asked for."""
    asked = []

    def build(setup, task, programs):
        asked.append(set(programs))
        for part in programs.values():
            setup.store.obtain(part, lambda directory: None)

    monkeypatch.setattr(dev_programs, "build_programs", build)
    return asked


@pytest.fixture
def setup(make_setup):
    return make_setup()


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.setattr(dev_programs, "reachable", lambda setup: False)


def test_they_are_built_once_and_go_onto_the_commands_path(setup, task, builds):
    found = dev_programs.look(setup)
    assert not found.ready
    assert "actionlint, pulumi-language-yaml, pulumi-language-nodejs" in found.found
    dev_programs.obtain(setup, task)
    found = dev_programs.look(setup)
    assert found.ready
    assert set(found.path) == {
        setup.store.path(part) for part in dev_programs.parts(setup).values()
    }
    assert builds == [ALL]


def test_only_what_is_missing_is_built(setup, task, builds):
    part = dev_programs.parts(setup)["language-nodejs"]
    setup.store.obtain(part, lambda directory: None)
    dev_programs.obtain(setup, task)
    assert builds == [ALL - {"language-nodejs"}]


def test_hosts_on_path_are_used(setup, fake):
    fake("pulumi-language-yaml", "")
    assert set(dev_programs.parts(setup)) == ALL - {"language-yaml"}


def test_a_linter_on_path_is_not_used_because_findings_differ_by_version(setup, fake):
    fake("actionlint", "")
    assert "actionlint" in dev_programs.parts(setup)


def test_hosts_beside_the_users_engine_are_used_also_through_a_link(setup, fake, tmp_path):
    release = tmp_path / "release"
    release.mkdir()
    fake("pulumi-language-python", "")
    for name in ("pulumi", "pulumi-language-nodejs", "pulumi-language-yaml"):
        (release / name).write_text("#!/bin/sh\necho v3.260.0\n")
        (release / name).chmod(0o755)
    (tmp_path / "programs" / "pulumi").symlink_to(release / "pulumi")
    assert set(dev_programs.parts(setup)) == {"actionlint"}


def test_hosts_of_an_official_engine_in_the_store_are_used(setup):
    def official(directory):
        for name in ("pulumi", "pulumi-language-nodejs", "pulumi-language-yaml"):
            (directory / name).write_text("#!/bin/sh\n")
            (directory / name).chmod(0o755)

    setup.store.obtain(engine.official_part(setup), official)
    assert set(dev_programs.parts(setup)) == {"actionlint"}


def test_no_host_is_built_while_an_official_engine_is_on_its_way(setup, task, builds, monkeypatch):
    monkeypatch.setattr(dev_programs, "reachable", lambda setup: True)
    dev_programs.obtain(setup, task)
    assert builds == [{"actionlint"}]


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_part_changes_with_its_module_and_names_the_version_of_it(setup, make_setup, name):
    part = dev_programs.parts(setup)[name]
    module = (TOOLCHAIN / name / "go.mod").read_text()
    assert re.search(rf" v{re.escape(part.version)}( // indirect)?$", module, re.MULTILINE)
    other = dev_programs.parts(make_setup(arch="arm64"))[name]
    assert other.directory != part.directory
    assert (TOOLCHAIN / name / "go.sum").stat().st_size > 1000, "without sums nothing is built"


def test_the_node_host_is_of_the_engines_release():
    assert dev_programs._version("language-nodejs") == built.PULUMI_VERSION
    source = (TOOLCHAIN / "language-nodejs" / "main.go").read_text()
    assert f'version = "{built.PULUMI_VERSION}"' in source


def test_a_module_that_is_not_required_is_said(monkeypatch):
    monkeypatch.setitem(dev_programs._MODULES, "actionlint", "example.com/other")
    with pytest.raises(ValueError, match=r"actionlint/go\.mod requires no example\.com/other"):
        dev_programs._version("actionlint")
