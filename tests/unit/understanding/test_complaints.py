"""Symptoms and the departments for them; red flags and what is none."""

from pathlib import Path

import pytest

from tests.support.understood import MONDAY, sample_understanding, understood


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("牙疼", ["dental"]),
        ("牙腾", ["dental"]),
        ("我牙齿好痛", ["dental"]),
        ("牙龈老出血", ["dental"]),
        ("后槽牙有点松", ["dental"]),
        ("眼睛痒", ["eye"]),
        ("眼睛又红又痒", ["eye"]),
        ("看东西模糊，视力下降", ["eye"]),
        ("月经推迟了", ["gynecology"]),
        ("痛经", ["gynecology"]),
        ("胃疼", ["internal"]),
        ("血压高", ["internal"]),
        ("糖尿病拿药", ["internal"]),
        ("头晕", ["internal"]),
        ("拉肚子", ["internal"]),
        ("脚崴了", ["surgery"]),
        ("痔疮", ["surgery"]),
        ("烫伤", ["surgery"]),
        ("落枕", ["tcm"]),
        ("发烧", ["general", "internal"]),
        ("感冒咳嗽", ["general", "internal"]),
        ("腰疼", ["tcm", "surgery"]),
        ("孩子发烧", ["pediatrics"]),
        ("宝宝拉肚子", ["pediatrics"]),
        ("儿子不长个", ["pediatrics"]),
        ("小孩牙疼", ["dental"]),
        ("身上起疹子", ["general"]),
        ("鼻炎", ["general"]),
        ("白内障", ["eye"]),
        ("子宫肌瘤", ["gynecology"]),
        ("运动损伤", ["surgery"]),
        ("舌头疼", ["dental"]),
        ("嘴里长了溃疡", ["dental"]),
        ("月经推迟十天", ["gynecology"]),
        ("手腕疼", ["tcm", "surgery"]),
        ("乳房疼", ["surgery", "gynecology"]),
        ("孩子入园体检", ["pediatrics"]),
        ("二胎", []),
        ("心里难过", []),
    ],
)
def test_a_symptom_leads_to_departments(text: str, codes: list[str]) -> None:
    reading = understood(text)
    found = list(reading.departments) or ([reading.department] if reading.department else [])
    assert sorted(found) == sorted(codes)
    assert reading.ask == (("department",) if len(codes) > 1 else ())


def test_a_department_named_counts_more_than_a_symptom() -> None:
    assert understood("牙疼挂内科").department == "internal"
    assert understood("发烧想看王芳医生").department == "dental"
    assert understood("牙疼").reasons


@pytest.mark.parametrize(
    "text",
    [
        "胸口闷痛冒冷汗",
        "胸痛出汗",
        "我爸胸口疼得厉害，一身冷汗",
        "心口像压了块石头，左胳膊发麻",
        "心脏突然绞痛",
        "喘不上气",
        "奶奶喘不过气来了",
        "呼吸困难",
        "憋得嘴唇发紫",
        "孩子噎住了脸发紫",
        "大出血",
        "血止不住",
        "流血不止怎么办",
        "伤口血一直流，按不住",
        "吐血了",
        "咳出血",
        "昏迷了",
        "我妈晕倒了",
        "叫不醒",
        "人没反应了",
        "意识不清",
        "孩子抽了",
        "宝宝在抽搐",
        "口吐白沫",
        "孩子高烧抽风",
        "嘴歪手没劲",
        "我爸嘴角歪了说话不清",
        "突然左边身子动不了",
        "突然一只手没力气",
        "半边脸麻木",
        "我爷爷中风了",
        "不想活了",
        "活着没意思",
        "我想死",
        "想自杀",
        "想跳楼",
        "吃了一瓶安眠药",
        "割腕了",
        "煤气中毒",
        "误服老鼠药",
        "出车祸了",
        "羊水破了",
        "怀孕出血",
        "肚子疼得打滚",
        "救命",
        "快叫救护车",
        "去年中风过，现在又嘴歪了",
        "胸痛，想挂明天的号",
        "胸悶痛出冷汗",
        "孩子被鱼刺卡住喉咙喘不上气",
    ],
)
def test_a_red_flag_is_urgent(text: str) -> None:
    assert understood(text).urgent


@pytest.mark.parametrize(
    "text",
    [
        "我爸去年中风过想复查",
        "中风后遗症做康复",
        "胸透",
        "做个胸片",
        "抽血",
        "孩子抽血要空腹吗",
        "想死你了",
        "笑死我了",
        "没有胸痛",
        "没有呼吸困难，就是咳嗽",
        "不是中风",
        "牙疼死了",
        "牙龈出血",
        "刷牙出血",
        "累死了",
        "鼻塞",
        "胸闷想看内科",
        "乳房胀痛",
        "手麻",
        "抽筋",
        "怎么预防中风",
        "以前得过心梗，来开药",
        "流鼻血",
        "月经量多",
        "痔疮便血",
        "嗓子疼",
        "感冒发烧",
        "预约挂号",
        "两年前晕倒过",
        "心情不好",
        "头晕",
        "失眠",
        "嗓子哑了说不出话",
        "脚崴了",
        "跳楼价",
    ],
)
def test_what_is_no_red_flag_is_not_urgent(text: str) -> None:
    assert not understood(text).urgent


def test_a_crisis_is_told_from_an_emergency() -> None:
    assert understood("不想活了").crisis
    assert not understood("喘不上气").crisis


SAID = (Path(__file__).parent / "red_flags.txt").read_text(encoding="utf-8").splitlines()
"""As people write: ``+`` before what is urgent, ``-`` before what only looks like it."""


def test_the_list_of_red_flags_is_told_apart() -> None:
    wrong = [line for line in SAID if understood(line[1:]).urgent != line.startswith("+")]
    assert len(SAID) > 200
    assert wrong == []


def test_the_alarm_is_what_the_whole_reading_says() -> None:
    """Every message is looked through for red flags, few are read as sentences."""
    for line in SAID:
        text = line[1:]
        reading = understood(text)
        kind = ("crisis" if reading.crisis else "emergency") if reading.urgent else ""
        assert sample_understanding().alarm(text, MONDAY) == kind, text
    assert {sample_understanding().alarm(text, MONDAY) for text in ("想自杀", "胸痛出冷汗", "牙疼")} == {
        "crisis",
        "emergency",
        "",
    }
