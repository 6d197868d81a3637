"""The local providers, installed as plugins and served to the tests over gRPC."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (HERE.parents[3], HERE):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from provider_client import Plugin, served  # noqa: E402

from toolchain.providers.install import install  # noqa: E402
from toolchain.providers.local_providers import VERSIONS  # noqa: E402


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin folder with both providers."""
    folder = tmp_path_factory.mktemp("plugins with a space")
    for package, version in VERSIONS.items():
        install(package, Path(sys.executable), folder / f"resource-{package}-v{version}")
    return folder


def _plugin(folder: Path, package: str):
    launcher = folder / f"resource-{package}-v{VERSIONS[package]}" / f"pulumi-resource-{package}"
    with served(launcher) as plugin:
        yield plugin


@pytest.fixture(scope="session")
def random_plugin(plugins: Path):
    yield from _plugin(plugins, "random")


@pytest.fixture(scope="session")
def tls_plugin(plugins: Path):
    yield from _plugin(plugins, "tls")


@pytest.fixture(scope="session")
def plugin_of(random_plugin: Plugin, tls_plugin: Plugin) -> dict[str, Plugin]:
    return {"random": random_plugin, "tls": tls_plugin}
