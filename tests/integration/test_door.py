"""The port of several processes: who knocks is let in by somebody, whoever leaves meanwhile."""

import asyncio
import os
import socket
from collections.abc import Generator
from contextlib import ExitStack, suppress

import pytest
from aiohttp import web

from bot.door import Door, emptied, given_sockets
from bot.settings import ConfigurationError

REQUEST = b"GET / HTTP/1.1\r\nHost: clinic\r\n\r\n"
CLIENTS = 64


def listening_socket(*, port: int = 0, reuse: bool = False) -> socket.socket:
    listener = socket.socket()
    if reuse:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(CLIENTS * 2)
    return listener


def house(answers: str) -> web.Server:
    """A server that says this to everybody."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(text=answers)

    return web.Server(answer)


@pytest.fixture
def clients() -> Generator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def knock(clients: ExitStack, port: int, count: int = CLIENTS) -> list[socket.socket]:
    """Connect and ask, before the event loop has a chance to let anybody in."""
    knocking = [clients.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
    for client in knocking:
        client.sendall(REQUEST)
        client.setblocking(False)
    return knocking


async def heard(client: socket.socket) -> str:
    """The answer's text; empty when the connection broke."""
    loop, said = asyncio.get_running_loop(), b""
    try:
        async with asyncio.timeout(20):
            while b"\r\n\r\n" not in said or said.endswith(b"\r\n\r\n"):
                part = await loop.sock_recv(client, 4096)
                if not part:
                    return ""
                said += part
    except ConnectionError:
        return ""
    return said.rpartition(b"\r\n")[2].decode()


async def one_leaves(clients: ExitStack, first: socket.socket, second: socket.socket) -> list[str]:
    """Two processes on a port, and one of them stops with everybody still outside; what each client heard."""
    leaving, staying = house("the one who leaves"), house("the one who stays")
    doors = [Door(leaving, [first]), Door(staying, [second])]
    for door in doors:
        door.open()
    knocking = knock(clients, first.getsockname()[1])
    await doors[0].close(shared=True)
    answers = await asyncio.gather(*(heard(client) for client in knocking))
    await doors[1].close(shared=False)
    for server in (leaving, staying):
        await server.shutdown(1.0)
    return answers


async def test_who_has_knocked_is_let_in_by_who_stays(clients: ExitStack) -> None:
    shared = listening_socket()
    assert await one_leaves(clients, shared, shared.dup()) == ["the one who stays"] * CLIENTS


async def test_control_with_a_socket_each_those_of_who_leaves_are_lost(clients: ExitStack) -> None:
    first = listening_socket(reuse=True)
    second = listening_socket(port=first.getsockname()[1], reuse=True)
    answers = await one_leaves(clients, first, second)
    assert "" in answers
    assert "the one who stays" in answers


async def test_who_leaves_alone_lets_everybody_in_who_has_knocked(clients: ExitStack) -> None:
    server, listener = house("the last one"), listening_socket()
    door = Door(server, [listener])
    door.open()
    knocking = knock(clients, listener.getsockname()[1])
    await door.close(shared=False)
    assert await asyncio.gather(*(heard(client) for client in knocking)) == ["the last one"] * CLIENTS
    await server.shutdown(1.0)


async def test_so_many_are_let_in_at_the_same_time_and_the_others_afterwards(clients: ExitStack) -> None:
    server, listener = house("in time"), listening_socket()
    door = Door(server, [listener], most=10)
    door.open()
    knocking = knock(clients, listener.getsockname()[1])
    most = 0
    for client in knocking:
        assert await heard(client) == "in time"
        most = max(most, len(server.connections))
        client.close()
    assert most <= 10
    await door.close(shared=False)
    await server.shutdown(1.0)


async def test_nobody_is_let_in_while_the_process_is_behind(
    clients: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, listener = house("when there is time"), listening_socket()
    door = Door(server, [listener])
    monkeypatch.setattr("bot.door.MOST_BEHIND", -1.0)
    door.open()
    (client,) = knock(clients, listener.getsockname()[1], 1)
    await asyncio.sleep(0.2)
    assert server.connections == []
    monkeypatch.setattr("bot.door.MOST_BEHIND", 60.0)
    assert await heard(client) == "when there is time"
    await door.close(shared=False)
    await server.shutdown(1.0)


async def test_a_house_is_empty_when_the_last_one_has_gone(clients: ExitStack) -> None:
    server, listener = house("hello"), listening_socket()
    door = Door(server, [listener])
    door.open()
    (client,) = knock(clients, listener.getsockname()[1], 1)
    assert await heard(client) == "hello"
    await emptied(server, 0.1)
    assert len(server.connections) == 1
    client.close()
    await emptied(server, 30.0)
    assert server.connections == []
    await door.close(shared=False)


async def asked_while_leaving(clients: ExitStack, linger: float) -> str:
    """What a client hears that asks on a connection kept alive, a moment after the bot was told to stop."""
    server, listener = house("still here"), listening_socket()
    door = Door(server, [listener])
    door.open()
    (client,) = knock(clients, listener.getsockname()[1], 1)
    await heard(client)
    await door.close(shared=True)

    async def stop() -> None:
        await emptied(server, linger)
        server.pre_shutdown()
        await server.shutdown(1.0)

    stopping = asyncio.create_task(stop())
    await asyncio.sleep(0.05)
    with suppress(ConnectionError):
        client.sendall(REQUEST)
    answer = await heard(client)
    client.close()
    await stopping
    return answer


async def test_a_connection_kept_alive_is_answered_once_more(clients: ExitStack) -> None:
    assert await asked_while_leaving(clients, 30.0) == "still here"


async def test_control_without_waiting_its_request_is_lost(clients: ExitStack) -> None:
    assert await asked_while_leaving(clients, 0.0) == ""


def test_sockets_meant_for_another_process_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert given_sockets() == []
    assert "LISTEN_FDS" not in os.environ


def test_what_was_given_and_is_no_socket_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr("bot.door.FIRST_GIVEN", reading)
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    with pytest.raises(ConfigurationError, match="LISTEN_FDS"):
        given_sockets()
    os.close(reading)
    os.close(writing)
