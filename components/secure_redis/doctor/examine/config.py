"""What the application was given: D01 and D02.

What is wrong with it was found while it was read (`doctor.sources`); here it is said.
"""

from collections.abc import Iterator

from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.certificate_files import described, not_after
from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.endpoint import Given


def settings_agree(checkup: Checkup) -> Iterator[Verdict]:
    """D01: troubles with the URL and the variables beside it."""
    given = checkup.given
    yield from _told(given, "D01")
    if _sound(given, "D01"):
        names = list(given.variables)
        if not names:
            yield good("the stack's own contract")
        elif len(names) == 1:
            yield good(f"{names[0]} can be read", variables=names)
        else:
            yield good(f"{len(names)} variables can be read and agree", variables=names)


def files_are_usable(checkup: Checkup) -> Iterator[Verdict]:
    """D02: troubles with the CA and the client's pair, wherever they stand."""
    given, endpoint = checkup.given, checkup.endpoint
    yield from _told(given, "D02")
    if not _sound(given, "D02"):
        return
    if not endpoint.ca_pem and not endpoint.mutual:
        told = any(remark.check == "D02" for remark in given.remarks)
        if not told:
            yield skipped("no CA and no client certificate were given")
        return
    if endpoint.ca_pem:
        yield good(
            described("CA certificate", endpoint.ca_pem),
            where=_paths(given, authority=True),
            ca_not_after=not_after(endpoint.ca_pem),
        )
    if endpoint.mutual:
        yield good(
            described("client certificate", endpoint.client_cert_pem),
            where=_paths(given, authority=False),
            client_not_after=not_after(endpoint.client_cert_pem),
        )


def _paths(given: Given, *, authority: bool) -> str:
    """The files with the CA, or those with the client's pair."""
    files = [file for file in given.files if file.variable and file.authority is authority]
    return ", ".join(sorted({file.path for file in files}))


def _told(given: Given, check: str) -> Iterator[Verdict]:
    for trouble in given.problems:
        if PROBLEMS[trouble.problem].check == check:
            yield bad(trouble.problem, trouble.observed, trouble.where)
    for remark in given.remarks:
        if remark.check == check:
            yield noted(remark.observed, remark.where)


def _sound(given: Given, check: str) -> bool:
    return not any(PROBLEMS[trouble.problem].check == check for trouble in given.problems)
