"""What a bad day must come to: nobody forgotten, nobody told twice, no seat sold twice (R-A14, R-A15)."""

from collections import Counter
from dataclasses import dataclass, field

SETTLED = {"rebooked", "declined", "restored"}
RESTORED = "restored"
LIVE = {"booked", "arrived", "completed", "no_show"}


@dataclass
class Evidence:
    """What there is in the end, however the day went."""

    displaced: dict[str, str]
    """Number of each appointment that was booked in the stopped sessions → openid."""
    fates: dict[str, str]
    """The same numbers → what became of the displaced patient, as the database says."""
    calls: set[str]
    """Numbers of the appointments whose patients are on the call list."""
    pages: dict[str, list[str]]
    """openid → ids of the notices of the stoppage on their page, one entry for each time they read one.

    That the visit is restored asks nothing and has no id: it is ``RESTORED``.
    """
    appointments: list[dict[str, object]]
    slots: list[dict[str, object]]
    kept: dict[str, int] = field(default_factory=dict)
    """Slot → seats kept there for those displaced who have not decided yet."""


def wrongs(seen: Evidence) -> list[str]:
    """Return what went wrong: somebody forgotten, a notice lost or read twice, a seat sold twice, a seat leaked."""
    return [*_forgotten(seen), *_untold(seen), *_misbooked(seen), *_seats(seen)]


def _forgotten(seen: Evidence) -> list[str]:
    return [
        f"{number} was displaced and forgotten: {seen.fates.get(number, 'not even displaced')}"
        for number in seen.displaced
        if seen.fates.get(number) not in SETTLED and number not in seen.calls
    ]


def _untold(seen: Evidence) -> list[str]:
    """Whoever has read that the visit is restored need not have read of the stoppage, whose notice was in doubt."""
    found = [
        f"{number} was never told, and nobody is to call"
        for number, openid in seen.displaced.items()
        if not set(seen.pages.get(openid, ())) - {RESTORED}
        and number not in seen.calls
        and not (seen.fates.get(number) == "restored" and RESTORED in seen.pages.get(openid, ()))
    ]
    found += [
        f"{number} was restored and never told so"
        for number, openid in seen.displaced.items()
        if seen.fates.get(number) == "restored" and RESTORED not in seen.pages[openid] and number not in seen.calls
    ]
    for openid, ids in seen.pages.items():
        found += [f"{openid} was sent notice {one} {times} times" for one, times in Counter(ids).items() if times > 1]
    return found


def _misbooked(seen: Evidence) -> list[str]:
    """Hold each displaced patient's appointments against what became of them; every account here has one patient."""
    live = Counter(str(row["openid"]) for row in seen.appointments if row["status"] in LIVE)
    due = {"rebooked": 1, "restored": 1, "declined": 0}
    found = []
    for number, openid in seen.displaced.items():
        fate = seen.fates.get(number, "")
        if live[openid] != due.get(fate, 0):
            found.append(f"{number} is {fate or 'unknown'} and has {live[openid]} appointments")
    status = {str(row["number"]): row["status"] for row in seen.appointments}
    for number, fate in seen.fates.items():
        if (status.get(number) == "booked") != (fate == "restored"):
            found.append(f"{number} is {fate}, and the stopped appointment itself {status.get(number)}")
    return found


def _seats(seen: Evidence) -> list[str]:
    live = [row for row in seen.appointments if row["status"] in LIVE]
    seats = Counter((row["slot"], row["seat"]) for row in live)
    found = [f"slot {slot} seat {seat} was sold {count} times" for (slot, seat), count in seats.items() if count > 1]
    booked = Counter(row["slot"] for row in live)
    return found + [
        f"slot {slot['slot']} has leaked seats: {slot['booked']} booked, {slot['held']} held"
        for slot in seen.slots
        if slot["booked"] != booked[slot["slot"]] or slot["held"] != seen.kept.get(str(slot["slot"]), 0)
    ]
