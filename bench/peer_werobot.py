"""A peer: WeRoBot, as its documentation begins. Echoes a text, unencrypted, and keeps nothing."""

from werobot import WeRoBot

from bench.deliveries import TOKEN

robot = WeRoBot(token=TOKEN, enable_session=False)


@robot.text
def echo(message: object) -> str:
    """Say what was said."""
    return str(getattr(message, "content", ""))


app = robot.wsgi
