"""Menu, QR codes, users and templates over the API."""

import aiohttp
import pytest

from emulator.client import EmulatorClient

CLICK = {"name": "预约", "type": "click", "key": "BOOK"}


def folder(*below: dict) -> dict:
    return {"name": "服务", "sub_button": list(below)}


async def test_a_menu_is_kept_until_it_is_deleted(api):
    menu = {"button": [CLICK, folder(CLICK | {"name": "我的预约"})]}
    assert (await api.post("menu/create", menu))["errcode"] == 0
    assert (await api.get("menu/get"))["menu"] == menu
    assert (await api.get("menu/delete"))["errcode"] == 0
    assert (await api.get("menu/get"))["errcode"] == 46003


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        ([CLICK] * 4, 40016),
        ([CLICK | {"name": "一二三四五六"}], 40018),
        ([CLICK | {"name": ""}], 40018),
        ([CLICK | {"type": "tap"}], 40017),
        ([CLICK | {"key": "k" * 129}], 40019),
        ([{"name": "网页", "type": "view", "url": "x" * 1025}], 40020),
        ([{"name": "网页", "type": "view", "url": "ftp://example.com"}], 40055),
        ([folder(*[CLICK] * 6)], 40023),
        ([folder(CLICK | {"name": "字" * 21})], 40025),
        ([folder(folder(CLICK))], 40022),
        ([folder(CLICK | {"type": ""})], 40024),
        ([folder(CLICK | {"key": ""})], 40026),
        ([folder({"name": "网页", "type": "view", "url": ""})], 40027),
    ],
)
async def test_a_menu_that_breaks_a_limit_is_refused_with_its_code(api, buttons: list, errcode: int):
    assert (await api.post("menu/create", {"button": buttons}))["errcode"] == errcode


def code_request(action: str = "QR_STR_SCENE", **scene: object) -> dict:
    return {"action_name": action, "action_info": {"scene": scene}, "expire_seconds": 600}


async def test_a_qr_code_has_a_picture_and_can_be_scanned(api, wechat: EmulatorClient, bot):
    code = await api.post("qrcode/create", code_request(scene_str="desk-1"))
    assert code["expire_seconds"] == 600
    user = await wechat.user("小明")
    await user.send("scan", {"ticket": code["ticket"]})
    assert bot.seen[-1].scene_id == "desk-1"
    for suffix, start in (({}, b"\x89PNG"), ({"format": "svg"}, b"<?xml")):
        async with api.session.get(
            f"{api.base}/cgi-bin/showqrcode", params={"ticket": code["ticket"]} | suffix
        ) as picture:
            assert (await picture.read()).startswith(start)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (code_request("QR_WRONG", scene_str="x"), 40052),
        (code_request(scene_str=""), 40129),
        (code_request(scene_str="x" * 65), 40129),
        (code_request("QR_SCENE", scene_id=0), 40053),
        (code_request("QR_LIMIT_SCENE", scene_id=100_001), 40053),
        (code_request(scene_str="x") | {"expire_seconds": 2_592_001}, 40058),
    ],
)
async def test_a_qr_code_that_breaks_a_limit_is_refused_with_its_code(api, body: dict, errcode: int):
    assert (await api.post("qrcode/create", body))["errcode"] == errcode


async def test_numbered_and_permanent_codes_are_made(api):
    assert "expire_seconds" in await api.post("qrcode/create", code_request("QR_SCENE", scene_id=7))
    assert "expire_seconds" not in await api.post("qrcode/create", code_request("QR_LIMIT_STR_SCENE", scene_str="a"))


async def test_there_is_no_picture_for_an_unknown_ticket(api):
    async with api.session.get(f"{api.base}/cgi-bin/showqrcode?ticket=none") as picture:
        assert picture.status == 404


async def test_user_info_tells_a_follower_from_a_stranger(api, wechat: EmulatorClient):
    ming = await wechat.user("小明")
    assert (await api.get("user/info", openid=ming.openid))["subscribe"] == 0
    await ming.send("scan", {"ticket": await wechat.qrcode("desk-1")})
    info = await api.get("user/info", openid=ming.openid)
    assert (info["subscribe"], info["qr_scene_str"], info["nickname"]) == (1, "desk-1", "")
    assert (await api.get("user/get"))["data"]["openid"] == [ming.openid]
    assert (await api.get("user/info", openid="oNobody"))["errcode"] == 40003


async def test_the_accounts_templates_are_listed(api, wechat: EmulatorClient):
    await wechat.register_template("T1", "预约成功通知", {"thing1": "科室"})
    (template,) = (await api.get("template/get_all_private_template"))["template_list"]
    assert (template["template_id"], template["content"]) == ("T1", "科室：{{thing1.DATA}}")


async def test_typing_is_shown_and_hidden(api, wechat: EmulatorClient):
    ming = await wechat.user("小明")
    assert (await api.post("message/custom/typing", {"touser": ming.openid, "command": "Typing"}))["errcode"] == 0
    assert (await api.post("message/custom/typing", {"touser": ming.openid, "command": "Sing"}))["errcode"] == 45072


async def test_clearing_the_quota_makes_room_again(api, wechat: EmulatorClient):
    await wechat.limit("/cgi-bin/menu/get", 1)
    assert [(await api.get("menu/get"))["errcode"] for _ in range(2)] == [46003, 45009]
    assert (await api.post("clear_quota", {"appid": "wx0123456789abcdef"}))["errcode"] == 0
    assert (await api.get("menu/get"))["errcode"] == 46003


async def test_injected_errors_strike_as_often_as_ordered_and_only_where_ordered(api, wechat: EmulatorClient):
    await wechat.fault("api_error", path="menu/get", errcode=-1, errmsg="system error", times=2)
    assert (await api.get("user/get"))["total"] == 0
    answers = [await api.get("menu/get") for _ in range(3)]
    assert [answer["errcode"] for answer in answers] == [-1, -1, 46003]
    assert answers[0]["errmsg"].startswith("system error rid: ")


async def test_an_html_body_comes_with_status_200(api, wechat: EmulatorClient):
    await api.token()
    await wechat.fault("api_html")
    async with api.session.get(f"{api.base}/cgi-bin/menu/get", params={"access_token": api.value}) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")


@pytest.mark.parametrize(("after", "cards"), [(False, 0), (True, 1)])
async def test_a_lost_answer_leaves_open_whether_the_message_was_sent(api, wechat, after: bool, cards: int):
    await wechat.register_template("T1", "预约成功通知", {"thing1": "科室"})
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    await api.token()
    await wechat.fault("api_disconnect", path="template/send", after=after)
    body = {"touser": ming.openid, "template_id": "T1", "data": {"thing1": {"value": "口腔科"}}, "client_msg_id": "c1"}
    with pytest.raises(aiohttp.ClientError):
        await api.post("message/template/send", body)
    assert [message.kind for message in await ming.messages()].count("card") == cards
    assert (await api.post("message/template/send", body))["errcode"] == 0
    assert [message.kind for message in await ming.messages()].count("card") == 1


async def test_a_slow_api_answers_in_the_end_and_a_hanging_one_does_not(api, wechat: EmulatorClient):
    await api.token()
    await wechat.fault("api_delay", seconds=0.01, path="menu/get")
    assert (await api.get("menu/get"))["errcode"] == 46003
    await wechat.fault("api_timeout", seconds=0.01, path="menu/create")
    # A POST: aiohttp repeats a GET by itself when a connection is lost.
    with pytest.raises(aiohttp.ClientError):
        await api.post("menu/create", {"button": [CLICK]})
    assert (await api.get("menu/get"))["errcode"] == 46003
