"""What a delivery of WeChat is once it has been believed, and how it is refused."""

from dataclasses import dataclass

from bot.wechat.crypto import AesKey
from handlers.chat import Incoming


class BadDelivery(Exception):
    """The request is no delivery of WeChat that may be believed; ``reason`` is for the log, not the sender.

    ``status`` is the HTTP status of the answer: 400 for what cannot be read, 403 for what proves no origin,
    413 for what is too long.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified message or event."""

    incoming: Incoming
    account: str
    """``ToUserName``: the official account, which is the sender of the reply."""
    key: AesKey | None
    """The key that decrypted the message and must encrypt the reply; None in plain text."""
