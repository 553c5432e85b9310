"""WeChat's protocol of deliveries: verify, decrypt, parse; render, encrypt. No network, no storage."""

from bot.wechat.codec import CLOCK_SKEW, Codec, Mode
from bot.wechat.delivery import BadDelivery, Delivery
from bot.wechat.render import MAX_TEXT, reply_text
from bot.wechat.xml import MAX_BODY

__all__ = ["CLOCK_SKEW", "MAX_BODY", "MAX_TEXT", "BadDelivery", "Codec", "Delivery", "Mode", "reply_text"]
