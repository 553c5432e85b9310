"""员工管理: what a manager reads of the staff (R-B7)."""

from booking.actors import Role, Staff
from booking.models import Catalogue
from handlers.texts import common
from handlers.texts.staff import ROLES

ADD, REMOVE = "添加员工", "移除"
ADD_WORDS = ("添加", "新增", "新增员工")
LIST = "员工，选择可移除："
NAME_QUESTION = "请输入员工姓名"
ASK_ROLE = "请选择角色："
ASK_DOCTOR = "请选择对应的医生："
NOT_YOURSELF = "不能移除自己，请由其他管理员办理。"


def listed(staff: Staff, catalogue: Catalogue) -> str:
    """王芳 医生 未绑定."""
    bound = "" if staff.openid else " 未绑定"
    return f"{common.shorten(staff.name, 10)} {ROLES[staff.role]}{bound}"


def confirm_remove(staff: Staff) -> str:
    """Before somebody is removed."""
    return f"确认移除{ROLES[staff.role]}{staff.name}？其微信即刻解除绑定，不能再办理员工事务。"


def removed(staff: Staff) -> str:
    """After somebody was removed."""
    return f"已移除{ROLES[staff.role]}{staff.name}。"


def added(staff: Staff, code: str) -> str:
    """After somebody was added; the code is shown this once."""
    return (
        f"已添加{ROLES[staff.role]}{staff.name}。\n绑定码：{code}\n"
        f"请转告本人在24小时内向本公众号发送“绑定 {code}”，只能使用一次。"
    )


ROLE_LABELS = {role: ROLES[role] for role in Role}
