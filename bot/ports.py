"""What the webhook needs of the parts beside it."""

from datetime import datetime
from typing import Protocol

from handlers.chat import Incoming, Reply


class Talked(Protocol):
    """What the dialogue made of a message."""

    @property
    def chat(self) -> bytes | None: ...
    @property
    def reply(self) -> Reply | None: ...
    @property
    def flow(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def seated(self) -> bool: ...


class Dialogue(Protocol):
    """``handlers.dialogue.Dialogue``."""

    async def answer(self, chat: bytes | None, incoming: Incoming, *, now: datetime) -> Talked: ...


class TurnMetrics(Protocol):
    """``bot.metrics``."""

    def turn(self, flow: str, outcome: str, seconds: float) -> None: ...
    def redelivery(self) -> None: ...
    def refused(self, why: str) -> None: ...


class WebhookMetrics(TurnMetrics, Protocol):
    """``bot.metrics``."""

    def rejected(self, reason: str) -> None: ...


class Sender(Protocol):
    """Sends a customer-service message; ``bot.wechat_client.WeChatClient``. Raises WeChatError."""

    async def custom_send(self, openid: str, text: str) -> None: ...


class SmsSender(Protocol):
    """Sends an SMS. Raises ``OSError`` when it was certainly not taken; anything else leaves it in doubt.

    ``message_id`` is the same whenever the same notice is sent, for providers that know what they have taken.
    """

    async def send(self, mobile: str, text: str, *, message_id: str) -> None: ...
