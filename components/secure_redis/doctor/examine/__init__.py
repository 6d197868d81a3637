"""The checks themselves, a module a layer."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from secure_redis.doctor.checks import Check
from secure_redis.doctor.checkup import Check as Examination
from secure_redis.doctor.checkup import Checkup
from secure_redis.doctor.report import Handshake

from . import (
    config,
    function,
    governance,
    health,
    identity,
    name,
    protocol,
    rights,
    surface,
    trust,
    wire,
)
from .trust import described

CHECKS: Mapping[str, Examination] = MappingProxyType(
    {
        "D01": config.settings_agree,
        "D02": config.files_are_usable,
        "D03": name.resolves,
        "D04": wire.accepts,
        "D05": wire.speaks_tls,
        "D06": trust.chain,
        "D07": trust.names,
        "D08": trust.validity,
        "D09": trust.versions_and_ciphers,
        "D10": identity.client_certificate,
        "D11": identity.without_password,
        "D12": identity.wrong_password,
        "D13": identity.login,
        "D14": surface.plaintext,
        "D15": surface.other_ports,
        "D16": function.round_trip,
        "D17": protocol.mode,
        "D18": protocol.engine,
        "D19": health.room,
        "D20": health.persistence,
        "D21": rights.rights,
        "D22": health.refusals,
        "D23": health.times,
        "D24": governance.credentials,
        "D25": governance.settings,
        "D26": governance.machine,
    }
)
"""The function of each check."""

IN_TURN: tuple[tuple[str, ...], ...] = (
    ("D04", "D05"),
    ("D10", "D11", "D13"),
    # One conversation is used by one check at a time.
    ("D18", "D17"),
    ("D19", "D20", "D22", "D23"),
)
"""Checks of one layer of which each needs what the one before it learned."""


def groups(checks: Sequence[Check]) -> list[list[Check]]:
    """The checks of a layer in groups: groups run side by side, the checks of one in turn."""
    by_id = {check.id: check for check in checks}
    found = [[by_id.pop(one) for one in turn if one in by_id] for turn in IN_TURN]
    return [*(group for group in found if group), *([check] for check in by_id.values())]


def server(checkup: Checkup) -> str:
    """Engine and version as the server says them; empty where it does not."""
    return protocol.described(checkup)


def handshake(checkup: Checkup) -> Handshake | None:
    """What client and server agreed on; the lenient handshake's where there was no strict one."""
    agreed = checkup.learned.agreed or checkup.learned.looked
    if agreed is None:
        return None
    verified = checkup.learned.agreed is not None
    return Handshake(
        version=agreed.version,
        cipher=agreed.cipher,
        bits=agreed.bits,
        verify=checkup.endpoint.tls_verify.value if verified else "none",
        server_name=checkup.endpoint.verified_name if verified else "",
        milliseconds=agreed.milliseconds,
        chain=tuple(described(certificate) for certificate in agreed.chain),
    )
