"""`/emulator/users/…`: being a user from a script."""

from aiohttp import web

from emulator.control_actions import ACTIONS
from emulator.control_inputs import Draft, NewUser, UserState
from emulator.control_requests import answered, number_in, read_input, wait_until
from emulator.shapes import Json
from emulator.stage import Stage
from emulator.state import User
from emulator.world import listed

_BASE = "/emulator/users"


class UserControl:
    """Users, their actions and their conversations."""

    def __init__(self, stage: Stage) -> None:
        """Control a stage."""
        self._stage = stage
        self._world = stage.world

    def routes(self) -> list[web.RouteDef]:
        """The addresses to serve."""
        return [
            web.get(_BASE, self.list_users),
            web.post(_BASE, self.create_user),
            web.get(_BASE + "/{user}", self.show_user),
            web.patch(_BASE + "/{user}", self.change_user),
            web.get(_BASE + "/{user}/messages", self.messages),
            web.post(_BASE + "/{user}/draft", self.draft),
            web.post(_BASE + "/{user}/{action}", self.act),
        ]

    def _user(self, request: web.Request) -> User:
        return self._world.user(request.match_info["user"])

    async def list_users(self, _request: web.Request) -> web.Response:
        """Everyone."""
        return answered({"users": listed(user.as_json() for user in self._world.users.values())})

    async def create_user(self, request: web.Request) -> web.Response:
        """A new user, or the one who has that name already."""
        given = await read_input(request, NewUser)
        return answered(self._world.create_user(given.name, given.openid).as_json(), status=201)

    async def show_user(self, request: web.Request) -> web.Response:
        """One user, with how many customer-service messages may be sent now."""
        user = self._user(request)
        left = user.allowance.left(now=self._world.clock.now())
        return answered(user.as_json() | {"custom_messages_left": left})

    async def change_user(self, request: web.Request) -> web.Response:
        """Switch refusing, failing or banning on or off."""
        user, given = self._user(request), await read_input(request, UserState)
        if given.refuses is not None:
            self._stage.actions.refuse(user, refuses=given.refuses)
        if given.failing is not None:
            user.failing = given.failing
        if given.blacklisted is not None:
            user.blacklisted = given.blacklisted
        self._world.user_changed(user)
        return answered(user.as_json())

    async def act(self, request: web.Request) -> web.Response:
        """Do something as a user, and wait for the delivery unless `wait=0`."""
        user, name = self._user(request), request.match_info["action"]
        if name not in ACTIONS:
            return answered({"error": f"no action {name!r}; there are {', '.join(ACTIONS)}"}, status=404)
        given = await read_input(request, ACTIONS[name])
        envelope = given.act(self._stage, user)
        if number_in(request, "wait", 1) == 0:
            self._stage.send(envelope)
            return answered({"message": envelope.message, "outcome": "under way"}, status=202)
        outcome = await self._stage.courier.deliver(envelope)
        return answered({"message": envelope.message} | outcome.as_json())

    async def draft(self, request: web.Request) -> web.Response:
        """Show text in the user's typing box, as somebody typing."""
        user, given = self._user(request), await read_input(request, Draft)
        self._world.feed.publish("draft", {"openid": user.openid, "text": given.text})
        return answered({})

    async def messages(self, request: web.Request) -> web.Response:
        """The conversation after a message id; with `wait`, until there is something to read."""
        user, side = self._user(request), request.query.get("side", "")
        after = int(number_in(request, "after", 0))
        source = request.query.get("source", "")

        def find() -> list[Json]:
            return _conversation(user, after, side, source)

        found = await wait_until(request, self._world.feed, "message", find, openid=user.openid)
        return answered({"messages": listed(found)})


def _conversation(user: User, after: int, side: str, source: str) -> list[Json]:
    return [
        message.as_json()
        for message in user.messages
        if message.id > after
        and (not side or message.side in side.split(","))
        and (not source or message.source in source.split(","))
    ]
