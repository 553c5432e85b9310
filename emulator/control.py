"""`/emulator/…`: faults, logs, templates, settings and time, for scripts and for the page."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace

from aiohttp import web

from emulator.api_account import create_qrcode
from emulator.calls import Call
from emulator.config import TemplateSpec
from emulator.control_inputs import (
    ClockShift,
    NewFault,
    NewMenu,
    NewQrCode,
    NewTemplate,
    Quotas,
    Settings,
    TokenChange,
)
from emulator.control_requests import answered, number_in, read_input, wait_until
from emulator.faults import Fault
from emulator.feed import Event, Topic
from emulator.journal import LENGTH, Journal
from emulator.menu import check_menu
from emulator.shapes import Json, JsonValue, text
from emulator.stage import Stage
from emulator.world import listed

HEARTBEAT_SECONDS = 15.0


class Control:
    """Everything of the control interface that is not a user's."""

    def __init__(self, stage: Stage) -> None:
        """Control a stage."""
        self._stage = stage
        self._world = stage.world

    def routes(self) -> list[web.RouteDef]:
        """The addresses to serve."""
        return [
            web.get("/emulator/state", self.state),
            web.get("/emulator/feed", self.feed),
            web.get("/emulator/deliveries", self.deliveries),
            web.get("/emulator/calls", self.calls),
            web.get("/emulator/faults", self.list_faults),
            web.post("/emulator/faults", self.order_fault),
            web.delete("/emulator/faults", self.clear_faults),
            web.delete("/emulator/faults/{id}", self.remove_fault),
            web.post("/emulator/tokens", self.change_tokens),
            web.get("/emulator/quotas", self.quotas),
            web.put("/emulator/quotas", self.limit),
            web.get("/emulator/templates", self.templates),
            web.post("/emulator/templates", self.register_template),
            web.post("/emulator/qrcodes", self.create_code),
            web.put("/emulator/menu", self.set_menu),
            web.patch("/emulator/settings", self.change_settings),
            web.post("/emulator/clock", self.shift_clock),
            web.post("/emulator/verify", self.verify),
            web.post("/emulator/clear", self.clear),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Everything the page needs to start: account, users, conversations, faults."""
        users = list(self._world.users.values())
        return answered(
            {
                "account": self._world.account(),
                "now": self._world.clock.now(),
                "users": listed(user.as_json() for user in users),
                "messages": listed(message.as_json() for user in users for message in user.messages),
                "faults": listed(fault.as_json() for fault in self._world.faults),
            }
        )

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """Everything that happens, as Server-Sent Events; a reader too slow is cut off and connects anew."""
        response = web.StreamResponse(headers={"Cache-Control": "no-store"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        with self._world.feed.watch() as watcher, suppress(ConnectionResetError):
            await response.write(b"retry: 1000\n\n")
            while not watcher.overflowed:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        event = await watcher.next()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                else:
                    await response.write(_frame(event))
        return response

    async def deliveries(self, request: web.Request) -> web.Response:
        """The requests to the bot, newest last; `what` picks by a part of it, `wait` waits for one."""
        return await self._read(request, "delivery", self._world.deliveries)

    async def calls(self, request: web.Request) -> web.Response:
        """The bot's API calls, newest last; `path` picks by a part of it, `wait` waits for one."""
        return await self._read(request, "call", self._world.calls)

    async def _read(self, request: web.Request, topic: Topic, journal: Journal) -> web.Response:
        name, key = ("deliveries", "what") if topic == "delivery" else ("calls", "path")
        after, last = int(number_in(request, "after", 0)), int(number_in(request, "last", LENGTH))
        part = request.query.get(key, "")

        def find() -> list[Json]:
            return [record for record in journal.read(after=after) if part in text(record, key)]

        found = await wait_until(request, self._world.feed, topic, find)
        return answered({name: listed(found[-last:] if last > 0 else [])})

    async def list_faults(self, _request: web.Request) -> web.Response:
        """The faults on order."""
        return answered({"faults": listed(fault.as_json() for fault in self._world.faults)})

    async def order_fault(self, request: web.Request) -> web.Response:
        """Order a fault."""
        given = await read_input(request, NewFault)
        openid = self._world.user(given.user).openid if given.user else ""
        details = given.model_dump(exclude={"user"})
        fault = self._world.faults.order(Fault(openid=openid, **details))
        self._world.faults_changed()
        return answered(fault.as_json(), status=201)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """Take all faults back."""
        self._world.faults.clear()
        self._world.faults_changed()
        return answered({})

    async def remove_fault(self, request: web.Request) -> web.Response:
        """Take one fault back."""
        number = request.match_info["id"]
        removed = number.isdigit() and self._world.faults.remove(int(number))
        self._world.faults_changed()
        return answered({} if removed else {"error": f"no fault {number}"}, status=200 if removed else 404)

    async def change_tokens(self, request: web.Request) -> web.Response:
        """Let every access token expire (42001) or become unknown (40001)."""
        given = await read_input(request, TokenChange)
        if given.do == "expire":
            self._world.tokens.expire(now=self._world.clock.now())
        else:
            self._world.tokens.revoke()
        return answered({})

    async def quotas(self, _request: web.Request) -> web.Response:
        """Calls a day: limits and today's use."""
        limits: dict[str, JsonValue] = dict(self._world.quotas.limits)
        used: dict[str, JsonValue] = dict(self._world.quotas.used())
        return answered({"limits": limits, "used": used})

    async def limit(self, request: web.Request) -> web.Response:
        """Set limits of calls a day."""
        given = await read_input(request, Quotas)
        self._world.quotas.limits.update(given.limits)
        return await self.quotas(request)

    async def templates(self, _request: web.Request) -> web.Response:
        """The registered templates."""
        return answered({"templates": listed(item.as_json() for item in self._world.templates.values())})

    async def register_template(self, request: web.Request) -> web.Response:
        """Add or replace a template."""
        given = await read_input(request, NewTemplate)
        spec = TemplateSpec(id=given.id, title=given.title, fields=given.fields, options=given.options)
        return answered(self._world.register_template(spec).as_json(), status=201)

    async def create_code(self, request: web.Request) -> web.Response:
        """A QR code without an access token; permanent when no `seconds` are given."""
        given = await read_input(request, NewQrCode)
        scene: Json = {"scene": {"scene_str": given.scene}}
        body: Json = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": scene}
        if given.seconds is not None:
            body |= {"action_name": "QR_STR_SCENE", "expire_seconds": given.seconds}
        return answered(create_qrcode(self._stage, Call("", {}, body)), status=201)

    async def set_menu(self, request: web.Request) -> web.Response:
        """Set the account menu without an access token."""
        given = await read_input(request, NewMenu)
        menu: Json = {"button": given.button}
        check_menu(menu)
        self._world.menu = menu
        self._world.account_changed()
        return answered(menu)

    async def change_settings(self, request: web.Request) -> web.Response:
        """Change address, token, key or mode, as in WeChat's console; nothing changes when they do not fit."""
        given = await read_input(request, Settings)
        wiring = replace(self._world.wiring, **given.model_dump(exclude_none=True))
        wiring.check()
        self._world.wiring, self._world.verified = wiring, None
        self._world.account_changed()
        return answered(self._world.account())

    async def shift_clock(self, request: web.Request) -> web.Response:
        """Set how far the emulated time is ahead of the machine's (negative: behind)."""
        self._world.clock.shift = (await read_input(request, ClockShift)).shift
        self._world.account_changed()
        return answered({"shift": self._world.clock.shift, "now": self._world.clock.now()})

    async def verify(self, _request: web.Request) -> web.Response:
        """Send the verification request to the webhook."""
        ok, problem = await self._stage.courier.verify()
        return answered({"verified": ok, "problem": problem})

    async def clear(self, _request: web.Request) -> web.Response:
        """Empty conversations, logs, faults and counted calls."""
        self._world.forget_traffic()
        self._world.faults_changed()
        return answered({})


def _frame(event: Event) -> bytes:
    content = json.dumps({"topic": event.topic, "data": event.data}, ensure_ascii=False)
    return f"data: {content}\n\n".encode()
