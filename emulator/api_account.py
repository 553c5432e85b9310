"""Tokens, menu, QR codes, users and templates."""

import base64
import hmac
import re
import secrets

from emulator.calls import OK, ApiError, Call, Operation
from emulator.menu import check_menu
from emulator.shapes import Json, JsonValue, record, text, whole
from emulator.stage import Stage
from emulator.state import QrCode, User
from emulator.world import listed

DEFAULT_QR_SECONDS = 60
LONGEST_QR_SECONDS = 2_592_000
LARGEST_LIMIT_SCENE = 100_000
_TEXT_SCENE = re.compile(r".{1,64}", re.DOTALL)
_TEMPORARY = {"QR_SCENE": "scene_id", "QR_STR_SCENE": "scene_str"}
_PERMANENT = {"QR_LIMIT_SCENE": "scene_id", "QR_LIMIT_STR_SCENE": "scene_str"}


def stable_token(stage: Stage, call: Call) -> Json:
    """`stable_token`: the same token while it is good, a new one on `force_refresh`."""
    _check_credentials(stage, call.body)
    force = call.body.get("force_refresh") is True
    token, seconds = stage.world.tokens.stable(now=stage.world.clock.now(), force=force)
    return {"access_token": token, "expires_in": seconds}


def legacy_token(stage: Stage, call: Call) -> Json:
    """`token`: a new token each time, the one before good for five more minutes."""
    query: Json = dict(call.query.items())
    _check_credentials(stage, query)
    token, seconds = stage.world.tokens.legacy(now=stage.world.clock.now())
    return {"access_token": token, "expires_in": seconds}


def _check_credentials(stage: Stage, given: Json) -> None:
    if text(given, "grant_type") != "client_credential":
        raise ApiError(40002, "invalid grant_type")
    if not text(given, "appid"):
        raise ApiError(41002, "appid missing")
    if not text(given, "secret"):
        raise ApiError(41004, "appsecret missing")
    if text(given, "appid") != stage.world.config.appid:
        raise ApiError(40013, "invalid appid")
    if not hmac.compare_digest(text(given, "secret").encode(), stage.world.config.secret.encode()):
        raise ApiError(40125, "invalid appsecret")


def create_menu(stage: Stage, call: Call) -> Json:
    """`menu/create`: replaces the whole menu."""
    check_menu(call.body)
    stage.world.menu = {"button": call.body["button"]}
    stage.world.account_changed()
    return OK


def get_menu(stage: Stage, _call: Call) -> Json:
    """`menu/get`."""
    if stage.world.menu is None:
        raise ApiError(46003, "menu no exist")
    return {"menu": stage.world.menu}


def delete_menu(stage: Stage, _call: Call) -> Json:
    """`menu/delete`."""
    stage.world.menu = None
    stage.world.account_changed()
    return OK


def create_qrcode(stage: Stage, call: Call) -> Json:
    """`qrcode/create`: temporary and permanent codes, with a number or a text as scene."""
    action = text(call.body, "action_name")
    if action not in _TEMPORARY | _PERMANENT:
        raise ApiError(40052, "invalid action name")
    scene = _scene(action, record(record(call.body, "action_info"), "scene"))
    ticket = base64.b64encode(secrets.token_bytes(60)).decode()
    url = "http://weixin.qq.com/q/" + secrets.token_urlsafe(16)
    if action in _PERMANENT:
        stage.world.add_qrcode(QrCode(ticket, url, scene, None))
        return {"ticket": ticket, "url": url}
    seconds = whole(call.body, "expire_seconds", DEFAULT_QR_SECONDS)
    if not 1 <= seconds <= LONGEST_QR_SECONDS:
        raise ApiError(40058, "invalid expire_seconds, at most 2592000")
    stage.world.add_qrcode(QrCode(ticket, url, scene, stage.world.clock.now() + seconds))
    return {"ticket": ticket, "expire_seconds": seconds, "url": url}


def _scene(action: str, scene: Json) -> str:
    value = text(scene, (_TEMPORARY | _PERMANENT)[action])
    if action.endswith("STR_SCENE"):
        if not _TEXT_SCENE.fullmatch(value):
            raise ApiError(40129, "invalid scene_str: 1 to 64 characters")
        return value
    number = whole(scene, "scene_id")
    largest = LARGEST_LIMIT_SCENE if action == "QR_LIMIT_SCENE" else 2**32 - 1
    if not 1 <= number <= largest:
        raise ApiError(40053, "invalid action info: scene_id")
    return str(number)


def user_info(stage: Stage, call: Call) -> Json:
    """`user/info`: without nickname and picture, as since 2021."""
    user = stage.world.users.get(call.query.get("openid", ""))
    if user is None:
        raise ApiError(40003, "invalid openid")
    tags: list[JsonValue] = []
    if not user.followed:
        return {"subscribe": 0, "openid": user.openid, "tagid_list": tags}
    return _follower(user) | {"tagid_list": tags}


def _follower(user: User) -> Json:
    return {
        "subscribe": 1,
        "openid": user.openid,
        "nickname": "",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": user.subscribed_at,
        "remark": "",
        "groupid": 0,
        "subscribe_scene": "ADD_SCENE_QR_CODE" if user.scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(user.scene) if user.scene.isascii() and user.scene.isdigit() else 0,
        "qr_scene_str": "" if user.scene.isascii() and user.scene.isdigit() else user.scene,
    }


def user_list(stage: Stage, _call: Call) -> Json:
    """`user/get`: the followers."""
    followers: list[JsonValue] = [user.openid for user in stage.world.users.values() if user.followed]
    return {"total": len(followers), "count": len(followers), "data": {"openid": followers}, "next_openid": ""}


def list_templates(stage: Stage, _call: Call) -> Json:
    """`template/get_all_private_template`."""
    return {
        "template_list": listed(
            {
                "template_id": template.id,
                "title": template.title,
                "primary_industry": "",
                "deputy_industry": "",
                "content": template.content,
                "example": "",
            }
            for template in stage.world.templates.values()
        )
    }


def clear_quota(stage: Stage, call: Call) -> Json:
    """`clear_quota`: today's calls are forgotten."""
    if text(call.body, "appid") != stage.world.config.appid:
        raise ApiError(40013, "invalid appid")
    stage.world.quotas.clear()
    return OK


def callback_addresses(_stage: Stage, _call: Call) -> Json:
    """`getcallbackip` and `get_api_domain_ip`: this machine."""
    return {"ip_list": ["127.0.0.1"]}


def operations() -> dict[str, Operation]:
    """The addresses of this file."""
    return {
        "/cgi-bin/stable_token": Operation("POST", stable_token, needs_token=False),
        "/cgi-bin/token": Operation("GET", legacy_token, needs_token=False),
        "/cgi-bin/menu/create": Operation("POST", create_menu),
        "/cgi-bin/menu/get": Operation("GET", get_menu),
        "/cgi-bin/menu/delete": Operation("GET", delete_menu),
        "/cgi-bin/qrcode/create": Operation("POST", create_qrcode),
        "/cgi-bin/user/info": Operation("GET", user_info),
        "/cgi-bin/user/get": Operation("GET", user_list),
        "/cgi-bin/template/get_all_private_template": Operation("GET", list_templates),
        "/cgi-bin/clear_quota": Operation("POST", clear_quota),
        "/cgi-bin/getcallbackip": Operation("GET", callback_addresses),
        "/cgi-bin/get_api_domain_ip": Operation("GET", callback_addresses),
    }
