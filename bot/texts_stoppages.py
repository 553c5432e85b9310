"""Texts of ``zhenyue stop``, ``zhenyue lift`` and ``zhenyue stoppages``."""

BAD_MOMENT = "{option} 的值“{value}”不是时间；请写成 2026-11-23、2026-11-23T10:00、10:00 的样子，或写 now"
BAD_SCOPE = "没有“{value}”这种范围；请写 session 编号、doctor 代码、department 代码或 clinic"
CODE_MISSING = "{kind} 后面缺少编号或代码，例如：zhenyue stop {kind} {example} --reason 原因"
CODE_NEEDLESS = "clinic 后面不需要代码"
EXAMPLES = {"session": "wang-20261123-0830", "doctor": "wang", "department": "dental"}
HELP_OPTIONS = {
    "scope": "停诊范围：session、doctor、department 或 clinic",
    "code": "门诊编号、医生代码或科室代码",
    "from": "从何时起，缺省为现在；只写日期为当天开始，只写时刻为当天（单个门诊为其日期）",
    "to": "到何时止，缺省直到恢复；只写日期为当天结束",
    "reason": "原因，会写入通知",
    "text": "给患者的说明，会写入通知",
    "preview": "只显示影响多少人、可为多少人保留号源，不作改动",
    "wait": "等到每条通知都有结果",
    "id": "停诊编号",
    "session": "只恢复这个门诊",
}
WHERE_LISTED = {
    "session": "门诊编号见 zhenyue slots",
    "doctor": "医生代码见 zhenyue slots",
    "department": "科室代码见 zhenyue slots",
    "stoppage": "停诊编号见 zhenyue stoppages",
}
"""Behind the refusal of what is not there: which command lists what is."""
REASON_MISSING = "缺少 --reason（停诊原因）"
SCOPES = {"session": "门诊 {code}", "doctor": "医生 {code}", "department": "科室 {code}", "clinic": "全院"}
UNTIL_LIFTED = "恢复为止"
PREVIEW = (
    "停诊预览（尚未停诊）：{scope}，{start} 至 {end}",
    "  {sessions} 个门诊，{appointments} 个预约，{patients} 位患者",
    "  {reached}，可为 {offerable} 人保留替代号源",
)
REACHED = "可通知 {reachable} 人"
REACHED_SOME = "可通知 {reachable} 人，其余 {rest} 人需电话联系"
NOT_PUBLISHED = "  该时段尚未放号，放号时自动停诊"
STOPPED = "已停诊：{scope}，{start} 至 {end}，停诊编号 {id}"
DISPLACED = "  {total} 个预约受影响：{offered} 位已保留替代号源，{unoffered} 位暂无号源"
LIFTED = "已恢复：停诊 {id}，{restored} 个预约已归还"
LIFTED_SESSION = "已恢复：停诊 {id} 中的门诊 {session}，共 {restored} 个预约已归还"
NOBODY = "  没有受影响的预约"
TELLING = "通知进度"
TOLD = "通知已全部有结果：{states}"
LIST_COMMA = "，"
COLUMNS = ("编号", "状态", "范围", "代码", "从", "到", "原因", "预约", "待答复", "已了结", "通知")
STATES = {
    "requested": "待批准",
    "refused": "未批准",
    "stopping": "停诊中",
    "offering": "保留号源中",
    "telling": "通知中",
    "done": "已停诊",
    "lifting": "恢复中",
    "lifted": "已恢复",
}
SETTLED = {True: "是", False: "否"}
NOTICE_STATES = {
    "pending": "待发",
    "sending": "发送中",
    "sent": "已发",
    "delivered": "已送达",
    "answered": "已答复",
    "unknown": "结果不明",
    "unreachable": "未通知到",
    "failed": "失败",
    "void": "作废",
}
