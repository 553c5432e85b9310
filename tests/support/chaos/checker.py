"""The rules of ``docs/guarantees.md``, held against what was acknowledged and what there is in the end."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

from booking.notices import FINAL, UNREACHED
from tests.support.chaos.final import Final, Taken, at_work
from tests.support.chaos.history import History

Rule = Callable[[History, Final], list[str]]
APPOINTED = {"booked", "cancelled", "moved", "stopped", "arrived", "completed", "no_show"}
SLACK = 1.0
"""Seconds by which two processes may disagree about the time."""
_STEPS: dict[tuple[str, str], str] = {
    ("", "booked"): "booked",
    ("booked", "cancelled"): "cancelled",
    ("booked", "moved"): "moved",
    ("booked", "stopped"): "stopped",
    ("stopped", "restored"): "booked",
    ("stopped", "offered"): "stopped",
    ("stopped", "unoffered"): "stopped",
    ("stopped", "rebooked"): "stopped",
    ("stopped", "declined"): "stopped",
    ("stopped", "expired"): "stopped",
    ("booked", "completed"): "completed",
}
"""What an entry makes of an appointment's state; any other would be one too few or too many."""


def violations(history: History, final: Final) -> dict[str, list[str]]:
    """Return what is wrong, by rule; rules that hold are left out."""
    found = {rule.__name__: rule(history, final) for rule in RULES}
    return {name: wrong for name, wrong in found.items() if wrong}


def no_seat_is_live_twice(_history: History, final: Final) -> list[str]:
    """1: neither now nor at any moment of the past, nor a seat that the slot does not have."""
    by_place: dict[tuple[str, int], list[Taken]] = defaultdict(list)
    for taken in final.claims:
        by_place[taken.place].append(taken)
    found = []
    slack = timedelta(seconds=SLACK + final.clock_off)
    for (slot, seat), owners in by_place.items():
        live = [taken.number for taken in owners if taken.live]
        if len(live) > 1:
            found.append(f"{slot} seat {seat} is live {len(live)} times: {live}")
        if live and not 1 <= seat <= final.capacity[slot]:
            found.append(f"{slot} has no seat {seat}")
        found += [wrong for former, later in pairwise(owners) for wrong in _met(final, former, later, slack)]
    return found


def _met(final: Final, former: Taken, later: Taken, slack: timedelta) -> Iterator[str]:
    """What is wrong with two claims of a seat; the later may have come and gone while the other was stopped."""
    away = final.away.get(former.id, ())
    if any(since - slack <= later.began and later.changed <= until + slack for since, until in away):
        return
    if not later.live and later.changed < later.began and later.changed <= former.began + slack:
        return  # a clock that was ahead put it behind one that came after it
    if not former.live and former.changed > later.began + slack:
        yield f"{former.place} was {later.number}'s before {former.number} had ended"
    if former.live and later.state in APPOINTED:
        yield f"{former.place} was sold to {later.number} while it was {former.number}'s"


def nothing_acknowledged_is_lost(history: History, final: Final) -> list[str]:
    """2: what was read is there, its account's, and as it was or as somebody asked for since."""
    return _appointments(history, final) + _holds_and_cancellations(history, final) + _answers(history, final)


def _appointments(history: History, final: Final) -> list[str]:
    by_number = {taken.number: taken for taken in final.claims}
    displaced = {each.claim for each in final.displaced}
    asked = {(act.openid, act.about) for act in history.acts if act.deed == "cancel"}
    found = []
    for number, openid in history.booked.items():
        taken = by_number.get(number)
        if taken is None or taken.state not in APPOINTED:
            found.append(f"{number} was acknowledged and is {taken.state if taken else 'not there'}")
        elif taken.openid != openid:
            found.append(f"{number} changed its owner")
        elif taken.state == "cancelled" and (openid, number) not in asked:
            found.append(f"{number} was cancelled and nobody asked for it")
        elif taken.state == "stopped" and taken.id not in displaced:
            found.append(f"{number} was stopped and its patient forgotten")
    return found


def _holds_and_cancellations(history: History, final: Final) -> list[str]:
    states = {taken.number: taken.state for taken in final.claims}
    seats = {(taken.openid, taken.label) for taken in final.claims}
    found = [
        f"the hold of {act.about} that {act.openid} read is not there"
        for act in history.acts
        if act.done and act.deed == "hold" and (act.openid, act.about) not in seats
    ]
    return found + [
        f"{act.about} was read to be cancelled and is {states.get(act.about)}"
        for act in history.acts
        if act.done and act.deed == "cancel" and states.get(act.about) != "cancelled"
    ]


def _answers(history: History, final: Final) -> list[str]:
    """What was declined stays so; what was ordered by staff too."""
    whose = {told.id: told.whose for told in final.notices}
    fates = {each.id: each.state for each in final.displaced}
    found = [
        f"{act.openid} declined {act.about}, and is {fates.get(whose.get(act.about, ''))}"
        for act in history.acts
        if act.done and act.deed == "decline" and fates.get(whose.get(act.about, "")) != "declined"
    ]
    for act in history.acts:
        if act.done and act.deed == "stop" and act.number not in final.stoppages:
            found.append(f"stoppage {act.number} was acknowledged and is not there")
        if act.done and act.deed == "lift" and final.stoppages.get(act.about) != "lifted":
            found.append(f"stoppage {act.about} was read to be lifted and is {final.stoppages.get(act.about)}")
    return found


def a_hold_lives_until_its_deadline(_history: History, final: Final) -> list[str]:
    """3: as long as promised, and not ended before."""
    found = []
    slack = timedelta(seconds=SLACK + final.clock_off)
    for taken in final.claims:
        if taken.state == "expired" and taken.expires is not None and taken.kind != "offer":
            if taken.changed < taken.expires - slack:
                found.append(f"{taken.number} ended {taken.expires - taken.changed} before its deadline")
            if abs((taken.expires - taken.began).total_seconds() - final.hold_seconds) > SLACK:
                found.append(f"{taken.number} was held for {taken.expires - taken.began}")
    return found


def a_message_acts_once(history: History, final: Final) -> list[str]:
    """4: redeliveries are answered alike, no message has two claims, nothing was done unasked, answers are true."""
    found = history.unlike + _untrue(history, final)
    requests = Counter(taken.request_id for taken in final.claims if taken.kind != "offer")
    found += [f"message {one} has {count} claims" for one, count in requests.items() if count > 1]
    offers = {taken.number for taken in final.claims if taken.request_id.startswith("o:")}
    # The number of a chosen offer may have been taken for the answer to an earlier wish for the same seat.
    unanswered = Counter(
        (act.openid, act.about)
        for act in history.acts
        if act.deed in {"book", "change"} and (act.done is None or act.number in offers)
    )
    unread = Counter(
        (taken.openid, taken.label)
        for taken in final.claims
        if taken.state in APPOINTED and taken.number not in history.booked and not taken.request_id.startswith("o:")
    )
    found += [
        f"{openid} has {label} and never asked for it, or not that often"
        for (openid, label), count in unread.items()
        if count > unanswered[openid, label]
    ]
    asked = {act.about for act in history.acts if act.deed == "cancel"}
    return found + [
        f"{taken.number} was cancelled and nobody asked for it"
        for taken in final.claims
        if taken.state == "cancelled" and taken.number not in asked
    ]


def _untrue(history: History, final: Final) -> list[str]:
    """What an answer said to stand though it had ended before it was asked."""
    by_number = {taken.number: taken for taken in final.claims}
    slack = timedelta(seconds=SLACK + final.clock_off)
    return [
        f"{number} was said to stand to who asked at {asked_at:%X}, and is {taken.state} since {taken.changed:%X}"
        for number, asked_at in history.said
        if (taken := by_number.get(number)) is not None and not taken.live and taken.changed < asked_at - slack
    ]


def every_change_has_one_entry_and_its_notice(_history: History, final: Final) -> list[str]:
    """5: the trail of each appointment leads, step by step, to what it is; and each step has its notice."""
    found = []
    for taken in final.claims:
        trail = final.trail.get(taken.id, [])
        state = ""
        for action in trail:
            state = _STEPS.get((state, action), f"?{action} after {state or 'nothing'}")
        if state != (taken.state if taken.state in APPOINTED else ""):
            found.append(f"{taken.number} is {taken.state}, and its trail says {trail}")
    return found + _without_notice(final)


def _without_notice(final: Final) -> list[str]:
    keys = Counter(told.key for told in final.notices)
    found = [f"notice {key} was written {count} times" for key, count in keys.items() if count > 1]
    for taken in final.claims:
        if taken.state in APPOINTED and not {f"booked:{taken.id}", f"changed:{taken.id}"} & keys.keys():
            found.append(f"{taken.number} was booked without a notice")
        if taken.state == "cancelled" and f"cancelled:{taken.id}" not in keys:
            found.append(f"{taken.number} was cancelled without a notice")
    restored = {told.whose for told in final.notices if told.kind == "restored"}
    stopped = {told.whose: told.state for told in final.notices if told.kind in {"stopped", "offer"}}
    for each in final.displaced:
        if each.told and each.id not in stopped:
            found.append(f"{each.claim} was stopped without a notice")
        if stopped.get(each.id, "void") != "void" and each.state == "restored" and each.id not in restored:
            found.append(f"{each.claim} was restored without a notice")
    return found


def every_notice_comes_to_an_end(history: History, final: Final) -> list[str]:
    """6: what is due is final; what was sent was read, once; whom nothing reached is to be telephoned."""
    found = [
        f"notice {told.key} is {told.state}" for told in final.notices if told.due and told.state not in set(FINAL)
    ]
    for told in final.notices:
        read = history.notices.get(told.openid, Counter())[told.id]
        # Tried once and read twice: shown again by a late answer to whoever wrote before having read it.
        if read > 1 and told.attempts > 1:
            found.append(f"{told.openid} read notice {told.key} {read} times")
        if told.asks and told.channel == "custom" and told.state in {"sent", "delivered"} and not read:
            found.append(f"notice {told.key} is {told.state} and was not read")
        if told.kind == "restored" and told.state == "sent" and told.openid not in history.restored:
            found.append(f"notice {told.key} is sent and was not read")
    told_of = defaultdict(set)
    for told in final.notices:
        told_of[told.whose].add(told.state)
    reached = {"sent", "delivered", "answered", *UNREACHED}
    return found + [
        f"{each.claim} was displaced, is {each.state}, and nobody told them or is to call"
        for each in final.displaced
        if each.state in {"offered", "unoffered", "expired"} and not told_of[each.id] & reached
    ]


def nothing_stopped_is_live(_history: History, final: Final) -> list[str]:
    """7: no claim lives in a stopped slot."""
    return [
        f"{taken.number} is {taken.state} in a stopped slot" for taken in final.live if taken.place[0] in final.stopped
    ]


def no_seat_leaks(_history: History, final: Final) -> list[str]:
    """8: at rest every seat is free or live, in Redis as in SQL; no hold is left, no seat kept for nobody."""
    found = [f"slot {slot} seat {seat}: leaked" for slot, seat in leaked_seats(final)]
    found += [f"{taken.number} is still held" for taken in final.claims if taken.state == "held"]
    waiting = Counter(each.openid for each in final.displaced if each.state == "offered")
    return found + [
        f"{taken.number} is kept for {taken.openid}, who does not wait for it"
        for taken in final.claims
        if taken.state == "offered" and not waiting[taken.openid]
    ]


def leaked_seats(final: Final) -> list[tuple[str, int]]:
    """Return the seats that Redis has as neither free nor taken by a live claim."""
    live = {taken.place for taken in final.live}
    open_ = final.capacity.keys() - final.stopped
    every = {(slot, seat) for slot in open_ for seat in range(1, final.capacity[slot] + 1)}
    return sorted(every - (live ^ final.free))


def redis_equals_sql(_history: History, final: Final) -> list[str]:
    """9: the same sessions, the same seats taken by the same requests."""
    found = [f"session {session} differs in Redis" for session in sorted(final.missing)]
    here = {taken.place: taken.request_id for taken in final.live}
    return found + [
        f"{place}: SQL has {here.get(place)}, Redis {final.owners.get(place)}"
        for place in sorted(here.keys() | final.owners.keys())
        if here.get(place) != final.owners.get(place)
    ]


def nothing_is_half_done(_history: History, final: Final) -> list[str]:
    """10: no batch left, nothing left to tell Redis, whoever was displaced is what their appointments say."""
    found = [f"stoppage {name} is {final.stoppages[name]}" for name in at_work(final)]
    if final.repairs:
        found.append(f"Redis was not told of {final.repairs} seats")
    claims = {taken.id: taken for taken in final.claims}
    of_displaced = {each.claim for each in final.displaced}
    for each in final.displaced:
        old, chosen = claims[each.claim], claims.get(each.chosen)
        if each.state == "rebooked" and (chosen is None or chosen.state not in APPOINTED):
            found.append(f"{old.number} was replaced by nothing")
        if (old.state == "stopped") == (each.state == "restored"):
            found.append(f"{old.number} is {old.state}, and its patient {each.state}")
        if each.state == "waiting":
            found.append(f"{old.number} is displaced, and nothing is looked for")
    found += [
        f"{claims[told.before].number} is {claims[told.before].state}, though another one stands for it"
        for told in final.notices
        if told.before and claims[told.before].state not in {"moved", "stopped"}
    ]
    return found + [
        f"{taken.number} is {taken.state} and of no use"
        for taken in final.claims
        if (taken.state == "stopped" and taken.id not in of_displaced)
        or (taken.kind == "replacement" and taken.state == "booked")
    ]


RULES: tuple[Rule, ...] = (
    no_seat_is_live_twice,
    nothing_acknowledged_is_lost,
    a_hold_lives_until_its_deadline,
    a_message_acts_once,
    every_change_has_one_entry_and_its_notice,
    every_notice_comes_to_an_end,
    nothing_stopped_is_live,
    no_seat_leaks,
    redis_equals_sql,
    nothing_is_half_done,
)
