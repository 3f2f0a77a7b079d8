"""Who of this machine is at the other end of a connection: asked of the system, not of the caller.

A connection on the loopback interface says nothing about who made it, and several people may have accounts on
one machine. Linux tells whose a socket is to whoever asks over netlink; elsewhere nobody is told apart.

Source: sock_diag(7); `struct inet_diag_req_v2` and `struct inet_diag_msg` in linux/inet_diag.h.
"""

import os
import socket
import struct

__all__ = ["is_mine", "owner_of"]

_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _REQUEST, _ERROR = 4, 20, 1, 2
_HEAD = struct.Struct("=IHHII")
_ASK = struct.Struct("=BBBBI")
_PORTS = struct.Struct("!HH")
_REST = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
"""Any interface, any cookie."""
_UID_AT = _HEAD.size + 4 + 48 + 12
_SECONDS = 1.0
Address = tuple[str, int]


def is_mine(peer: Address | None, local: Address | None) -> bool:
    """Return whether the user of this process, or root, made a connection; True where that cannot be told.

    Parameters
    ----------
    peer, local : tuple of str and int, or None
        Address and port of both ends; None where the connection has none, such as over a socket file.
    """
    if peer is None or local is None:
        return True
    owner = owner_of(peer, local)
    return owner is None or owner in (0, os.geteuid())


def owner_of(peer: Address, local: Address) -> int | None:
    """Return the user id of whoever holds the other end of a connection on this machine.

    Returns
    -------
    int or None
        -1 where there is no such connection; None where this system does not tell.
    """
    netlink = getattr(socket, "AF_NETLINK", None)
    if netlink is None:
        return None
    try:
        family, asked = _asked(peer, local)
        with socket.socket(netlink, socket.SOCK_RAW, _SOCK_DIAG) as ask:
            ask.settimeout(_SECONDS)
            ask.send(_HEAD.pack(_HEAD.size + len(asked), _SOCK_DIAG_BY_FAMILY, _REQUEST, 1, 0) + asked)
            reply = ask.recv(65_536)
        kind = _HEAD.unpack_from(reply)[1]
        if kind == _ERROR:
            (error,) = struct.unpack_from("=i", reply, _HEAD.size)
            return -1 if error == -2 else None  # ENOENT: not there; whatever else: not told
        if kind != _SOCK_DIAG_BY_FAMILY or reply[_HEAD.size] != family:
            return None
        (owner,) = struct.unpack_from("=I", reply, _UID_AT)
    except (OSError, struct.error, IndexError):
        return None
    return int(owner)


def _asked(peer: Address, local: Address) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    hosts = b"".join(socket.inet_pton(family, host).ljust(16, b"\0") for host in (peer[0], local[0]))
    every_state = 0xFFFFFFFF
    head = _ASK.pack(family, socket.IPPROTO_TCP, 0, 0, every_state)
    return family, head + _PORTS.pack(peer[1], local[1]) + hosts + _REST
