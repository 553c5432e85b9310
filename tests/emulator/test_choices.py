"""Reading texts as WeChat's client does."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.choices import choices_of, parts_of, stripped

MENU = (
    "请选择：\n"
    '1. <a href="weixin://bizmsgmenu?msgmenucontent=1&msgmenuid=dept%3Adental">口腔科</a>（余3）\n'
    "2. 儿科\n"
    "<a href='https://example.com/a?b=1&c=2'>详情</a>"
)


def test_a_person_reads_the_text_without_the_links():
    assert stripped(parts_of(MENU)) == "请选择：\n1. 口腔科（余3）\n2. 儿科\n详情"


def test_a_choice_carries_its_number_its_content_and_its_id():
    dental, children = choices_of(parts_of(MENU))
    assert (dental.number, dental.label, dental.content, dental.id) == ("1", "口腔科", "1", "dept:dental")
    assert dental.tappable
    assert (children.number, children.label, children.tappable) == ("2", "儿科", False)


def test_a_link_leads_where_it_says():
    links = [part for part in parts_of(MENU) if part.type == "link"]
    assert [link.url for link in links] == ["https://example.com/a?b=1&c=2"]


def test_a_bare_address_becomes_a_link_and_ends_before_chinese_text():
    plain, link, rest = parts_of("见https://example.com/x?y=1，谢谢")
    assert (plain.text, link.url, rest.text) == ("见", "https://example.com/x?y=1", "，谢谢")


def test_an_escaped_ampersand_loses_the_choices_id_as_it_would_in_wechat():
    (part,) = parts_of('<a href="weixin://bizmsgmenu?msgmenucontent=1&amp;msgmenuid=x">好</a>')
    assert part.id == ""


def test_script_addresses_and_other_markup_stay_plain_text():
    hostile = '<script>alert(1)</script><a href="javascript:alert(1)">点</a><img src=x onerror=alert(1)>'
    assert all(part.type == "plain" for part in parts_of(hostile))


@given(st.text(alphabet="<a href=\"'javascript:weixin//http>.&?点1 ", max_size=80))
def test_whatever_a_bot_writes_only_web_addresses_become_links(raw: str):
    for part in parts_of(raw):
        assert part.type != "link" or part.url.startswith(("http://", "https://"))
