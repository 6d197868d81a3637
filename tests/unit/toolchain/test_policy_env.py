"""The policy pack's environment: made once by its pins, and found where the pack looks for it."""

import dataclasses
import re
from pathlib import Path

import pytest
from scratch_machine import ROOT, uv_that_makes

from toolchain import __main__ as driver
from toolchain import policy_env
from toolchain.errors import PreparationError


@pytest.fixture
def uv(fake):
    return fake("uv", uv_that_makes("python"))


@pytest.fixture
def setup(make_setup, project):
    pack = project / "policy"
    pack.mkdir()
    (pack / "requirements.txt").write_bytes((ROOT / "policy" / "requirements.txt").read_bytes())
    return make_setup()


def test_it_is_installed_once_by_its_pins_and_the_pack_is_led_to_it(setup, uv, task, project):
    found = policy_env.look(setup)
    assert not found.ready
    assert found.plan.startswith("install pulumi-policy 1.")
    policy_env.obtain(setup, task)
    assert policy_env.look(setup).ready
    link = project / "policy" / ".venv"
    assert (link / "bin" / "python").is_file()
    assert link.resolve().is_relative_to(setup.machine.cache)
    venv, packages = [s for s in uv.with_name("uv.log").read_text().splitlines() if s[0] != "-"]
    assert "--relocatable" in venv, "it is renamed when it is whole"
    assert packages.endswith(
        f"--require-hashes --compile-bytecode -r {project}/policy/requirements.txt"
    )
    policy_env.obtain(setup, task)
    assert len(uv.with_name("uv.log").read_text().splitlines()) == 3, "nothing more was run"


def test_other_pins_lead_to_another_environment(setup, uv, task, project):
    policy_env.obtain(setup, task)
    before = (project / "policy" / ".venv").resolve()
    pins = project / "policy" / "requirements.txt"
    pins.write_text(pins.read_text() + "# changed\n")
    assert not policy_env.look(setup).ready
    policy_env.obtain(setup, task)
    assert policy_env.look(setup).ready
    assert (project / "policy" / ".venv").resolve() != before


def test_a_second_checkout_is_led_to_the_same(setup, uv, task, project):
    policy_env.obtain(setup, task)
    (project / "policy" / ".venv").unlink()
    found = policy_env.look(setup)
    assert (found.ready, found.plan) == (False, "link it")
    policy_env.obtain(setup, task)
    assert policy_env.look(setup).ready
    assert len(uv.with_name("uv.log").read_text().splitlines()) == 3


def test_a_link_to_what_is_gone_is_made_anew(setup, uv, task, project):
    link = project / "policy" / ".venv"
    link.symlink_to(project / "gone")
    assert not policy_env.look(setup).ready
    policy_env.obtain(setup, task)
    assert policy_env.look(setup).ready
    assert (link / "bin" / "python").is_file()


def test_an_environment_made_by_hand_is_left_alone(setup, project):
    by_hand = project / "policy" / ".venv"
    by_hand.mkdir()
    found = policy_env.look(setup)
    assert found.ready
    assert "made by hand" in found.found
    assert not by_hand.is_symlink()


def test_half_of_it_is_not_kept(setup, uv, task, project):
    uv.with_name("fail").touch()
    with pytest.raises(PreparationError, match="the policy pack's packages") as problem:
        policy_env.obtain(setup, task)
    assert "connection lost" in str(problem.value)
    assert not policy_env.look(setup).ready
    assert not (project / "policy" / ".venv").exists()


def test_a_link_that_cannot_be_made_is_said(setup, uv, task, monkeypatch):
    def refuse(*_words, **_named):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(PreparationError, match=r"cannot make .*policy/\.venv: Permission denied"):
        policy_env.obtain(setup, task)


def test_a_copy_without_the_pack_is_said(make_setup):
    with pytest.raises(PreparationError, match=r"policy/requirements\.txt is missing"):
        policy_env.look(make_setup())


@pytest.mark.parametrize(
    ("wanted", "given"), [(False, {}), (True, {"policy": True}), (True, {"dev": True})]
)
def test_it_is_wanted_with_the_flag_or_for_the_tests(make_setup, wanted, given):
    (step,) = [one for lane in driver.LANES for one in lane if one.look is policy_env.look]
    assert step.wanted(dataclasses.replace(make_setup(), **given)) is wanted


def test_the_packs_pins_have_hashes_and_name_no_index():
    text = (ROOT / "policy" / "requirements.txt").read_text()
    pins = re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)
    assert "pulumi-policy" in pins
    assert text.count("--hash=sha256:") >= len(pins)
    assert "http" not in text
