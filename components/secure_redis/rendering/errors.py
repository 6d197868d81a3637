"""What rendering raises."""


class RenderingError(ValueError):
    """The connection cannot be written in the form that was asked for.

    The message is one line for a person to read and never holds a secret value.
    """
