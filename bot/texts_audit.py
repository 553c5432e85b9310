"""Chinese texts of ``zhenyue audit``."""

from bot import texts

OPTION_APPOINTMENT = "预约号：只看这个预约的变更"
OPTION_VERIFY = "核验审计链，发现问题时退出码为 1"
OPTION_LIMIT = "最多显示最新的多少条"
COLUMNS = ("编号", "时间", "谁", "渠道", "动作", "对象", "对象编号", "之前", "之后", "链")
UNKNOWN_APPOINTMENT = "没有预约号为“{number}”的预约；预约号见 zhenyue appointments"
MORE = "只显示了最新的 {limit} 条；更早的请用 --limit"
KINDS = {"account": "账号", "staff": "员工", "cli": "命令行", "system": "系统"}
CHANNELS = {**texts.CHANNELS, "cli": "命令行", "system": "系统"}
ENTITIES = {
    "appointment": "预约",
    "session": "门诊",
    "stoppage": "停诊",
    "patient": "就诊人",
    "staff": "员工",
    "notice": "通知",
    "account": "账号",
    "database": "数据库",
}
UNCHAINED = "待入链"
SOUND = "审计链完整：{links} 条，末端 {head}"
WAITING = "另有 {waiting} 条等待入链（由后台任务完成）"
BROKEN = "审计链有 {count} 处问题（共 {links} 条，末端 {head}）："
FAULTS = {
    "altered": "第 {link} 环，记录 {entry}：内容被改动，或其前的记录被抽走",
    "missing": "第 {link} 环，记录 {entry}：缺失",
    "out_of_order": "第 {link} 环，记录 {entry}：次序被改动",
    "unchained": "记录 {entry}：没有入链；若不是后台任务久未运行，便是有人绕过了本系统",
    "detail_altered": "第 {link} 环，记录 {entry}：加密的个人信息被改动，或无法用现有密钥打开",
    "detail_missing": "第 {link} 环，记录 {entry}：加密的个人信息缺失",
}
NONE = "不详"
