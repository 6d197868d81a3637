"""The tests of the package share helpers that lie beside them."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("package", deadline=None, max_examples=60, database=None)
settings.load_profile("package")
