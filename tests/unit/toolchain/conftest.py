"""The scratch machine as fixtures."""

from scratch_machine import fake, make_setup, project, task

__all__ = ["fake", "make_setup", "project", "task"]
