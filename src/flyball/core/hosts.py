"""Which hosts are this machine."""

from ipaddress import ip_address

__all__ = ["THIS_MACHINE", "is_this_machine"]

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names under which addresses in settings mean this machine; plain http may go there."""


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine itself, by any of its loopback addresses."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
