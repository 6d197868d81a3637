"""The checks of the doctor, in the order in which somebody looks for a fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Layer(str, Enum):
    """What a check looks at. A layer is looked at when nothing fatal was found in those before."""

    CONFIG = "config"
    """What the application was given."""
    NAME = "name"
    """From the host's name to addresses."""
    WIRE = "wire"
    """Whether the port answers, and in TLS."""
    TRUST = "trust"
    """Certificates, names, versions and ciphers."""
    IDENTITY = "identity"
    """Who gets in, and who does not."""
    SURFACE = "surface"
    """What else is open."""
    PROTOCOL = "protocol"
    """Which server, and how it wants to be talked to."""
    FUNCTION = "function"
    """Whether data go in and come out."""
    HEALTH = "health"
    """Memory, persistence, errors and times."""
    GOVERNANCE = "governance"
    """Rights, rotation, settings of the cloud and of this machine."""


@dataclass(frozen=True)
class Check:
    """One check."""

    id: str
    layer: Layer
    title: str
    """What it looks at, a few words."""
    how: str
    """How: what is sent or read, one sentence."""


_TABLE = (
    Check(
        "D01",
        Layer.CONFIG,
        "connection settings agree",
        "Parses the URL and compares it with the host, port, password and TLS variables.",
    ),
    Check(
        "D02",
        Layer.CONFIG,
        "certificate files are usable",
        (
            "Opens the CA file and the client's pair: there, readable, PEM, valid, the key for its"
            " owner alone."
        ),
    ),
    Check(
        "D03",
        Layer.NAME,
        "the name resolves",
        "Asks the system's resolver for addresses.",
    ),
    Check(
        "D04",
        Layer.WIRE,
        "the port accepts connections",
        "Opens a TCP connection to each address.",
    ),
    Check(
        "D05",
        Layer.WIRE,
        "the port speaks TLS",
        "Sends a ClientHello that accepts everything and waits for a ServerHello.",
    ),
    Check(
        "D06",
        Layer.TRUST,
        "the chain of certificates is trusted",
        "Verifies the chain against the given CA, or the system's; dates and names apart.",
    ),
    Check(
        "D07",
        Layer.TRUST,
        "the certificate names the host",
        "Compares the SAN extension with the name that clients compare.",
    ),
    Check(
        "D08",
        Layer.TRUST,
        "certificates are valid and strong",
        "Reads dates, key sizes, hashes and purposes of all certificates that the server sends.",
    ),
    Check(
        "D09",
        Layer.TRUST,
        "only current TLS is accepted",
        (
            "Offers TLS 1.0 and 1.1 alone, then suites without forward secrecy or authentication "
            "alone."
        ),
    ),
    Check(
        "D10",
        Layer.IDENTITY,
        "client certificates as declared",
        "Connects without a client certificate, and with the one that was given.",
    ),
    Check(
        "D11",
        Layer.IDENTITY,
        "nobody gets in without a password",
        "Sends PING before any login.",
    ),
    Check(
        "D12",
        Layer.IDENTITY,
        "a wrong password is refused",
        "Logs in with a random password; only with --negative, since it raises alarms.",
    ),
    Check(
        "D13",
        Layer.IDENTITY,
        "the login works",
        "Logs in and asks the server who it takes us for.",
    ),
    Check(
        "D14",
        Layer.SURFACE,
        "the port refuses plaintext",
        "Sends PING in the clear to the same port.",
    ),
    Check(
        "D15",
        Layer.SURFACE,
        "no other port is open in the clear",
        "Tries 6379, 6380, 6378 and 10000 of the same host.",
    ),
    Check(
        "D17",
        Layer.PROTOCOL,
        "standalone, Sentinel or cluster as declared",
        "Asks for the server's mode and compares it with what clients are told.",
    ),
    Check(
        "D18",
        Layer.PROTOCOL,
        "the engine is supported",
        "Reads engine and version from HELLO or INFO.",
    ),
    Check(
        "D16",
        Layer.FUNCTION,
        "data go in and come out",
        "Writes one key with a random name that expires by itself, reads it and removes it.",
    ),
    Check(
        "D19",
        Layer.HEALTH,
        "memory, evictions and connections have room",
        "Reads INFO memory, stats and clients.",
    ),
    Check(
        "D20",
        Layer.HEALTH,
        "persistence works",
        "Reads INFO persistence, and the retention that the stack declares.",
    ),
    Check(
        "D22",
        Layer.HEALTH,
        "no logins or commands are being refused",
        "Compares counters of INFO errorstats and stats with those of the last run.",
    ),
    Check(
        "D23",
        Layer.HEALTH,
        "times of handshake and commands",
        "Measures the handshake and some PINGs.",
    ),
    Check(
        "D21",
        Layer.GOVERNANCE,
        "the user has no dangerous rights",
        (
            "Asks ACL DRYRUN; with --negative, where that is not allowed, queues the commands and "
            "discards them."
        ),
    ),
    Check(
        "D24",
        Layer.GOVERNANCE,
        "credentials are current",
        "Compares password and CA of the application with those of the stack, and their age.",
    ),
    Check(
        "D25",
        Layer.GOVERNANCE,
        "the cloud's settings are as they must be",
        "Reads what the stack's state records of network, encryption, backups and alarms.",
    ),
    Check(
        "D26",
        Layer.GOVERNANCE,
        "this machine keeps it private",
        "Looks at modes and Git of local files, and at the addresses a local port listens on.",
    ),
)

CHECKS: Mapping[str, Check] = MappingProxyType({check.id: check for check in _TABLE})
"""All checks by id, in the order in which they are reported."""
