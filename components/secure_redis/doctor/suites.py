"""Cipher suites by what is wrong with them, with the numbers that IANA registered.

The names are OpenSSL's, as they stand in `tls-ciphers` and `tls-ciphersuites` of redis.conf.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Family:
    """Suites of TLS 1.2 and before that have one thing in common."""

    name: str
    """What they have in common: an attribute of "a suite"."""
    suites: Mapping[int, str]
    """OpenSSL's names by number."""


GOOD = Family(
    "with forward secrecy and authenticated encryption",
    MappingProxyType(
        {
            0xC02B: "ECDHE-ECDSA-AES128-GCM-SHA256",
            0xC02C: "ECDHE-ECDSA-AES256-GCM-SHA384",
            0xC02F: "ECDHE-RSA-AES128-GCM-SHA256",
            0xC030: "ECDHE-RSA-AES256-GCM-SHA384",
            0xC0AC: "ECDHE-ECDSA-AES128-CCM",
            0xC0AD: "ECDHE-ECDSA-AES256-CCM",
            0x009E: "DHE-RSA-AES128-GCM-SHA256",
            0x009F: "DHE-RSA-AES256-GCM-SHA384",
            0xC09E: "DHE-RSA-AES128-CCM",
            0xC09F: "DHE-RSA-AES256-CCM",
        }
    ),
)
"""Approved by NIST (SP 800-52r2) too."""

NOT_APPROVED = Family(
    "with authenticated encryption that NIST does not approve",
    MappingProxyType(
        {
            0xCCA8: "ECDHE-RSA-CHACHA20-POLY1305",
            0xCCA9: "ECDHE-ECDSA-CHACHA20-POLY1305",
            0xCCAA: "DHE-RSA-CHACHA20-POLY1305",
            0xC05C: "ECDHE-ECDSA-ARIA128-GCM-SHA256",
            0xC05D: "ECDHE-ECDSA-ARIA256-GCM-SHA384",
            0xC060: "ECDHE-ARIA128-GCM-SHA256",
            0xC061: "ECDHE-ARIA256-GCM-SHA384",
            0xC052: "DHE-RSA-ARIA128-GCM-SHA256",
            0xC053: "DHE-RSA-ARIA256-GCM-SHA384",
        }
    ),
)

CBC = Family(
    "with CBC",
    MappingProxyType(
        {
            0xC009: "ECDHE-ECDSA-AES128-SHA",
            0xC00A: "ECDHE-ECDSA-AES256-SHA",
            0xC013: "ECDHE-RSA-AES128-SHA",
            0xC014: "ECDHE-RSA-AES256-SHA",
            0xC023: "ECDHE-ECDSA-AES128-SHA256",
            0xC024: "ECDHE-ECDSA-AES256-SHA384",
            0xC027: "ECDHE-RSA-AES128-SHA256",
            0xC028: "ECDHE-RSA-AES256-SHA384",
            0xC072: "ECDHE-ECDSA-CAMELLIA128-SHA256",
            0xC073: "ECDHE-ECDSA-CAMELLIA256-SHA384",
            0xC076: "ECDHE-RSA-CAMELLIA128-SHA256",
            0xC077: "ECDHE-RSA-CAMELLIA256-SHA384",
            0x0032: "DHE-DSS-AES128-SHA",
            0x0038: "DHE-DSS-AES256-SHA",
            0x0040: "DHE-DSS-AES128-SHA256",
            0x006A: "DHE-DSS-AES256-SHA256",
            0x0033: "DHE-RSA-AES128-SHA",
            0x0039: "DHE-RSA-AES256-SHA",
            0x0067: "DHE-RSA-AES128-SHA256",
            0x006B: "DHE-RSA-AES256-SHA256",
            0x0045: "DHE-RSA-CAMELLIA128-SHA",
            0x0088: "DHE-RSA-CAMELLIA256-SHA",
            0x00BE: "DHE-RSA-CAMELLIA128-SHA256",
            0x00C4: "DHE-RSA-CAMELLIA256-SHA256",
            0x009A: "DHE-RSA-SEED-SHA",
        }
    ),
)
"""Forward secrecy, and a mode that padding oracles were found in again and again."""

WITHOUT_FORWARD_SECRECY = Family(
    "without forward secrecy",
    MappingProxyType(
        {
            0x002F: "AES128-SHA",
            0x0035: "AES256-SHA",
            0x003C: "AES128-SHA256",
            0x003D: "AES256-SHA256",
            0x009C: "AES128-GCM-SHA256",
            0x009D: "AES256-GCM-SHA384",
            0xC09C: "AES128-CCM",
            0xC09D: "AES256-CCM",
            0xC0A0: "AES128-CCM8",
            0xC0A1: "AES256-CCM8",
            0xC050: "ARIA128-GCM-SHA256",
            0xC051: "ARIA256-GCM-SHA384",
            0x0041: "CAMELLIA128-SHA",
            0x0084: "CAMELLIA256-SHA",
            0x00BA: "CAMELLIA128-SHA256",
            0x00C0: "CAMELLIA256-SHA256",
            0x0096: "SEED-SHA",
            0xC004: "ECDH-ECDSA-AES128-SHA",
            0xC005: "ECDH-ECDSA-AES256-SHA",
            0xC00E: "ECDH-RSA-AES128-SHA",
            0xC00F: "ECDH-RSA-AES256-SHA",
            0xC02D: "ECDH-ECDSA-AES128-GCM-SHA256",
            0xC02E: "ECDH-ECDSA-AES256-GCM-SHA384",
            0xC031: "ECDH-RSA-AES128-GCM-SHA256",
            0xC032: "ECDH-RSA-AES256-GCM-SHA384",
        }
    ),
)

SMALL_BLOCKS = Family(
    "with DES or 3DES",
    MappingProxyType(
        {
            0xC008: "ECDHE-ECDSA-DES-CBC3-SHA",
            0xC012: "ECDHE-RSA-DES-CBC3-SHA",
            0x0013: "DHE-DSS-DES-CBC3-SHA",
            0x0016: "DHE-RSA-DES-CBC3-SHA",
            0x000A: "DES-CBC3-SHA",
            0x0007: "IDEA-CBC-SHA",
            0x0012: "DHE-DSS-DES-CBC-SHA",
            0x0015: "DHE-RSA-DES-CBC-SHA",
            0x0009: "DES-CBC-SHA",
        }
    ),
)

RC4 = Family(
    "with RC4",
    MappingProxyType(
        {
            0xC007: "ECDHE-ECDSA-RC4-SHA",
            0xC011: "ECDHE-RSA-RC4-SHA",
            0x0005: "RC4-SHA",
            0x0004: "RC4-MD5",
        }
    ),
)

EXPORT = Family(
    "of export grade",
    MappingProxyType(
        {
            0x0014: "EXP-DHE-RSA-DES-CBC-SHA",
            0x0011: "EXP-DHE-DSS-DES-CBC-SHA",
            0x0008: "EXP-DES-CBC-SHA",
            0x0006: "EXP-RC2-CBC-MD5",
            0x0003: "EXP-RC4-MD5",
            0x0019: "EXP-ADH-DES-CBC-SHA",
            0x0017: "EXP-ADH-RC4-MD5",
        }
    ),
)

WITHOUT_ENCRYPTION = Family(
    "without encryption",
    MappingProxyType(
        {
            0xC006: "ECDHE-ECDSA-NULL-SHA",
            0xC010: "ECDHE-RSA-NULL-SHA",
            0x003B: "NULL-SHA256",
            0x0002: "NULL-SHA",
            0x0001: "NULL-MD5",
            0xC001: "ECDH-ECDSA-NULL-SHA",
            0xC00B: "ECDH-RSA-NULL-SHA",
            0xC015: "AECDH-NULL-SHA",
        }
    ),
)

WITHOUT_AUTHENTICATION = Family(
    "without authentication",
    MappingProxyType(
        {
            0x00A7: "ADH-AES256-GCM-SHA384",
            0x00A6: "ADH-AES128-GCM-SHA256",
            0x006D: "ADH-AES256-SHA256",
            0x006C: "ADH-AES128-SHA256",
            0x003A: "ADH-AES256-SHA",
            0x0034: "ADH-AES128-SHA",
            0xC019: "AECDH-AES256-SHA",
            0xC018: "AECDH-AES128-SHA",
            0x0046: "ADH-CAMELLIA128-SHA",
            0x0089: "ADH-CAMELLIA256-SHA",
            0x001B: "ADH-DES-CBC3-SHA",
            0xC017: "AECDH-DES-CBC3-SHA",
            0x0018: "ADH-RC4-MD5",
            0xC016: "AECDH-RC4-SHA",
            0x001A: "ADH-DES-CBC-SHA",
        }
    ),
)

WEAK = (
    WITHOUT_AUTHENTICATION,
    WITHOUT_ENCRYPTION,
    EXPORT,
    RC4,
    SMALL_BLOCKS,
    WITHOUT_FORWARD_SECRECY,
)
"""What no server may accept, the worst first."""

TLS13 = MappingProxyType(
    {
        0x1301: "TLS_AES_128_GCM_SHA256",
        0x1302: "TLS_AES_256_GCM_SHA384",
        0x1303: "TLS_CHACHA20_POLY1305_SHA256",
        0x1304: "TLS_AES_128_CCM_SHA256",
        0x1305: "TLS_AES_128_CCM_8_SHA256",
    }
)
"""All suites of TLS 1.3."""

TLS13_NOT_APPROVED = MappingProxyType({0x1303: TLS13[0x1303]})
"""Those of them that NIST does not approve."""

NAMES: Mapping[int, str] = MappingProxyType(
    {
        number: name
        for family in (GOOD, NOT_APPROVED, CBC, *WEAK)
        for number, name in family.suites.items()
    }
    | dict(TLS13)
)
"""All names by number."""

BEFORE_TLS13: tuple[int, ...] = tuple(number for number in NAMES if number not in TLS13)
"""What can be offered with TLS 1.2."""

BEFORE_TLS12: tuple[int, ...] = tuple(
    number
    for number in BEFORE_TLS13
    if not any(new in NAMES[number] for new in ("GCM", "CCM", "CHACHA20", "SHA256", "SHA384"))
    and number not in WITHOUT_AUTHENTICATION.suites
    and number not in WITHOUT_ENCRYPTION.suites
)
"""What can be offered with TLS 1.1 and before."""


def name(number: int) -> str:
    """OpenSSL's name, or the number where it is none of the above."""
    return NAMES.get(number, f"0x{number:04X}")


def bits(number: int) -> int:
    """Size of the key that data are encrypted with; 0 for none, or where it is unknown."""
    if number in WITHOUT_ENCRYPTION.suites or number in EXPORT.suites:
        return 0
    # The last part is the hash of the signature or of the key derivation.
    *cipher, _ = name(number).replace("_", "-").split("-")
    text = "-".join(cipher)
    return next((size for part, size in _BITS if part in text), 0)


_BITS = (
    ("CHACHA20", 256),
    ("DES-CBC3", 168),
    ("256", 256),
    ("128", 128),
    ("RC4", 128),
    ("SEED", 128),
    ("IDEA", 128),
    ("DES-CBC", 56),
)
