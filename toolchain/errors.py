"""The ways in which preparing a machine ends early. Neither is shown as a traceback."""


class PreparationError(Exception):
    """A part is missing and cannot be obtained; the text says what, why and what to do."""


class StoppedError(Exception):
    """The user (or another failing step) asked to stop; programs that ran are ended."""
