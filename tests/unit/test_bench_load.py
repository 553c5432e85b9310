"""The benchmark's load is what it claims to be: deliveries like WeChat's, and answers that are really looked at."""

import itertools
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from bench.deliveries import AES_KEY, APART, APPID, TOKEN, Delivery, codec, deliveries, is_right
from bench.figures import stoppage_figures
from bench.lanes import http_length
from bench.report import Figure
from bench.resp import packed, resp_length
from bench.scripts import BOOKING, SCRIPTS, Step
from bot.wechat import Codec

BOT = Codec(appid=APPID, token=TOKEN, aes_keys=[AES_KEY], mode="secure")


def read(delivery: Delivery) -> tuple[str, str | None, str]:
    head, _, body = delivery.request.partition(b"\r\n\r\n")
    query = dict(parse_qsl(head.split(b"?")[1].split(b" ")[0].decode()))
    incoming = BOT.read(query, body, now=datetime.now(UTC)).incoming
    return incoming.openid, incoming.text, incoming.request_id


def test_the_bot_believes_every_delivery_and_each_is_another_message() -> None:
    made = list(itertools.islice(deliveries(BOOKING, 2000), 200))
    seen = [read(delivery) for delivery in made]
    assert [(openid, text) for openid, text, _ in seen] == [(d.openid, d.step.says) for d in made]
    assert len({request for _, _, request in seen}) == 200


def test_every_account_says_its_script_in_order_and_no_message_can_overtake_another() -> None:
    for script in SCRIPTS.values():
        length = len(script.steps)
        made = list(itertools.islice(deliveries(script, 2000), 20 * APART))
        places: dict[str, list[int]] = {}
        for place, delivery in enumerate(made):
            places.setdefault(delivery.openid, []).append(place)
        for openid in list(places)[APART : 2 * APART]:
            assert [made[place].step for place in places[openid]][:length] == list(script.steps)[: len(places[openid])]
            assert all(later - earlier >= APART for earlier, later in itertools.pairwise(places[openid]))


def test_any_stretch_of_the_load_holds_every_step_equally_often() -> None:
    made = list(itertools.islice(deliveries(BOOKING, 2000), 1500))
    counted = Counter(id(delivery.step) for delivery in made[600 : 600 + 5 * APART])
    assert set(counted.values()) == {5 * APART // len(BOOKING.steps)}


def answer(openid: str, text: str, signed: str | None = None) -> bytes:
    wechat = codec()
    encrypted = wechat.encrypt(
        f"<xml><ToUserName><![CDATA[{openid}]]></ToUserName><Content><![CDATA[{text}]]></Content></xml>"
    )
    signed = signed or wechat.message_signature("1", "2", encrypted)
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signed}]]></MsgSignature>"
        "<TimeStamp>1</TimeStamp><Nonce><![CDATA[2]]></Nonce></xml>"
    ).encode()


def test_an_answer_counts_only_when_signed_for_this_account_and_saying_what_the_step_expects() -> None:
    delivery = Delivery(b"", "o-zhang", Step("预约", "请选择"))
    assert is_right(answer("o-zhang", "请选择科室："), delivery)
    assert not is_right(answer("o-zhang", "您的消息发得太快了"), delivery)
    assert not is_right(answer("o-li", "请选择科室："), delivery)
    assert not is_right(answer("o-zhang", "请选择科室：", signed="0" * 40), delivery)
    assert not is_right(b"success", delivery)


def test_an_http_answer_is_whole_when_all_of_its_content_is_there() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello"
    assert [http_length(bytearray(whole[:n])) for n in (10, len(whole) - 1)] == [0, 0]
    assert http_length(bytearray(whole + b"HTTP")) == len(whole)


def test_a_redis_answer_is_whole_when_all_of_its_strings_are_there() -> None:
    whole = b"*3\r\n$2\r\nok\r\n$1\r\n1\r\n$3\r\nabc\r\n"
    assert all(not resp_length(bytearray(whole[:n])) for n in range(1, len(whole)))
    assert resp_length(bytearray(whole)) == len(whole)
    assert resp_length(bytearray(b"-NOSCRIPT no\r\n")) == 14
    assert packed("GET", "号") == "*2\r\n$3\r\nGET\r\n$3\r\n号\r\n".encode()


def test_a_goal_that_is_missed_is_said() -> None:
    assert Figure("ratio", 0.079, goal=0.08).words()[-1] == "NO"
    assert Figure("ratio", 0.08, goal=0.08).met
    assert Figure("start", 3.1, " s", goal=3.0, at_most=True).met is False
    assert Figure("information", 1.0).met is None


def test_a_stoppage_that_grows_faster_than_its_appointments_is_told() -> None:
    rounds = [
        {"appointments": n, "seconds": s, "processor_seconds": s, "closing_seconds": 0.1}
        | {"memory_growth": 2**20, "longest_wait": 0.2}
        for n, s in ((1_000, 1.0), (10_000, 11.0), (100_000, 150.0))
    ]
    met = [figure.met for figure in stoppage_figures(rounds) if figure.goal is not None and "time for" in figure.name]
    assert met == [True, False]
