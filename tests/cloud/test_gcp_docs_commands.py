"""Every command in docs/gcp.md that needs no account, run in a fresh copy on the fake cloud."""

import re
from collections.abc import Iterator

import pytest
from cloud.clone import Clone, blocks, cloned
from cloud.gcp.services.redis import INSTANCE
from cloud.gcp.services.secret_manager import SECRET
from cloud.gcp.witness import seed, unprotected, value_of, versions
from engine.deployment import remember_secret
from secure_redis import pem

PAGE = "docs/gcp.md"
PRODUCTION = "gcp-prod"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """In projects that have what the stack files name, as those files say."""
    made = cloned(tmp_path_factory.mktemp, "gcp")
    for stack in (PRODUCTION, "gcp-dev"):
        seed(made.standin.cloud, made.stack_file(stack).read_text())
    yield made
    made.rewrite(PRODUCTION, unprotected)
    made.end([PRODUCTION, "gcp-dev"])
    assert made.standin.cloud.left == {}


@pytest.mark.timeout(1200)
def test_the_commands_of_the_page_work(clone: Clone) -> None:
    found = blocks(PAGE)
    assert len(found) >= 5
    printed = {block: clone.run(block) for block in found}
    first = printed[found[0]]
    for name in ("cache", "queue", "sessions"):
        line = rf"^\s+{name}\s+rediss://10\.[0-9.]+:6378/0 +TLS 1.2\+ CA verified, user default$"
        assert re.search(line, first, re.MULTILINE), name
    outputs = next(text for block, text in printed.items() if "make output" in block)
    assert "cacheSecretRef" in outputs
    assert "cacheGrants" in outputs
    bundle = next(text for block, text in printed.items() if "make -s ca" in block)
    assert len(pem.certificates(bundle)) == 2


def test_the_rotation_of_the_page_has_happened(clone: Clone) -> None:
    """The second cache is the only one, and its URL is the second version of the secret."""
    cloud = clone.standin.cloud
    (instance,) = [name for name in cloud.all(INSTANCE) if name.startswith("projects/shop-dev/")]
    assert instance.endswith("-g2")
    (secret,) = [
        name
        for name in cloud.all(SECRET)
        if name.startswith("projects/shop-dev/") and name.endswith("-url")
    ]
    url = clone.run("make -s url STACK=gcp-dev").strip()
    remember_secret(url)
    old, new = versions(cloud, secret)
    assert value_of(new) == url
    assert old["state"] == "DESTROYED"
    assert cloud.all(INSTANCE)[instance]["host"] in url


def test_down_keeps_production(clone: Clone) -> None:
    """What the page says of it: nothing is touched before the protection is lifted."""
    before = clone.standin.cloud.left
    assert "nothing was removed" in clone.refused(f"make down STACK={PRODUCTION}")
    assert clone.standin.cloud.left == before
