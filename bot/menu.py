"""The account's menu: each button's key is a word that the chat understands (自定义菜单)."""

from collections.abc import Sequence
from typing import Protocol, TypedDict

from bot.wechat_http import Json
from handlers.texts import transport as texts

MAX_BUTTONS = 3
MAX_SUB_BUTTONS = 5
MAX_NAME_BYTES = 16
MAX_SUB_NAME_BYTES = 60
MAX_KEY_BYTES = 128


class Button(TypedDict, total=False):
    """A click button, or a name above sub-buttons."""

    name: str
    type: str
    key: str
    sub_button: list["Button"]


class Menus(Protocol):
    """``bot.wechat_client.WeChatClient``. Raises WeChatError."""

    async def menu_create(self, menu: Json) -> None: ...


def click(name: str, key: str) -> Button:
    """A button that sends its key as a CLICK event."""
    return {"name": name, "type": "click", "key": key}


BUTTONS: tuple[Button, ...] = (
    click(texts.MENU_BOOK, texts.KEY_BOOK),
    click(texts.MENU_MINE, texts.KEY_MINE),
    {
        "name": texts.MENU_MORE,
        "sub_button": [
            click(texts.MENU_PATIENTS, texts.KEY_PATIENTS),
            click(texts.MENU_HELP, texts.KEY_HELP),
            click(texts.MENU_COMPLAINT, texts.KEY_COMPLAINT),
            click(texts.MENU_HUMAN, texts.KEY_HUMAN),
        ],
    },
)


def account_menu(buttons: Sequence[Button] = BUTTONS) -> Json:
    """The menu as WeChat takes it. Raises ValueError when it is over WeChat's limits."""
    _within("buttons", len(buttons), MAX_BUTTONS)
    for button in buttons:
        _within("bytes of a name", len(button["name"].encode()), MAX_NAME_BYTES)
        below = button.get("sub_button")
        if below is None:
            _check_click(button)
            continue
        _within("sub-buttons", len(below), MAX_SUB_BUTTONS)
        for inner in below:
            _within("bytes of a sub-button's name", len(inner["name"].encode()), MAX_SUB_NAME_BYTES)
            _check_click(inner)
    return {"button": list(buttons)}


async def push_menu(client: Menus) -> Json:
    """Replace the account's menu by ours and return it. Raises a ``WeChatError``."""
    menu = account_menu()
    await client.menu_create(menu)
    return menu


def _check_click(button: Button) -> None:
    _within("bytes of a key", len(button.get("key", "").encode()), MAX_KEY_BYTES)


def _within(what: str, size: int, most: int) -> None:
    if not 1 <= size <= most:
        raise ValueError(f"{size} {what}: WeChat takes 1 to {most}")
