"""The pages: generated ones are up to date, links lead somewhere, nothing points outside."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from secure_redis.configuration import parse_stack

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("components/*.md"),
        *ROOT.glob("examples/*/*.md"),
    ]
)


def test_reference_is_what_the_settings_say():
    command = [sys.executable, str(ROOT / "docs" / "reference_pages.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(linked), f"{page.name}: {target}"


def test_the_readme_is_indexed():
    readme = (ROOT / "README.md").read_text()
    assert [p.name for p in ROOT.glob("docs/*.md") if f"docs/{p.name}" not in readme] == []


def yaml_examples() -> list[tuple[str, str]]:
    found = [
        (page.name, block)
        for page in PAGES
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        if block.startswith("config:")
    ]
    assert len(found) >= 3
    return found


def settings(text: str) -> dict[str, Any]:
    prefix = "secure-redis:"
    config = yaml.safe_load(text)["config"]
    raw = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
    for cache in raw["caches"].values():
        if "external" in cache:
            # A secret of the stack: encrypted in its file, or not yet set.
            cache["external"]["password"] = "p" * 48
    return raw


@pytest.mark.parametrize(("page", "block"), yaml_examples())
def test_stack_files_in_the_pages_are_valid(page: str, block: str):
    assert parse_stack(settings(block)).caches, page


@pytest.mark.parametrize("path", sorted(ROOT.glob("stacks/*.yaml")), ids=lambda path: path.name)
def test_stack_files_of_the_repository_are_valid(path: Path):
    assert parse_stack(settings(path.read_text())).caches


@pytest.mark.parametrize(
    "row",
    [
        "### `caches.<name>.aws`",
        "| `nodeType` | text |",
        "| `auth` | `rbac`, `token`, `iam` | `rbac` |",
        "### `caches.<name>.aws.serverless`",
        "### `caches.<name>.aws.restore`",
        "### `network.create`",
        "### `network.adopt`",
        "| `subnetIds` | list of text |  | AWS: ids",
        "| `subnetId` | text |  | Azure: resource id",
        "| `resourceGroup` | text |",
        "### `network.privateDns`",
        "| `zoneIds` | list of text |",
        "| `byPolicy` | true or false | `false` |",
        "### `caches.<name>.azure`",
        "| `sku` | text |",
        "| `auth` | `keys`, `entra` | `keys` |",
        "| `activeKey` | `primary`, `secondary` | `primary` |",
        "| `clusteringPolicy` | `NoCluster`, `EnterpriseCluster`, `OSSCluster` |",
        "| `modules` | list of `RedisBloom`, `RedisTimeSeries`, `RedisJSON`, `RediSearch` |",
        "| `vaultRecoveryDays` | whole number, from 7 to 90 |",
        "### `caches.<name>.azure.customerManagedKey`",
        "### `caches.<name>.azure.classic`",
        "| `acknowledgeRetirement` | true or false | `false` |",
        "| `shards` | whole number, from 1 to 10 |",
        "### `caches.<name>.azure.classic.snapshots`",
        "| `firewallRules` | list of groups |",
        "### `caches.<name>.azure.classic.firewallRules[]`",
        "### `caches.<name>.azure.classic.patchWindows[]`",
        "| `hour` | whole number, from 0 to 23 | required |",
        "| `clustering_policy` |  | How keys are spread",
        "### Of `ManagedRedis` and `ClassicRedis`",
        "| `secondary_url` |",
        "| `vault_id` |",
        "| `private_endpoint_id` |",
        "### `access`",
        "| `secretReaders` | list of text |",
        "### `alarms`",
        "| `profile` | `off`, `basic`, `full` |",
        "| `replicas` | whole number, from 0 to 5 | see meaning |",
        "| `allowReplacement` | text |",
        "| `grants` |",
        "| `reader_port` |",
        "| `connection_secret_arn` |",
        "| `privateServices` | group |",
        "### `network.privateServices`",
        "| `rangeName` | text |",
        "| `removePeering` | true or false |",
        "| `networkId` | text |",
        "| `networkTags` | list of text |",
        "| `serviceAccounts` | list of text |",
        "### `caches.<name>.gcp`",
        "| `memorySizeGb` | whole number, from 1 to 300 |",
        "| `snapshotPeriod` | `ONE_HOUR`, `SIX_HOURS`, `TWELVE_HOURS`, `TWENTY_FOUR_HOURS` |",
        "| `backupRetentionDays` | whole number, from 0 to 365 |",
        "| `secretDestroyDelayDays` | whole number, from 0 to 1000 |",
        "| `principals` | list of text |",
        "| `enableApis` | true or false | `false` |",
        "### `caches.<name>.gcp.maintenanceWindow`",
        "| `day` | `MONDAY`, `TUESDAY`,",
        "### `caches.<name>.gcp.customerManagedKey`",
        "| `keyName` | text |",
        "| `ca_last_not_after` |  | When the last",
        "### Of `MemorystoreRedis` and `MemorystoreValkey`",
        "| `cache_id` | Full name of the cache. |",
        "| `secret_ids` |",
        "| `previous_url` |",
    ],
)
def test_the_reference_has_what_a_reader_looks_for(row: str):
    assert f"\n{row}" in (ROOT / "docs" / "reference.md").read_text()
