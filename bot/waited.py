"""How long a request has waited before anybody looked at it: in the kernel, and in an event loop that is behind."""

import socket
import struct

from aiohttp import web

LATEST = 5.0
"""Seconds after which WeChat hangs up (接收普通消息)."""
LAST_MOMENT = 0.6
"""Seconds for telling somebody to come again who has waited that long already."""
_UNTIL_LAST_DATA = struct.Struct("<52xI")
"""``tcpi_last_data_recv`` of Linux's ``tcp_info``: milliseconds since data came."""


def seconds_waited(request: web.Request) -> float:
    """Return for how many seconds a request has been here; 0 where the system does not tell."""
    transport = request.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or not hasattr(socket, "TCP_INFO"):
        return 0.0
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _UNTIL_LAST_DATA.size)
        (milliseconds,) = _UNTIL_LAST_DATA.unpack(info)
    except (OSError, struct.error):
        return 0.0
    return float(milliseconds) / 1000


def is_gone(request: web.Request) -> bool:
    """Tell whether whoever asked has hung up."""
    return request.transport is None or request.transport.is_closing()
