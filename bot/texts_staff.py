"""Chinese texts of ``zhenyue staff``."""

OPTION_ROLE = "角色：frontdesk（前台）、doctor（医生）或 manager（管理员）"
OPTION_DOCTOR = "医生代码，仅用于角色 doctor"
ARGUMENT_NAME = "员工姓名"
ARGUMENT_WHO = "员工编号或姓名，见 zhenyue staff list"
ROLES = {"frontdesk": "前台", "doctor": "医生", "manager": "管理员"}
COLUMNS = ("编号", "姓名", "角色", "医生", "微信", "绑定时间", "添加时间")
UNBOUND = "未绑定"
ADDED = "已添加{role}{name}，绑定码 {code}（24小时内有效，只能使用一次）"
ADDED_NEXT = "请其在公众号聊天中发送：绑定 {code}"
REMOVED = "已移除{role}{name}，其微信即刻解除绑定"
DOCTOR_MISSING = "--doctor：角色为 doctor 时须写明医生代码；例如 --doctor {known}"
DOCTOR_NOT_WANTED = "--doctor 只用于角色 doctor"
NAME_WRONG = "员工姓名应为 1 到 {longest} 个字"
NAME_TAKEN = "已有名为“{name}”的员工；请先用 zhenyue staff remove 移除，或加上科室、编号以便区分"
NOT_ACTIVE = "医生 {code} 已停用"
UNKNOWN = "没有编号或姓名为“{who}”的员工；见 zhenyue staff list"
