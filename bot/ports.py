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


class Dialogue(Protocol):
    """``handlers.dialogue.Dialogue``."""

    async def answer(self, chat: bytes | None, incoming: Incoming, *, now: datetime) -> Talked: ...


class TurnMetrics(Protocol):
    """``bot.metrics``."""

    def turn(self, flow: str, outcome: str, seconds: float) -> None: ...
    def redelivery(self) -> None: ...


class WebhookMetrics(TurnMetrics, Protocol):
    """``bot.metrics``."""

    def rejected(self, reason: str) -> None: ...


class Sender(Protocol):
    """Sends a customer-service message; ``bot.wechat_client.WeChatClient``. Raises WeChatError."""

    async def custom_send(self, openid: str, text: str) -> None: ...
