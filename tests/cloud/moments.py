"""What the tests of every stand-in ask of a small stack: creations that fail, outputs that are
secret.
"""

from cloud.deployment import CloudDeployment
from engine.deployment import SECRET_MARK

MOMENTS = ("before", "after", "lost")
"""When a creation fails: see Fault. Also the logical names of the resources that fail."""


def fail_at_each_moment(deployment: CloudDeployment, kind: str) -> None:
    """Brings up a program with a resource of a type for each moment, each of which fails at its.

    Afterwards the engine knows of the one that existed when the provider still listened, and that
    it is not finished; it knows of no other.
    """
    for moment in MOMENTS:
        deployment.fail("create", type=kind, name=moment, when=moment, error=f"failed: {moment}")
    failed = deployment.run("up", "--continue-on-error")
    assert failed.code != 0
    assert all(f"failed: {moment}" in failed.text for moment in MOMENTS)
    assert deployment.cloud.faults_left == 0
    kept = [one for one in deployment.resources() if one["type"] == kind]
    assert [one["urn"].rpartition("::")[2] for one in kept] == ["after"]
    assert kept[0]["initErrors"]


def secret_outputs(deployment: CloudDeployment) -> set[tuple[str, str]]:
    """The outputs that the state keeps encrypted: the resource's type and the output's name."""
    return {
        (resource["type"].rpartition(":")[2], name)
        for resource in deployment.resources()
        for name, value in (resource.get("outputs") or {}).items()
        if isinstance(value, dict) and "ciphertext" in value and SECRET_MARK in value
    }
