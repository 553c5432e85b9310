"""What was acknowledged to anyone, held against what is there in the end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LIVE = {"booked", "arrived", "completed", "no_show"}


@dataclass(frozen=True)
class Acknowledged:
    """A patient read 预约成功 with this number."""

    number: str
    openid: str


def violations(
    acknowledged: Sequence[Acknowledged], appointments: Sequence[dict[str, object]], slots: Sequence[dict[str, object]]
) -> list[str]:
    """Return what is wrong: lost, changed or double appointments, and seats that leaked."""
    found = []
    rows = {row["number"]: row for row in appointments}
    for promise in acknowledged:
        row = rows.get(promise.number)
        if row is None or row["status"] not in LIVE:
            found.append(f"{promise.number} was acknowledged and is not there")
        elif row["openid"] != promise.openid:
            found.append(f"{promise.number} changed its owner")
    live = [row for row in appointments if row["status"] in LIVE]
    seats = Counter((row["slot"], row["seat"]) for row in live)
    found += [f"slot {slot} seat {seat} was sold {count} times" for (slot, seat), count in seats.items() if count > 1]
    booked = Counter(row["slot"] for row in live)
    for slot in slots:
        if slot["booked"] != booked[slot["slot"]] or slot["held"] != 0:
            found.append(f"slot {slot['slot']} has leaked seats: {slot['booked']} booked, {slot['held']} held")
    return found
