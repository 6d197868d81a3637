"""A stack file of `secure-redis init` on the real engine, before each fake cloud."""

from pathlib import Path

import pytest
import yaml
from cloud.deployment import CLOUDS, CloudDeployment
from cloud.sweeps import chosen

REGIONS = {"aws": "aws:region", "azure": "azure-native:location", "gcp": "gcp:region"}


@pytest.mark.parametrize("target", chosen(list(REGIONS), 0))
def test_the_engine_plans_a_new_stack_in_production(target: str, tmp_path: Path) -> None:
    deployment = CloudDeployment(tmp_path, target=target)
    config = CLOUDS[target].config
    where = ["--region", config[REGIONS[target]]]
    if target == "gcp":
        where += ["--google-project", config["gcp:project"]]
    kind = ["--target", target, "--environment", "production", "--cache", "sessions"]
    project = ["--project", str(deployment.project), "--name", deployment.name]
    try:
        written = deployment._execute(["secure-redis", "init", *kind, *where, *project], 60, {})
        assert written.succeeded().stdout.startswith("wrote stacks/")
        deployment.cloud.prepare(yaml.safe_load(deployment.stack_file.read_text())["config"])
        planned = deployment.run("preview").succeeded()
        # As in "31 to create".
        assert planned.changes["to"] > 15
        assert "sessionsUrl" in planned.stdout
    finally:
        deployment.close()
