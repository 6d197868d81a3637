"""Every command in docs/aws.md that needs no account, run in a fresh copy on the fake cloud."""

import re
from collections.abc import Iterator

import pytest
from cloud.clone import Clone, blocks, cloned, unprotected

PAGE = "docs/aws.md"
PRODUCTION = "aws-prod"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    made = cloned(tmp_path_factory.mktemp, "aws")
    yield made
    made.rewrite(PRODUCTION, unprotected)
    made.end([PRODUCTION, "aws-dev"])
    # Keys stay as long as last snapshots need them.
    assert made.standin.cloud.left.keys() <= {"kms.key"}


@pytest.mark.timeout(1200)
def test_the_commands_of_the_page_work(clone: Clone) -> None:
    found = blocks(PAGE)
    assert len(found) >= 5
    printed = {block: clone.run(block) for block in found}
    first = printed[found[0]]
    for name in ("cache", "queue", "sessions"):
        line = rf"^\s+{name}\s+rediss://master\.{name}-\S+\.cache\.amazonaws\.com:6379/0 +TLS 1.2\+"
        assert re.search(line, first, re.MULTILINE), name
    outputs = next(text for block, text in printed.items() if "make output" in block)
    assert "cacheSecretRef" in outputs
    assert "cacheGrants" in outputs


def test_the_rotation_of_the_page_has_happened(clone: Clone) -> None:
    """One password is left, the second one, at the cache and in the secret."""
    (user,) = [
        one
        for one in clone.standin.cloud.all("elasticache.user").values()
        if one["UserName"] == "app" and one["Tags"]["secure-redis:stack"].endswith("/aws-dev")
    ]
    assert len(user["Authentication"]["Passwords"]) == 1
    modified = clone.standin.cloud.requests("ModifyUser")
    assert [len(one["Passwords"]) for one in modified] == [2, 1]


def test_down_keeps_production(clone: Clone) -> None:
    """What the page says of it: nothing is touched before the protection is lifted."""
    before = clone.standin.cloud.left
    assert "nothing was removed" in clone.refused(f"make down STACK={PRODUCTION}")
    assert clone.standin.cloud.left == before
