"""One API call as the handlers see it, and the way they refuse it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.shapes import Json, text
from emulator.stage import Stage
from emulator.state import User


class ApiError(Exception):
    """Raised when WeChat refuses a call: `errcode` with its `errmsg`, answered with HTTP 200."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        """Keep both."""
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


@dataclass
class Call:
    """A call with its parameters; `notes` for the log name what the real platform might not forgive."""

    path: str
    query: dict[str, str]
    body: Json
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """An address of the API: which method it takes and what it does."""

    method: str
    act: Callable[[Stage, Call], Json]
    needs_token: bool = True


OK: Json = {"errcode": 0, "errmsg": "ok"}


def recipient(stage: Stage, body: Json) -> User:
    """The user whom `touser` names; raise ApiError 40003 for anything else."""
    user = stage.world.users.get(text(body, "touser"))
    if user is None:
        raise ApiError(40003, "invalid openid")
    if user.blacklisted:
        raise ApiError(43019, "require remove blacklist")
    return user
