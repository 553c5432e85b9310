"""The grammar of days and times in Chinese, as patterns; ``days`` and ``clock`` say what they mean."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from handlers.understanding.numerals import NUMBER

SLIPS = {
    "挂好": "挂号", "挂耗": "挂号", "挂浩": "挂号", "卦号": "挂号", "褂号": "挂号", "刮号": "挂号",
    "预越": "预约", "预月": "预约", "予约": "预约", "预药": "预约", "雨约": "预约", "遇约": "预约",
    "名天": "明天", "明填": "明天", "厚天": "后天", "候天": "后天", "今田": "今天", "金天": "今天", "今添": "今天",
    "夏午": "下午", "下舞": "下午", "下无": "下午", "上无": "上午", "尚午": "上午", "钟午": "中午", "忠午": "中午",
    "星其": "星期", "礼白": "礼拜", "礼摆": "礼拜", "夏周": "下周", "下州": "下周", "下洲": "下周", "这州": "这周",
    "周衫": "周三", "周散": "周三", "周武": "周五", "周舞": "周五", "周斯": "周四", "周溜": "周六", "周流": "周六",
    "医声": "医生", "大府": "大夫", "代夫": "大夫", "主认": "主任", "铺约": "预约",
    "取销": "取消", "曲消": "取消", "退耗": "退号", "改越": "改约",
    "复枕": "复诊", "付诊": "复诊", "头诉": "投诉",
    "人功": "人工", "人宫": "人工", "客福": "客服", "有好吗": "有号吗", "有耗吗": "有号吗", "有好么": "有号么",
    "还有好": "还有号", "有没有好": "有没有号", "牙腾": "牙疼", "头腾": "头疼",
    "感帽": "感冒", "有木有": "有没有", "不得劲": "不舒服", "肚子腾": "肚子疼", "口强": "口腔", "扣腔": "口腔", "口枪": "口腔",
}  # fmt: skip
"""What voice recognition and hasty fingers write, of one length with what was meant."""

FIGURE = re.compile(r"(?<=\d)[ol](?=[\d号日点月:])")
"""A letter typed for a figure: 2O号."""

WEEKDAYS = {
    letter: day for day, letters in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7")) for letter in letters
}
FIRST_MONTH = "元"
_WEEK = r"(?:周|星期|礼拜)"
_WEEKDAY = r"[一二三四五六日天1-7]"
_NEXT = r"(?:(?<=[问查]下)下{1,3}|(?<![一问查])下{1,4}|(?<=[问查])下(?!下))"
"""下 before a week or a month; 问下下周一 asks about the next one."""
_NO_DAY = r"(?![楼线床栋院门诊室窗桌厅车房病店馆梯幢单机座台码]|\d(?!\d?(?:[号日点:]|月)))"
"""What makes 3号楼 of 3号."""
_NO_UNIT = r"(?!\d|\.\d|[元块度斤克米℃%个岁天次分钱kmg毫公万点倍]|周(?![一二三四五六日末]))"
MORNING, NOON, AFTERNOON, EVENING = "morning", "noon", "afternoon", "evening"
PARTS = {
    MORNING: "清晨 清早 大清早 一大早 大早上 一早 早上 早晨 早间 朝早 朝头早 朝 上昼 上午 上半天 上半日 午前 头晌 前晌 早",
    NOON: "中午 正午 午间 晌午 中饭时",
    AFTERNOON: "下午 午后 下昼 晏昼 后晌 下晌 下半天 下半日",
    EVENING: "傍晚 晚上 晚间 夜晚 大晚上 下班后 下班以后 晚",
}
PART_OF = {word: part for part, words in PARTS.items() for word in words.split()}
_PART_WORDS = sorted((word for word in PART_OF if len(word) > 1), key=len, reverse=True)
HOLIDAYS = {
    "元旦": "元旦", "春节": "春节", "过年": "春节", "大年": "春节", "年": "春节", "除夕": "除夕", "大年三十": "除夕", "年三十": "除夕", "清明节": "清明", "清明": "清明", "五一": "劳动节", "劳动节": "劳动节",
    "端午节": "端午", "端午": "端午", "端五": "端午", "端五节": "端午", "中秋节": "中秋", "中秋": "中秋", "国庆节": "国庆", "国庆": "国庆", "十一": "国庆",
    "六一": "儿童节", "六一儿童节": "儿童节", "儿童节": "儿童节", "圣诞": "圣诞", "圣诞节": "圣诞", "教师节": "教师节", "妇女节": "妇女节",
}  # fmt: skip
"""Names as they are said, and as the table of holidays begins them."""
_BREAK = r"(?:节日|连假|假期|长假|小长假|黄金周|放假(?![吗么不没嘛])|期间|假)"

_NUMERALS = "0123456789一二两三四五六七八九十廿零〇"
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("iso", "2", r"(?P<iso_year>20\d\d)[-./年](?P<iso_month>\d{1,2})[-./月](?P<iso_day>\d{1,2})[号日]?(?!\d)"),
    (
        "past",
        "大昨前上去刚每",
        (
            rf"大{{0,4}}[昨前][天日儿晚](?:[早晚]上?|上午|下午|夜里)?|上{{1,3}}(?:个?(?:周|星期|礼拜)(?:{_WEEKDAY}|末)?|个?月(?:{NUMBER}[号日])?|次|回)"
            rf"|去年(?:{NUMBER}月)?|前年|刚才|每(?:个?(?:周|星期|礼拜){_WEEKDAY}?|天|日|晚|个月|年)"
        ),
    ),
    (
        "vague",
        "过隔这近改哪几月什啥周星礼正腊农阴初凌半夜深今大后",
        rf"(?:凌晨|大?半夜|夜里|深夜|深更半夜|后半夜|今夜|夜间)(?:[一二两三四五六七八九]?{NUMBER}点(?:半|{NUMBER}分?)?多?)?|[过隔][两几]天|过[一]?段时间|[这近]几[天日]|这[两俩]天|近期|改天|(?<!随便)(?<!管)哪[天日]|哪一天|几[号点]|月[初中](?!药)|月底(?!之?前|以前)|[正腊]月(?:初?{NUMBER}[号日]?)?|(?:农历|阴历)[^,。]{{0,8}}|初[一二三四五六七八九十]|[什啥]么?时[候间]|周几|星期几|礼拜几",
    ),
    ("month_end", "月", r"月[底末](?=之?前|以前)"),
    ("pair", "今明", r"[今明](?:天?和?[明后])两?天|今明两天|明后两天"),
    (
        "relative",
        "大后今明当听赶",
        r"大{0,4}后(?:[天日]|个?儿个?)|[今明](?:[天日]|个?儿个?)|赶明儿?个?|[今明]个(?!月|星|周|礼)|听日|今朝|明朝(?=[上下早晚])|当天|(?:今|明|后|听)(?=[早晚]|上午|下午|夜)|听(?=朝)",
    ),
    (
        "within",
        "未接这" + _NUMERALS,
        rf"(?:(?P<coming>(?:未来|接下来)的?)|这)?(?P<within_count>{NUMBER})[个]?(?P<within_unit>天|日|周|星期|礼拜)(?:之?内|以内|(?(coming)|(?!)))",
    ),
    (
        "later",
        "再过隔半" + _NUMERALS,
        (
            rf"(?:(?P<over>再?过|隔)|(?<![每隔过]))(?P<later_count>{NUMBER}|半)个?(?P<later_unit>天|日|周|星期|礼拜|月)(?P<later_half>半)?"
            rf"(?:(?:之?后|以后|过后)(?!第|期)|(?(over)(?=[再来去看挂约想给帮,的我要]|$)|(?!)))"
        ),
    ),
    (
        "weekday",
        "下这本今周星礼",
        (
            rf"(?:(?P<weeks>{_NEXT})个?|(?P<this_week>这个?|本|今))?(?:(?<=[周期拜][一二三四五六日天])|(?<![一两二三四五六七八九十\d几每半叫]))"
            rf"{_WEEK}(?:(?P<several>[一二三四五六日天]{{2,6}})(?![点号个早大次日天楼])|(?P<day_of_week>[一二三四五六日天](?![次点号个])|[1-7](?![次点号个\d])))"
            rf"(?:[至到\-~](?P<to_day>{_WEEKDAY})(?![点号个月日天周\d]))?"
        ),
    ),
    ("weekend", "下这本周双", rf"(?:(?P<weekends>{_NEXT})个?|这个?|本)?周末|双休日"),
    ("week", "下这本", rf"(?P<whole>{_NEXT}|这|本)个?{_WEEK}(?!次)"),
    (
        "date",
        "下这本当明今后元" + _NUMERALS,
        (
            rf"(?:(?P<year>20\d\d|[明今后]年?)年?)?(?:(?P<next_month>下{{1,4}})个?月|(?P<this_month>这个?|本|当)月|(?P<month>{NUMBER}|{FIRST_MONTH})月份?)"
            rf"(?P<of_month>初|中旬|底|上旬|下旬|末)?(?:(?P<date_day>{NUMBER})(?!月)[号日]?{_NO_DAY})?(?![大龄嫂经])"
            rf"(?:[至到\-~](?P<to_date>{NUMBER})[号日]{_NO_DAY})?"
        ),
    ),
    (
        "days",
        _NUMERALS,
        rf"(?<![第排叫\d.:/])(?P<first_day>{NUMBER})(?:[号日]?[至到\-~])(?P<last_day>{NUMBER})[号日]{_NO_DAY}",
    ),
    ("day", _NUMERALS, rf"(?<![第排叫\d.:/挂过])(?<![排叫]到)(?P<day_number>{NUMBER})[号日]{_NO_DAY}"),
    (
        "holiday",
        "元春过大清五劳端中国十节放假除年六儿圣教妇",
        (
            rf"(?:(?P<festival>元旦|春节|过年|大年(?=初|夜)|清明节?|五一(?!广场|路|街|大道)|劳动节|端[午五]节?|中秋节?|国庆节?|六一(?!路|医院|零|二)(?:儿童节)?|儿童节|圣诞节?|教师节|妇女节|除夕|大年三十|年三十|十一(?={_BREAK}|[前后节]|那天|当天|你们|还[有上开]|[有上开看去来挂约想]|去[看挂]))"
            rf"|(?:(?<![\u4e00-\u9fff])|(?<=[到在约挂成过完]))节(?=[前后])|(?<![\d两几半一二三四五六七八九十多去今明前])年(?=[前后](?!面))|(?:过|放)完[年节假]|放假(?=前|后)|假期(?=前|后|最后|第))(?:{_BREAK}|的)*"
            rf"(?P<around>(?:之|以|过)?[前后](?:面|头|边)?(?:上班|开工|复工)?|过了|头天)?(?P<nth>的?(?:第[一二三1-3]天|头[一1]天|首日)|的?最后[一1]天|[一1]天(?!假|三))?(?:上班|开工|复工|开诊)?(?P<festival_day>当[天日]|那[一]?天|正日子?|(?<=夕)|(?<=三十))?"
        ),
    ),
    (
        "dotted",
        "0123456789",
        rf"(?<![\d./\-压糖温度酸醇白高低是])(?<!\d:)(?P<dot_month>\d{{1,2}})[./\-](?P<dot_day>\d{{1,2}})[号日]?{_NO_UNIT}(?![:/\-点])(?:[(,]?(?:周|星期|礼拜)(?P<dot_weekday>[一二三四五六日天]))?",
    ),
    (
        "clock",
        _NUMERALS,
        (
            rf"(?<![\d.:第])(?<![有早晚快慢好多差少这重轻][一两])(?<!差[一两五十]分)(?<!差一刻)(?<!差[五十])"
            rf"(?:(?P<clock_from>{NUMBER})[至到\-~](?=\d{{1,2}}[点时]|[一二两三四五六七八九十]+[点时])|(?P<pair_from>[一二两三四五六七八九])(?=[二三四五六七八九][点时]))?"
            rf"(?P<hour>{NUMBER})(?:(?:点(?!建议|意见|疑问|要求|想法|原因|水|心)钟?|时(?!候|间))(?:(?P<half>半)|(?P<quarter>[一1三3])刻|(?P<minute>[0-5]\d|[二三四五]?十[一二三四五六七八九]?|零?[五5])分?(?![号日天个]))?"
            rf"|:(?P<minutes>[0-5]\d)(?!\d))"
        ),
    ),
    (
        "part",
        "早晚" + "".join(word[0] for word in _PART_WORDS),
        rf"(?:{'|'.join(_PART_WORDS)})(?!好(?:[,。!呀啊医]|$))|(?<=[今明后天日听一二三四五六])[早晚](?![点些饭餐就一])|(?<=听)朝|(?<![\u4e00-\u9fff])[早晚](?=\d)",
    ),
)
"""What speaks of a day or a time: kind, with which letters it may begin, and its pattern; the first that fits counts."""


@cache
def patterns() -> Mapping[str, re.Pattern[str]]:
    """Return for each letter with which a day or a time may begin the pattern of all kinds that may begin with it."""
    compiled: dict[tuple[str, ...], re.Pattern[str]] = {}
    found: dict[str, re.Pattern[str]] = {}
    for letter in sorted({letter for _, letters, _ in _KINDS for letter in letters}):
        fitting = tuple(f"(?P<{kind}>{pattern})" for kind, letters, pattern in _KINDS if letter in letters)
        if fitting not in compiled:
            compiled[fitting] = re.compile("|".join(fitting))
        found[letter] = compiled[fitting]
    return found


def times(text: str, place: int = 0) -> Iterator[re.Match[str]]:
    """Return the days and times of a text from a place on; the name of the outermost group is the kind."""
    fitting = patterns()
    while (begin := BEGIN.search(text, place)) is not None:
        place = begin.start()
        found = fitting[text[place]].match(text, place)
        if found is not None:
            yield found
        place = found.end() if found is not None else place + 1


BEGIN = re.compile(f"[{''.join(sorted({letter for _, letters, _ in _KINDS for letter in letters}))}]")
"""A letter with which a day or a time may begin."""
AFTER_TIME = re.compile(
    r"(?P<excluded>(?:那天|的?时候|的|我|都|也|这天|是){0,2}(?:不行|不可以|不方便|没空|没时间|没有空|有事|要上班|要?开会|上班(?![吗么不没的嘛])|有会|要?出差|要?加班|有课|要?考试|要?上课|在外地|没法|走不开|来不及|不在|去不了|来不了|除外|以外|不要|不去|不考虑|之外))"
    r"|(?P<before>之前|以前|前(?!列|天|面|台|往|来|去)|为止)|(?P<after>之后|以后|过后|后(?!天|勤|背|面)|往后)"
    r"|(?P<onward>开始|起|之起|及以后|及之后)|(?P<about>之内|以内|内(?!科|分|镜|痔|膜|衣)|左右|之间|期间|中间|多|来钟|许|钟|的时候|那天|这天|当天)"
)
"""What stands right behind a time and turns it."""
TURNING = frozenset("那的时我都也开出加考上走这是不没有要去来除以之前内为后过往开起及左期中多许钟当")
"""The letters with which ``AFTER_TIME`` may begin."""
WAS_THERE = re.compile(
    r"[\u4e00-\u9fff]{0,4}?(?:看|挂|做|约|打|拔|补|查|来|去)过|(?:做|看|来|打|拔|补|查)的(?!号|预约|话)|刚(?:刚|才)?(?:看|打|做|拔|补|挂|约|从|去|来|到|抽)"
)
"""What stands behind the day of a visit that was."""
BOOKED_THEN = re.compile(r"(?:挂|约|预约|订|抢)[的了到](?=[^,。]{0,4}(?:[今明后周下\d]|星期|礼拜))")
"""What stands behind the time at which something was booked: 早上挂的明天的号."""
RELEASED = re.compile(r"(?:准时|才|就|开始)?放(?:号|出来|的)")
"""What stands behind the time at which seats can be had, which is none of a visit: 七点放号."""
WAKING = re.compile(
    r"(?:早上|晚上|中午|下午)?(?:又|才|突然|忽然|更)(?!想|要|来|去|能|可|有)|(?:早上|晚上|中午|下午)?(?:一|刚|刚刚|就|才)?(?:睡|醒|起床|起来|躺|刷牙|洗脸|追剧|加班到|熬夜)"
)
"""What stands behind a time that tells how somebody's day is: 早上起来, 晚上睡觉."""
LOOK_BACK = frozenset("开去除要想是别选约挂括避这个在说了从自打")
"""The letters with which ``BEFORE_TIME`` and ``FROM_TIME`` may end."""
BEFORE_TIME = re.compile(
    r"(?:除了|除开|除去|除|不要|不想要?|(?<![呃额哦噢哎啊])不是|别|不选|不约|不挂|避开|不包括)(?:给我|帮我|给|再)?(?:这个?|在|挂|约|选|说|排|安排)?$"
)
"""What stands right before a time that is not wanted."""
FROM_TIME = re.compile(r"(?:从|自|打)$")
JOINED = re.compile(r"\s*(?:(?P<to>到|至|-|~|一直到|直到)|(?P<or>或者?|和|跟|与|、|,|以及|还是|还有|要么)|)\s*")
"""What stands between two times of one wish."""
CORRECTION = re.compile(
    r"不对|(?:哦|噢|啊|额|呃|哎)不(?:是|对)?|不是(?!.{0,8}[吗嘛])|错了|说错|打错|(?<![\u4e00-\u9fff])哦?不(?=[,!。 ])|(?:,|。)不(?=[周星礼明后下上今])|应该是|更正|啊不|噢不|等等|等一?下|等会|说反|记错|弄错|改一下,|算了"
)
"""What takes back what was said before it."""
DATE_BEFORE = re.compile(r"(?:^|[,。:]|(?:改|换|挂|约|号|科|生|任|夫)[到成约]?|(?:\d|号)到)$")
"""What stands before 12.3 when it is a day and no other figure."""
BOUND_CLOCK = re.compile(r"(?:到|至|在|约|挂|改|就|来|去|成|:|、|,|^)$")
"""What stands before 一点 when it is a time."""
