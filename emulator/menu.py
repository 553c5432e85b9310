"""The rules for the account menu (自定义菜单创建接口)."""

from emulator.calls import ApiError
from emulator.shapes import Json, records, text

MOST_BUTTONS = 3
MOST_BELOW = 5
TOP_NAME_BYTES = 16
NAME_BYTES = 60
KEY_BYTES = 128
URL_BYTES = 1024
_WITH_KEY = frozenset(
    (
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    )
)
_OTHERS = frozenset(("view", "miniprogram", "media_id", "view_limited", "article_id", "article_view_limited"))


def check_menu(body: Json) -> None:
    """Raise ApiError with WeChat's own code for the first rule that a menu breaks."""
    buttons = records(body, "button")
    if not 1 <= len(buttons) <= MOST_BUTTONS:
        raise ApiError(40016, "invalid button size")
    for button in buttons:
        _check_top(button)


def _check_top(button: Json) -> None:
    if not 1 <= len(text(button, "name").encode()) <= TOP_NAME_BYTES:
        raise ApiError(40018, "invalid button name size")
    below = button.get("sub_button")
    if below is None or below == []:
        _check_action(button, kind_code=40017, key_code=40019, url_code=40020)
        return
    items = records(button, "sub_button")
    if not 1 <= len(items) <= MOST_BELOW:
        raise ApiError(40023, "invalid sub button size")
    for item in items:
        if not 1 <= len(text(item, "name").encode()) <= NAME_BYTES:
            raise ApiError(40025, "invalid sub button name size")
        if item.get("sub_button"):
            raise ApiError(40022, "invalid sub button level")
        _check_action(item, kind_code=40024, key_code=40026, url_code=40027)


def _check_action(button: Json, *, kind_code: int, key_code: int, url_code: int) -> None:
    kind = text(button, "type")
    if kind not in _WITH_KEY | _OTHERS:
        raise ApiError(kind_code, "invalid button type")
    if kind in _WITH_KEY and not 1 <= len(text(button, "key").encode()) <= KEY_BYTES:
        raise ApiError(key_code, "invalid button key size")
    if kind in {"view", "miniprogram"}:
        _check_url(text(button, "url"), url_code)


def _check_url(url: str, code: int) -> None:
    if not 1 <= len(url.encode()) <= URL_BYTES:
        raise ApiError(code, "invalid button url size")
    if not url.startswith(("http://", "https://")):
        raise ApiError(40055, "invalid button url domain")
