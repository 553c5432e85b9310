"""What the control interface accepts, checked before anything happens."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from emulator.config import Mode
from emulator.faults import FaultKind
from emulator.shapes import JsonValue

MOST_TEXT = 20_000
Line = Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


class Input(BaseModel):
    """An input that knows all its names: a misspelt one is refused."""

    model_config = ConfigDict(extra="forbid")


class NewUser(Input):
    """`POST /emulator/users`."""

    name: Name
    openid: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{0,64}$")] = ""


class UserState(Input):
    """`PATCH /emulator/users/USER`."""

    refuses: bool | None = None
    failing: bool | None = None
    blacklisted: bool | None = None


class Draft(Input):
    """`POST …/draft`: shows text in the typing box without sending it."""

    text: str


class NewFault(Input):
    """`POST /emulator/faults`."""

    kind: FaultKind
    times: Annotated[int, Field(ge=1)] | None = 1
    user: str = ""
    path: str = ""
    what: str = ""
    seconds: Seconds = 0.0
    errcode: int = -1
    errmsg: str = ""
    after: bool = False


class TokenChange(Input):
    """`POST /emulator/tokens`."""

    do: Literal["expire", "revoke"]


class Quotas(Input):
    """`PUT /emulator/quotas`: calls a day by address."""

    limits: dict[str, Annotated[int, Field(ge=0)]]


class NewTemplate(Input):
    """`POST /emulator/templates`."""

    id: Name
    title: str
    fields: dict[str, str]
    options: dict[str, list[str]] = {}


class NewQrCode(Input):
    """`POST /emulator/qrcodes`."""

    scene: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    seconds: int | None = None


class Settings(Input):
    """`PATCH /emulator/settings`: how the emulator reaches the bot."""

    webhook_url: str | None = None
    token: str | None = None
    aes_key: str | None = None
    mode: Mode | None = None


class ClockShift(Input):
    """`POST /emulator/clock`: seconds that the emulated time is ahead of the machine's."""

    shift: Annotated[float, Field(ge=-1e9, le=1e9)]


class NewMenu(Input):
    """`PUT /emulator/menu`: as `menu/create`, for bots that set theirs in the console."""

    button: list[JsonValue]
