"""Which intents the words of a sentence tell, and which they deny."""

from collections.abc import Iterator, Mapping, Sequence

from handlers.understanding import vocabulary as words
from handlers.understanding.lexicon import Mark
from handlers.understanding.moments import Moments
from handlers.understanding.reading import Reading
from handlers.understanding.sayings import INTENTS, SAYING, sayings

CUE = "cue"
SKILL, PREFER, PAST, ELSEWHERE, SPAM = "skill", "prefer", "past", "elsewhere", "spam"
REACH = 8
_TWO = 2
"""Characters before a cue that may negate it."""
ALONE = frozenset((words.BOOK, words.GREETING))
"""Intents of which weak cues are looked at closer, beside nothing too."""
_NEGATIONS = frozenset("不别没甭勿莫未需")
_HARMLESS = ALONE | {words.THANKS}
"""Cues beside which a bare day may still be a wish to book."""
_DESCRIBING = frozenset(("推荐", "介绍"))
"""What before 的 belongs to a name: 爸爸推荐的陈主任."""
_FADED, _COMPLAINTS = "退了", ("烧", "热", "疸", "疹", "潮", "肿")
"""退了 behind one of these cancels nothing: 孩子烧退了."""
_TIRED = ("困", "累", "忙", "热", "冷", "多")
"""What behind 上午好 makes it no greeting: 上午好困."""
_SEE_AGAIN, _PUT_OFF = "再看", ("看", "吧", "说")
_OTHERWISE = {
    "想": ("打算", "准备", "计划"),
    "几点": ("什么时间", "什么时候"),
    "什么时候": ("什么时间", "几时", "何时"),
    "医生": ("大夫", "专家"),
}
_ASKING = 3
"""Letters of a cue from which on 不 may stand for its 吗: 有不 begins other words."""
_FEEDING = ("喂奶", "喂食", "喂饭", "喂药", "喂养", "喂水")
"""What begins like a call and is none."""
_AFFIRMING = ("是", "要")
"""What takes back the denial before it: 不是约皮肤科,是约妇科."""
_FACTS = frozenset((words.INFO, words.AVAILABILITY))
"""Intents that a 没 before them does not take back: 没身份证能挂号吗."""
_DEMANDS = ("给个", "给我", "给说", "要个", "讨个", "退钱", "赔", "负责")
"""Complaints that only a 不 before them makes such: 不给个说法."""
_YIELDING = words.WEAK | words.QUITTING
"""Cues that count less than a saying of the same intent."""


class Around:
    """What else stands in a sentence, as far as the intent depends on it; most of it is looked at only when it does."""

    def __init__(
        self, reading: Reading, moments: Moments, *, named: bool, doctor: bool, complaint: bool, moves: bool
    ) -> None:
        """``named``: a department or a ``doctor`` is; ``complaint``: something hurts; ``moves``: one gets another."""
        self.named, self.complaint, self.when = (
            named,
            complaint or (SKILL in reading.marks and not named),
            bool(moments.found),
        )
        self.doctor, self.moves = doctor, moves
        self._asks: bool | None = None
        self._reading, self._moments = reading, moments
        marks = reading.marks.get(SAYING)
        self.sayings: Mapping[str, Mark] = sayings(reading.normal.text, marks) if marks else {}
        """What of no fixed words is said, and where."""

    @property
    def past(self) -> bool:
        """Whether it tells of what was, or praises."""
        return self._moments.past or PAST in self._reading.marks

    @property
    def vague(self) -> bool:
        """Whether it speaks of times that are none to book."""
        return bool(self._moments.others) or PAST in self._reading.marks

    @property
    def hints(self) -> bool:
        """Whether words stand in it that tell what is wanted, but not surely."""
        return any(cue.value not in _HARMLESS for cue in self._reading.marks.get(CUE, ()))

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        if self._asks is None:
            text = self._reading.normal.text
            self._asks = not words.ASKING.isdisjoint(text) and words.QUESTION.search(text) is not None
        return self._asks

    @property
    def somebody(self) -> bool:
        """Whether it says for whom it asks."""
        return self._reading.patient is not None

    @property
    def elsewhere(self) -> bool:
        """Whether it speaks of something the clinic has nothing to do with."""
        return ELSEWHERE in self._reading.marks

    @property
    def spam(self) -> bool:
        """Whether it wants to sell."""
        return SPAM in self._reading.marks

    @property
    def prefers(self) -> bool:
        """Whether it says how soon, or that any will do."""
        return PREFER in self._reading.marks

    @property
    def left(self) -> str:
        """What nothing explains."""
        return self._reading.left

    def behind_time(self, place: int) -> int:
        """Return where a day or a time ends that begins at a place, else that place."""
        return next((moment.end for moment in self._moments.found if moment.start == place), place)

    @property
    def goes_on(self) -> bool:
        """Whether right behind its last day or time something stands that nothing explains: 改到明天送货."""
        text, found = self._reading.normal.text, self._moments.found
        behind = text[found[-1].end : found[-1].end + _TWO] if found else ""
        return len(behind) == _TWO and behind in self.left

    @property
    def loose(self) -> int:
        """How many characters nothing explains."""
        return len(self.left)


def cue_words() -> list[tuple[str, str, str]]:
    """Return what the lexicon must know."""
    found = [(word, CUE, intent) for intent, said in words.CUES.items() for word in said.split()]
    return found + [(other, CUE, intent) for word, _, intent in found for other in _otherwise(word)]


def _otherwise(word: str) -> Iterator[str]:
    """Return other ways to say a cue: 打算看 for 想看, 什么时间上班 for 几点上班, 能看不 for 能看吗."""
    for said, others in _OTHERWISE.items():
        if said in word and len(word) > len(said):
            yield from (word.replace(said, other) for other in others)
    if word.endswith("吗") and len(word) >= _ASKING:
        yield from (word[:-1] + other for other in ("不", "没", "没有"))


def told(text: str, cues: Sequence[Mark], around: Around) -> tuple[dict[str, Mark], set[str]]:
    """Return the word that tells each intent, and the intents that are denied."""
    meant: dict[str, Mark] = {}
    denied: set[str] = set()
    for cue in cues:
        start, end, _, intent = cue
        said = text[start:end]
        weak = said in words.WEAK
        if intent in meant and (weak or intent != words.BOOK):
            continue
        if _is_no_cue(text, cue, said):
            continue
        if _is_negated(text, cue):
            denied.add(intent)
        elif not weak or _counts(text, cue, around):
            meant[intent] = cue
            if intent == words.BOOK and text[start - 1 : start] in _AFFIRMING:
                denied.discard(intent)
    for intent in denied:
        meant.pop(intent, None)
    _add_sayings(text, meant, denied, around)
    return meant, denied


def _is_no_cue(text: str, cue: Mark, said: str) -> bool:
    """Tell whether what stands around a word makes it another one: 再看吧, 烧退了, 喂奶, 看过, 爸爸推荐的陈主任."""
    _, end, _, intent = cue
    if intent == words.BOOK:
        return words.DONE.match(text, end) is not None or (said == _SEE_AGAIN and text.startswith(_PUT_OFF, end))
    if intent == words.CANCEL:
        return said == _FADED and text[cue.start - 1 : cue.start] in _COMPLAINTS
    if intent == words.GREETING:
        return text.startswith(_FEEDING, cue.start) or text[end : end + 1] in _TIRED
    return said in _DESCRIBING and text.startswith("的", end)


def _counts(text: str, cue: Mark, around: Around) -> bool:
    """Tell whether a weak cue stands beside something of the clinic."""
    if cue.value == words.INFO and words.PRIVATE.search(text) is not None:
        return False
    if around.named or around.complaint or cue.value in ALONE:
        return True
    if cue.value == words.INFO and not around.asks:
        return False
    return around.when and text[cue.start : cue.end] not in words.OF_SOMEBODY


def _add_sayings(text: str, meant: dict[str, Mark], denied: set[str], around: Around) -> None:
    """Take what of no fixed words is said."""
    for intent, saying in around.sayings.items():
        if intent in INTENTS and intent not in denied and not _is_negated(text, saying):
            _add(text, meant, saying, around)


def _add(text: str, meant: dict[str, Mark], saying: Mark, around: Around) -> None:
    """Take a saying for what it tells, where no firm word tells it already."""
    intent = saying.value
    if intent == words.AVAILABILITY and not (around.named or around.when or words.OF_SEATS.search(text)):
        return
    if intent == words.MINE:
        meant.pop(words.AGAIN, None)
    known = meant.get(intent)
    if known is None or text[known.start : known.end] in _YIELDING:
        meant[intent] = saying


def _is_negated(text: str, cue: Mark) -> bool:
    start = cue.start
    if start == 0:
        return False
    before = text[max(0, start - REACH) : start]
    if _NEGATIONS.isdisjoint(before):
        return False
    refusal = words.REFUSAL if cue.value in _FACTS else words.NEGATION
    if cue.value == words.COMPLAINT and text.startswith(_DEMANDS, start):
        return False
    return refusal.search(before) is not None
