"""When something is stopped: by a usual choice, or as it is said."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar

from handlers.frame import Frame, Gap, Question
from handlers.staff.period import Period, read_period
from handlers.staff.stop_order import CODE, PERIOD, SCOPE, WHOLE, write_from, write_period
from handlers.state import Option
from handlers.texts import staff_stop as texts

_NOW, _TOMORROW, _UNTIL_LIFTED = "now", "tomorrow", "until_lifted"


class When(Gap):
    """The period; of one session all, or from a time on."""

    name: ClassVar[str] = PERIOD

    async def ask(self, frame: Frame) -> Question:
        """Offer the usual ones; any other is said in words."""
        if frame.get(SCOPE) == "session":
            session = await frame.services.desk.session(frame.gaps[CODE])
            if session is not None:
                frame.fill("stop_day", session.date.isoformat())
            return Question(texts.ASK_SESSION_PERIOD, (Option(WHOLE, texts.WHOLE_SESSION),))
        options = (
            Option(_NOW, texts.FROM_NOW),
            Option(_TOMORROW, texts.TOMORROW),
            Option(_UNTIL_LIFTED, texts.UNTIL_LIFTED),
        )
        return Question(texts.ASK_PERIOD, options)

    def choose(self, frame: Frame, value: str) -> None:
        """Take a usual period."""
        if value == _UNTIL_LIFTED:
            value = write_from(frame.now)
        elif value == _NOW:
            value = write_period(Period(frame.now, _midnight(frame, frame.today + timedelta(days=1))))
        elif value == _TOMORROW:
            day = frame.today + timedelta(days=1)
            value = write_period(Period(_midnight(frame, day), _midnight(frame, day + timedelta(days=1))))
        frame.fill(self.name, value)

    def hear(self, frame: Frame, text: str) -> bool:
        """Take a period in words; one that is empty or past is said to be so."""
        day = frame.get("stop_day") if frame.get(SCOPE) == "session" else ""
        named = date.fromisoformat(day) if day else None
        period = read_period(text, now=frame.now, zone=frame.clinic.zone, day=named)
        if period is None:
            frame.note(texts.PERIOD_UNCLEAR)
        elif period.to_at <= period.from_at:
            frame.note(texts.PERIOD_EMPTY)
        elif period.to_at <= frame.now:
            frame.note(texts.PERIOD_PAST)
        else:
            frame.fill(self.name, write_period(period))
        return True


def _midnight(frame: Frame, day: date) -> datetime:
    return datetime.combine(day, time(), frame.clinic.zone)


WHEN = When()
