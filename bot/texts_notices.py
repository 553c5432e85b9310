"""Chinese texts about notices: what an SMS adds, the listing ``zhenyue notices``, its options."""

SMS = "【{clinic}】{text} 咨询电话 {phone}"
"""Choices cannot be answered by SMS, so the telephone is named."""
NOTHING = "无"

KINDS = {
    "booked": "预约成功",
    "changed": "改约成功",
    "cancelled": "取消成功",
    "stopped": "停诊",
    "offer": "停诊候补",
    "session_changed": "门诊变动",
    "restored": "恢复",
    "reopened": "恢复（已另选）",
    "reminder_day": "前一天提醒",
    "reminder_soon": "当天提醒",
    "alert": "未通知提醒（员工）",
    "stop_request": "停诊申请（员工）",
}
STATES = {
    "pending": "待发送",
    "sending": "发送中",
    "sent": "已发送",
    "delivered": "已送达",
    "answered": "已回复",
    "unknown": "不明，需电话",
    "unreachable": "未送达，需电话",
    "failed": "失败，需电话",
    "void": "作废",
}
OUTCOMES = {"changed": "已电话改约", "cancelled": "已电话取消", "no_answer": "未接", "kept": "已电话通知"}
_COMMON = {
    "kind": "通知",
    "state": "状态",
    "patient": "就诊人",
    "number": "预约号",
    "doctor": "医生",
    "visit_at": "就诊时间",
}
COLUMNS = _COMMON | {
    "channel": "渠道",
    "answer": "回复",
    "stoppage": "停诊",
    "reason": "说明",
    "created_at": "生成时间",
}
CALL_COLUMNS = {"mobile": "电话"} | _COMMON | {"outcome": "电话结果", "called_by": "致电人", "reason": "原因"}
OPTION_STOPPAGE = "停诊编号，见 zhenyue stoppages"
OPTION_UNREACHABLE = "只列需要电话通知的，带电话号码（记入查阅日志）"
UNKNOWN_STOPPAGE = "没有编号为“{id}”的停诊；见 zhenyue stoppages"
