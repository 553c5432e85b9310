"""What somebody wants, from the words that tell it and what else stands in the sentence."""

from collections.abc import Mapping, Sequence

from handlers.understanding import vocabulary as words
from handlers.understanding.cues import ALONE, CUE, REACH, Around, told
from handlers.understanding.lexicon import Mark
from handlers.understanding.sayings import CHANGED, DRUG, NEARBY, TALK
from handlers.understanding.unsaid import LOOSE, asked, unsaid

BARE = 4
"""Characters of a text that may say no more than 约."""
ABSENT_LOOSE = 3
"""The same beside words for not coming, where nothing of the clinic is named: 家长会我去不了."""
_OPENING = frozenset(("上班吗", "上班么", "上不上班", "上班不", "上班没", "开门不", "开诊"))
_THERE_IS = frozenset(("有没有", "有吗"))
_WAS = frozenset("了过的")
"""What behind a cue tells of what was: 挂的."""
_OF_MINE = frozenset((words.CANCEL, words.CHANGE))
"""What is done to an appointment; where it is not to be, naming the appointment asks for nothing: 别取消我的号."""
_SEEKS = frozenset(["挂号", "预约", "挂个号", "挂个", "约个", "想挂", "想约", "挂", "约"])
"""Words for booking that leave no doubt."""
_FIRMER = frozenset((words.CANCEL, words.HUMAN, words.COMPLAINT))
"""What counts more than that something was and is now to be otherwise."""
_RANK = {intent: rank for rank, intent in enumerate(words.PRIORITY)}


def read_intent(text: str, cues: Sequence[Mark], around: Around) -> str:
    """Return the intent that the cues tell; without any, what is said may still be a wish to book."""
    if _is_foreign(text, around):
        return words.UNKNOWN
    meant, denied = told(text, cues, around)
    if (around.moves or CHANGED in around.sayings) and _FIRMER.isdisjoint(meant):
        return words.CHANGE
    if DRUG in around.sayings and not _asks_strongly(text, meant):
        return words.UNKNOWN
    found = min(meant, key=_RANK.__getitem__) if meant else None
    return _decided(text, found, meant, denied, around)


def _is_foreign(text: str, around: Around) -> bool:
    """Tell whether a sentence sells something, tells of others, or speaks of what the clinic has nothing to do with."""
    if around.spam or (TALK in around.sayings and words.OWN_WISH.search(text) is None):
        return True
    if around.complaint and words.PETS.search(text) is not None and words.BY not in text:
        return True
    if words.HESITATING.search(text) is not None:
        return True
    if around.named and words.LANDMARK.search(text) is not None and words.OWN_WISH.search(text) is None:
        return True
    if around.named or around.complaint or not around.elsewhere:
        return False
    return words.OF_CLINIC.search(text) is None


def _asks_strongly(text: str, meant: Mapping[str, Mark]) -> bool:
    """Tell whether something is asked for beside a question about a drug."""
    return any(
        intent not in ALONE and text[cue.start : cue.end] not in words.WEAK for intent, cue in meant.items()
    ) or (words.BOOK in meant and text[meant[words.BOOK].start : meant[words.BOOK].end] in _SEEKS)


def _decided(text: str, found: str | None, meant: dict[str, Mark], denied: set[str], around: Around) -> str:
    if found is None:
        wishes_other = denied <= {words.BOOK} and (around.named or not denied)
        return unsaid(text, around) if wishes_other else words.UNKNOWN
    if found == words.BOOK:
        return _booking(text, meant[words.BOOK], around)
    if found in {words.THANKS, words.GREETING}:
        return _polite(found, meant[found], around)
    if found == words.MINE and (not denied.isdisjoint(_OF_MINE) or words.VISITED.search(text) is not None):
        return words.UNKNOWN
    return _corrected(text, found, meant, around)


def _corrected(text: str, found: str, meant: Mapping[str, Mark], around: Around) -> str:
    """Tell what words mean that depend on what they are said of."""
    correct = _CORRECTIONS.get(found)
    cue = meant[found]
    return correct(text, text[cue.start : cue.end], meant, around) if correct is not None else found


def _cancelling(text: str, said: str, meant: Mapping[str, Mark], around: Around) -> str:
    """Tell what is given up: an appointment, something else, or only the dialogue."""
    if said in words.KEPT_AWAY and not around.named and around.loose > ABSENT_LOOSE:
        return words.CANCEL if words.OF_CLINIC.search(text) is not None else words.UNKNOWN
    if said in words.QUITTING:
        if words.PUT_OFF.search(text) is not None:
            return words.UNKNOWN
        there_is_one = around.named or around.when or words.OF_AN_APPOINTMENT.search(text) is not None
        return words.CANCEL if there_is_one else words.UNKNOWN
    return words.CANCEL


def _changing(text: str, said: str, meant: Mapping[str, Mark], around: Around) -> str:
    """Tell whether an appointment is to be changed, or the day of something else: 改到明天送货."""
    foreign = not around.named and around.goes_on and words.OF_CLINIC.search(text) is None
    return words.UNKNOWN if foreign else words.CHANGE


def _helping(text: str, said: str, meant: Mapping[str, Mark], around: Around) -> str:
    """Tell a question how to book somewhere from one how to use this: 怎么约王医生."""
    return words.BOOK if around.named and said.startswith(words.HOW) else words.HELP


def _repeating(text: str, said: str, meant: Mapping[str, Mark], around: Around) -> str:
    """Tell another visit from one that is put off: 有空再约."""
    if said.startswith("再") and words.LATER.search(text, 0, meant[words.AGAIN].start) is not None:
        return words.BOOK if around.named and around.when else words.UNKNOWN
    return words.AGAIN


def _owning(text: str, said: str, meant: Mapping[str, Mark], around: Around) -> str:
    """Tell a question for one's own appointment from one for any: 余号查询, 最近的号是哪天."""
    nobodys = said in words.WEAK and words.AVAILABILITY in meant
    if nobodys or ((around.prefers or NEARBY in around.sayings) and "我" not in text):
        return words.AVAILABILITY
    return words.MINE


def _having(text: str, said: str, meant: Mapping[str, Mark], around: Around) -> str:
    """Tell a question for seats from one for hours, departments or what else there is."""
    if said in _THERE_IS and words.INFO in meant:
        return words.INFO
    if meant[words.AVAILABILITY].kind != CUE:
        return words.AVAILABILITY
    soon = around.when or NEARBY in around.sayings
    there = said in _THERE_IS and not soon and words.SEATS.search(text) is None
    return words.INFO if there or (said in _OPENING and not around.named) else words.AVAILABILITY


_CORRECTIONS = {
    words.CANCEL: _cancelling,
    words.CHANGE: _changing,
    words.HELP: _helping,
    words.AGAIN: _repeating,
    words.MINE: _owning,
    words.AVAILABILITY: _having,
}


def _booking(text: str, cue: Mark, around: Around) -> str:
    """Tell whether words that may mean booking do: 约 does in 约明天, hardly in 约了朋友明天吃饭."""
    if not (around.named or around.complaint) and _is_of_another(text, cue, around):
        return words.UNKNOWN
    said = text[cue.start : cue.end]
    weak = said in words.WEAK
    spoken = said in words.SPOKEN_OF
    found = asked(text, around, spoken=spoken) if weak or spoken else None
    if found or not weak:
        return found or words.BOOK
    if around.elsewhere and not (around.when or around.somebody or around.complaint):
        return words.UNKNOWN
    if around.named or around.complaint:
        return words.UNKNOWN if around.past and not around.when and text[cue.end : cue.end + 1] in _WAS else words.BOOK
    if around.when:
        return words.BOOK if around.prefers or around.loose <= LOOSE else words.UNKNOWN
    return words.BOOK if around.loose == 0 and len(text) <= BARE and cue.end - cue.start == 1 else words.UNKNOWN


def _is_of_another(text: str, cue: Mark, around: Around) -> bool:
    """Tell whether what is to be booked is nothing of the clinic's: 预约洗车."""
    place = around.behind_time(cue.end)
    behind = words.FILLERS.sub("", words.CLAUSE.split(text[place : place + REACH], maxsplit=1)[0])
    return behind[:1] != "" and behind[:1] in around.left and words.CLINICAL.search(text, cue.end) is None


def _polite(found: str, cue: Mark, around: Around) -> str:
    """Tell thanks and greetings from a wish that only begins or ends with them."""
    if found == words.GREETING and around.past:
        return words.UNKNOWN
    if not (around.named or around.complaint or around.when):
        return found
    if found == words.THANKS and (cue.start <= 1 or around.past) and not around.when and not around.complaint:
        return words.THANKS
    return words.BOOK if around.named or around.complaint or around.loose <= LOOSE else found
