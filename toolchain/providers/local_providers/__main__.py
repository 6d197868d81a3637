"""Serves one provider to a Pulumi engine, as `python -m ... random|tls ENGINE_ADDRESS`."""

import importlib
import sys

from pulumi.provider.experimental.server import main as serve

from . import VERSIONS
from .protocol import LocalProvider


def provider(package: str) -> LocalProvider:
    """The provider of a package, ready to serve.

    :param package: "random" or "tls".
    :raises KeyError: for any other name.
    """
    version = VERSIONS[package]
    # Only the package that is served is loaded: the other one's libraries would slow the start.
    implementation = importlib.import_module(f"{__package__}.{package}.resources")
    return LocalProvider(
        package,
        version,
        resources=implementation.RESOURCES,
        functions=implementation.FUNCTIONS,
        needs_official=implementation.NEEDS_OFFICIAL_PLUGIN,
    )


def main() -> None:
    """Takes the package from the first argument; the plugin server reads the rest of `sys.argv`."""
    package = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if package not in VERSIONS:
        sys.exit(f"usage: python -m {__package__} {'|'.join(VERSIONS)} ENGINE_ADDRESS")
    serve(sys.argv[1:], VERSIONS[package], provider(package))


if __name__ == "__main__":
    main()
