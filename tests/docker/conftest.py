"""Stacks that several test files look at."""

from collections.abc import Iterator

import pytest
from harness import Deployment, deployed, free_port


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One stack with a cache of each mode that has a password. Tests leave it as it is."""
    caches = {
        "cache": {"purpose": "cache", "docker": {"port": free_port()}},
        "sessions": {"purpose": "sessions", "mode": "mtls", "docker": {"port": free_port()}},
        "queue": {"purpose": "queue", "mode": "password", "docker": {"port": free_port()}},
    }
    with deployed(tmp_path_factory.mktemp("three"), "three", caches) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A stack with what `three` has not: Valkey, the profile fips, no TLS, no persistence."""
    caches = {
        "cache": {"engine": "valkey", "tlsProfile": "fips", "docker": {"port": free_port()}},
        "scratch": {"mode": "none", "persistence": "none", "docker": {"port": free_port()}},
    }
    with deployed(tmp_path_factory.mktemp("other"), "other", caches) as deployment:
        yield deployment
