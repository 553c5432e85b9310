"""What the patient reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.parser import parse_message

from bot.wechat import MAX_TEXT, reply_text
from bot.wechat.render import cut, reply_xml, with_earlier, without_links
from handlers.chat import Choice, Reply

LINK = '1. <a href="weixin://bizmsgmenu?msgmenucontent=1&msgmenuid=d%3Adental">口腔科</a>'


def xml(text: str) -> bytes:
    return reply_xml(openid="oAnna", account="gh_1", created=1, text=text)


def test_a_reply_is_text_then_choices_then_the_question() -> None:
    reply = Reply("请选择科室", (Choice(1, "口腔科", "d:dental"),), "请输入姓名")
    assert reply_text(reply) == f"请选择科室\n{LINK}\n请输入姓名"


def test_a_reply_without_choices_is_its_text() -> None:
    assert reply_text(Reply("预约成功")) == "预约成功"


def test_a_tap_is_percent_encoded() -> None:
    text = reply_text(Reply("", (Choice(2, "上午", "日期=2026-11-23&x"),)))
    assert "msgmenuid=%E6%97%A5%E6%9C%9F%3D2026-11-23%26x" in text


def test_a_label_cannot_end_its_link() -> None:
    text = reply_text(Reply("", (Choice(1, '</a><a href="http://evil">', "t"),)))
    assert text.count("<a ") == 1


def test_links_are_dropped_when_they_do_not_fit() -> None:
    choices = tuple(Choice(n, f"口腔科{n}", "department:" + "x" * 200) for n in range(1, 9))
    text = reply_text(Reply("请选择科室", choices))
    assert text.splitlines() == ["请选择科室", *(f"{n}. 口腔科{n}" for n in range(1, 9))]


def test_what_is_still_too_long_is_cut_between_characters() -> None:
    text = reply_text(Reply("牙" * 1000))
    assert len(text.encode()) <= MAX_TEXT
    assert text == "牙" * (len(text) - 1) + "…"


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(3, 80))
def test_a_cut_text_fits(text: str, room: int) -> None:
    short = cut(text, room)
    assert len(short.encode()) <= room
    assert short == text or text.startswith(short.removesuffix("…"))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_a_reply_cannot_carry_markup_of_the_patients_own(text: str) -> None:
    content = parse_message(xml(f"a{text}]]></Content><MsgType>image</MsgType>z")).content
    assert content == f"a{text}]]></Content><MsgType>image</MsgType>z"


def test_characters_that_xml_forbids_are_left_out() -> None:
    assert parse_message(xml("a\x00\x0b\ud800\ufffeb")).content == "ab"


def test_a_strange_account_cannot_break_the_reply_either() -> None:
    body = reply_xml(openid="o]]><x>", account="gh_1", created=1, text="好")
    assert parse_message(body).target == "o]]><x>"


def test_earlier_answers_stand_first_without_links() -> None:
    text, carried = with_earlier([("m1", f"请选择\n{LINK}")], "现在的答复", "【之前】")
    assert text == "【之前】\n请选择\n1. 口腔科\n\n现在的答复"
    assert carried == ["m1"]


def test_an_earlier_answer_is_the_whole_answer_to_a_message_without_one() -> None:
    assert with_earlier([("m1", "预约成功")], "", "【之前】") == ("【之前】\n预约成功", ["m1"])


@pytest.mark.parametrize(("size", "whole", "shown"), [(10, 2, 2), (300, 1, 1), (500, 0, 1), (680, 0, 0)])
def test_earlier_answers_that_find_no_room_wait_for_the_next(size: int, whole: int, shown: int) -> None:
    now = "牙" * size
    text, carried = with_earlier([(f"m{n}", "早" * 300) for n in range(3)], now, "【之前】")
    assert len(text.encode()) <= MAX_TEXT
    assert text.endswith(now)
    assert carried == [f"m{n}" for n in range(shown)]
    assert text.count("早" * 300) == whole


def test_a_text_without_links_is_left_alone() -> None:
    assert without_links('<a href="https://example.com">x</a>') == '<a href="https://example.com">x</a>'
