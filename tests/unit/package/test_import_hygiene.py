"""Who imports what: a stack pays for its own target and for nothing else."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import secure_redis

PACKAGE = Path(secure_redis.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
OF_TARGETS = {
    "pulumi_docker": {"docker"},
    "pulumi_tls": {"docker"},
    "docker": {"docker"},
    "requests": {"docker"},
    "pulumi_aws": {"aws"},
    "pulumi_azure_native": {"azure"},
    "azure": {"azure"},
    "pulumi_gcp": {"gcp"},
    "pulumi_random": {"aws", "azure", "docker", "gcp"},
}
"""Packages that belong to targets, and the targets."""
PASSWORDS = PACKAGE / "passwords.py"
"""Makes passwords for the targets that need some, and is imported by them alone."""
FUNCTION = PACKAGE / "aws" / "rotation" / "function.py"
"""Runs in Lambda, which has an AWS SDK, and never in a program of Pulumi's."""
SDKS = set(OF_TARGETS) | {"boto3", "botocore", "googleapiclient"}
TARGETS = {"aws", "azure", "docker", "external", "gcp"}
OF_AZURE = {"pulumi_azure_native", "azure"}
HERE = Path(__file__).parent

EXTERNAL = """
import sys
sys.path.insert(0, sys.argv[1])
import pulumi
from package_monitor import succeed
from secure_redis import stack

CONFIG = {
    "secure-redis:target": "external",
    "secure-redis:environment": "development",
    "secure-redis:caches":
        '{"cache": {"external": {"host": "h.example", "port": 6380, "password": "password"}}}',
}

def program():
    settings = stack.load()
    stack.export(settings, stack.build(settings))

world = succeed(program, config=CONFIG)
assert [r.name for r in world.all("ExternalRedis")] == ["cache"]
"""


def loaded(program: str) -> set[str]:
    """The top-level packages that a fresh interpreter has after `program`."""
    script = f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(HERE)], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_imports_no_targets_sdk() -> None:
    modules = loaded("import secure_redis")
    assert "secure_redis.redis" in modules
    assert not modules & SDKS
    assert "cryptography" not in modules
    assert not any(name.startswith("secure_redis.cli") for name in modules)
    assert "secure_redis.docker.redis" not in modules
    assert "secure_redis.aws.redis" not in modules
    assert "secure_redis.azure.redis" not in modules
    assert "secure_redis.gcp.redis" not in modules


def test_an_external_stack_imports_no_docker() -> None:
    modules = loaded(EXTERNAL)
    assert "secure_redis.external.redis" in modules
    assert not modules & SDKS
    assert "secure_redis.passwords" not in modules, "it makes none"


@pytest.mark.parametrize(
    ("component", "own", "others"),
    [
        (
            "aws.redis",
            {"pulumi_aws", "pulumi_random"},
            {"pulumi_docker", "pulumi_tls", "docker", "boto3", "botocore", "pulumi_gcp", *OF_AZURE},
        ),
        (
            "docker.redis",
            {"pulumi_docker", "pulumi_tls", "pulumi_random"},
            {"pulumi_aws", "boto3", "botocore", "pulumi_gcp", *OF_AZURE},
        ),
        (
            "azure.redis",
            {"pulumi_azure_native", "pulumi_random"},
            {"pulumi_aws", "pulumi_docker", "pulumi_gcp", "pulumi_tls", "docker", "boto3", "azure"},
        ),
        (
            "gcp.redis",
            {"pulumi_gcp", "pulumi_random"},
            {"pulumi_aws", "pulumi_docker", "pulumi_tls", "docker", "boto3", *OF_AZURE},
        ),
    ],
)
def test_a_target_pays_for_its_own_sdk_alone(
    component: str, own: set[str], others: set[str]
) -> None:
    modules = loaded(f"import secure_redis.{component}")
    assert own <= modules
    assert not others & modules
    assert f"secure_redis.{FUNCTION.parent.name}.function" not in modules


@pytest.mark.parametrize(
    ("target", "package"),
    [("aws", "aws"), ("azure", "azure_native"), ("docker", "docker"), ("gcp", "gcp")],
)
def test_a_target_that_is_not_installed_says_what_to_install(target: str, package: str) -> None:
    program = f"""
import sys
sys.modules["pulumi_{package}"] = None
import pulumi
from secure_redis import SecureRedis
try:
    SecureRedis("cache", {{"target": "{target}", "environment": "development"}})
except pulumi.RunError as error:
    assert "install secure-redis[{target}]" in str(error), error
else:
    raise AssertionError
"""
    loaded(program)


def imports(source: Path) -> Iterator[tuple[str, bool]]:
    """Each module that a file imports, and whether the import runs with the file itself."""
    tree = ast.parse(source.read_text())
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{'.' * node.level}{node.module or ''}"]
        yield from ((name, node in tree.body) for name in names)


def room(source: Path) -> str:
    """The folder of the package that a file is in; empty for the package's own."""
    parts = source.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def test_there_is_something_to_look_at() -> None:
    assert {*TARGETS, "rendering", "cli"} <= {room(source) for source in SOURCES}


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: str(s.relative_to(PACKAGE)))
def test_a_targets_sdk_is_imported_in_its_room_alone(source: Path) -> None:
    found = {name.partition(".")[0] for name, _ in imports(source)} & SDKS
    if source == FUNCTION:
        assert found == {"boto3", "botocore"}
    elif source == PASSWORDS:
        assert found == {"pulumi_random"}
    else:
        allowed = {package for package, rooms in OF_TARGETS.items() if room(source) in rooms}
        assert found <= allowed


def test_passwords_are_made_in_the_rooms_that_need_them() -> None:
    users = {
        room(source)
        for source in SOURCES
        if any(name in {"secure_redis.passwords", ".passwords"} for name, _ in imports(source))
    }
    assert users == {"aws", "docker"}


def test_the_function_imports_nothing_of_the_package() -> None:
    for name, _ in imports(FUNCTION):
        assert not name.startswith((".", "secure_redis", "pulumi")), name


@pytest.mark.parametrize(
    "source",
    [s for s in SOURCES if room(s) in TARGETS],
    ids=lambda s: str(s.relative_to(PACKAGE)),
)
def test_a_target_does_not_import_another(source: Path) -> None:
    for other in TARGETS - {room(source)}:
        for name, _ in imports(source):
            assert not name.startswith(f"secure_redis.{other}")
            assert not name.startswith(f"..{other}")


@pytest.mark.parametrize("name", ["args", "component", "redis"])
def test_no_future_annotations_where_the_analyzer_reads(name: str) -> None:
    """They are texts then, and the analyzer fails on texts."""
    for source in SOURCES:
        if source.stem in {name, "network"}:
            assert "__future__" not in [module for module, _ in imports(source)], source


def test_only_the_command_line_imports_its_own_packages() -> None:
    for source in SOURCES:
        if room(source) != "cli":
            assert "click" not in {name for name, _ in imports(source)}, source
