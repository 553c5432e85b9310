"""What ``zhenyue understand`` says, and what is said of the tables of words."""

OPTION_TEXT = "要读的句子；写 - 则从标准输入逐行读取"
OPTION_AT = "以这个时间为“现在”来读，例如 2026-11-23T10:00（默认为当前时间）"
COLUMNS = {
    "times": "次数",
    "said": "患者说的话（已脱敏）",
    "asked": "当时所问",
    "first_at": "第一次",
    "last_at": "最近一次",
}
TABLE_WRONG = "读不懂这一处；写法见安装目录 bot/language 下的同名文件"
