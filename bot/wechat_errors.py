"""What WeChat's refusals mean, and what each asks of the caller (全局返回码; wechat-protocol.md)."""


class WeChatError(Exception):
    """A call that WeChat did not carry out, or may not have.

    ``code`` is WeChat's errcode, 0 when there was none; ``result`` is a short name for metrics and logs.
    """

    result = "error"

    def __init__(self, api: str, message: str, code: int = 0) -> None:
        super().__init__(f"{api}: {message}" + (f" ({code})" if code else ""))
        self.api = api
        self.code = code


class Retryable(WeChatError):
    """WeChat is busy, or was not reached: nothing happened; later is right."""

    result = "retryable"


class TooFrequent(Retryable):
    """Called too often: slower, then again."""

    result = "too_frequent"


class TokenInvalid(WeChatError):
    """Still refused with a token fetched anew."""

    result = "token_invalid"


class Permanent(WeChatError):
    """Refused for good: openid, template or argument is wrong; the reason is in the message."""

    result = "permanent"


class Unreachable(WeChatError):
    """The person does not follow, blocked or refused: staff must telephone."""

    result = "unreachable"


class QuotaReached(WeChatError):
    """The day's quota is used up: pause the channel until midnight in Asia/Shanghai."""

    result = "quota_reached"


class OutsideWindow(WeChatError):
    """No customer-service message may be sent now (48 hours, or too many): a template, or wait."""

    result = "outside_window"


class Ambiguous(WeChatError):
    """No answer, or none that can be read: it may have been carried out. Never repeat it blindly."""

    result = "ambiguous"


_MEANINGS: dict[int, type[WeChatError]] = {
    -1: Retryable,
    40001: TokenInvalid,
    40014: TokenInvalid,
    42001: TokenInvalid,
    43004: Unreachable,
    43019: Unreachable,
    43101: Unreachable,
    48002: Unreachable,
    45009: QuotaReached,
    45011: TooFrequent,
    45015: OutsideWindow,
    45047: OutsideWindow,
}


def refusal(api: str, code: int, message: str) -> WeChatError:
    """The error for an errcode; one that is not in the table is permanent, so that it is seen and not repeated."""
    return _MEANINGS.get(code, Permanent)(api, message, code)
