"""Redis in a container of a local or remote Docker daemon."""
