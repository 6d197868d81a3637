"""Access keys as Azure's caches make them: 32 random bytes in base64."""

import base64
import secrets


def new_key() -> str:
    """A key of 44 characters that has a slash, a plus and an equals sign: secret.

    A real key has them often, not always. Here each has all three, so that a client that does not
    encode them fails at once instead of one time in four.
    """
    while True:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        if "/" in key and "+" in key:
            return key


def new_keys() -> dict[str, str]:
    """The two keys of a new database, as the service lists them: secret."""
    return {"primaryKey": new_key(), "secondaryKey": new_key()}
