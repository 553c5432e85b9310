"""What the bot answered to the same message delivered again: the emulator keeps a record of each delivery."""

import re
from collections import defaultdict

from emulator.client import EmulatorClient
from emulator.shapes import Json, records, text, whole
from tests.support.chaos.history import TROUBLE, History

_CONTENT = re.compile(r"<Content><!\[CDATA\[(.*?)\]\]></Content>", re.DOTALL)


async def newest_delivery(emulator: EmulatorClient) -> int:
    """Return the id of the newest delivery; 0 before the first."""
    found = records(await emulator.request("GET", "deliveries?last=1"), "deliveries")
    return whole(found[-1], "id") if found else 0


async def compare_answers(emulator: EmulatorClient, history: History, *, after: int) -> None:
    """Note where a redelivered message was answered otherwise than before; silence and apologies are no answers."""
    answers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for delivery in await emulator.deliveries(after=after, what="text"):
        said = _answer(delivery)
        if said and not TROUBLE.search(said):
            answers[text(delivery, "openid"), f"{delivery['message']}"].append(said)
    for (openid, message), said_each in answers.items():
        history.redeliveries += len(said_each) - 1
        for other in said_each[1:]:
            if other != said_each[0]:
                history.unlike.append(f"message {message} of {openid} got {said_each[0]!r}, then {other!r}")


def _answer(delivery: Json) -> str:
    found = _CONTENT.search(text(delivery, "answer"))
    return found[1] if found else ""
