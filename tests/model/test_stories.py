"""Short stories of the machine's own steps, judged by its model and laws, each with its protection and without.

What they tell of is too rare for a control that searches; ``test_model.py`` sees that the machine comes to it too.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import true

from booking.appointments import Appointments
from booking.models import ClaimState
from booking.offering import Offers
from booking.views import AppointmentView
from storage.claim_rows import SqlClaimRows
from storage.displacement_rows import SqlDisplacementRows
from storage.sealing import Sealer
from tests.model.test_model import Where, machines
from tests.support.model.judging import Violation
from tests.support.model.machine import ClinicMachine

Story = Callable[[ClinicMachine], None]
SwitchOff = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture
def where(database_kind: str, template: str, valkey_url: str, tmp_path: Path, sealer: Sealer) -> Where:
    """What the stories are told on: both databases."""
    return database_kind, template, valkey_url, tmp_path, sealer


def found(where: Where, switch_off: SwitchOff, *stories: Story) -> list[str]:
    """Return what is wrong with each story once a protection is switched off; with it, nothing may be."""
    wrongs = []
    with machines(*where) as (_, _, machine):
        for story in stories:
            story(machine())
            with pytest.MonkeyPatch.context() as patch:
                switch_off(patch)
                with pytest.raises(Violation) as caught:
                    story(machine())
            wrongs.append(str(caught.value))
    return wrongs


def begin(it: ClinicMachine, scene: str = "quiet", *, hesitates: bool = False) -> None:
    """One patient holds a seat, or books it; ``scene`` is what comes of a booked one."""
    it.opens(visits=[(2, 3, hesitates)], scene=scene, pick=0)


def a_hold_has_a_moment_left(it: ClinicMachine) -> None:
    begin(it, hesitates=True)
    it.workers_come_at_a_deadline(which=0)


def an_offer_has_a_moment_left(it: ClinicMachine) -> None:
    begin(it, "stopped")
    it.workers_come_at_a_deadline(which=0)


def early(rows: type, job: str) -> SwitchOff:
    """Let a job end what has a second left."""
    on_time = getattr(rows, job)

    async def too_early(self: object, now: datetime, *, limit: int) -> object:
        return await on_time(self, now + timedelta(seconds=1), limit=limit)

    return lambda patch: patch.setattr(rows, job, too_early)


def test_control_a_hold_that_ends_early_is_found(where: Where) -> None:
    (wrong,) = found(where, early(SqlClaimRows, "expire"), a_hold_has_a_moment_left)
    assert "ended before its deadline" in wrong


def test_control_an_offer_that_ends_early_is_found(where: Where) -> None:
    (wrong,) = found(where, early(SqlDisplacementRows, "lock_overdue"), an_offer_has_a_moment_left)
    assert "ended before its deadline" in wrong


def what_is_kept_is_taken_back(it: ClinicMachine, *, stops: bool) -> None:
    begin(it, "stopped")
    it.takes_back_what_is_kept(which=0, stops=stops, then=9)


def test_control_somebody_left_with_no_offer_is_found(where: Where) -> None:
    async def forget(self: SqlDisplacementRows, ids: Sequence[str], *, now: datetime) -> list[str]:
        return []

    stories = [partial(what_is_kept_is_taken_back, stops=stops) for stops in (True, False)]
    wrongs = found(where, lambda patch: patch.setattr(SqlDisplacementRows, "wait_again", forget), *stories)
    assert all("is offered, and 0 seats are kept" in wrong for wrong in wrongs)


def another_acts(it: ClinicMachine, deed: str) -> None:
    begin(it, "stopped" if deed == "answers" else "quiet", hesitates=deed in {"confirms", "releases"})
    if deed == "answers":
        it.answers(which=0, place=1, who="foreign")
    elif deed == "reschedules":
        it.wants_another_time(claim=0, slot=4, staff=False, exchanges=False)
        it.reschedules(claim=0, to=0, who="foreign")
    else:
        getattr(it, deed)(claim=0, who="foreign")


def for_anybody(services: type, deed: str, rows: str) -> SwitchOff:
    """Let whoever asks be taken for the account whose claim, or notice, it is."""
    do = getattr(services, deed)

    async def unasked(self: Any, id_: str, *place: int, openid: str | None, **asked: Any) -> object:
        async with self._database.read() as unit:
            thing = await getattr(unit, rows).get(id_)
        return await do(self, id_, *place, openid=openid and thing.openid, **asked)

    return lambda patch: patch.setattr(services, deed, unasked)


@pytest.mark.parametrize("deed", ["confirm", "release", "cancel", "reschedule"])
def test_control_a_deed_for_whoever_asks_is_found(where: Where, deed: str) -> None:
    (wrong,) = found(where, for_anybody(Appointments, deed, "claims"), partial(another_acts, deed=f"{deed}s"))
    assert wrong.startswith(deed) and "had to be refused by ['UnknownAppointment']" in wrong


def test_control_an_answer_for_whoever_asks_is_found(where: Where) -> None:
    (wrong,) = found(where, for_anybody(Offers, "answer", "notices"), partial(another_acts, deed="answers"))
    assert wrong.startswith("answer") and "had to be refused by ['UnknownAppointment']" in wrong


def test_control_statements_that_do_not_ask_whose_a_claim_is_are_found(where: Where) -> None:
    stories = [partial(another_acts, deed=deed) for deed in ("confirms", "cancels")]
    wrongs = found(where, lambda patch: patch.setattr("storage.claim_rows._owned_by", lambda _: true()), *stories)
    assert "had to be refused by ['UnknownAppointment']" in wrongs[0]
    assert "raised, and left something" in wrongs[1]


def test_control_an_answer_that_what_has_ended_stands_is_found(where: Where) -> None:
    stories = [partial(begin, scene=ending) for ending in ("cancel", "move", "stop")]
    wrongs = found(where, lambda patch: patch.setattr("booking.offering._ENDED", ()), *stories)
    assert all(wrong.startswith("answer") and "had to be refused by ['OfferGone']" in wrong for wrong in wrongs)


def somebody_cancels(it: ClinicMachine) -> None:
    begin(it)
    it.cancels(claim=0, who="own")


def test_control_an_answer_that_shows_a_claim_as_it_is_not_is_found(where: Where) -> None:
    cancel = Appointments.cancel

    async def as_before(self: Appointments, claim_id: str, **asked: Any) -> AppointmentView:
        view = await cancel(self, claim_id, **asked)
        return replace(view, claim=replace(view.claim, state=ClaimState.BOOKED))

    (wrong,) = found(where, lambda patch: patch.setattr(Appointments, "cancel", as_before), somebody_cancels)
    assert wrong.startswith("cancel") and "answered Claim" in wrong
