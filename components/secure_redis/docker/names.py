"""Names and addresses by which a container is reached."""

from ipaddress import ip_address

import pulumi

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def stack_name() -> str:
    """The name in Docker of this stack: of its network, and the first part of every other name.

    Parts are joined by dots: with hyphens, the cache `a-b` of the stack `local` and `b` of
    the stack `local-a` would share a data volume.
    """
    return f"{pulumi.get_project()}.{pulumi.get_stack()}"


def container_name(cache: str) -> str:
    """The name of the server's container of a cache of this stack."""
    return f"{stack_name()}.{cache}"


def is_address(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_wildcard(address: str) -> bool:
    """Whether an address stands for all addresses of the machine."""
    return is_address(address) and ip_address(address).is_unspecified
