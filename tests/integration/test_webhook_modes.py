"""What the webhook believes, and what it refuses: always a 4xx without a trace, never a 5xx."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.memory_chats import MemoryChats
from tests.support.webhook_desk import Desk, open_desk
from tests.support.wechat_side import (
    ACCOUNT,
    AES_KEY,
    OLD_AES_KEY,
    TOKEN,
    Letter,
    WeChat,
    message_xml,
    sign,
)

Mode = Literal["secure", "compatible", "plain"]


@pytest.fixture
async def desk(now: datetime) -> AsyncGenerator[Desk]:
    async with open_desk(MemoryChats(), now) as desk:
        yield desk


def hello(desk: Desk) -> str:
    return message_xml("oAnna", desk.clock[0], Content="预约")


async def refused(desk: Desk, letter: Letter, *reasons: str) -> None:
    """Refused with 4xx, with the reason in the log only, and nothing done."""
    response = await desk.wechat.post(letter)
    text = await response.text()
    assert 400 <= response.status < 500
    assert text == "refused"
    assert desk.dialogue.taken == []
    reason = next(iter(desk.metrics.rejections))
    assert all(word in reason for word in reasons), reason


async def test_the_address_is_verified(desk: Desk) -> None:
    timestamp = str(int(desk.clock[0].timestamp()))
    query = {"timestamp": timestamp, "nonce": "7", "signature": sign(TOKEN, timestamp, "7"), "echostr": "<b>12&3"}
    response = await desk.wechat.client.get("/wechat", params=query)
    assert (response.status, await response.text()) == (200, "<b>12&3")
    assert response.content_type == "text/plain"


@pytest.mark.parametrize("change", [{"signature": "0" * 40}, {"signature": ""}, {"nonce": "8"}, {"timestamp": "1"}])
async def test_a_wrong_verification_is_refused(desk: Desk, change: dict[str, str]) -> None:
    timestamp = str(int(desk.clock[0].timestamp()))
    query = {"timestamp": timestamp, "nonce": "7", "signature": sign(TOKEN, timestamp, "7"), "echostr": "1"}
    response = await desk.wechat.client.get("/wechat", params=query | change)
    assert response.status == 403
    assert "1" not in await response.text()


async def test_other_methods_are_refused(desk: Desk) -> None:
    for method in ("PUT", "DELETE", "HEAD", "PATCH"):
        assert (await desk.wechat.client.request(method, "/wechat")).status == 405


async def test_a_secure_message_is_answered_encrypted(desk: Desk) -> None:
    letter = desk.wechat.letter(hello(desk))
    response = await desk.wechat.post(letter)
    text = await response.text()
    assert text.startswith("<xml><Encrypt>")
    assert "预约" not in text
    assert desk.wechat.read(text, letter) == "1: 预约"


@pytest.mark.parametrize("mode", ["plain", "compatible"])
async def test_a_plain_message_is_answered_plainly_where_the_mode_allows(now: datetime, mode: Mode) -> None:
    async with open_desk(MemoryChats(), now, mode=mode) as desk:
        letter = desk.wechat.letter(hello(desk), encrypted=False)
        assert await desk.wechat.deliver(letter) == "1: 预约"
        letter.query["encrypt_type"] = "raw"
        letter = desk.wechat.letter(hello(desk), encrypted=False)
        letter.query["encrypt_type"] = "raw"
        response = await desk.wechat.post(letter)
        assert "2: 预约" in await response.text()


async def test_an_encrypted_message_is_understood_in_compatible_mode(now: datetime) -> None:
    async with open_desk(MemoryChats(), now, mode="compatible") as desk:
        letter = desk.wechat.letter(hello(desk), encrypted=True)
        # Compatible mode carries the message in plain text beside the cipher; only the cipher counts.
        forged = message_xml("oEve", desk.clock[0], Content="伪造").removeprefix("<xml>").removesuffix("</xml>")
        forged = forged.replace(f"<ToUserName>{ACCOUNT}</ToUserName>", "")
        letter.body = letter.body.replace(b"</xml>", forged.encode() + b"</xml>")
        assert await desk.wechat.deliver(letter) == "1: 预约"
        assert desk.dialogue.taken[0].openid == "oAnna"


async def test_a_plain_message_is_refused_in_secure_mode(desk: Desk) -> None:
    await refused(desk, desk.wechat.letter(hello(desk), encrypted=False), "secure")


async def test_an_encrypted_message_is_refused_in_plain_mode(now: datetime) -> None:
    async with open_desk(MemoryChats(), now, mode="plain") as desk:
        await refused(desk, desk.wechat.letter(hello(desk), encrypted=True), "plain")


@pytest.mark.parametrize("field", ["msg_signature", "timestamp", "nonce", "encrypt_type"])
async def test_a_delivery_without_its_proof_is_refused(desk: Desk, field: str) -> None:
    letter = desk.wechat.letter(hello(desk))
    del letter.query[field]
    await refused(desk, letter)


@pytest.mark.parametrize(
    "change",
    [
        {"msg_signature": "0" * 40},
        {"msg_signature": "签名"},
        {"nonce": "1"},
        {"timestamp": "1764000000"},
        {"msg_signature": "A" * 5000},
    ],
)
async def test_a_wrong_signature_is_refused(desk: Desk, change: dict[str, str]) -> None:
    letter = desk.wechat.letter(hello(desk))
    letter.query |= change
    await refused(desk, letter, "msg_signature is wrong")


async def test_a_signature_of_another_body_is_refused(desk: Desk) -> None:
    first, second = desk.wechat.letter(hello(desk)), desk.wechat.letter(hello(desk))
    await refused(desk, Letter(first.query, second.body), "msg_signature is wrong")


async def test_the_plain_signature_does_not_vouch_for_a_secure_body(desk: Desk) -> None:
    letter = desk.wechat.letter(hello(desk))
    letter.query["msg_signature"] = letter.query["signature"]
    await refused(desk, letter, "msg_signature is wrong")


async def test_a_signature_with_another_token_is_refused(desk: Desk) -> None:
    letter = desk.wechat.letter(hello(desk))
    cipher_text = letter.body.decode().partition("<Encrypt>")[2].partition("<")[0]
    query = letter.query
    query["msg_signature"] = sign("another", query["timestamp"], query["nonce"], cipher_text)
    await refused(desk, letter, "msg_signature is wrong")


@pytest.mark.parametrize("minutes", [-11, 11])
async def test_a_timestamp_more_than_ten_minutes_off_is_refused(desk: Desk, minutes: int) -> None:
    letter = desk.wechat.letter(hello(desk))
    desk.clock[0] += timedelta(minutes=minutes)
    await refused(desk, letter, "ten minutes")


@pytest.mark.parametrize("minutes", [-9, 9])
async def test_a_timestamp_a_little_off_is_believed(desk: Desk, minutes: int) -> None:
    letter = desk.wechat.letter(hello(desk))
    desk.clock[0] += timedelta(minutes=minutes)
    assert await desk.wechat.deliver(letter) == "1: 预约"


@pytest.mark.parametrize("timestamp", ["soon", "１７６４", "-1", "1e9", "9" * 30, "0x1", "1_0"])
async def test_a_timestamp_that_is_no_number_is_refused(desk: Desk, timestamp: str) -> None:
    letter = desk.wechat.letter(hello(desk))
    cipher_text = letter.body.decode().partition("<Encrypt>")[2].partition("<")[0]
    letter.query |= {
        "timestamp": timestamp,
        "msg_signature": sign(TOKEN, timestamp, letter.query["nonce"], cipher_text),
    }
    await refused(desk, letter, "timestamp")


def resigned(letter: Letter, cipher_text: str) -> Letter:
    """The same delivery with another cipher text, signed as WeChat would."""
    query = letter.query | {"msg_signature": sign(TOKEN, letter.query["timestamp"], letter.query["nonce"], cipher_text)}
    return Letter(query, f"<xml><ToUserName>g</ToUserName><Encrypt>{cipher_text}</Encrypt></xml>".encode())


@pytest.mark.parametrize("cipher_text", ["", "AAAA", "not base64", "A" * 88, "密", "QUFB" * 16])
async def test_a_cipher_that_cannot_be_decrypted_is_refused(desk: Desk, cipher_text: str) -> None:
    await refused(desk, resigned(desk.wechat.letter(hello(desk)), cipher_text))


async def test_a_message_for_another_appid_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.wechat_side.APPID", "wx0000000000000000")
    await refused(desk, desk.wechat.letter(hello(desk)), "another appid")


async def test_a_message_with_an_unknown_key_is_refused(desk: Desk) -> None:
    stranger = dataclasses.replace(desk.wechat, aes_key="C" * 43)
    await refused(desk, stranger.letter(hello(desk)), "decrypted")


async def test_while_the_key_changes_a_reply_uses_the_key_of_its_message(desk: Desk) -> None:
    for key in (AES_KEY, OLD_AES_KEY, AES_KEY):
        wechat = dataclasses.replace(desk.wechat, aes_key=key)
        assert (await wechat.say("oAnna", "预约") or "").endswith(": 预约")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<xml>",
        b"<xml><Encrypt>AAAA",
        b"not xml",
        b'{"Encrypt": "AAAA"}',
        b"<xml></xml>",
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><Encrypt><a>AAAA</a></Encrypt></xml>",
        b"<xml><Encrypt>A</Encrypt><Encrypt>A</Encrypt></xml>",
        b"\xff\xfe\x00",
        b"<xml>" + b"<a>" * 9000,
        b"<xml><Encrypt>" + b"A" * 70_000 + b"</Encrypt></xml>",
        b'<!DOCTYPE x [<!ENTITY a "' + b"b" * 1000 + b'">]><xml><Encrypt>&a;&a;</Encrypt></xml>',
    ],
)
async def test_a_body_that_wechat_never_sends_is_refused(desk: Desk, body: bytes) -> None:
    await refused(desk, Letter(desk.wechat.letter(hello(desk)).query, body))


async def test_a_body_without_a_length_is_capped_too(desk: Desk) -> None:
    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(200):
            yield b"<a>" * 4000

    letter = desk.wechat.letter(hello(desk))
    response = await desk.wechat.client.post("/wechat", params=letter.query, data=endless())
    assert response.status == 413
    assert desk.dialogue.taken == []


async def test_a_body_that_never_ends_is_given_up(now: datetime) -> None:
    async with open_desk(MemoryChats(), now, patience=0.05) as desk:
        never = asyncio.Event()

        async def stuck() -> AsyncGenerator[bytes]:
            yield b"<xml>"
            await never.wait()

        letter = desk.wechat.letter(hello(desk))
        post = asyncio.create_task(desk.wechat.client.post("/wechat", params=letter.query, data=stuck()))
        response = await post
        never.set()
        assert response.status == 408


async def test_a_body_that_is_compressed_wrongly_is_refused(desk: Desk) -> None:
    letter = desk.wechat.letter(hello(desk))
    headers = {"Content-Encoding": "gzip"}
    response = await desk.wechat.client.post("/wechat", params=letter.query, data=letter.body, headers=headers)
    assert 400 <= response.status < 500


async def test_an_encrypted_message_that_is_no_message_is_refused(desk: Desk) -> None:
    for inner in ("", "hello", "<xml/>", "<xml><MsgType>text</MsgType></xml>", "<xml>" + "<a>" * 40):
        response = await desk.wechat.post(desk.wechat.letter(inner))
        assert response.status == 400
    assert desk.dialogue.taken == []


@given(
    body=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    query=st.dictionaries(
        st.sampled_from(["timestamp", "nonce", "signature", "msg_signature", "encrypt_type", "echostr"]),
        st.text(st.characters(codec="utf-8"), max_size=40),
    ),
    encrypted=st.booleans(),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_whatever_comes_is_never_our_fault(
    desk: Desk,
    body: bytes,
    query: dict[str, str],
    encrypted: bool,
) -> None:
    query = {**query, "encrypt_type": "aes"} if encrypted else query
    response = await desk.wechat.client.post("/wechat", params=query, data=body)
    assert 400 <= response.status < 500
    assert (await desk.wechat.client.get("/wechat", params=query)).status == 403


@given(inner=st.text(st.characters(codec="utf-8"), max_size=200))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_whatever_is_encrypted_is_never_our_fault(desk: Desk, inner: str) -> None:
    response = await desk.wechat.post(desk.wechat.letter(inner))
    assert response.status < 500


@pytest.mark.parametrize("text", ["]]>", "😀", "牙" * 10_000, "\u202e右", "１", "<a href='x'>", "&lt;", "\t\n x"])
async def test_any_text_comes_back_as_a_valid_reply(desk: Desk, text: str) -> None:
    answer = await desk.wechat.say("oAnna", text)
    assert answer is not None
    assert answer.startswith("1: ")
    assert len(answer.encode()) <= 2048
    if len(text) < 100:
        assert answer == f"1: {text.strip()}"


async def test_a_wechat_of_another_account_name_is_answered_from_that_name(now: datetime) -> None:
    async with open_desk(MemoryChats(), now, mode="plain") as desk:
        wechat: WeChat = desk.wechat
        response = await wechat.post(wechat.letter(hello(desk)))
        text = await response.text()
        assert f"<ToUserName><![CDATA[oAnna]]></ToUserName><FromUserName><![CDATA[{ACCOUNT}]]>" in text
