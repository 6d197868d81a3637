"""Writes docs/stack.schema.json, by which editors complete and check stack files.

Usage: python docs/stack_schema_pages.py [--check]
"""

import sys
from pathlib import Path

from secure_redis.stack_schema import text

PAGE = Path(__file__).with_name("stack.schema.json")


def main() -> None:
    """Writes the schema, or with --check tells whether it is up to date."""
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text() == text() else f"{PAGE} is out of date: run {__file__}")
    PAGE.write_text(text())


if __name__ == "__main__":
    main()
