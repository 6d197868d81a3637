"""The table of controls: whole, in step with checks, settings and problems, and light to import."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from secure_redis.controls import (
    CAUTIONS,
    CONTROLS,
    OF_PROBLEMS,
    STANDARDS,
    Control,
    controls_of,
)
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checks import CHECKS
from secure_redis.posture import COMPANIONS, RULES
from secure_redis.settings import StackSettings

EACH = pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)

FORMS = {
    "HIPAA 45 CFR": r"164\.3(08|12)(\([a-z]\))(\(\d\))?(\([ivx]+\))?(\([A-D]\))?",
    "PCI DSS 4.0.1": r"(1[0-2]|[1-9])(\.\d+){1,3}",
    "NIST SP 800-53 r5": r"(AC|AU|CM|CP|IA|SA|SC|SI)-\d+(\(\d+\))?",
    "NIST SP 800-52 r2": r"[34]\.\d",
    "SOC 2": r"(CC[1-9]|A1|C1)\.\d",
    "OWASP ASVS 5.0": r"1[0-7]\.\d\.\d",
    "CIS AWS Database Services 1.0": r"5\.([1-9]|10)",
    "DISA STIG Redis Enterprise 6.x": r"V-251(18[3-9]|19\d|2[0-4]\d|25[0-3])",
    "Checkov": r"CKV2?_(AWS|AZURE|GCP)_\d+",
    "AWS Security Hub": r"ElastiCache\.[1-7]",
    "Prowler": r"[a-z0-9]+(_[a-z0-9]+)+",
    "Trivy": r"(AWS|AZU|GCP)-\d{4}",
}
"""What an id of each standard looks like."""


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def paths(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every key of a stack file, as the reference writes it."""
    for name, field in model.model_fields.items():
        key = f"{path}{to_camel(name)}"
        yield key
        mark = ".<name>" if str(field.annotation).startswith("dict[") else ""
        for nested in models(field.annotation):
            yield from paths(nested, f"{key}{mark}.")


SETTINGS = frozenset(paths(StackSettings))


def test_the_schema_was_read() -> None:
    assert {"alarms.notify", "caches.<name>.mode", "caches.<name>.aws.kmsKeyArn"} <= SETTINGS
    assert "caches.<name>.azure.customerManagedKey.keyUrl" in SETTINGS
    assert "caches.<name>.nonsense" not in SETTINGS


@EACH
def test_each_control_is_whole(control: Control) -> None:
    assert re.fullmatch(r"RDS-(TLS|AUTH|NET|DATA|OPS|SEC)-0[1-9]", control.id)
    assert control.title[0].islower()
    assert not control.title.endswith(".")
    assert control.statement.endswith(".")
    assert control.checks
    assert set(control.checks) <= CHECKS.keys()
    assert len(set(control.checks)) == len(control.checks)
    assert len(set(control.settings)) == len(control.settings)


@EACH
def test_each_setting_is_a_key_of_a_stack_file(control: Control) -> None:
    assert [path for path in control.settings if path not in SETTINGS] == []


@EACH
def test_each_requirement_looks_like_one_of_its_standard(control: Control) -> None:
    assert control.standards, "somebody asks for it"
    assert list(control.standards) == [name for name in STANDARDS if name in control.standards]
    for name, ids in control.standards.items():
        assert len(set(ids)) == len(ids), name
        for one in ids:
            assert re.fullmatch(FORMS[name], one), (name, one)


def test_ids_and_titles_are_unique() -> None:
    assert len({control.title for control in CONTROLS.values()}) == len(CONTROLS)
    assert [control.id for control in CONTROLS.values()] == list(CONTROLS)
    numbers: dict[str, list[int]] = {}
    for id_ in CONTROLS:
        subject, number = id_.removeprefix("RDS-").split("-")
        numbers.setdefault(subject, []).append(int(number))
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values()), numbers


def test_every_standard_is_used_and_has_a_form() -> None:
    used = {name for control in CONTROLS.values() for name in control.standards}
    assert used == set(STANDARDS) == set(FORMS)


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_bears_on_a_control(check: str) -> None:
    found = controls_of(check)
    assert found
    assert all(check in control.checks for control in found)
    assert list(found) == [c for c in CONTROLS.values() if check in c.checks]


def test_an_unknown_check_bears_on_nothing() -> None:
    assert controls_of("D99") == ()


@pytest.mark.parametrize("problem", OF_PROBLEMS)
def test_a_problem_bears_on_some_controls_of_its_check(problem: str) -> None:
    check = PROBLEMS[problem].check
    narrowed = controls_of(check, problem)
    assert {control.id for control in narrowed} == set(OF_PROBLEMS[problem])
    assert len(narrowed) < len(controls_of(check)) or len(controls_of(check)) == 1


ABOUT_ALL = {"plaintext-port-open", "setting-insecure"}
"""Problems that are about all controls of their check, or name theirs themselves."""


def test_a_problem_of_a_check_with_several_controls_says_which_it_is_about() -> None:
    several = {one.id for one in PROBLEMS.values() if len(controls_of(one.check)) > 1}
    assert several - OF_PROBLEMS.keys() == ABOUT_ALL, "say it in OF_PROBLEMS"


def test_other_problems_bear_on_all_controls_of_their_check() -> None:
    for problem in ABOUT_ALL:
        check = PROBLEMS[problem].check
        assert controls_of(check, problem) == controls_of(check)


def test_the_check_of_settings_belongs_to_controls_that_have_a_rule() -> None:
    rules = {one.control for one in (*RULES.values(), *COMPANIONS.values())}
    assert {one.id for one in CONTROLS.values() if "D25" in one.checks} == rules


@pytest.mark.parametrize(
    ("problem", "untouched"),
    [
        ("password-weak", "RDS-TLS-01"),
        ("key-readable-by-others", "RDS-TLS-03"),
        ("memory-nearly-full", "RDS-DATA-03"),
        ("rotation-due", "RDS-TLS-03"),
    ],
)
def test_a_problem_says_nothing_of_what_it_is_not_about(problem: str, untouched: str) -> None:
    check = PROBLEMS[problem].check
    assert untouched in {control.id for control in controls_of(check)}
    assert untouched not in {control.id for control in controls_of(check, problem)}


@pytest.mark.parametrize(
    "words",
    [
        "not certification",
        "open, public networks",
        "addressable",
        "ChaCha20",
        "V-251223",
        "No benchmark of CIS for Redis",
        "business associate agreement",
        "8.6.3",
    ],
)
def test_what_must_be_said_beside_standards(words: str) -> None:
    assert any(words in caution for caution in CAUTIONS)


def test_nothing_heavy_is_imported_with_it() -> None:
    # By its path: the package itself imports Pulumi.
    program = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("controls", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["controls"] = module
spec.loader.exec_module(module)
assert module.CONTROLS
print(json.dumps(sorted(sys.modules)))
"""
    import secure_redis.controls

    command = [sys.executable, "-c", program, secure_redis.controls.__file__]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    heavy = {"pulumi", "pydantic", "jinja2", "rich", "hiredis", "yaml", "click", "secure_redis"}
    loaded = {name.partition(".")[0] for name in re.findall(r'"([^"]+)"', done.stdout)}
    assert not loaded & heavy
