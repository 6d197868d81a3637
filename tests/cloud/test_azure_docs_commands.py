"""Every command in docs/azure.md that needs no account, run in a fresh copy on the fake cloud."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from cloud.azure.services.key_vault_items import value_of
from cloud.azure.subscription import SUBSCRIPTION_ID
from cloud.azure.witness import DATABASE, EXAMPLE_SUBSCRIPTION, SECRET, seed, unprotected
from cloud.clone import Clone, blocks, cloned
from engine.deployment import remember_secret

PAGE = "docs/azure.md"
PRODUCTION = "azure-prod"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """With the ids in the stack files filled in, as those files say."""
    made = cloned(tmp_path_factory.mktemp, "azure")
    for file in made.stack_file(PRODUCTION).parent.glob("Pulumi.azure-*.yaml"):
        text = file.read_text().replace(EXAMPLE_SUBSCRIPTION, SUBSCRIPTION_ID)
        file.write_text(text)
        seed(made.standin.cloud, text)
    yield made
    made.rewrite(PRODUCTION, unprotected)
    made.end([PRODUCTION, "azure-dev"])
    assert made.standin.cloud.left == {}
    # Azure keeps these for some days.
    assert made.standin.cloud.softly_deleted.keys() == {
        "Microsoft.KeyVault/deletedVaults",
        "Microsoft.OperationalInsights/deletedWorkspaces",
    }


@pytest.mark.timeout(1200)
def test_the_commands_of_the_page_work(clone: Clone) -> None:
    found = blocks(PAGE)
    assert len(found) >= 5
    printed = {block: clone.run(block) for block in found}
    first = printed[found[0]]
    for name in ("cache", "queue", "sessions"):
        host = rf"secure-redis-azure-prod-{name}-[0-9a-f]{{8}}\.westeurope\.redis\.azure\.net"
        line = rf"^\s+{name}\s+rediss://{host}:10000/0 +TLS 1.2\+ verified, user default$"
        assert re.search(line, first, re.MULTILINE), name
    outputs = next(text for block, text in printed.items() if "make output" in block)
    assert "cacheSecretRef" in outputs
    assert "cacheGrants" in outputs


def test_the_rotation_of_the_page_has_happened(clone: Clone) -> None:
    """The URL in the vault has a second version, which holds the other key."""
    cloud = clone.standin.cloud
    (secret,) = [
        one
        for one in cloud.all(SECRET).values()
        if one["name"].startswith("cache-redis-url-")
        and one["tags"]["secure-redis:stack"].endswith("/azure-dev")
    ]
    assert len(secret["_versions"]) == 2
    url = clone.run("make -s url STACK=azure-dev").strip()
    remember_secret(url)
    assert value_of(secret) == url
    keys = [one["_keys"] for one in cloud.all(DATABASE).values() if "azure-dev" in one["id"]]
    assert len(keys) == 1
    assert unquote(urlsplit(url).password or "") == keys[0]["secondaryKey"]


def test_down_keeps_production(clone: Clone) -> None:
    """What the page says of it: nothing is touched before the protection is lifted."""
    before = clone.standin.cloud.left
    assert "nothing was removed" in clone.refused(f"make down STACK={PRODUCTION}")
    assert clone.standin.cloud.left == before
