"""Texts of ``zhenyue adjust`` and ``zhenyue load --preview``."""

HELP_OPTIONS = {
    "session": "门诊编号，见 zhenyue slots",
    "room": "改为这个诊室",
    "start": "改为几点开始，例如 09:30；各时段一起移动，日期不变",
    "doctor": "改由这位医生出诊（替诊），填医生代码",
    "capacity": "每个时段的号数；少于已约人数时，已约的保留，不再放号",
    "to_roster": "按现有排班调整",
    "reason": "原因，会写入通知",
    "preview": "只显示会改什么、影响多少人，不作改动",
}
BAD_TIME = "--start 的值“{value}”不是时间；请写成 09:30 的样子"
BOTH = "--to-roster 不能与 --room、--start、--doctor、--capacity 同用"
NO_ROOM_NAMED = "--room 的值是空的；请写明诊室，例如 --room 203"
NOTHING = "没有说要改什么；请给出 --room、--start、--doctor、--capacity 之一，或 --to-roster"
PROBLEMS = {
    "unknown_session": "没有门诊“{session}”；请用 zhenyue slots 查看门诊编号",
    "past": "门诊 {session} 已经结束",
    "begun": "门诊 {session} 已经开始，不能再改时间",
    "stopped": "门诊 {session} 已停诊；如需恢复，请用 zhenyue lift",
    "partly_stopped": "门诊 {session} 有时段已停诊，时间和号数要在恢复（zhenyue lift）之后调整",
    "stopped_then": "改后的医生或时间在停诊 {stoppage} 的范围内；请另选，或先用 zhenyue lift 恢复",
    "closed": "门诊 {session} 已关闭，无人预约",
    "nothing": NOTHING,
    "capacity": "号数至少为 1；不再放号请用 zhenyue stop session {session}",
    "unknown_doctor": "没有代码为“{doctor}”的在岗医生；医生代码见 zhenyue slots",
    "other_department": "医生 {doctor} 属于其他科室，不能替诊；请用 zhenyue stop session {session} 停诊，由患者改约",
    "doctor_busy": "医生 {doctor} 在该时段另有门诊 {other}",
    "start_past": "新的开始时间已经过去",
    "leaves_day": "改后的门诊超出了当天；换日期请用 zhenyue stop session {session} 停诊，由患者改约",
    "not_rostered": "现有排班中没有门诊 {session}；请用 zhenyue stop session {session} 停诊",
    "needs_stoppage": "与现有排班的差别（{left}）不能靠调整做到；请用 zhenyue stop session {session} 停诊，由患者改约",
}
LEFT = {"department": "科室", "time": "时段划分", "capacity": "号数"}
LIST_COMMA = "、"
PARTS = {"room": "诊室", "time": "时间", "doctor": "医生", "capacity": "每段号数"}
SAME = "门诊 {session} 已是如此，没有改动"
DONE = "门诊 {session} 已调整："
PREVIEW = "门诊 {session} 将作如下调整（仅预览，尚未改动）："
PART = "  {part}：{before} → {after}"
NO_ROOM = "无"
TELLING = "  通知 {appointments} 个预约（可通知 {reachable} 个）；就诊前都可以改约或取消"
TELLING_SOME = "  通知 {appointments} 个预约（可通知 {reachable} 个，其余 {rest} 个需电话联系）；就诊前都可以改约或取消"
TELLING_NOBODY = "  没有需要通知的预约"
RELEASED = "  正在选号、尚未确认的 {count} 人需要重新选择"
WITHDRAWN = "  为停诊患者保留的 {count} 个号收回，将为他们另行安排"
OVERBOOKED = "  {count} 个时段已约人数多于号数：已约的全部保留，降到号数以内之前不再放号"
LEFT_OVER = "与现有排班仍有差别（{left}），调整做不到；如需改变，请用 zhenyue stop session {session} 停诊"
NO_POOL = "Redis 没有运行或没有应答：改动已写入数据库，号源会自动更新"

# Loading.
LOAD_PREVIEW = "只预览，不载入"
LOAD_WOULD = "预览 {path}：{counts}；尚未载入"
LOAD_WOULD_CLOSE = "将关闭停用医生或科室的 {count} 个门诊（均无预约）"
LOAD_WOULD_PUBLISH = "已发布的门诊中将有 {count} 个与新资料不一致："
LOAD_WOULD_REFUSE = "这份资料不能载入；请先处理以上预约"
LOAD_SITTING = (
    "其中 {sessions} 个门诊中有 {claims} 人，不会自动改动；请逐个决定：\n"
    "  zhenyue adjust 门诊 --to-roster --preview  查看按资料调整的影响，去掉 --preview 即调整并通知患者\n"
    "  zhenyue stop session 门诊 --reason 原因  停诊，并为患者安排改约"
)
