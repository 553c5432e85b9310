"""The frame: what is said twice is read once, and a flow that goes round in circles is stopped."""

from datetime import UTC, datetime

import pytest

from handlers import asking
from handlers.chat import Incoming
from handlers.frame import Flow, Frame, Gap

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Restless(Gap):
    """Never asks and is never filled."""

    name = "restless"

    async def ask(self, frame: Frame) -> None:
        """Change nothing that would help."""
        frame.note("还是不行。")


async def test_a_flow_that_comes_to_no_question_is_an_error_not_an_endless_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(asking.FLOWS, "circle", Flow("circle", lambda _frame: (Restless(),)))
    frame = Frame(None, None, Incoming("o", "text", "m"), NOW, "circle")
    with pytest.raises(RuntimeError, match="circle"):
        await asking.go_on(frame, None)
    assert frame.notes == ["还是不行。"]
