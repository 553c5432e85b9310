"""How much an account may send: calls a day, and customer-service messages after a user's action."""

from dataclasses import dataclass, field

from emulator.clock import Clock

# Calls a day of a verified account (接口调用频次限制); what is not listed is not limited.
DAILY_LIMITS = {
    "/cgi-bin/token": 2_000,
    "/cgi-bin/stable_token": 10_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/subscribe/bizsend": 100_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/user/info": 5_000_000,
}
MESSAGE_SECONDS = 48 * 3600
MESSAGE_COUNT = 5
ACTION_SECONDS = 60
ACTION_COUNT = 3


class DailyQuotas:
    """Counts the calls of each address and begins anew at midnight in Shanghai."""

    def __init__(self, clock: Clock) -> None:
        """Count from zero with the platform's limits."""
        self._clock = clock
        self._day = clock.day()
        self._used: dict[str, int] = {}
        self.limits = dict(DAILY_LIMITS)

    def spend(self, path: str) -> bool:
        """Count one call; False when the day's limit was used up before it."""
        self._turn_page()
        used = self._used.get(path, 0)
        if used >= self.limits.get(path, used + 1):
            return False
        self._used[path] = used + 1
        return True

    def used(self) -> dict[str, int]:
        """Today's calls by address."""
        self._turn_page()
        return dict(self._used)

    def clear(self) -> None:
        """Forget today's calls (`/cgi-bin/clear_quota`)."""
        self._used.clear()

    def _turn_page(self) -> None:
        today = self._clock.day()
        if today != self._day:
            self._day = today
            self._used.clear()


@dataclass
class _Grant:
    expires_at: float
    left: int


@dataclass
class Allowance:
    """What a user's actions let the account send.

    Five in the 48 hours after a message, three in the minute after a click, a scan or a subscription.
    A new message sets its five anew; counts do not add up. The grant that ends first is spent first.
    """

    _by_message: _Grant = field(default_factory=lambda: _Grant(0, 0))
    _by_action: _Grant = field(default_factory=lambda: _Grant(0, 0))

    def message(self, *, now: float) -> None:
        """The user wrote."""
        self._by_message = _Grant(now + MESSAGE_SECONDS, MESSAGE_COUNT)

    def action(self, *, now: float) -> None:
        """The user clicked a menu button, followed or scanned."""
        self._by_action = _Grant(now + ACTION_SECONDS, ACTION_COUNT)

    def end(self) -> None:
        """The user left: nothing may be sent."""
        self._by_message = _Grant(0, 0)
        self._by_action = _Grant(0, 0)

    def spend(self, *, now: float) -> tuple[int, str] | None:
        """Take one message; the errcode and errmsg when none is left."""
        current = [grant for grant in (self._by_action, self._by_message) if grant.expires_at > now]
        if not current:
            return 45015, "response out of time limit or subscription is canceled"
        for grant in current:
            if grant.left:
                grant.left -= 1
                return None
        return 45047, "out of response count limit"

    def left(self, *, now: float) -> int:
        """How many messages may still be sent now."""
        return sum(grant.left for grant in (self._by_action, self._by_message) if grant.expires_at > now)
