"""The gate of the API: faults, tokens, quotas and the log around every operation."""

import asyncio
import json
import secrets
import time
from http import HTTPStatus
from io import BytesIO
from typing import cast

import segno
from aiohttp import web

from emulator import api_account, api_messages
from emulator.calls import ApiError, Call, Operation
from emulator.faults import API_KINDS, Fault
from emulator.shapes import Json, JsonValue
from emulator.stage import Stage

HANGING_SECONDS = 30.0
_HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
_HIDDEN = ("access_token", "secret")


class Api:
    """Answers `/cgi-bin/…` as the platform does."""

    def __init__(self, stage: Stage) -> None:
        """Serve a stage."""
        self._stage = stage
        self._operations = api_account.operations() | api_messages.operations()

    def routes(self) -> list[web.RouteDef]:
        """The addresses to serve."""
        return [web.get("/cgi-bin/showqrcode", self.show_qrcode), web.route("*", "/cgi-bin/{tail:.*}", self.call)]

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Serve one call; every refusal is HTTP 200 with an errcode."""
        begun = time.monotonic()
        raw = await request.read()
        world = self._stage.world
        fault = world.faults.take(*API_KINDS, path=request.path, openid=_touser(raw))
        if fault is not None:
            world.faults_changed()
        call = Call(request.path, dict(request.query), {})
        answer = await self._answer(request, raw, call, fault)
        world.calls.write(
            {
                "at": world.clock.now(),
                "method": request.method,
                "path": request.path,
                "query": {key: _hide(key, value) for key, value in request.query.items()},
                "request": {key: _hide(key, value) for key, value in call.body.items()},
                "response": _decoded(answer),
                "status": answer.status,
                "fault": None if fault is None else fault.kind,
                "notes": list(call.notes),
                "seconds": round(time.monotonic() - begun, 3),
            }
        )
        if fault is not None and fault.kind in {"api_timeout", "api_disconnect"} and request.transport:
            request.transport.close()
        return answer

    async def _answer(self, request: web.Request, raw: bytes, call: Call, fault: Fault | None) -> web.Response:
        result: Json = {}
        if fault is None or fault.after or fault.kind == "api_delay":
            result = self._run(request.method, raw, call)
        else:
            _read_body(raw, call, tolerant=True)
        failed = None if fault is None else await self._failed(fault)
        return failed or self._reply(result)

    async def _failed(self, fault: Fault) -> web.Response | None:
        if fault.kind == "api_error":
            return self._reply(refusal(fault.errcode, fault.errmsg or "injected error", self._stage.world.clock.now()))
        if fault.kind == "api_html":
            return web.Response(text=_HTML, content_type="text/html", status=HTTPStatus.OK)
        if fault.kind == "api_disconnect":
            return web.Response(status=HTTPStatus.BAD_GATEWAY)
        await asyncio.sleep(fault.seconds or (HANGING_SECONDS if fault.kind == "api_timeout" else 0))
        return web.Response(status=HTTPStatus.GATEWAY_TIMEOUT) if fault.kind == "api_timeout" else None

    def _reply(self, result: Json) -> web.Response:
        return web.json_response(result, dumps=_dump)

    def _run(self, method: str, raw: bytes, call: Call) -> Json:
        try:
            operation = self._admit(method, raw, call)
            return operation.act(self._stage, call)
        except ApiError as error:
            return refusal(error.errcode, error.errmsg, self._stage.world.clock.now())

    def _admit(self, method: str, raw: bytes, call: Call) -> Operation:
        world = self._stage.world
        operation = self._operations.get(call.path)
        if operation is None:
            raise ApiError(40066, "invalid url")
        if method != operation.method and not (call.path.endswith("menu/delete") and method == "POST"):
            raise ApiError(43002 if operation.method == "POST" else 43001, f"require {operation.method} method")
        if operation.needs_token:
            wrong = world.tokens.refusal(call.query.get("access_token", ""), now=world.clock.now())
            if wrong is not None:
                raise ApiError(*wrong)
        if operation.method == "POST":
            _read_body(raw, call)
        if not world.quotas.spend(call.path):
            raise ApiError(45009, "reach max api daily quota limit")
        return operation

    async def show_qrcode(self, request: web.Request) -> web.Response:
        """The picture for a ticket: PNG, or SVG with `format=svg`. (On the platform it lies on mp.weixin.qq.com.)"""
        code = self._stage.world.qrcodes.get(request.query.get("ticket", ""))
        if code is None:
            raise web.HTTPNotFound(text="no QR code has this ticket")
        picture = BytesIO()
        if request.query.get("format") == "svg":
            segno.make(code.url, error="m").save(picture, kind="svg", scale=6, border=2)
            return web.Response(body=picture.getvalue(), content_type="image/svg+xml")
        segno.make(code.url, error="m").save(picture, kind="png", scale=8, border=3)
        return web.Response(body=picture.getvalue(), content_type="image/png")


def refusal(errcode: int, errmsg: str, now: float) -> Json:
    """An error as the platform words it, with its request id at the end."""
    rid = f"{int(now):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return {"errcode": errcode, "errmsg": f"{errmsg} rid: {rid}"}


def _read_body(raw: bytes, call: Call, *, tolerant: bool = False) -> None:
    if not raw and not tolerant:
        raise ApiError(44002, "empty post data")
    try:
        value: object = json.loads(raw)
    except ValueError:
        value = None
    if isinstance(value, dict):
        call.body = cast("Json", value)
        if b"\\u" in raw:
            call.notes.append("non-ASCII is escaped as \\uXXXX: some endpoints show the escapes to users")
    elif not tolerant:
        raise ApiError(47001, "data format error")


def _touser(raw: bytes) -> str:
    call = Call("", {}, {})
    _read_body(raw, call, tolerant=True)
    value = call.body.get("touser")
    return value if isinstance(value, str) else ""


def _hide(key: str, value: JsonValue) -> JsonValue:
    return value[:6] + "…" if key in _HIDDEN and isinstance(value, str) else value


def _decoded(answer: web.Response) -> JsonValue:
    content = answer.text or ""
    if answer.content_type != "application/json":
        return content
    body = cast("Json", json.loads(content))
    return {key: _hide(key, value) for key, value in body.items()}


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
