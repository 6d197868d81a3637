"""Hypothesis as the other tests of the package have it."""

from hypothesis import settings

settings.register_profile("cli", deadline=None, max_examples=150, database=None)
settings.load_profile("cli")
