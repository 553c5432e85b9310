"""Words for people: relatives, surnames, titles, and how a patient is named."""

import re

INTRODUCE = "帮 给 替 为 叫 就诊人 患者 病人"
"""What may stand before a patient's name."""
MYSELF = "自己 本人"
AGED = "岁 个月大 个多月 月的孩子 月的宝宝 月的娃"

KIN = {
    "": "妈 爸 爹 娘 爷 奶 弟 哥 姐 妹",
    "child": (
        "孩子 娃 小孩 小孩子 娃儿 娃子 囡囡 伢儿 伢子 仔仔 细路仔 宝宝 宝贝 小宝 大宝 二宝 婴儿 幼儿 小朋友 儿子 女儿 闺女 姑娘 娃娃 孙子 孙女 外孙 外孙女 外甥 侄子 侄女 小儿子 小女儿 大儿子 "
        "大女儿 崽崽 崽 小家伙 毛毛 丫头 臭小子 新生儿"
    ),
    "adult": (
        "妈妈 爸爸 老汉 老汉儿 阿爸 阿妈 阿公 阿婆 母亲 父亲 老妈 老爸 爸妈 父母 老公 老婆 丈夫 妻子 爱人 媳妇 男朋友 女朋友 爷爷 奶奶 姥姥 姥爷 外公 外婆 公公 婆婆 岳父 岳母 "
        "丈母娘 老丈人 哥哥 姐姐 弟弟 妹妹 舅舅 姑姑 老人 老人家 老人 老伴 老爷子 老太太 儿媳 女婿 "
        "嫂子 表哥 表姐 表弟 表妹 老头 老头子 大姨 小姨 二姨 三姨 四姨 老姨 姨妈 姨父 姨夫 姑妈 大姑 二姑 小姑 姑父 伯伯 大伯 二伯 伯母 大娘 叔 二叔 三叔 小叔 大叔 大舅 二舅 小舅 舅妈 婶婶 大婶 二婶 堂哥 堂弟 堂姐 堂妹 老婆子 老太婆 老奶奶 老爷爷 太奶奶 太爷爷 大哥 二哥 大姐 二姐 小妹 小弟 大嫂 弟媳 妹夫 姐夫 亲家 老两口 奶娘 姆妈 爹爹 娘亲 公婆 岳丈 家婆 家公"
    ),
}
KIN["distant"] = "家人 家属 朋友 同事 同学 邻居 室友 先生 太太 对象 大爷 大妈 阿姨 叔叔 闺蜜 亲戚 员工 领导"
"""Who is meant to be seen only behind 帮, 给, 替: 朋友推荐的 speaks of none."""
OWN_DISTANT = frozenset(["对象", "先生", "太太", "家人", "家属"])
"""Of those, who is meant behind 我 as well."""
ONLY_SPEAKS = re.compile(
    r"(?:说|讲|推荐|介绍|陪|带我|送我|让我|叫我|给我|帮我|告诉|建议|回来|在家|不在|在上班|上班|放学|下课|上学|睡着了|睡了|睡觉了|催|都?喜欢|也?去过|挂过|看过的|认识|付|他爸|他妈|她爸|她妈|是学|在你们|退休|出差|考上|像谁|的同学|的老师|的朋友|快乐|没事|真|这么|回|同意|知道|打电话|帮|问我)"
)
"""What stands behind somebody who speaks, comes along or is elsewhere, and is no patient."""
PARENT_OF = re.compile(r"(?:他|她|的)?(?:爸|妈|爷|奶|姥|外公|外婆|姑|舅|姨|叔)")
"""What behind a child makes it one of the family: 孩子奶奶."""
ONLY_NEAR = re.compile(
    r"(?:(?<!是)不是给?|问|问问|问下|问一下|等|等着|接|接完|接了|接送|送|受|像|商量|听|跟|和|找|管|哄|照顾|伺候|陪着)(?:我|我家|咱|俺|他|她)?$"
)
"""What stands before somebody who is spoken to or waited for."""
MENSES = re.compile(r"大?姨妈(?=[^,。]{0,3}(?:来|没|期|推|不|巾|疼|痛|量|提前|晚|早|两|三|一|几|好))|大姨妈")
"""Aunt: the period."""
INTRODUCING = re.compile(r"(?:帮|给|替|为|带|陪)(?:我们?|咱|俺)?(?:家|的|一个|一位)?(?:老|小)?$")
MINE_OF = re.compile(r"(?:我们|我|俺|咱|咱们)(?:家)?$")
SELF = re.compile(r"(?:帮|给|替|为)(?:我)?(自己|本人)|(?:我自己|本人)")
AGE = re.compile(
    r"(\d{1,3}|[二三四五六七八九]?十?[一二三四五六七八九两]?)(?:周)?岁(半)?|(\d{1,2}|[一二两三四五六七八九十])个多?月(?:大|的(?:孩子|宝宝|娃))"
)
CHILD_AGE = 14
"""Up to this age a paediatrician sees what the table of symptoms gives to children."""

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白"
    "崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒"
    "耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟"
    "全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"
)
COMPOUND = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "尉迟",
    "皇甫",
    "司徒",
    "东方",
    "独孤",
    "慕容",
    "令狐",
    "夏侯",
    "长孙",
    "宇文",
    "轩辕",
    "公孙",
    "端木",
    "万俟",
)
UNUSUAL = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "朴": "piao", "区": "ou", "查": "zha", "盖": "ge", "员": "yun", "尉迟": "yu chi",
    "万俟": "mo qi", "覃": "qin", "冼": "xian", "缪": "miao", "翟": "zhai", "召": "shao", "折": "she", "黑": "he", "秘": "bi", "种": "chong",
    "繁": "po", "牟": "mou", "洗": "xian", "臧": "zang", "那": "na", "乐": "yue", "尹": "yin", "褚": "chu", "晁": "chao", "郇": "xun", "祭": "zhai",
    "长孙": "zhang sun", "令狐": "ling hu", "隗": "wei", "逄": "pang", "佴": "nai", "任": "ren", "华": "hua", "燕": "yan", "纪": "ji", "过": "guo",
}  # fmt: skip
"""How surnames read where the usual reading of the character is another."""

TITLES = (
    "医生",
    "大夫",
    "主任",
    "医师",
    "教授",
    "专家",
    "老师",
    "院长",
    "博士",
    "副主任",
    "主任医师",
    "副主任医师",
    "主治医师",
    "主治",
    "主治医生",
    "一生",
    "一声",
    "主人",
    "医身",
    "科主任",
    "郎中",
    "老中医",
    "老大夫",
    "老医生",
    "老主任",
    "老专家",
)
TITLES_IN_PINYIN = ("yisheng", "daifu", "zhuren", "jiaoshou", "doctor", "dr")

NAME_OF_PATIENT = re.compile(
    rf"(?:帮我?|给|替|为|(?:就诊人|患者|病人)(?:姓名|名字)?(?:是|叫|为|:)?|叫)(?P<name>(?:{'|'.join(COMPOUND)}|[{SURNAMES}])[\u4e00-\u9fff]{{1,2}}?)"
    r"(?=(?:来|想|要|需要)?(?:预约|挂|约|看|改|取消|退|查|复|的号|的预约|做|打|拍|找|[,。!?]|$))"
)
"""A full name behind 帮, 给, 替; what may look like one and is none is in ``NO_NAME``."""
NO_NAME = re.compile(
    r"^(?:.{0,2}[我你他她们的了]|我|你|他|她|孩|老|宝|一下|个|(?:和|都|来|时|成|明天|今|方便|全家|安排|单独|明早|花|应|计|向|管|应该|解决|封|全部|单位))"
)
LEADING = re.compile(
    r"(?P<name>[王李张刘陈杨赵黄吴徐孙胡朱郭何林罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶余潘杜戴夏钟汪田姜范石姚谭廖邹熊陆郝孔崔康毛邱秦史顾侯邵孟龙段雷钱汤尹黎]"
    r"[\u4e00-\u9fff]{1,2}?)(?:本人|同学)?(?=,?(?:要|想|需要|得)(?:来|去)?(?:看|挂|约|预约|做|拔|补|洗|打|查|检查|复查|取消|改))"
)
"""A full name with which a sentence begins: 张三要看牙."""
NO_LEADING = re.compile(
    r".(?:医生?|大夫|主任|师|老师|教授|院长|我|你|他|她|们|不|下|午)|(?:何|于|余|许|成|谢)(?:时|日|是|多|谢|下)"
)
NAMED_TOO = re.compile(rf"[{SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=[,。\d]|$)")
"""The name of a relative right behind the word for one: 我妈李秀英."""
