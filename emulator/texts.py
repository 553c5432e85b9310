"""Every Chinese line the emulator's Python side shows to a user of the page or expects on the wire."""

from typing import Final

# What WeChat itself writes into a conversation when the account's server fails.
UNAVAILABLE: Final = "该公众号暂时无法提供服务，请稍后再试"
BROKEN_SERVICE: Final = "该公众号提供的服务出现故障，请稍后再试"

DEFAULT_ACCOUNT_NAME: Final = "示范门诊部"
DEFAULT_USERS: Final = ("小明", "李阿姨")
ENTERED_HUMAN_SERVICE: Final = "已转接人工客服"
FOLLOWED: Final = "你已关注该公众号"
UNFOLLOWED: Final = "你已取消关注该公众号"
REFUSES: Final = "你已设置拒收该公众号的消息"
ACCEPTS: Final = "你已恢复接收该公众号的消息"
SCANNED: Final = "你扫描了二维码"
CONSENT_ACCEPTED: Final = "你已同意接收通知"
CONSENT_REJECTED: Final = "你已拒绝接收通知"
CLICKED: Final = "你点击了菜单"

YEAR: Final = "年"
MONTH: Final = "月"
DAY: Final = "日"
YUAN: Final = "元"
CURRENCIES: Final = "¥￥$€£"
