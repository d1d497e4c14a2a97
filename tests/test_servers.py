"""Where servers of the tests listen: on ports that nothing else of this machine comes to take."""

from __future__ import annotations

import socket

from tests.servers import free_port


def test_a_free_port_is_none_that_connections_are_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            given = connection.getsockname()[1]
    assert max(free_port() for _ in range(50)) < min(port, given)


def test_one_that_is_taken_is_not_free() -> None:
    ports = {free_port() for _ in range(20)}
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        assert taken.getsockname()[1] not in {free_port() for _ in range(50)}
    assert len(ports) > 10
