"""Red flags: what must be said before anything else. What is not there, was once, or is only talked about is none."""

import re
from collections.abc import Iterable

from handlers.understanding.phrases import Hit

NOT_SO = re.compile(
    r"(?:怕|担心)(?:自己|我)?(?:会|要)?[得患]$|(?<!是)(?:没有?|无|不|未|并不|也不|不会|不是|从不|否认|没出现|没发生|从没|从来没有?)(?:过|再|出现|发生|感觉|觉得|什么|任何|想要?|想过){0,2}(?:胸闷|气短|头晕|头疼|恶心|呕吐|发热|发烧|咳嗽|和|或者?|、|也没有?)*$"
)
"""What stands right before a red flag that is not there."""
CLAUSE = re.compile(r"[,。!?;、]")
ONCE = re.compile(
    r"去年|前年|以前|从前|曾|小时候|年轻时|早年|年前|个?月前|周前|天前|上个?月|上周|上次|前阵子|前段时间|那[次年会]|[得患犯有生出歪抽昏倒风梗血厥迷吐搐]过(?!去)|"
    r"病史|史(?=$|[,。的要想来])|后遗症|术后(?!大出血)|恢复期|康复|预防|科普|讲座|遗传|保险|筛查|风险|知识|文章|视频|新闻|电视|电影|小说|听说|有什么症状|什么症状|的症状|前兆有|手术后|支架|住院了|梦见|梦到|做梦|差点没?把我|某地|一男子|一女子|据报道|请转|转给|未就医|"
    r"(?:邻居|同事|朋友|同学|隔壁|亲戚|同乡|老乡|网友)[^,。]{0,4}(?:昨天|昨晚|前天|走了)"
)
"""What makes a red flag a story of the past or of others."""
SINCE = re.compile(r"(?:好了?|了|已经|都|快|有|得了?){0,3}[一二两三四五六七八九十几多\d]{1,3}年")
"""What right behind a red flag makes it an old one: 脑出血三年了."""
TOLD = re.compile(r"听说|讲座|热线是|(?:朋友|同学|同事|邻居|亲戚|隔壁)[^,。]{0,6}(?:去年|前年|以前)")
"""What makes thoughts of suicide those of others, or past."""
FOLLOWED_UP = re.compile(r"复查|复诊|后遗症|康复训练|随访|续药|开药|拿药|出院|预防|体检")
NOW = re.compile(
    r"现在|突然|忽然|刚刚|刚才|正在|又(?!想|要|怕)|救命|越来越|还在|不停|止不住|分钟|小时|快点|怎么办|马上|急"
)
"""What makes it urgent all the same."""
NEAR_ONE = re.compile(r"[爸妈爷奶公婆孩娃儿女夫妻]|老[人伴头太]|120|救命|医生|急诊|倒在地|抽搐|没反应|叫不醒")
"""Who or what makes sure that a body is meant."""

FIGURE = re.compile(
    r"哈哈|嘿嘿|笑死|ddl|论文|电脑|手机卡|电梯|裁判|打游戏|这破游戏|追剧|电视剧|剧情|比赛|股票|基金|房价|累成狗|快递|外卖|网速|网络"
)
"""What makes a figure of speech of a red flag: 论文写到吐血."""
EXAGGERATED = re.compile(
    r"(?<!呼吸)(?:[看听笑骂忙写改追排等堵挤学考背逛催吵难贵穷甜帅美冷题]|无聊|加班)得(?:我|人|让人|你)?(?:都|要|想|直|快|差点|好|真)?$|[甜笑帅美尬]到(?:我)?(?:都|要|想)?$"
)
"""What stands right before a complaint that is none: 这价格看得我心口疼."""
EMERGENCY, CRISIS = "emergency", "crisis"
REACH = 10
"""Characters before a flag that may deny it."""


def standing(text: str, hits: Iterable[Hit]) -> list[Hit]:
    """Return the flags that are meant, here and now."""
    followed_up = FOLLOWED_UP.search(text) is not None and NOW.search(text) is None
    return [hit for hit in hits if not _is_none(text, hit, followed_up=followed_up)]


def is_exaggerated(text: str, start: int) -> bool:
    """Tell whether a complaint that begins here only says how something is."""
    return start > 1 and EXAGGERATED.search(text, max(0, start - REACH), start) is not None


def _is_none(text: str, hit: Hit, *, followed_up: bool) -> bool:
    if NOT_SO.search(text, max(0, hit.start - REACH), hit.start) is not None or is_exaggerated(text, hit.start):
        return True
    first, last = _clause(text, hit)
    if hit.entry.kind == CRISIS:
        return TOLD.search(text, first, last) is not None and NOW.search(text, first, last) is None
    if FIGURE.search(text) is not None and NEAR_ONE.search(text) is None:
        return True
    if followed_up or SINCE.match(text, hit.end) is not None:
        return True
    return ONCE.search(text, first, last) is not None and NOW.search(text, first, last) is None


def _clause(text: str, hit: Hit) -> tuple[int, int]:
    """Return where the clause of a flag begins and ends."""
    first = hit.start
    while first > 0 and CLAUSE.match(text, first - 1) is None:
        first -= 1
    behind = CLAUSE.search(text, hit.end)
    return first, behind.start() if behind else len(text)
