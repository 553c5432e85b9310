"""What must be true of any state, and of the step from one state to the next, whatever the command was.

Each law returns what is wrong in words; an empty list is a clean bill.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from booking.models import APPOINTED, LIVE, Claim, ClaimKind, ClaimState, Policy, SessionState
from booking.notices import NoticeKind
from booking.stoppage_models import CHOSE_OTHERWISE, UNSETTLED, DisplacementState, StoppedState
from tests.support.model.snapshot import NO_TIME, Snapshot

S = ClaimState
Step = tuple[ClaimState | None, ClaimState]
STEPS: dict[str, frozenset[Step]] = {
    "hold": frozenset({(None, S.HELD), (S.HELD, S.RELEASED)}),
    "confirm": frozenset({(S.HELD, S.BOOKED)}),
    "release": frozenset({(S.HELD, S.RELEASED)}),
    "cancel": frozenset({(S.BOOKED, S.CANCELLED)}),
    "reschedule": frozenset({(S.BOOKED, S.MOVED), (S.HELD, S.BOOKED)}),
    "expire": frozenset({(S.HELD, S.EXPIRED)}),
    "complete": frozenset({(S.BOOKED, S.COMPLETED)}),
    "work": frozenset(
        {
            (S.BOOKED, S.STOPPED), (S.HELD, S.RELEASED), (S.OFFERED, S.RELEASED), (S.STOPPED, S.BOOKED),
            (None, S.OFFERED),
        }
    ),
    "answer": frozenset({(S.OFFERED, S.BOOKED), (S.OFFERED, S.RELEASED)}),
    "expire_offers": frozenset({(S.OFFERED, S.EXPIRED)}),
    "serve_next": frozenset({(None, S.OFFERED)}),
    "adjust": frozenset({(S.HELD, S.RELEASED), (S.OFFERED, S.RELEASED)}),
}  # fmt: skip
"""Which changes of a claim a command may bring about; whatever is not named changes none."""
MOVES_TIMES = {"adjust"}
ASKING = (NoticeKind.STOPPED, NoticeKind.OFFER)
"""The notices that tell of a stopped visit, and ask for a choice."""
_APPOINTMENT: dict[Step, str] = {
    (S.HELD, S.BOOKED): "booked",
    (S.OFFERED, S.BOOKED): "booked",
    (S.BOOKED, S.CANCELLED): "cancelled",
    (S.BOOKED, S.MOVED): "moved",
    (S.BOOKED, S.STOPPED): "stopped",
    (S.BOOKED, S.COMPLETED): "completed",
    (S.STOPPED, S.BOOKED): "restored",
}
_SESSION = {
    (None, SessionState.OPEN): "published",
    (None, SessionState.STOPPED): "published",
    (SessionState.OPEN, SessionState.CLOSED): "closed",
    (SessionState.CLOSED, SessionState.OPEN): "reopened",
    (SessionState.CLOSED, SessionState.STOPPED): "reopened",
}
"""What publishing writes of a session; one that a stoppage covers is stopped in the same breath."""


def changes(before: Snapshot, after: Snapshot) -> dict[str, Step]:
    """Return what became of claims."""
    states = {id_: before.claims[id_].state if id_ in before.claims else None for id_ in after.claims}
    return {id_: (was, after.claims[id_].state) for id_, was in states.items() if was is not after.claims[id_].state}


def state_is_sound(seen: Snapshot, policy: Policy) -> list[str]:
    """Judge one state."""
    live = [c for c in seen.claims.values() if c.state in LIVE]
    mains = [c for c in live if c.kind is ClaimKind.MAIN]
    return [
        *_repeated("seat live twice", ((c.slot, c.seat) for c in live)),
        *_repeated("patient twice in a session", ((c.session, c.patient) for c in mains)),
        *_repeated("visits of a day", ((c.patient, c.date) for c in mains), most=policy.per_patient_per_day),
        *_beyond_capacity(seen, live),
        *_stopped_and_live(seen, live),
        *_displaced(seen),
    ]


def _repeated(what: str, keys: Iterable[object], *, most: int = 1) -> list[str]:
    return [f"{what}: {key} {count} times" for key, count in Counter(keys).items() if count > most]


def _beyond_capacity(seen: Snapshot, live: Iterable[Claim]) -> list[str]:
    """Only a lowered capacity leaves somebody beyond it, and then nothing below is free."""
    taken: dict[str, set[int]] = {}
    for each in live:
        taken.setdefault(each.slot, set()).add(each.seat)
    wrongs = []
    for slot, seats in taken.items():
        capacity = seen.slots[slot].capacity
        if max(seats) > capacity and set(range(1, capacity + 1)) - seats:
            wrongs.append(f"{slot}: somebody sits beyond {capacity} seats while one is free: {sorted(seats)}")
    return wrongs


def _stopped_and_live(seen: Snapshot, live: Iterable[Claim]) -> list[str]:
    expected = (S.HELD, S.OFFERED, S.BOOKED)
    return [
        f"{each.id} is {each.state} in {each.slot}, which {stoppage} has stopped and cleared"
        for each in live
        if each.state in expected and (stoppage := seen.slots[each.slot].stoppage)
        if seen.stopped.get((stoppage, each.session)) == StoppedState.STOPPED
    ]


def _displaced(seen: Snapshot) -> list[str]:
    wrongs = []
    for each in seen.displaced.values():
        own = seen.claims[each.claim]
        kept = [c for c in seen.claims.values() if c.displacement == each.id and c.state is S.OFFERED]
        if (each.state is DisplacementState.OFFERED) != bool(kept):
            wrongs.append(f"{each.id} is {each.state}, and {len(kept)} seats are kept for them")
        if {c.id for c in kept} - set(each.offers):
            wrongs.append(f"{each.id}: a seat is kept that they do not know of")
        if each.state in UNSETTLED and own.state is not S.STOPPED:
            wrongs.append(f"{each.id} is {each.state}, and their appointment is {own.state}")
        if each.chosen is not None and seen.claims[each.chosen].state not in APPOINTED:
            wrongs.append(f"{each.id} chose what is {seen.claims[each.chosen].state}")
        notices = [n for n in seen.notices.values() if n.displacement == each.id]
        if each.told and not any(n.kind in ASKING for n in notices):
            wrongs.append(f"{each.id} was never told")
    stopped = {c.id for c in seen.claims.values() if c.state is S.STOPPED}
    return wrongs + [f"{id_} was stopped and forgotten" for id_ in stopped - {d.claim for d in seen.displaced.values()}]


def step_is_lawful(deed: str, before: Snapshot, after: Snapshot, *, now: datetime) -> list[str]:
    """Judge one step: nothing but what this command may change, and each change with its entry and its notices."""
    steps = changes(before, after)
    allowed = STEPS.get(deed, frozenset())
    wrongs = [f"{deed} made {id_} {step}" for id_, step in steps.items() if step not in allowed]
    wrongs += [f"{id_} is gone" for id_ in before.claims.keys() - after.claims.keys()]
    wrongs += _owners(deed, before, after)
    for id_, step in steps.items():
        wrongs += _timely(before.claims.get(id_), after.claims[id_], step, before, after, now)
    wrongs += _differ("trail", _entries(deed, before, after, steps), Counter(after.entries[len(before.entries) :]))
    if after.entries[: len(before.entries)] != before.entries:
        wrongs.append("the trail was rewritten")
    return wrongs + _notices(deed, before, after, steps)


def _owners(deed: str, before: Snapshot, after: Snapshot) -> list[str]:
    """Nothing of a claim changes but its state and what comes with it; who sits beyond the capacity may move up."""
    free = {"state": S.HELD, "kind": ClaimKind.MAIN, "updated_at": NO_TIME, "ordinal": None, "expires_at": None}
    free |= {"first_booked_at": NO_TIME, "seat": 0}
    if deed in MOVES_TIMES:
        free |= {"starts_at": NO_TIME, "ends_at": NO_TIME, "waived": False}
    wrongs = []
    for id_, old in before.claims.items():
        new = after.claims.get(id_, old)
        if replace(old, **free) != replace(new, **free):  # type: ignore[arg-type]  # values of several types
            wrongs.append(f"{deed} changed {old} into {new}")
        if new.seat != old.seat and old.seat <= before.slots[old.slot].capacity and deed != "adjust":
            wrongs.append(f"{deed} moved {id_} from seat {old.seat} to {new.seat}")
    return wrongs


def _timely(old: Claim | None, new: Claim, step: Step, before: Snapshot, after: Snapshot, now: datetime) -> list[str]:
    """Deadlines are kept, and nobody gets into what is stopped."""
    wrongs = []
    if step[1] is S.EXPIRED and (old is None or old.expires_at is None or old.expires_at > now):
        wrongs.append(f"{new.id} ended before its deadline")
    if step in {(S.HELD, S.BOOKED), (S.OFFERED, S.BOOKED)} and old and old.expires_at and old.expires_at <= now:
        wrongs.append(f"{new.id} was booked after its deadline")
    if step[0] is None or step[1] is S.BOOKED:
        slot = after.slots[new.slot]
        if slot.stoppage is not None or after.sessions[new.session].state is not SessionState.OPEN:
            wrongs.append(f"{new.id} came into {new.slot}, which is stopped or closed")
        if new.seat > slot.capacity and step[0] is None:
            wrongs.append(f"{new.id} was given seat {new.seat} of {slot.capacity}")
    if step == (S.BOOKED, S.STOPPED) and before.slots[new.slot].stoppage is None:
        wrongs.append(f"{new.id} was stopped in {new.slot}, which is not")
    return wrongs


def _entries(deed: str, before: Snapshot, after: Snapshot, steps: dict[str, Step]) -> Counter[tuple[str, str, str]]:
    """The entries that these changes must have left, each once."""
    new = Counter(after.entries[len(before.entries) :])
    due = [(_APPOINTMENT[step], "appointment", id_) for id_, step in steps.items() if step in _APPOINTMENT]
    for id_, person in after.displaced.items():
        old = before.displaced.get(id_)
        told = old is None or person.told != old.told
        offered = person.state in {DisplacementState.OFFERED, DisplacementState.UNOFFERED} and person.told and told
        settled = {DisplacementState.EXPIRED, DisplacementState.DECLINED, DisplacementState.REBOOKED}
        if offered or (person.state in settled and (old is None or old.state is not person.state)):
            due.append((str(person.state), "appointment", person.claim))
    for id_, session in after.sessions.items():
        was = before.sessions[id_].state if id_ in before.sessions else None
        said = {"reopened"} if ("revised", "session", id_) in new else set()  # which says both of one that was closed
        named = {deed_ for step, deed_ in _SESSION.items() if step == (was, session.state)}
        due += [(deed_, "session", id_) for deed_ in named - said]
    for id_, slot in after.slots.items():
        known = before.slots.get(id_)
        if slot.stoppage is not None and (known is None or known.stoppage is None):
            due.append(("stopped", "session", slot.session))
    lifted = [key for key, state in after.stopped.items() if state == StoppedState.LIFTED != before.stopped.get(key)]
    due += [("lifted", "session", session) for _, session in lifted]
    due += [("ordered", "stoppage", id_) for id_ in after.stoppages.keys() - before.stoppages.keys()]
    own = {"lift": ("lifting", "lifting_session"), "adjust": ("adjusted", "session_changed"), "publish": ("revised",)}
    due += [entry for entry in new if entry[0] in own.get(deed, ())]  # judged beside the notices, or once at most
    return Counter(set(due))


def _notices(deed: str, before: Snapshot, after: Snapshot, steps: dict[str, Step]) -> list[str]:
    new = [after.notices[id_] for id_ in after.notices.keys() - before.notices.keys()]
    due: list[tuple[str, str | None]] = []
    kinds = {"booked": NoticeKind.BOOKED, "cancelled": NoticeKind.CANCELLED}
    for id_, step in steps.items():
        action = _APPOINTMENT.get(step, "")
        replaces = deed in {"reschedule", "answer"} and action == "booked"
        due += [(str(NoticeKind.CHANGED), id_)] if replaces else []
        due += [(str(kinds[action]), id_)] if action in kinds and not replaces else []
    for id_, person in after.displaced.items():
        old = before.displaced.get(id_)
        if person.told and (old is None or person.told > old.told):
            again = bool(person.offers) and person.told > 1
            due.append((str(NoticeKind.OFFER if again else NoticeKind.STOPPED), person.claim))
    changed = {c for action, _, c in after.entries[len(before.entries) :] if action == "session_changed"}
    due += [(str(NoticeKind.SESSION_CHANGED), claim) for claim in changed]
    given = Counter((n.kind, n.claim if n.kind != NoticeKind.CHANGED else _new_claim(n, after)) for n in new)
    restored = {key for key in given if key[0] == NoticeKind.RESTORED and deed == "work"}
    reopened = {key for key in given if key[0] == NoticeKind.REOPENED and deed == "work"}
    wrongs = _differ("notices", Counter(due), Counter({k: n for k, n in given.items() if k not in restored | reopened}))
    wrongs += _told_in_vain(after, {claim for _, claim in reopened})
    return wrongs + _untold(before, after, steps, {claim for _, claim in restored})


def _new_claim(notice: object, after: Snapshot) -> str | None:
    """The appointment that a notice of a change announces."""
    payload = getattr(notice, "payload", {})
    found: str | None = payload.get("visit", {}).get("claim")
    return found


def _untold(before: Snapshot, after: Snapshot, steps: dict[str, Step], told: set[str | None]) -> list[str]:
    """Who had read that the visit was stopped must read that it is held again."""
    had_read = {n.claim for n in before.notices.values() if n.kind in ASKING and n.state not in {"pending", "void"}}
    restored = {id_ for id_, step in steps.items() if step == (S.STOPPED, S.BOOKED)}
    return [f"{id_} was restored and not told" for id_ in restored & had_read - told]


def _told_in_vain(after: Snapshot, told: set[str | None]) -> list[str]:
    """Only who chose otherwise hears that what was stopped is held again without them, and once."""
    chose = {person.claim for person in after.displaced.values() if person.state in CHOSE_OTHERWISE}
    ever = Counter(n.claim for n in after.notices.values() if n.kind == NoticeKind.REOPENED)
    return [f"{claim} was told of what is held again in vain" for claim in told - chose] + [
        f"{claim} was told {times} times" for claim, times in ever.items() if times > 1
    ]


def _differ(what: str, due: Counter[object], given: Counter[object]) -> list[str]:  # type: ignore[type-var]
    missing, more = due - given, given - due
    wrongs = [f"{what}: {dict(missing)} is missing"] if missing else []
    return wrongs + ([f"{what}: {dict(more)} is too much"] if more else [])


Law = Callable[[Snapshot, Snapshot], list[str]]
