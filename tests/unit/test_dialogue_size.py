"""Every reply fits what WeChat carries, links included, whatever the catalogue says."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.appointments import AppointmentView
from booking.availability import Search, fits
from booking.models import (
    Catalogue,
    Claim,
    ClaimKind,
    ClaimState,
    Clinic,
    ClinicSession,
    Department,
    Doctor,
    PaperKind,
    Patient,
    PatientDetails,
    SessionState,
    Sex,
    Slot,
    SlotCount,
)
from booking.snapshot import Found
from bot.wechat.render import MAX_TEXT, reply_text
from handlers.chat import Incoming, Reply
from handlers.frame import Frame, Question, confirm_or_back
from handlers.narrowing import DAY, DEPARTMENT, DOCTOR, SLOT
from handlers.paging import last_page, reply_for
from handlers.state import Option
from handlers.texts import appointments, booking, changes

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
wordy = st.text(st.sampled_from('口腔种植修复正畸中心ABC<>&"％ 1'), min_size=1, max_size=80).map(
    lambda text: text + "科"
)


def check(reply: Reply) -> None:
    """Assert that WeChat shows it whole, with every choice tappable."""
    rendered = reply_text(reply)
    assert len(rendered.encode()) <= MAX_TEXT
    assert rendered.count("weixin://bizmsgmenu") == len(reply.choices)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Twelve departments with a doctor each, with names as long as anyone may write them."""
    clinic = Clinic("demo", draw(wordy), draw(wordy), "010-00000000", "Asia/Shanghai", draw(wordy))
    departments = {
        f"d{n}": Department(f"d{n}", draw(wordy), (draw(wordy),), draw(wordy), draw(wordy) * 8) for n in range(12)
    }
    doctors = {
        f"w{n}": Doctor(f"w{n}", draw(wordy), draw(wordy), f"d{n}", Decimal("12345.67"), (draw(wordy),) * 5)
        for n in range(12)
    }
    return Catalogue(clinic, departments, doctors, 1)


def counts() -> list[SlotCount]:
    """A slot for each doctor on each of twelve days."""
    made = []
    for n in range(12):
        for ahead in range(12):
            start = NOW + timedelta(days=ahead, hours=1)
            session = ClinicSession(
                f"w{n}-{ahead}",
                f"w{n}",
                f"d{n}",
                start.date(),
                start,
                start,
                "特需门诊诊室" * 9,
                Decimal(1),
                SessionState.OPEN,
                NOW,
            )
            made.append(SlotCount(session, Slot(f"w{n}-{ahead}-0", session.id, 0, start, start, 999), 0, 0))
    return made


class _Everything:
    """Finds every slot, whatever is searched for."""

    async def find(self, search: Search, *, now: datetime) -> Found:
        return Found(count for count in counts() if fits(count, search, UTC))


@settings(max_examples=25)
@given(catalogues(), st.lists(wordy, max_size=4))
async def test_every_question_fits_whatever_the_catalogue_says(catalogue: Catalogue, notes: list[str]) -> None:
    for gap, gaps in (
        (DEPARTMENT, {}),
        (DOCTOR, {}),
        (DAY, {"doctor": "w1"}),
        (SLOT, {"day": "2026-11-24"}),
    ):
        services = SimpleNamespace(availability=_Everything())
        frame = Frame(services, catalogue, Incoming("o", "text", "m"), NOW, "booking", gaps=dict(gaps))
        question = await gap.ask(frame)
        assert isinstance(question, Question)
        for page in range(last_page(question.options) + 1):
            check(reply_for(question, [*notes, "很长的说明" * 200], serial=2**45, page=page))


@settings(max_examples=25)
@given(catalogues())
def test_the_longest_success_and_details_fit(catalogue: Catalogue) -> None:
    session = counts()[0].session
    claim = Claim(
        "c",
        session.id,
        "s",
        0,
        1,
        "p",
        "o",
        ClaimKind.MAIN,
        ClaimState.BOOKED,
        1,
        1,
        "m",
        "26112400000000",
        "wechat",
        session.date,
        NOW,
        NOW,
        1,
        NOW,
        NOW,
        NOW,
        NOW,
    )
    details = PatientDetails("张" * 20, PaperKind.ID_CARD, "1" * 18, Sex.MALE, date(1990, 1, 1), "13812345678")
    view = AppointmentView(claim, session, Patient("p", "F00000001", details, NOW))
    for text in (booking.booked(view, catalogue, NOW), appointments.details(view, catalogue, NOW)):
        assert len(text.encode()) > 100
        check(reply_for(Question(text), [], serial=1, page=0))
    for text in (changes.changed(view, view, catalogue, NOW), changes.cancelled(view, catalogue, NOW)):
        check(reply_for(Question(text), [], serial=1, page=0))
    for text in (
        changes.confirm_change(view, view, catalogue, NOW),
        changes.confirm_cancel(view, catalogue, NOW),
        appointments.details(view, catalogue, NOW),
    ):
        options = (*confirm_or_back(), Option("list", appointments.BACK_TO_LIST))
        reply = reply_for(Question(text, options), [], serial=2**45, page=0)
        check(reply)
        assert reply.text == text
    check(reply_for(Question("", footer="请输入姓名"), ["长" * 3000], serial=1, page=0))


def test_where_there_is_too_much_the_question_stays_and_what_was_said_before_it_gives_way() -> None:
    options = tuple(Option(str(n), "科" * 30) for n in range(20))
    for notes in (["长" * 3000], ["长" * 300, "短"], []):
        reply = reply_for(Question("请选择：", options), notes, serial=2**45, page=1)
        check(reply)
        assert reply.text.endswith("请选择：")
    full = reply_for(Question("请" * 650, options), ["长"], serial=2**45, page=1)
    check(full)
    assert full.text.endswith("…")
