"""Whose a connection is, as the system tells: real sockets of this process and of another user."""

import os
import socket
import sys

import pytest

from flyball.gateway.access.peers import is_mine, owner_of

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells whose a socket is"
)


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as server:
        try:
            server.bind((request.param, 0))
        except OSError:
            pytest.skip(f"this machine has no {request.param}")
        server.listen()
        yield server


def test_a_connection_is_of_the_user_who_made_it(server):
    with socket.create_connection(server.getsockname()[:2]):
        made, peer = server.accept()
        with made:
            assert owner_of(peer[:2], made.getsockname()[:2]) == os.geteuid()
            assert is_mine(peer[:2], made.getsockname()[:2])


def test_a_connection_that_is_not_there_is_nobodys(server):
    here = server.getsockname()[:2]
    assert owner_of((here[0], 1), here) == -1
    assert not is_mine((here[0], 1), here)


def test_where_it_cannot_be_told_nobody_is_shut_out():
    assert is_mine(None, None)
    assert owner_of(("a file", 1), ("a file", 2)) is None
    assert is_mine(("a file", 1), ("a file", 2))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
def test_a_connection_of_another_user_is_told_apart(server):
    here = server.getsockname()[:2]
    os.seteuid(65534)
    try:
        other = socket.create_connection(here)
    finally:
        os.seteuid(0)
    with other:
        made, peer = server.accept()
        with made:
            assert owner_of(peer[:2], made.getsockname()[:2]) == 65534
            assert not is_mine(peer[:2], made.getsockname()[:2])
