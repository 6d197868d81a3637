"""Names that the bridge makes from logical names."""

import hashlib
import secrets
from dataclasses import dataclass

from .errors import ProviderError

RANDOM_DIGITS = 7


@dataclass(frozen=True)
class AutoName:
    """How a property gets a name when the program gives none."""

    prop: str
    maximum: int = 255
    lower: bool = False

    def make(self, logical: str, seed: bytes = b"") -> str:
        """The logical name, a hyphen and seven hexadecimal digits.

        The same seed gives the same digits, so that a preview and the run after it agree. Raises
        ProviderError when it gets too long.
        """
        digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(RANDOM_DIGITS)
        prefix = f"{logical}-"
        if len(prefix) + RANDOM_DIGITS > self.maximum:
            raise ProviderError(
                f"failed to compute default for {self.prop!r}: name '{prefix}' plus "
                f"{RANDOM_DIGITS} random chars is longer than maximum length {self.maximum}"
            )
        name = prefix + digits[:RANDOM_DIGITS]
        return name.lower() if self.lower else name
