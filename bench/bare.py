"""The measure of all turns: aiohttp on uvloop, one handler that reads the body and answers a fixed XML."""

import sys

from aiohttp import web

from bench.bare_server import run

ANSWER = b"<xml><Encrypt><![CDATA[" + b"A" * int(sys.argv[1] if len(sys.argv) > 1 else 1024) + b"]]></Encrypt></xml>"


async def answer(request: web.Request) -> web.Response:
    """Read the body; answer."""
    await request.read()
    return web.Response(body=ANSWER, content_type="application/xml", charset="utf-8")


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/wechat", answer)
    run(app)
