"""The rules of the chaos harness, each with spoiled histories that it must find."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.chaos.checker import RULES, violations
from tests.support.chaos.final import Displaced, Final, Taken, Told
from tests.support.chaos.history import History

NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
Spoil = Callable[[History, Final], None]


def taken(number: str, openid: str, place: tuple[str, int], state: str, minute: int = 0, **more: object) -> Taken:
    """A claim that began at noon, and changed a minute after."""
    began = NOON + timedelta(minutes=minute)
    return replace(
        Taken(
            id=f"c{number}",
            number=number,
            openid=openid,
            session=place[0][0],
            place=place,
            state=state,
            label=f"王芳 {place[0]}",
            request_id=f"r{number}",
            began=began,
            changed=began + timedelta(seconds=20),
        ),
        **more,  # type: ignore[arg-type]  # whatever field a test names
    )


def quiet_day() -> tuple[History, Final]:
    """One appointment kept, one cancelled, one moved, an expired hold, one stopped and chosen anew, one declined."""
    history, ten = History(), timedelta(seconds=10)
    final = Final(
        claims=[
            taken("1", "o1", ("s1", 1), "booked"),
            taken("2", "o2", ("s1", 2), "cancelled"),
            taken("3", "o3", ("s2", 1), "moved"),
            taken("4", "o3", ("s2", 2), "booked", 1),
            taken("5", "o4", ("s2", 1), "expired", 1, expires=NOON + timedelta(minutes=1) + ten),
            taken("6", "o5", ("t1", 1), "stopped"),
            taken("7", "o5", ("s3", 1), "booked", 2),
            taken("8", "o6", ("t1", 2), "stopped"),
        ],
        capacity={"s1": 2, "s2": 2, "s3": 2, "t1": 2},
        stopped={"t1"},
        displaced=[Displaced("d6", "c6", "o5", "rebooked", "c7"), Displaced("d8", "c8", "o6", "declined")],
        stoppages={"T1": "done", "T0": "lifted"},
        free={("s1", 2), ("s2", 1), ("s3", 2)},
        owners={("s1", 1): "r1", ("s2", 2): "r4", ("s3", 1): "r7"},
        trail={
            "c1": ["booked"],
            "c2": ["booked", "cancelled"],
            "c3": ["booked", "moved"],
            "c4": ["booked"],
            "c6": ["booked", "stopped", "offered", "rebooked"],
            "c7": ["booked"],
            "c8": ["booked", "stopped", "offered", "declined"],
        },
    )
    for number, openid in (("1", "o1"), ("2", "o2"), ("3", "o3"), ("6", "o5"), ("8", "o6")):
        history.ask("book", openid)
        history.hear(openid, f"预约成功\n预约号：{number}\n")
        final.notices.append(_notice(f"booked:c{number}", "booked", "sent", "reply", openid, f"c{number}"))
    for place, openid in (("s1", "o1"), ("s2", "o4")):
        history.acknowledge(history.ask("hold", openid, f"王芳 {place}"))
    history.ask("cancel", "o2", "2", "王芳 11月27日 09:00")
    history.hear("o2", "取消成功\n已取消：11月27日 周五（明天） 09:00-09:30 王芳 主任医师（张*）")
    history.ask("change", "o3")
    history.hear("o3", "改约成功\n预约号：4\n")
    for displaced, openid in (("d6", "o5"), ("d8", "o6")):
        about = f"c{displaced[1:]}"
        final.notices.append(_notice(f"n{displaced}", "stopped", "answered", "custom", openid, about, displaced))
        history.read_notice(openid, f"n{displaced}")
    history.ask("choose", "o5", "nd6")
    history.hear("o5", "改约成功\n预约号：7\n")
    history.acknowledge(history.ask("decline", "o6", "nd8"))
    history.acknowledge(history.ask("stop", "manager", "王芳"), "T1")
    history.acknowledge(history.ask("lift", "manager", "T0"))
    final.notices += [
        _notice("cancelled:c2", "cancelled", "sent", "reply", "o2", "c2"),
        replace(_notice("changed:c4", "changed", "sent", "reply", "o3", "c4"), before="c3"),
        _notice("changed:c7", "changed", "sent", "reply", "o5", "c7"),
    ]
    return history, final


def _notice(key: str, kind: str, state: str, channel: str, openid: str, about: str, whose: str = "") -> Told:
    return Told(key, key, kind, state, channel, openid, about, whose, asks=bool(whose))


def test_a_day_as_it_should_be_breaks_no_rule() -> None:
    assert violations(*quiet_day()) == {}


def _change(final: Final, number: str, **fields: object) -> None:
    final.claims = [
        replace(each, **fields) if each.number == number else each  # type: ignore[arg-type]
        for each in final.claims
    ]


def _renotice(final: Final, key: str, **fields: object) -> None:
    final.notices = [
        replace(each, **fields) if each.key == key else each  # type: ignore[arg-type]
        for each in final.notices
    ]


def _sell_a_seat_twice(_h: History, f: Final) -> None:
    f.claims.append(taken("9", "o9", ("s1", 1), "booked", 5))


def _sell_a_seat_while_it_was_another_s(_h: History, f: Final) -> None:
    _change(f, "3", changed=NOON + timedelta(minutes=5))


def _sell_a_seat_that_is_none(_h: History, f: Final) -> None:
    f.claims.append(taken("9", "o9", ("s1", 3), "booked", 5))


def _lose_an_appointment(_h: History, f: Final) -> None:
    f.claims = [each for each in f.claims if each.number != "1"]


def _change_an_owner(_h: History, f: Final) -> None:
    _change(f, "1", openid="o9")


def _cancel_by_itself(_h: History, f: Final) -> None:
    _change(f, "1", state="cancelled")


def _undo_a_cancellation(_h: History, f: Final) -> None:
    _change(f, "2", state="booked")


def _lose_a_hold(h: History, f: Final) -> None:
    f.claims = [each for each in f.claims if each.number != "5"]


def _forget_an_answer(_h: History, f: Final) -> None:
    f.displaced[1] = replace(f.displaced[1], state="offered")


def _forget_a_stoppage(_h: History, f: Final) -> None:
    del f.stoppages["T1"]


def _stop_again_what_was_lifted(_h: History, f: Final) -> None:
    f.stoppages["T0"] = "done"


def _end_a_hold_early(_h: History, f: Final) -> None:
    _change(f, "5", changed=NOON + timedelta(minutes=1, seconds=5))


def _promise_a_short_hold(_h: History, f: Final) -> None:
    _change(f, "5", expires=NOON + timedelta(minutes=1, seconds=4))


def _answer_a_redelivery_otherwise(h: History, _f: Final) -> None:
    h.unlike.append("message 7 was answered 预约成功, then 系统")


def _act_twice_on_a_message(_h: History, f: Final) -> None:
    f.claims.append(taken("9", "o1", ("s3", 2), "released", 5, request_id="r1"))


def _book_what_nobody_asked_for(_h: History, f: Final) -> None:
    f.claims.append(taken("9", "o1", ("s3", 2), "booked", 5))


def _say_that_what_was_cancelled_stands(h: History, _f: Final) -> None:
    h.answered("o2", "改约成功\n预约号：2", NOON + timedelta(minutes=5))


def _say_that_what_was_stopped_stands(h: History, _f: Final) -> None:
    seat = "2026年11月28日 周六 14:00-14:30 王芳\n口腔科 201"
    h.answered(
        "o5", f"该通知您已回复过。\n当前预约：{seat}\n预约号：6\n如需变更，请回复“改约”。", NOON + timedelta(minutes=5)
    )


def _lose_an_entry(_h: History, f: Final) -> None:
    f.trail["c2"].pop()


def _write_an_entry_twice(_h: History, f: Final) -> None:
    f.trail["c1"].append("booked")


def _write_of_what_did_not_happen(_h: History, f: Final) -> None:
    f.trail["c5"] = ["booked"]


def _book_without_a_notice(_h: History, f: Final) -> None:
    f.notices = [each for each in f.notices if each.key != "booked:c1"]


def _stop_without_a_notice(_h: History, f: Final) -> None:
    f.notices = [each for each in f.notices if each.key != "nd8"]


def _leave_a_notice_pending(_h: History, f: Final) -> None:
    _renotice(f, "nd8", state="sending")


def _send_a_notice_twice(h: History, f: Final) -> None:
    _renotice(f, "nd8", attempts=2)
    h.notices["o6"] = Counter(nd8=2)


def _send_a_notice_into_the_void(h: History, f: Final) -> None:
    _renotice(f, "nd8", state="sent")
    h.notices.clear()


def _tell_nobody(_h: History, f: Final) -> None:
    f.displaced[1] = replace(f.displaced[1], state="offered")
    _renotice(f, "nd8", state="void")


def _book_in_a_stopped_session(_h: History, f: Final) -> None:
    _change(f, "6", state="booked")


def _leak_a_seat(_h: History, f: Final) -> None:
    f.free.discard(("s3", 2))


def _free_a_seat_that_is_taken(_h: History, f: Final) -> None:
    f.free.add(("s1", 1))


def _keep_a_hold_for_ever(_h: History, f: Final) -> None:
    _change(f, "5", state="held")


def _keep_a_seat_for_nobody(_h: History, f: Final) -> None:
    _change(f, "5", state="offered")


def _leave_an_orphan_in_redis(_h: History, f: Final) -> None:
    f.owners["s3", 2] = "r99"


def _lose_a_session_in_redis(_h: History, f: Final) -> None:
    f.missing.add("s1")


def _leave_a_batch(_h: History, f: Final) -> None:
    f.stoppages["T1"] = "offering"


def _leave_redis_untold(_h: History, f: Final) -> None:
    f.repairs = 1


def _replace_by_nothing(_h: History, f: Final) -> None:
    _change(f, "7", state="released")


def _restore_by_half(_h: History, f: Final) -> None:
    f.displaced[1] = replace(f.displaced[1], state="restored")


def _change_by_half(_h: History, f: Final) -> None:
    _change(f, "3", state="booked", place=("s3", 2))


def _restore_unread(_h: History, f: Final) -> None:
    f.notices.append(_notice("restored:d8", "restored", "sent", "custom", "o6", "c8"))


def _stop_and_forget(_h: History, f: Final) -> None:
    f.displaced.pop()


CONTROLS: list[tuple[str, Spoil]] = [
    ("no_seat_is_live_twice", _sell_a_seat_twice),
    ("no_seat_is_live_twice", _sell_a_seat_while_it_was_another_s),
    ("no_seat_is_live_twice", _sell_a_seat_that_is_none),
    ("nothing_acknowledged_is_lost", _lose_an_appointment),
    ("nothing_acknowledged_is_lost", _change_an_owner),
    ("nothing_acknowledged_is_lost", _cancel_by_itself),
    ("nothing_acknowledged_is_lost", _undo_a_cancellation),
    ("nothing_acknowledged_is_lost", _lose_a_hold),
    ("nothing_acknowledged_is_lost", _forget_an_answer),
    ("nothing_acknowledged_is_lost", _forget_a_stoppage),
    ("nothing_acknowledged_is_lost", _stop_again_what_was_lifted),
    ("a_hold_lives_until_its_deadline", _end_a_hold_early),
    ("a_hold_lives_until_its_deadline", _promise_a_short_hold),
    ("a_message_acts_once", _answer_a_redelivery_otherwise),
    ("a_message_acts_once", _act_twice_on_a_message),
    ("a_message_acts_once", _book_what_nobody_asked_for),
    ("a_message_acts_once", _cancel_by_itself),
    ("a_message_acts_once", _say_that_what_was_cancelled_stands),
    ("a_message_acts_once", _say_that_what_was_stopped_stands),
    ("every_change_has_one_entry_and_its_notice", _lose_an_entry),
    ("every_change_has_one_entry_and_its_notice", _write_an_entry_twice),
    ("every_change_has_one_entry_and_its_notice", _write_of_what_did_not_happen),
    ("every_change_has_one_entry_and_its_notice", _book_without_a_notice),
    ("every_change_has_one_entry_and_its_notice", _stop_without_a_notice),
    ("every_notice_comes_to_an_end", _leave_a_notice_pending),
    ("every_notice_comes_to_an_end", _send_a_notice_twice),
    ("every_notice_comes_to_an_end", _send_a_notice_into_the_void),
    ("every_notice_comes_to_an_end", _tell_nobody),
    ("every_notice_comes_to_an_end", _restore_unread),
    ("nothing_stopped_is_live", _book_in_a_stopped_session),
    ("no_seat_leaks", _leak_a_seat),
    ("no_seat_leaks", _free_a_seat_that_is_taken),
    ("no_seat_leaks", _keep_a_hold_for_ever),
    ("no_seat_leaks", _keep_a_seat_for_nobody),
    ("redis_equals_sql", _leave_an_orphan_in_redis),
    ("redis_equals_sql", _lose_a_session_in_redis),
    ("nothing_is_half_done", _leave_a_batch),
    ("nothing_is_half_done", _leave_redis_untold),
    ("nothing_is_half_done", _replace_by_nothing),
    ("nothing_is_half_done", _restore_by_half),
    ("nothing_is_half_done", _stop_and_forget),
    ("nothing_is_half_done", _change_by_half),
]


def test_a_seat_may_be_another_s_while_its_owner_is_stopped() -> None:
    history, final = quiet_day()
    first = taken("9", "o1", ("s3", 2), "cancelled", 5, changed=NOON + timedelta(minutes=20))
    final.claims += [
        first,
        taken("10", "o2", ("s3", 2), "expired", 10, expires=NOON + timedelta(minutes=10, seconds=10)),
    ]
    assert "no_seat_is_live_twice" in violations(history, final)
    final.away[first.id] = [(NOON + timedelta(minutes=8), NOON + timedelta(minutes=15))]
    assert "no_seat_is_live_twice" not in violations(history, final)


def test_a_clock_that_was_ahead_sells_no_seat_twice() -> None:
    history, final = quiet_day()
    later, earlier = (NOON + timedelta(seconds=each) for each in (2, -1))
    ended = replace(final.claims[0], state="cancelled", changed=NOON + timedelta(minutes=1))
    other = replace(ended, id="c9", number="9", state="released", request_id="r9", began=later, changed=earlier)
    final.claims[:1] = [ended, other]
    assert "no_seat_is_live_twice" not in violations(history, final)
    final.claims[1] = replace(other, changed=later + timedelta(seconds=3))
    assert "no_seat_is_live_twice" in violations(history, final)


def test_a_cancellation_told_twice_is_no_earlier_one_of_the_same_seat() -> None:
    history = History()
    first = history.ask("cancel", "o1", "1", "王芳 11月27日 09:00")
    second = history.ask("cancel", "o1", "2", "王芳 11月27日 09:00")
    for _ in range(2):
        history.hear("o1", "取消成功\n已取消：11月27日 周五（明天） 09:00-09:30 王芳 主任医师（张*）")
    assert (first.done, second.done) == (None, True)


@pytest.mark.parametrize(("rule", "spoil"), CONTROLS, ids=lambda value: getattr(value, "__name__", value).strip("_"))
def test_control_each_rule_finds_what_breaks_it(rule: str, spoil: Spoil) -> None:
    history, final = quiet_day()
    spoil(history, final)
    assert rule in violations(history, final)


def test_every_rule_has_a_control() -> None:
    assert {rule.__name__ for rule in RULES} == {rule for rule, _ in CONTROLS}
