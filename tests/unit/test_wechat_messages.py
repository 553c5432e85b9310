"""Every kind of message and event as the dialogue sees it; identity; agreement with wechatpy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.parser import parse_message

from bot.wechat.delivery import BadDelivery
from bot.wechat.messages import to_delivery
from bot.wechat.xml import MAX_BODY, read_xml
from handlers.chat import Incoming

COMMON = "<ToUserName>gh_1</ToUserName><FromUserName>oAnna</FromUserName><CreateTime>1348831860</CreateTime>"


def incoming(inner: str, common: str = COMMON) -> Incoming:
    return to_delivery(read_xml(f"<xml>{common}{inner}</xml>".encode()), None).incoming


def message(kind: str, inner: str = "", number: int = 1234567890123456) -> Incoming:
    return incoming(f"<MsgType>{kind}</MsgType>{inner}<MsgId>{number}</MsgId>")


def event(name: str, inner: str = "") -> Incoming:
    return incoming(f"<MsgType>event</MsgType><Event>{name}</Event>{inner}")


def test_a_text_is_what_was_typed() -> None:
    read = message("text", "<Content><![CDATA[预约 <口腔科> & 明天]]></Content>")
    assert (read.openid, read.kind, read.text, read.tapped) == ("oAnna", "text", "预约 <口腔科> & 明天", None)


def test_a_tapped_choice_carries_its_id() -> None:
    read = message("text", "<Content>1</Content><bizmsgmenuid>department:dental</bizmsgmenuid>")
    assert (read.text, read.tapped) == ("1", "department:dental")


@pytest.mark.parametrize(
    "text",
    ["]]>", "😀🦷", "牙" * 10_000, "\u202e右至左\u200f", "１２３", "a\nb\tc", "&amp;", "<a href='x'>"],
)
def test_any_text_a_person_can_type_arrives_as_typed(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert message("text", f"<Content>{escaped}</Content>").text == text


@pytest.mark.parametrize("content", ["<Content></Content>", "<Content>   </Content>", "<Content/>", ""])
def test_a_text_of_only_spaces_is_empty(content: str) -> None:
    assert message("text", content).text == ""


def test_speech_is_read_as_text() -> None:
    assert message("voice", "<MediaId>m</MediaId><Recognition>预约口腔科</Recognition>").text == "预约口腔科"


def test_speech_that_was_not_recognised_is_empty() -> None:
    read = message("voice", "<MediaId>m</MediaId>")
    assert (read.kind, read.text) == ("voice", "")


@pytest.mark.parametrize(
    ("wechat", "ours"),
    [
        ("image", "image"),
        ("video", "video"),
        ("shortvideo", "video"),
        ("location", "location"),
        ("link", "link"),
        ("miniprogrampage", "other"),
        ("hologram", "other"),
        ("TEXT", "text"),
    ],
)
def test_every_kind_has_a_name(wechat: str, ours: str) -> None:
    assert message(wechat).kind == ours


def test_following_by_a_scene_code_tells_the_scene() -> None:
    read = event("subscribe", "<EventKey>qrscene_desk1</EventKey><Ticket>t</Ticket>")
    assert (read.kind, read.event, read.key) == ("event", "subscribe", "desk1")


def test_following_otherwise_tells_none() -> None:
    read = event("subscribe", "<EventKey></EventKey>")
    assert (read.event, read.key) == ("subscribe", None)


def test_scanning_tells_the_scene() -> None:
    assert (event("SCAN", "<EventKey>desk1</EventKey>").event, event("SCAN", "<EventKey>d</EventKey>").key) == (
        "scan",
        "d",
    )


def test_a_menu_click_tells_its_word() -> None:
    assert event("CLICK", "<EventKey>预约</EventKey>").key == "预约"


def test_a_finished_send_tells_its_number_and_result() -> None:
    read = event("TEMPLATESENDJOBFINISH", "<MsgID>200163836</MsgID><Status>failed:user block</Status>")
    assert (read.event, read.key, read.text) == ("templatesendjobfinish", "200163836", "failed:user block")


def test_nested_elements_of_an_event_do_no_harm() -> None:
    nested = "<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>"
    assert event("scancode_push", f"<EventKey>6</EventKey>{nested}").key == "6"


def test_each_delivery_of_a_message_has_the_same_identity() -> None:
    assert message("text", "<Content>1</Content>").request_id == message("text", "<Content>1</Content>").request_id


def test_the_same_number_from_two_accounts_is_two_messages() -> None:
    other = COMMON.replace("oAnna", "oBert")
    inner = "<MsgType>text</MsgType><Content>1</Content><MsgId>1</MsgId>"
    assert incoming(inner).request_id != incoming(inner, other).request_id


def test_the_same_number_at_another_time_is_another_message() -> None:
    later = COMMON.replace("1348831860", "1348831861")
    inner = "<MsgType>text</MsgType><Content>1</Content><MsgId>1</MsgId>"
    assert incoming(inner).request_id != incoming(inner, later).request_id


def test_two_events_of_the_same_second_are_two() -> None:
    names = {event("CLICK", "<EventKey>预约</EventKey>").request_id, event("CLICK").request_id}
    names |= {event("LOCATION", "<Latitude>23.1</Latitude>").request_id, event("VIEW").request_id}
    assert len(names) == 4


def test_two_finished_sends_of_the_same_second_are_two() -> None:
    first = event("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status>success</Status>")
    second = event("TEMPLATESENDJOBFINISH", "<MsgID>2</MsgID><Status>success</Status>")
    assert first.request_id != second.request_id


def test_a_request_id_holds_nothing_a_filter_takes_for_a_telephone_number() -> None:
    assert all(message("text", number=number).request_id.isalpha() for number in range(50))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "success",
        "<xml>",
        "<xml></xml>",
        "<html></html>",
        "<xml><ToUserName>a</ToUserName>",
        '{"openid": 1}',
        f"<xml>{COMMON}</xml>",
        f"<xml>{COMMON}<MsgType></MsgType></xml>",
        f"<xml>{COMMON}<MsgType>text</MsgType><Content>1</Content></xml>",
        f"<xml>{COMMON}<MsgType>text</MsgType><MsgId>x</MsgId></xml>",
        f"<xml>{COMMON}<MsgType>text</MsgType><MsgId>１２</MsgId></xml>",
        f"<xml>{COMMON}<MsgType>text</MsgType><MsgId>{'9' * 21}</MsgId></xml>",
        f"<xml>{COMMON}<MsgType>event</MsgType></xml>",
        f"<xml>{COMMON}<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event></xml>",
        f"<xml>{COMMON}{COMMON}<MsgType>text</MsgType><MsgId>1</MsgId></xml>",
        f"<xml>{COMMON}<MsgType>text</MsgType><MsgId>1</MsgId><Content>1</Content><Content>2</Content></xml>",
        f"<xml>{COMMON}<MsgType><b>text</b></MsgType><MsgId>1</MsgId></xml>",
        f"<xml>{COMMON.replace('1348831860', 'soon')}<MsgType>text</MsgType><MsgId>1</MsgId></xml>",
        f"<xml>{COMMON.replace('oAnna', '')}<MsgType>text</MsgType><MsgId>1</MsgId></xml>",
        f"<xml>{COMMON.replace('oAnna', 'o' * 129)}<MsgType>text</MsgType><MsgId>1</MsgId></xml>",
        f"<xml>{COMMON}<MsgType>text</MsgType><MsgId>1</MsgId></xml><xml/>",
        f"<xml>{COMMON}<MsgType>text</MsgType><MsgId>1</MsgId><Content>\x01</Content></xml>",
        f'<!DOCTYPE x [<!ENTITY a "b">]><xml>{COMMON}<MsgType>&a;</MsgType><MsgId>1</MsgId></xml>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
        f"<xml>{COMMON}<MsgType>&undefined;</MsgType></xml>",
        "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>",
        f"<xml>{COMMON}<X>" + "<a>" * 10 + "</a>" * 10 + "</X><MsgType>text</MsgType><MsgId>1</MsgId></xml>",
    ],
)
def test_what_wechat_never_sends_is_refused(body: str) -> None:
    with pytest.raises(BadDelivery):
        to_delivery(read_xml(body.encode()), None)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe<xml/>", b"<xml>\xe9</xml>", b"\x00", b'<?xml version="1.0" encoding="x"?>']
)
def test_what_is_no_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(BadDelivery):
        to_delivery(read_xml(body), None)


def test_what_is_over_the_cap_is_refused_unread() -> None:
    with pytest.raises(BadDelivery, match="64 KiB") as refused:
        read_xml(b"<xml>" + b" " * MAX_BODY)
    assert refused.value.status == 413


@given(st.binary(max_size=300) | st.text(st.characters(codec="utf-8")).map(str.encode))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        to_delivery(read_xml(body), None)
    except BadDelivery:
        return


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


@given(_TEXT, st.sampled_from(["text", "image", "voice", "location", "link"]))
def test_wechatpy_reads_the_same(text: str, kind: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = f"<xml>{COMMON}<MsgType>{kind}</MsgType><Content>{escaped}</Content><MsgId>77</MsgId></xml>".encode()
    theirs = parse_message(body)
    ours = read_xml(body)
    assert (ours["FromUserName"], ours["MsgType"]) == (theirs.source, theirs.type)
    assert ours["Content"] == (theirs._data["Content"] or "")
