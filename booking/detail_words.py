"""The language table of personal details: the words people write around names, numbers and dates."""

NAME_LABELS = (
    "就诊人姓名",
    "患者姓名",
    "真实姓名",
    "姓名",
    "名字",
    "我的名字",
    "就诊人",
    "患者",
    "病人",
    "我叫",
    "叫做",
    "我是",
    "本人",
)
NUMBER_LABELS = (
    "监护人身份证号",
    "居民身份证",
    "身份证件号",
    "身份证号码",
    "身份证号",
    "身份证",
    "证件号码",
    "证件号",
)
MOBILE_LABELS = ("手机号码", "手机号", "手机", "联系电话", "电话号码", "电话", "联系方式", "联系号码", "号码")
LATIN_LABELS = ("name", "tel", "phone", "mobile", "id")
OTHER_LABELS = ("性别", "出生日期", "生日", "年龄", "护照", "回乡证", "台胞证")
COPULAS = ("就是", "是", "为", "叫")
"""Words that may stand between a label and what it names."""

NOT_IN_NAMES = frozenset("我你您他她它的了吗呢吧啊请没这")
"""Characters that occur in sentences and not in people's names."""
SELDOM_IN_NAMES = frozenset("要想把帮跟给不那是")
"""Characters of sentences that people also bear, as in 李想 or 那英: a text with one is a name when it is short."""
SURNAMES_AMONG_THEM = frozenset("那要")
_NOT_NAMES = (
    "预约 挂号 医生 大夫 门诊 身份证 什么 怎么 可以 谢谢 稍等 等一下 等等 同意 确认 确定 返回 不对 不是 换一个 "
    "多少 几点 在哪 哪里 哪儿 电话 地址 有号"
)
NOT_NAMES = tuple(_NOT_NAMES.split())
"""Words that make a sentence of a text, however short."""

NAME_DOT = "·"
DOTS = "•・‧∙⋅●"
"""What telephones write for the dot in a transliterated name."""

YEAR, MONTH, DAYS = "年", "月", "日号"
SEXES = ("男", "女", "男性", "女性")
NUMERALS = "〇零一二三四五六七八九幺两"
"""How digits are written in words."""
