"""Nothing changes without cause, and data survives what it must."""

import re
from pathlib import Path
from typing import Any

import pytest
from harness import Deployment, client, deployed, engine, eventually, free_port, health

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("stack", ["three", "other"])
def test_a_second_run_changes_nothing(request: pytest.FixtureRequest, stack: str) -> None:
    deployment: Deployment = request.getfixturevalue(stack)
    containers = {name: engine().containers.get(name).id for name in _containers(deployment)}
    # The engine does not count its providers.
    known = [r for r in deployment.resources() if not r["type"].startswith("pulumi:providers:")]
    second = deployment.up()
    assert second.changes == {"unchanged": len(known)}
    assert {name: engine().containers.get(name).id for name in containers} == containers
    deployment.unchanged()


def _containers(deployment: Deployment) -> list[str]:
    filters: Any = {"name": deployment.full_name}
    return [str(c.name) for c in engine().containers.list(all=True, filters=filters)]


def test_the_screen_at_the_end_says_where_and_how(three: Deployment) -> None:
    run = three.run("up", SECURE_REDIS_SKIP_DOCTOR="").succeeded()
    screen = run.stdout.rpartition("Duration:")[2]
    for name in ("cache", "sessions", "queue"):
        connection = three.connection(name)
        line = rf"^\s+{name}\s+{re.escape(connection.url_redacted)} "
        assert re.search(line, screen, re.MULTILINE)
    assert "TLS 1.2+ verified, user app, client certificate" in screen
    assert "no TLS, user default" in screen
    _, _, verdict = screen.partition("  the doctor: ")
    found = [line.strip() for line in verdict.splitlines()]
    assert re.fullmatch(r"cache: ok \(\d+ checks passed, \d+ skipped\)", found[0])
    assert found[1] == "queue: warning: D05 the connection has no TLS, as the stack declares"
    assert re.fullmatch(r"sessions: ok \(\d+ checks passed, \d+ skipped\)", found[2])
    assert found[3] == f"make doctor STACK={three.name}   looks again, and says more"
    for word in ("make -s url", "redis-cli -u", "make env", f"STACK={three.name}", "CACHE=name"):
        assert word in screen


def test_the_stack_file_stays_as_it_was(three: Deployment) -> None:
    before = three.stack_file.read_bytes()
    three.up()
    assert three.stack_file.read_bytes() == before


def test_memory_changes_and_data_stays(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"docker": {"port": free_port()}, "memoryGb": 0.1}
    with deployed(tmp_path, "life", {"cache": settings}, tags={"team": "platform"}) as deployment:
        before = deployment.connection()
        with client(before) as server:
            assert server.info("memory")["maxmemory"] == 76 * MEBIBYTE
            server.mset({f"key:{number}": number for number in range(1000)})

        _changed_memory(deployment, settings)
        _changed_tags(deployment, settings)
        after = deployment.connection()
        assert (after.url, after.ca_pem) == (before.url, before.ca_pem)
        with client(before) as server:
            assert server.dbsize() == 1000
            assert server.get("key:999") == "999"

        _ended_by_force(deployment)
        deployment.unchanged()


def _changed_memory(deployment: Deployment, settings: dict[str, Any]) -> None:
    settings["memoryGb"] = 0.375
    deployment.write({"cache": settings}, tags={"team": "platform"})
    deployment.up()
    container = deployment.container()
    assert container.attrs["HostConfig"]["Memory"] == 384 * MEBIBYTE
    assert container.attrs["HostConfig"]["MemorySwap"] == 384 * MEBIBYTE
    with client(deployment.connection()) as server:
        assert server.info("memory")["maxmemory"] == 288 * MEBIBYTE
        assert server.dbsize() == 1000
        # What came in before the next restart, too.
        server.set("key:999", "999")


def _changed_tags(deployment: Deployment, settings: dict[str, Any]) -> None:
    assert deployment.container().labels["team"] == "platform"
    volume = engine().volumes.get(f"{deployment.full_name}.cache-data").attrs["CreatedAt"]
    deployment.write({"cache": settings}, tags={"team": "shop", "cost-centre": "7"})
    deployment.up()
    labels = deployment.container().labels
    assert (labels["team"], labels["cost-centre"]) == ("shop", "7")
    assert engine().volumes.get(f"{deployment.full_name}.cache-data").attrs["CreatedAt"] == volume


def _ended_by_force(deployment: Deployment) -> None:
    connection, container = deployment.connection(), deployment.container()
    container.restart()
    eventually(lambda: health(container) == "healthy", "healthy after a restart")
    with client(connection) as server:
        assert server.dbsize() == 1000
        server.set("last", "words")
    container.kill()
    eventually(lambda: _status(container) == "exited", "the server's end")
    container.start()
    eventually(lambda: health(container) == "healthy", "healthy after SIGKILL")
    with client(connection) as server:
        assert server.get("last") == "words"
        assert server.dbsize() == 1001


def _status(container: Any) -> str:
    container.reload()
    return container.status


def test_a_cache_comes_and_goes_without_touching_the_others(tmp_path: Path) -> None:
    kept: dict[str, Any] = {"docker": {"port": free_port()}}
    added: dict[str, Any] = {"purpose": "sessions", "docker": {"port": free_port()}}
    with deployed(tmp_path, "grow", {"kept": kept}) as deployment:
        container = deployment.container("kept").id
        deployment.write({"kept": kept, "added": added})
        deployment.up()
        with client(deployment.connection("added")) as server:
            assert server.ping()
        assert deployment.container("kept").id == container
        deployment.write({"kept": kept})
        deployment.up()
        assert deployment.container("kept").id == container
        assert not [name for name in deployment.in_docker() if "added" in name]


def test_production_keeps_its_data(tmp_path: Path) -> None:
    caches = {"cache": {"memoryGb": 0.25, "docker": {"port": free_port()}}}
    with deployed(tmp_path, "prod", caches, environment="production") as deployment:
        with client(deployment.connection()) as server:
            server.set("precious", "data")
        try:
            down = deployment.down()
            assert "protected, and kept: cache-data" in down.text
            assert deployment.in_docker() == [f"{deployment.full_name}.cache-data"]
            deployment.up()
            with client(deployment.connection()) as server:
                assert server.get("precious") == "data"
        finally:
            deployment.pulumi("state", "unprotect", "--all", "--yes").succeeded()
        deployment.down()
        assert deployment.in_docker() == []
