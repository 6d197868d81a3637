"""The CA certificates of a cache: all that are valid, for a client trusts more than one at a time.

Years before a CA ends Google adds the next, and moves the server to it: who trusts the first one of
the list alone is cut off that day.
"""

from collections.abc import Iterable

import pulumi


def bundle(certificates: Iterable[str]) -> str:
    """PEM certificates as one text, in a stable order. Raises RunError when there is none."""
    found = sorted({certificate.strip() for certificate in certificates})
    if not found:
        raise pulumi.RunError(
            "Google names no CA certificate of the cache: nobody could verify it. Run again, and "
            "look at the cache in Google Cloud's console if this stays."
        )
    return "".join(f"{certificate}\n" for certificate in found)
