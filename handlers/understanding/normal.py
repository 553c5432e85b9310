"""One way to write things: simplified, narrow, lower case, without spaces and pictures; and where each letter stood."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from handlers.understanding.grammar import FIGURE, SLIPS
from handlers.words import LONGEST_READ

ENDS = frozenset("不吗么没吧呢")
SENTENCE = 2
"""Letters after which one of these and a space end a question, where a comma should stand."""
CUT = LONGEST_READ * 4
"""Characters of a message that are looked at, before what cannot be seen is taken out."""
_PUNCTUATION = {
    "，": ",", "！": "!", "？": "?", "：": ":", "；": ";",
    "（": "(", "）": ")", "～": "~", "〜": "~", "—": "-", "–": "-",
    "－": "-", "．": ".", "／": "/", "％": "%", "＋": "+",
}  # fmt: skip
_DIALECT = {
    **dict(zip("唔冇睇嚟嘅佢係喺啲畀攞瞅咩甭勿咯喽啦俺痛", "不没看来的他是在点给拿看吗别不了了了我疼", strict=True)),
    "啥": "什么",
    "咋": "怎么",
}
"""Characters of some regions, and twins, for what is written otherwise elsewhere; the tables may use either."""
_ASKING = re.compile(r"(?<![什怎这那多要])么(?=$|[,。?!~])")
"""么 where it stands for 吗."""
_ARROW = re.compile(r"-+>|=+>|[→⇒➡]")
_PICTURE = re.compile(
    r"\[(?:微笑|撇嘴|色|发呆|得意|流泪|害羞|闭嘴|睡|大哭|尴尬|发怒|调皮|呲牙|惊讶|难过|囧|抓狂|吐|偷笑|愉快|白眼|傲慢|困|惊恐|憨笑|悠闲|咒骂|疑问|嘘|晕|衰|骷髅|敲打|再见|擦汗"
    r"|抠鼻|鼓掌|坏笑|右哼哼|鄙视|委屈|快哭了|阴险|亲亲|可怜|笑脸|生病|脸红|破涕为笑|恐惧|失望|无语|嘿哈|捂脸|奸笑|机智|皱眉|耶|吃瓜|加油|加油加油|汗|天啊|emm|社会社会|旺柴|好的|打脸|哇|翻白眼"
    r"|666|让我看看|叹气|苦涩|裂开|嘴唇|爱心|心碎|拥抱|强|弱|握手|胜利|抱拳|勾引|拳头|ok|合十|啤酒|咖啡|蛋糕|玫瑰|凋谢|菜刀|炸弹|便便|月亮|太阳|庆祝|礼物|红包|發|福|烟花|爆竹|猪头|跳跳|发抖|转圈)\]",
    re.IGNORECASE,
)
"""Pictures as WeChat spells them out: [吐] is no complaint."""
_KEPT = ",.?!:;()~/%+-。、"
_PLAIN = re.compile(rf"[0-9a-z\u4e00-\u9fff{re.escape(_KEPT)}]*")
_SLIP = re.compile("|".join(sorted(map(re.escape, SLIPS), key=len, reverse=True)))


class Normal(NamedTuple):
    """A text as it is read; ``places[i]`` is where its letter ``i`` stood, None when each stands where it stood."""

    text: str
    places: Sequence[int] | None = None

    def place(self, index: int) -> int:
        """Return where a letter stood in the text as it was written."""
        return index if self.places is None else self.places[index]


def normalise(said: str) -> Normal:
    """Return a text as it is read; what is too long is cut."""
    if len(said) <= LONGEST_READ and _as_it_is().fullmatch(said) is not None:
        text, places = said, None
    else:
        text, places = _rewritten(said)
    if ("o" in text or "l" in text) and FIGURE.search(text) is not None:
        text = FIGURE.sub(lambda letter: "0" if letter[0] == "o" else "1", text)
    if "么" in text:
        text = _ASKING.sub("吗", text)
    return Normal(text, places)


def plain(word: str) -> str:
    """Return a word of the tables as it stands in a text that is read."""
    return word.translate(_table())


def mended(normal: Normal) -> Normal:
    """Return a text with the slips of voice input mended; each is as long as what was meant."""
    return normal._replace(text=_SLIP.sub(lambda slip: SLIPS[slip[0]], normal.text))


def _rewritten(said: str) -> tuple[str, list[int] | None]:
    """Rewrite letter for letter; what is more than that is gone through."""
    text = said.translate(_table())
    if not len(said) == len(text) <= LONGEST_READ or _PLAIN.fullmatch(text) is None:
        said = _PICTURE.sub(lambda picture: " " * len(picture[0]), said[:CUT])
        return _spelled_out(_ARROW.sub(lambda arrow: "改" + " " * (len(arrow[0]) - 1), said))
    return text, None


def _spelled_out(said: str) -> tuple[str, list[int]]:
    """Go through a text letter by letter."""
    table = _table()
    letters: list[str] = []
    places: list[int] = []
    gap = False
    run = 0
    for place, written in enumerate(said):
        seen = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold()).translate(table)
        if written in "\r\n":
            seen = ","
        for letter in seen:
            if letter.isspace():
                gap = True
            elif letter.isalnum() or letter in _KEPT:
                if gap and letters:
                    between = " " if letter.isdigit() and letters[-1].isdigit() else ""
                    if run > SENTENCE and letters[-1] in ENDS:
                        between = ","
                    letters += between
                    places += [place] * len(between)
                run = 1 if gap else run + 1
                gap = False
                letters.append(letter)
                places.append(place)
    return "".join(letters[:LONGEST_READ]).rstrip(), places[:LONGEST_READ]


@cache
def _as_it_is() -> re.Pattern[str]:
    """Match what is written as it is read: most messages."""
    kept = "".join(chr(code) for code in range(0x4E00, 0xA000) if code not in _table())
    return re.compile(rf"[0-9a-z{kept}{re.escape(_KEPT)}]*")


@cache
def _table() -> Mapping[int, str]:
    """Return what each letter becomes. Traditional characters go one by one, so that every letter keeps its place."""
    from opencc import OpenCC

    simplify = OpenCC("t2s").convert
    table = {code: simplify(chr(code)) for code in range(0x4E00, 0xA000)}
    table = {code: letter for code, letter in table.items() if letter != chr(code) and len(letter) == 1}
    table |= {code: table.get(ord(letter), letter) for code, letter in table.items()}
    table |= {ord(southern): letter for southern, letter in _DIALECT.items()}
    table |= {ord(wide): narrow for wide, narrow in _PUNCTUATION.items()}
    table |= {code: chr(code - 0xFEE0).lower() for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))}
    table |= {code: chr(code - 0xFEE0) for code in range(0xFF41, 0xFF5B)}
    return table | {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}
