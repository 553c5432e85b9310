"""The platform's rules for template fields."""

import pytest

from emulator.fields import broken_rule

ACCEPTED = [
    ("thing1", "一二三四五六七八九十一二三四五六七八九十"),
    ("character_string2", "ZY-20261124-0007"),
    ("phrase3", "预约成功"),
    ("name1", "司马相如"),
    ("name1", "Alexander Hamilton J"),
    ("phone_number4", "+86-0766-66888866"),
    ("time5", "15:01"),
    ("time5", "2019年10月1日 15:01"),
    ("time5", "2019年10月1日 15:01~16:30"),
    ("date6", "2019年10月1日"),
    ("date6", "2019-10-01 15:01"),
    ("number7", "123.45"),
    ("amount8", "¥50.00"),
    ("amount8", "50元"),
    ("car_number9", "粤A8Z888挂"),
    ("letter1", "abcXYZ"),
    ("symbol1", "★!"),
    ("keyword1", "随便什么文字，不受类型限制"),
]
REFUSED = [
    ("thing1", "一二三四五六七八九十一二三四五六七八九十一"),
    ("thing1", ""),
    ("thing1", "   "),
    ("thing1", "两\n行"),
    ("character_string2", "预约7"),
    ("character_string2", "x" * 33),
    ("phrase3", "六个汉字不行"),
    ("phrase3", "ok"),
    ("name1", "一二三四五六七八九十一"),
    ("name1", "abcdefghijklmnopqrstu"),
    ("name1", "张abcdefghij"),
    ("phone_number4", "138001380001380013"),
    ("phone_number4", "一三八"),
    ("time5", "25:00"),
    ("time5", "明天下午"),
    ("time5", "2019年10月1日"),
    ("date6", "10月1日"),
    ("date6", "2019年13月1日"),
    ("number7", "十二"),
    ("amount8", "12345678901"),
    ("letter1", "a1"),
]


@pytest.mark.parametrize(("key", "value"), ACCEPTED)
def test_a_value_within_its_rule_is_accepted(key: str, value: str):
    assert broken_rule(key, value) == ""


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_a_value_outside_its_rule_is_refused_with_the_rule(key: str, value: str):
    assert broken_rule(key, value)


def test_an_enumerated_field_takes_only_its_values():
    assert broken_rule("const1", "已停诊", options=["已停诊", "已取消"]) == ""
    assert "已取消" in broken_rule("const1", "改期", options=["已停诊", "已取消"])
