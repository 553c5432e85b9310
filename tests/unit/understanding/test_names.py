"""Departments, doctors and patients in a sentence."""

import pytest

from booking.models import Catalogue, Department, Doctor
from bot.language_tables import language_tables
from handlers.understanding.engine import Understanding
from handlers.understanding.tables import Tables
from tests.support.understood import MONDAY, said, sample_catalogue, understood


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("口腔科", "dental"),
        ("口腔", "dental"),
        ("牙科", "dental"),
        ("牙医", "dental"),
        ("口强科", "dental"),
        ("口控科", "dental"),
        ("扣枪科", "dental"),
        ("kouqiangke", "dental"),
        ("Yanke", "eye"),
        ("眼科", "eye"),
        ("眼棵", "eye"),
        ("挂烟科", "eye"),
        ("內科", "internal"),
        ("心血管内科", "internal"),
        ("神经内科", "internal"),
        ("心内科", "internal"),
        ("妇产科", "gynecology"),
        ("婦科", "gynecology"),
        ("小儿科", "pediatrics"),
        ("儿童门诊", "pediatrics"),
        ("中医", "tcm"),
        ("看中医", "tcm"),
        ("针灸", "tcm"),
        ("推拿", "tcm"),
        ("全科", "general"),
        ("家庭医生", "general"),
        ("外科", "surgery"),
        ("换药", "surgery"),
        ("补牙", "dental"),
        ("洗牙", "dental"),
        ("拔智齿", "dental"),
        ("配眼镜", "eye"),
        ("验光", "eye"),
        ("孕检", "gynecology"),
        ("产检", "gynecology"),
        ("打疫苗", "general"),
        ("给孩子打疫苗", "pediatrics"),
        ("做胃镜", "internal"),
        ("不是牙科，是眼科", "eye"),
        ("口腔科，不对，眼科", "eye"),
        ("我要挂的是眼科不是牙科", "eye"),
    ],
)
def test_a_department_is_read(text: str, code: str) -> None:
    assert understood(text).department == code


@pytest.mark.parametrize(
    "text", ["骨科", "皮肤科", "皮夫科", "耳鼻喉科", "耳鼻候科", "拍片", "火星科", "中意你", "美好时光", "付可"]
)
def test_what_the_clinic_has_not_is_not_taken_for_what_it_has(text: str) -> None:
    reading = understood(text)
    assert (reading.department, reading.doctor) == (None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("王芳", "wang-fang"),
        ("王芳医生", "wang-fang"),
        ("王芳主任医师", "wang-fang"),
        ("王医生", "wang-fang"),
        ("王大夫", "wang-fang"),
        ("王主任", "wang-fang"),
        ("王教授", "wang-fang"),
        ("王一生", "wang-fang"),
        ("wangfang", "wang-fang"),
        ("Wang Fang", "wang-fang"),
        ("wang yisheng", "wang-fang"),
        ("挂王方", "wang-fang"),
        ("王方医生", "wang-fang"),
        ("陈国栋", "chen-guodong"),
        ("陳國棟", "chen-guodong"),
        ("陈国东", "chen-guodong"),
        ("陈主任", "chen-guodong"),
        ("单医生", "shan-tong"),
        ("单童", "shan-tong"),
        ("shantong", "shan-tong"),
        ("山童医生", "shan-tong"),
        ("任仲义", "ren-zhongyi"),
        ("任中医大夫，不，任仲义", "ren-zhongyi"),
    ],
)
def test_a_doctor_is_read_and_fixes_the_department(text: str, code: str) -> None:
    reading = understood(text)
    assert reading.doctor == code
    assert reading.department == sample_catalogue().doctors[code].department


@pytest.mark.parametrize("text", ["刘医生", "王", "方芳", "陈国梁是谁", "dantong"])
def test_a_doctor_the_clinic_has_not_is_not_guessed(text: str) -> None:
    assert understood(text).doctor is None


def _with_second_wang(title: str = "医师") -> Understanding:
    catalogue = sample_catalogue()
    second = Doctor("wang-lin", "王琳", title, "eye", catalogue.doctors["wang-fang"].fee)
    doctors = {**catalogue.doctors, second.code: second}
    changed = Catalogue(catalogue.clinic, catalogue.departments, doctors, version=2)
    return Understanding(changed, language_tables(), lambda _: None)


def test_of_two_doctors_of_one_surname_is_asked_which() -> None:
    reading = _with_second_wang().read("王医生明天有号吗", MONDAY)
    assert (reading.doctor, reading.department, reading.ask) == (None, None, ("doctor",))
    assert reading.doctors == ("wang-fang", "wang-lin")


def test_department_title_and_full_name_tell_which_of_two() -> None:
    two = _with_second_wang()
    assert two.read("口腔科王医生", MONDAY).doctor == "wang-fang"
    assert two.read("眼科王医生", MONDAY).doctor == "wang-lin"
    assert two.read("王主任", MONDAY).doctor == "wang-fang"
    assert two.read("王琳医生", MONDAY).doctor == "wang-lin"
    assert _with_second_wang("主任医师").read("王主任", MONDAY).ask == ("doctor",)


def test_a_doctor_of_another_department_is_asked() -> None:
    reading = understood("眼科王芳医生")
    assert (reading.department, reading.doctor, reading.ask) == ("eye", None, ("doctor",))


def test_two_doctors_or_two_departments_are_asked() -> None:
    assert understood("王医生或者李医生").ask == ("doctor",)
    assert understood("口腔科和眼科").ask == ("department",)


@pytest.mark.parametrize(
    ("text", "patient"),
    [
        ("帮我妈约个眼科", "我妈"),
        ("我爸想看内科", "我爸"),
        ("给孩子挂儿科", "孩子"),
        ("我家宝宝要看儿科", "宝宝"),
        ("给老公约个外科", "老公"),
        ("帮我老婆挂妇科", "老婆"),
        ("给奶奶挂个中医", "奶奶"),
        ("给张小明约个眼科", "张小明"),
        ("帮李雷挂个内科", "李雷"),
        ("替欧阳锋挂中医科", "欧阳锋"),
        ("帮王芳约个眼科", "王芳"),
        ("给我自己挂个内科", "自己"),
        ("帮朋友挂内科", "朋友"),
        ("我朋友想看牙", None),
        ("患者王小明 想约内科", "王小明"),
        ("娃儿发烧咯", "娃儿"),
        ("妈呀挂个内科", None),
        ("帮我约个眼科", None),
        ("给我挂个内科", None),
        ("帮忙挂个内科", None),
        ("帮你们医生约", None),
        ("明天成都来的能挂内科吗", None),
    ],
)
def test_for_whom_is_read(text: str, patient: str | None) -> None:
    assert said(text).get("patient") == patient


def test_a_child_is_known_by_word_and_by_age() -> None:
    assert understood("孩子咳嗽").department == "pediatrics"
    assert understood("3岁咳嗽").department == "pediatrics"
    assert understood("6个月大发烧").department == "pediatrics"
    assert understood("女儿20岁咳嗽").ask == ("department",)
    assert understood("孩子牙疼").department == "dental"
    assert understood("帮张小明挂号，孩子咳嗽").department == "pediatrics"
    assert understood("岁数大了咳嗽").child is None
    assert understood("几个月大咳嗽").child is None


def test_names_that_are_no_chinese_names_do_no_harm() -> None:
    catalogue = sample_catalogue()
    fee = catalogue.doctors["wang-fang"].fee
    doctors = {
        "john": Doctor("john", "John Smith", "", "eye", fee, skills=("",)),
        "smile": Doctor("smile", "🙂", "", "eye", fee),
        "gone": Doctor("gone", "王芳", "", "eye", fee, active=False),
    }
    departments = {"eye": Department("eye", "科", aliases=("", "眼科"))}
    odd = Understanding(Catalogue(catalogue.clinic, departments, doctors, version=3), language_tables(), lambda _: None)
    assert odd.read("挂眼科john smith", MONDAY).doctor == "john"
    assert odd.read("🙂", MONDAY).doctor is None
    assert odd.read("王芳", MONDAY).doctor is None
    assert odd.read("骨棵", MONDAY).department is None
    nobody = Understanding(Catalogue(catalogue.clinic, {}, {}, version=4), Tables(), lambda _: None)
    assert nobody.read("王芳 口强科", MONDAY).row() == {}
