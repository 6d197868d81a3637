"""The toolchain with its real tools, on the scratch machine of its unit tests."""

from scratch_machine import fake, make_setup, project, task

__all__ = ["fake", "make_setup", "project", "task"]
