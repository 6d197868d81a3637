"""The stand-in of the `gcp` provider as a plugin; CloudDeployment writes what starts it."""

import os
import sys
from pathlib import Path

from cloud.standin.server import main as serve
from cloud.standin.store import FakeCloud

from .package import GoogleStandIn

DIRECTORY = "SECURE_REDIS_FAKE_CLOUD"
"""Environment variable with the directory of the fake cloud."""


def main() -> None:
    """Serves the fake cloud of the environment. Ends with a message where it names none."""
    directory = os.environ.get(DIRECTORY)
    if not directory:
        sys.exit(f"{DIRECTORY} must name the directory of the fake cloud")
    serve(GoogleStandIn(FakeCloud(Path(directory))), sys.argv[1:])


if __name__ == "__main__":
    main()
