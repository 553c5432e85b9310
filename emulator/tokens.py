"""Access tokens as WeChat hands them out: the stable kind and the legacy kind, side by side."""

import secrets
from dataclasses import dataclass

LIFETIME = 7200
OVERLAP = 300
_TOKEN_BYTES = 96


@dataclass
class Token:
    """One token; `expires_at` in seconds since 1970, `revoked` when a newer one replaced it for good."""

    value: str
    expires_at: float
    revoked: bool = False


class Tokens:
    """Every token handed out. `stable_token` gives the same one until five minutes before its end."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: dict[str, Token] = {}
        self._stable: Token | None = None
        self._legacy: Token | None = None

    def stable(self, *, now: float, force: bool = False) -> tuple[str, int]:
        """The stable token and the seconds it has left; `force` replaces it at once."""
        current = self._stable
        if current is not None and force:
            current.revoked = True
        if current is None or current.revoked or current.expires_at - now <= OVERLAP:
            current = self._stable = self._issue(now)
        return current.value, max(0, int(current.expires_at - now))

    def legacy(self, *, now: float) -> tuple[str, int]:
        """A new token each time; the one before stays valid for five minutes."""
        if self._legacy is not None:
            self._legacy.expires_at = min(self._legacy.expires_at, now + OVERLAP)
        self._legacy = self._issue(now)
        return self._legacy.value, LIFETIME

    def _issue(self, now: float) -> Token:
        self._known = {value: token for value, token in self._known.items() if token.expires_at > now - LIFETIME}
        token = Token(secrets.token_urlsafe(_TOKEN_BYTES), now + LIFETIME)
        self._known[token.value] = token
        return token

    def refusal(self, value: str, *, now: float) -> tuple[int, str] | None:
        """Why a token is not accepted (errcode and errmsg), or None when it is."""
        if not value:
            return 41001, "access_token missing"
        token = self._known.get(value)
        if token is None or token.revoked:
            return 40001, "invalid credential, access_token is invalid or not latest"
        if token.expires_at <= now:
            return 42001, "access_token expired"
        return None

    def expire(self, *, now: float) -> None:
        """Let every token expire now: calls answer 42001 until a new one is fetched."""
        for token in self._known.values():
            token.expires_at = min(token.expires_at, now)

    def revoke(self) -> None:
        """Make every token unknown: calls answer 40001 until a new one is fetched."""
        for token in self._known.values():
            token.revoked = True
