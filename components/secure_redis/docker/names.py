"""Names and addresses by which a container is reached."""

from ipaddress import ip_address

LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
