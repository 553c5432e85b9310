"""A WeChat that costs nothing: aiohttp on uvloop that gives out a token, reads every body and says that all is well."""

import itertools

from aiohttp import web

from bench.bare_server import run

_numbers = itertools.count(2**60)


async def token(_request: web.Request) -> web.Response:
    """Give out the one token there is."""
    return web.json_response({"access_token": "benchmark", "expires_in": 7200})


async def send(request: web.Request) -> web.Response:
    """Read the body; answer with a new number."""
    await request.read()
    body = b'{"errcode":0,"errmsg":"ok","msgid":%d}' % next(_numbers)
    return web.Response(body=body, content_type="application/json")


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/cgi-bin/stable_token", token)
    app.router.add_post("/{path:.*}", send)
    run(app)
