"""Names that people read in a cloud's console, cut to what the cloud takes."""

import re
from hashlib import sha256


def readable(*words: str, length: int) -> str:
    """Words joined by hyphens: letters, digits and single hyphens in lower case, a letter first.

    length: characters at most. What is shortened ends in a part of its hash, so that two long names
    stay two.
    """
    name = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
    if not name[:1].isalpha():
        name = f"r-{name}".rstrip("-")
    if len(name) > length:
        digest = sha256("-".join(words).encode()).hexdigest()[:5]
        name = f"{name[: length - 6].rstrip('-')}-{digest}"
    return name
