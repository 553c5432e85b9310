"""Every Chinese text of the command line, in one place. What patients read is in ``handlers/texts``."""

# Settings: one line each; ``{name}`` is the variable.
SETTING_LINE = "{name}：{problem}；例如 {name}={example}"
SETTING_MISSING = "缺少此项设置"
SETTING_NOT_A_NUMBER = "应为整数"
SETTING_OUT_OF_RANGE = "应在 {low} 到 {high} 之间"
SETTING_NOT_ONE_OF = "应为 {allowed} 之一"
SETTING_INVALID = "格式不正确"
SETTING_EMPTY = "不能含有空格或为空"
SETTING_TIMEZONE = "没有名为“{value}”的时区"
SETTING_KEY = "应为 32 字节密钥的 base64 编码（44 个字符），可用 openssl rand -base64 32 生成"
SETTING_AES_KEY = "应为公众平台给出的 EncodingAESKey，共 43 个字母或数字（现为 {length} 个字符）"
SETTING_URL_SCHEME = "地址应以 {allowed} 开头"
SETTING_URL_HOST = "地址中没有主机名"
SETTING_DATABASE_POSTGRES = "PostgreSQL 的地址应写作 postgresql+asyncpg://…，请把开头的“{scheme}”改掉"
SETTING_DATABASE_SQLITE = "SQLite 的地址应写作 sqlite+aiosqlite:///文件，请把开头的“{scheme}”改掉"
SETTING_DATABASE_MEMORY = "数据库必须是文件，内存数据库重启后会丢失全部预约"
SETTING_DATABASE_NAME = "地址中没有数据库名"
SETTING_UNKNOWN = "{name} 不是诊约的设置，未起作用"
SETTING_UNKNOWN_NEAR = "{name} 不是诊约的设置，未起作用；是否应为 {near}？"
SETTING_FILE_UNREADABLE = "设置文件 {path} 无法读取：{problem}；请检查文件权限，并以 UTF-8 编码保存"
SETTING_EXAMPLES = {
    "database_url": "postgresql+asyncpg://zhenyue:密码@127.0.0.1/zhenyue",
    "data_dir": "data",
    "redis_url": "redis://127.0.0.1:6379/0",
    "host": "127.0.0.1",
    "port": "8080",
    "wechat_appid": "wx0123456789abcdef",
    "wechat_secret": "公众平台的 AppSecret",
    "wechat_token": "公众平台的 Token",
    "wechat_aes_key": "公众平台的 EncodingAESKey",
    "wechat_aes_key_previous": "更换前的 EncodingAESKey",
    "wechat_mode": "secure",
    "wechat_api_base": "https://api.weixin.qq.com",
    "secret_key": "$(openssl rand -base64 32)",
    "secret_key_previous": "更换前的 ZHENYUE_SECRET_KEY",
    "timezone": "Asia/Shanghai",
    "hold_seconds": "300",
    "log_format": "json",
    "notices_per_second": "200",
    "turns_at_once": "50",
    "account_burst": "40",
    "account_per_second": "2",
    "sms_file": "data/sms.jsonl",
}

# The data folder and the embedded server.
FOLDER_IN_USE = "数据目录 {folder} 已有诊约在运行（进程 {pid}）；请先停止它，或用 ZHENYUE_DATA_DIR 指定另一个目录"
FOLDER_UNUSABLE = "数据目录 {folder} 无法使用：{problem}；请检查权限，或用 ZHENYUE_DATA_DIR 指定另一个目录"

# The catalogue file: one line each, ``file:line: place: …``; ``{key}`` is the last part of the place.
CATALOGUE_NEAR = '；是不是 "{near}"？'
CATALOGUE_INVALID = "内容不正确"
CATALOGUE_TOO_BIG = "文件超过 5 MB，不像是门诊资料；请检查是否选错了文件"
CATALOGUE_TOO_DEEP = "层次过深或内容过多；请对照 docs/catalogue.md 的格式检查"
CATALOGUE_ENCODING = "不是 UTF-8 编码；请用编辑器另存为 UTF-8"
CATALOGUE_CONTROL_CHARACTER = "含有看不见的控制字符；请删去后重新输入这一行"
CATALOGUE_NO_WORKBOOK = "不是可以读取的工作簿（{problem}）；请另存为 .xlsx"
CATALOGUE_SYNTAX = "YAML 语法有误（{problem}）；请检查这一行及其上一行的缩进、引号、冒号和括号"
CATALOGUE_SYNTAX_PROBLEMS = {
    "'\\t'": "不能用制表符（Tab）缩进；请改用空格",
    "cannot start any token": "有一个值以特殊符号开头；请给这个值加上引号",
    "mapping values are not allowed": "冒号或缩进的位置不对；值里有冒号时请加引号，并与上一行对齐",
    "sequence entries are not allowed": "列表的“-”位置不对；请另起一行写列表",
    "unexpected end of stream": "引号没有成对",
    "but got '<stream end>'": "括号没有成对，直到文件末尾也没有合上",
    "expected ',' or": "括号没有成对，或者缺少逗号",
    "expected <block end>": "缩进不一致；同一层的内容必须左对齐",
    "could not find expected ':'": "缺少冒号；键和值之间用“: ”（半角冒号和空格）隔开",
    "undefined alias": "用“*”引用了没有用“&”定义的内容；如果星号是文字，请加引号",
    "another document": "一个文件只能有一份资料；请删去多余的“---”",
}
CATALOGUE_MISTAKES = {
    "empty_file": "文件是空的；格式见 docs/catalogue.md",
    "not_mapping": "应为“键: 值”的形式；冒号用半角，后面留一个空格",
    "not_list": "应为列表，例如 [一项, 另一项]",
    "not_text": "应为文字，不能是列表或 true/false；文字可以加引号",
    "empty": "不能为空",
    "empty_list": "列表不能为空",
    "missing": "缺少 {key}",
    "unknown_key": "没有“{key}”这一项；可用的有 {known}",
    "unknown_tag": "不支持 YAML 标签 {tag}；请删去它",
    "repeated_key": "“{key}”写了两次，上一次在第 {line} 行；请只留一个",
    "repeated_column": "有两列都叫“{key}”；请只留一列",
    "more_than_one_row": "这张表只能有一行内容",
    "too_long": "太长：最多 {limit} 个字，现有 {length} 个",
    "control_character": "含有换行或看不见的控制字符；请写成一行",
    "bad_code": '代码 "{value}" 不可用；请用半角字母、数字、- 和 _，不超过 32 个字符，以字母或数字开头',
    "bad_number": '"{value}" 应为 {low} 到 {high} 之间的整数',
    "bad_fee": '"{value}" 不是费用；请以元为单位，最多两位小数，例如 "50.00"',
    "bad_time": '"{value}" 不是时刻；请写成 24 小时制，例如 "08:30"',
    "bad_date": '"{value}" 不是日期；请写成 2026-10-01 的样子，并确认这一天存在',
    "bad_duration": '"{value}" 不是时长；请写成 30m（分钟）、1h（小时）、2d（天）或 1h30m',
    "bad_weekday": '"{value}" 不是星期；请用 mon tue wed thu fri sat sun',
    "bad_bool": '"{value}" 应为 true 或 false',
    "bad_timezone": '没有名为 "{value}" 的时区；例如 Asia/Shanghai',
    "bad_share": '"{value}" 不是比例；请写 0 到 1 之间的数或百分数，例如 0.5 或 50%',
    "unknown_kind": "没有“{value}”这种通知；可用的有 {known}",
    "unknown_field_kind": "微信没有“{value}”这种字段；请照抄公众平台模板里的字段名，类型可以是 {known}",
    "unknown_value": "没有“{value}”这项内容；可用的有 {known}",
    "unfit_value": "{field} 字段放不下 {value}，微信会拒收；请换别的内容或别的字段类型（{value} 可用 {known}）",
    "bad_template_field": '"{value}" 不是模板字段名；例如 thing1、time2',
    "repeated_code": '代码 "{value}" 与 {other} 重复；每个代码只能用一次',
    "repeated_name": '名称 "{value}" 与 {other} 重复，患者无法分辨；请改用不同的名称',
    "unknown_department": '没有代码为 "{value}" 的科室',
    "unknown_doctor": '没有代码为 "{value}" 的医生',
    "across_midnight": "结束时间 {end} 不晚于开始时间 {start}；门诊不能跨午夜，请拆成当天和次日两段",
    "longer_than_session": "每个号源 {slot} 分钟，但整段只有 {minutes} 分钟，一个也放不下；请改短号源或延长时间",
    "ends_before_it_begins": "截止日 {last} 早于起始日 {first}",
    "overlapping_rosters": "医生 {doctor} 的这段排班与 {other} 在 {weekday} 时间重叠；请错开时间、星期或有效期",
    "overlapping_extra": "医生 {doctor} 在 {date} 的这次加班与 {other} 时间重叠；请错开时间",
    "closed_twice": "与 {other} 是同一天、同一范围的休诊；请只留一条",
    "closed_with_session": "休诊日不能写 {key}；加班门诊请另写一条，不写 closed",
    "open_with_session": "closed: false 表示当天照常出诊，不能写 {key}；加班门诊请不写 closed",
    "doctor_and_department": "不能同时写 doctor 和 department；加班门诊只写 doctor，休诊只写其中一个",
    "neither_closed_nor_extra": "请写 closed: true（休诊）或 false（照常），或写全加班门诊的 doctor、start、end 等各项",
    "rest_unused": "{minutes} 分钟不是 {slot} 分钟的整数倍，最后 {rest} 分钟不放号",
    "extra_on_closed_day": "{date} 休诊，但这次加班照常放号；如果不是这个意思，请删去它",
}
EMBEDDED_FAILED = (
    "内置 Redis 无法启动：{problem}；日志在 {folder}/redis/valkey.log，也可用 ZHENYUE_REDIS_URL 指定别的 Redis"
)

POOL_ASLEEP = "内置 Redis 没有运行，没有可核对的号源池；请在 zhenyue serve 运行时使用本命令（启动时会自动用数据库重建）"

# Starting and stopping.
DATABASE_UNREACHABLE = "ZHENYUE_DATABASE_URL：数据库 {where} 无法读写：{problem}；请检查地址、账号、权限与磁盘空间"
DATABASE_OUTDATED = "数据库结构是 {found} 版，本程序需要 {newest} 版；请先备份，再运行 zhenyue migrate"
KEY_WRONG = (
    "ZHENYUE_SECRET_KEY：与数据库中已加密的患者资料不符；请使用原来的密钥，"
    "更换密钥时把旧密钥放入 ZHENYUE_SECRET_KEY_PREVIOUS"
)
REDIS_UNREACHABLE = "ZHENYUE_REDIS_URL：Redis {where} 没有应答：{problem}；请检查地址与服务，例如 ZHENYUE_REDIS_URL=redis://127.0.0.1:6379/0"
PORT_IN_USE = "ZHENYUE_PORT：{host} 的端口 {port} 无法监听：{problem}；例如 ZHENYUE_PORT=8081"
SOCKET_UNUSABLE = "LISTEN_FDS 给出的套接字无法监听：{problem}；请检查 systemd 的 .socket 单元"
READY = "诊约已就绪：{address}/wechat"
WORKER_READY = "诊约后台任务已启动"
PROCESS_FAILED = "进程 {name} 无法启动，原因见日志"
MIGRATED = "数据库结构已从 {before} 更新到 {after}"
MIGRATED_ALREADY = "数据库结构已是最新（{after}）"

# zhenyue check
CHECK_SETTINGS = "设置"
CHECK_SETTINGS_OK = "完整，消息加密方式 {mode}"
CHECK_DATABASE = "数据库"
CHECK_DATABASE_OK = "{kind} 可读写，结构 {revision}"
CHECK_DATABASE_EMPTY = "{kind} 可读写，但还没有数据表；请运行 zhenyue migrate"
CHECK_KEY = "密钥"
CHECK_KEY_OK = "可以打开全部患者资料"
CHECK_KEY_ROTATING = "可以打开全部患者资料；正在换用新密钥，请保留 ZHENYUE_SECRET_KEY_PREVIOUS"
CHECK_KEY_ROTATED = "全部患者资料已换用新密钥；可以去掉 ZHENYUE_SECRET_KEY_PREVIOUS"
CHECK_KEY_UNUSED = "还没有患者资料"
CHECK_REDIS = "Redis"
CHECK_REDIS_OK = "有应答，开启 AOF，不淘汰键"
CHECK_REDIS_ASLEEP = "内置服务器未运行，zhenyue serve 启动时会带起它"
CHECK_REDIS_CLOSED = "有应答；不允许查看配置（{problem}），请自行确认 appendonly yes 与 maxmemory-policy noeviction"
CHECK_REDIS_EVICTS = "maxmemory-policy 为 {policy}，内存不足时会丢失对话与号源；请改为 noeviction"
CHECK_REDIS_FORGETS = "没有开启 AOF，重启后对话会丢失；请设置 appendonly yes"
CHECK_CLOCK = "时钟"
CHECK_CLOCK_OK = "与本机相差：{skews}"
CHECK_CLOCK_WRONG = "与本机相差过大：{skews}；请让各台机器都与同一时间源同步（chrony 或 systemd-timesyncd）"
CHECK_WECHAT = "微信"
CHECK_WECHAT_OK = "{appid} 的凭据有效"
CHECK_WECHAT_REFUSED = (
    "{base} 没有接受凭据（{result} {code}）；请检查网络、ZHENYUE_WECHAT_APPID 与 ZHENYUE_WECHAT_SECRET"
)
CHECK_WECHAT_STRANGE = "{base} 的应答里没有凭据；请检查 ZHENYUE_WECHAT_API_BASE"
CHECK_WECHAT_CODES = {
    0: "{base} 没有应答（{result}）；请检查网络与 ZHENYUE_WECHAT_API_BASE",
    40001: "AppSecret 不正确；请核对 ZHENYUE_WECHAT_SECRET（公众平台：设置与开发 → 基本配置）",
    40125: "AppSecret 不正确；请核对 ZHENYUE_WECHAT_SECRET（公众平台：设置与开发 → 基本配置）",
    40013: "AppID 不正确；请核对 ZHENYUE_WECHAT_APPID",
    40164: "本机 IP 不在公众号的 IP 白名单中；请在公众平台的基本配置里添加",
}

# The command line.
HELP = "诊约：微信公众号门诊预约。没有参数时显示本帮助。"
HELP_USAGE = "zhenyue 命令 [选项]"
HELP_USAGE_OF = "zhenyue {command}{arguments} [选项]"
HELP_ARGUMENTS_OF = {
    "load": " 文件",
    "pool": " 子命令",
    "menu": " 子命令",
    "staff": " 子命令",
    "stop": " 范围 [代码]",
    "lift": " 编号",
}
HELP_ARGUMENTS_OF |= {"staff add": " 姓名", "staff remove": " 编号或姓名"}
HELP_ARGUMENTS_OF |= {"understand": " 句子"}
HELP_ARGUMENTS_OF |= {"adjust": " 门诊", "backup": " 文件", "restore": " 文件", "erase": " OPENID"}
HELP_COMMANDS = "命令"
HELP_OPTIONS = "选项"
HELP_ARGUMENTS = "参数"
HELP_HELP = "显示帮助"
HELP_VERSION = "显示版本"
HELP_OF = {
    "serve": "运行公众号接口、查询接口与后台任务（每个数据目录只能运行一个）",
    "worker": "只运行后台任务：到期释放、号源核对、每日放号、发送通知；可同时运行多个",
    "demo": "用内置数据库、示范门诊和微信模拟器运行整个系统",
    "emulator": "只运行微信模拟器，配合 zhenyue serve 使用",
    "migrate": "把数据库更新到当前结构",
    "check": "检查设置、数据库、Redis、时钟与微信凭据，并说明如何处理",
    "load": "载入或更新门诊资料文件",
    "publish": "按排班生成门诊与号源",
    "adjust": "调整一个已发布的门诊：诊室、时间、医生、号数，并通知已预约的患者",
    "stop": "停诊：门诊、医生、科室或全院，通知患者并保留替代号源",
    "lift": "恢复停诊，归还预约并通知患者",
    "stoppages": "列出停诊及其进展",
    "slots": "列出号源",
    "appointments": "列出预约",
    "understand": "显示系统怎样理解一句话（JSON）；不影响任何数据",
    "misunderstood": "列出系统没有听懂的话（已脱敏，保留90天）",
    "notices": "列出通知及其状态，或需要电话通知的患者",
    "backup": "把整个数据库加密备份到一个文件，不影响运行",
    "restore": "把备份恢复到一个空的数据库；--check 只核验文件",
    "erase": "应本人要求注销一个微信账号，删除依法不必保存的个人信息",
    "reseal": "更换密钥时，立即用当前密钥重新加密全部个人信息，不影响运行",
    "audit": "列出谁在何时、经何渠道改了什么；--verify 核验审计链",
    "menu": "公众号菜单",
    "menu push": "把菜单发布到公众号",
    "staff": "员工账号",
    "staff add": "添加员工，给出24小时内有效的绑定码",
    "staff list": "列出员工及其微信绑定",
    "staff remove": "移除员工，其微信即刻解除绑定",
    "pool": "号源池（Redis）与数据库的核对",
    "pool verify": "核对 Redis 与数据库，列出不一致之处",
    "pool rebuild": "用数据库重建 Redis 中的号源，不影响运行",
}
HELP_WORKER_OPTION = "是否同时运行后台任务"
HELP_WORKERS_OPTION = "同一端口上的进程数"
USAGE_WRONG = "用法有误：{problem}；运行 zhenyue --help 查看用法"
USAGE_UNKNOWN_COMMAND = "没有“{what}”这个命令"
USAGE_UNKNOWN_OPTION = "没有“{what}”这个选项"
USAGE_MISSING = "缺少 {what}"
USAGE_BAD_VALUE = "{what} 的值不正确"
UNAVAILABLE = "数据库或 Redis 没有应答（{what}）；请运行 zhenyue check"
CRASHED = "出了意料之外的错误，详情见日志"

# Loading a catalogue.
LOAD_NO_FILE = "没有文件 {path}；请检查路径"
LOAD_UNREADABLE = "文件 {path} 无法读取：{problem}"
LOAD_REMARK = "提示：{line}"
LOAD_REFUSED = "没有载入：{path} 有 {count} 处错误，原有资料不变"
LOAD_RETIREMENT = "{kind} {code}（{name}）还有 {count} 个预约或锁号，最晚在 {until}；请先改约或停诊，再从资料中删去"
LOAD_STILL_BOOKED = "没有载入：原有资料不变"
LOAD_FAILED = "没有载入，原有资料不变：数据库写不进去（{problem}）；请检查磁盘空间与权限，再运行一次"
LOAD_SAME = "资料没有变化（版本 {version}）"
LOAD_DONE = "已载入 {path}（版本 {version}）：{counts}"
LOAD_ACTIONS = {"added": "新增", "changed": "修改", "retired": "停用", "restored": "恢复", "reordered": "调整顺序"}
LOAD_MARKS = {"added": "+", "changed": "~", "retired": "-", "restored": "+", "reordered": "~"}
LOAD_SECTIONS = {
    "clinic": "门诊部",
    "policy": "规则",
    "departments": "科室",
    "doctors": "医生",
    "rosters": "排班",
    "calendar": "日历",
    "templates": "通知模板",
}
LOAD_CHANGE = "  {mark} {section}{label}（{action}）"
LOAD_FIELD = "      {name}: {before} → {after}"
LOAD_ORDER = "顺序"
LOAD_NOTHING = "无"
LOAD_WHOLE_CLINIC = "全院"
LOAD_CLOSED_DAY = "休诊"
LOAD_OPEN_DAY = "照常"
LOAD_CLOSED = "已关闭停用医生或科室的 {count} 个门诊（均无预约）"
LOAD_PUBLISHED = "已发布的门诊中有 {count} 个与新资料不一致："
LOAD_NEXT = "请运行 zhenyue publish，使号源与资料一致"

# Publishing.
PUBLISH_VERDICTS = {
    "create": "新建",
    "existing": "已有",
    "reopen": "重新开放",
    "revise": "按资料更新（无人预约）",
    "close": "关闭（无人预约）",
    "keep": "保持不变：已有 {claims} 人预约或仍有记录，请人工处理",
    "adjusted": "人工调整过，保持不变；如需按资料恢复，请用 zhenyue adjust 门诊 --to-roster",
    "blocked": "不能发布：同一医生在此时段另有保持不变的门诊",
}
PUBLISH_LINE = "  {session}  {what}"
PUBLISH_STAFF = (
    "以下门诊与资料不一致，需要人工决定"
    "（按资料调整用 zhenyue adjust 门诊 --to-roster，停诊用 zhenyue stop session 门诊）："
)
PUBLISH_SUMMARY = "{first} 至 {last}：{counts}"
PUBLISH_COUNTS = {
    "create": "新建 {count}",
    "existing": "已有 {count}",
    "reopen": "重新开放 {count}",
    "revise": "更新 {count}",
    "close": "关闭 {count}",
    "keep": "保持不变 {count}",
    "adjusted": "人工调整 {count}",
    "blocked": "未能发布 {count}",
}
PUBLISH_NOTHING = "没有门诊（资料里没有这些日子的排班）"
PUBLISH_HOLIDAY = "{day} 是{name}，但日历中没有提到，门诊照常放号；休诊请写 closed: true，照常请写 closed: false"
PUBLISH_UNKNOWN_YEAR = "{year} 年的放假安排尚未收录，公布后请写入 {path}（格式见 docs/catalogue.md）"
PUBLISH_NO_POOL = "Redis 没有运行或没有应答：号源已写入数据库，首次使用时会自动建立"
PUBLISH_COLUMNS = ("日期", "科室", "医生", "门诊", "时段", "号数")
HOLIDAYS_WRONG = "年份下应写“日期: 名称”，例如 2027-01-01: 元旦"

# Listings.
NO_CATALOGUE = "还没有门诊资料；请先运行 zhenyue load 文件"
OPTION_BAD_DATE = "{option} 的值“{value}”不是日期；请写成 2026-10-01 的样子"
OPTION_PAST_DATE = "{option} 的值 {value} 已经过去；今天是 {today}"
OPTION_UNKNOWN = "{option}：没有“{value}”；可用的有 {known}"
OPTION_OUT_OF_RANGE = "{option} 应在 {low} 到 {high} 之间"
OPTION_DATE = "日期，例如 2026-10-01"
OPTION_JSON = "输出一个 JSON 数组"
OPTION_FILE = "门诊资料文件：YAML 或工作簿（.xlsx）"
OPTION_DAYS = "从今天起发布到几天之后；不写则到最长的预约期"
OPTION_PUBLISH_DATE = "只发布这一天；与 --days 同用时从这一天算起"
OPTION_DEPARTMENT = "科室代码"
OPTION_DOCTOR = "医生代码"
OPTION_STATUS = "预约状态"
OPTION_OPENID = "微信账号的 openid"
SLOT_COLUMNS = ("门诊", "号源", "日期", "开始", "结束", "科室", "医生", "号数", "已约", "锁定", "剩余", "状态")
SLOT_STATUSES = {"scheduled": "待放号", "open": "可约", "closed": "关闭", "stopped": "停诊", "past": "已过"}
APPOINTMENT_COLUMNS = (
    "预约号", "状态", "就诊人", "科室", "医生", "日期", "开始", "结束",
    "门诊", "号源", "序号", "渠道", "openid", "预约时间",
)  # fmt: skip
APPOINTMENT_STATUSES = {
    "booked": "已预约",
    "cancelled": "已取消",
    "stopped": "已停诊",
    "moved": "已改约",
    "arrived": "已签到",
    "completed": "已完成",
    "no_show": "爽约",
}
CHANNELS = {"wechat": "微信", "phone": "电话", "onsite": "现场", "kiosk": "自助机", "api": "接口"}
ACCESS_NOT_LOGGED = "数据库不可写，本次查阅没有记入查阅日志"

# demo, emulator, menu, pool
HELP_TOUR_OPTION = "由脚本演示预约、停诊、改约与恢复"
HELP_PACE_OPTION = "演示的快慢：2 快一倍，0 不停顿"
HELP_EMULATOR = {
    "webhook": "机器人的接口地址，缺省为本机的 zhenyue serve",
    "token": "Token，缺省取 ZHENYUE_WECHAT_TOKEN",
    "aes_key": "EncodingAESKey，缺省取 ZHENYUE_WECHAT_AES_KEY",
    "mode": "secure、compatible 或 plain，缺省取 ZHENYUE_WECHAT_MODE",
    "appid": "AppID，缺省取 ZHENYUE_WECHAT_APPID",
    "secret": "AppSecret，缺省取 ZHENYUE_WECHAT_SECRET",
    "host": "监听地址，只能是本机",
    "port": "监听端口，0 为任选",
}
DEMO_READY = "诊约演示已就绪（示范门诊，微信由本机模拟）"
DEMO_PAGE = "  聊天页面：{page}/"
DEMO_STAFF = "  员工体验：在页面中另建一位用户，发送“绑定 {code}”成为管理员，再发送“员工”"
DEMO_MANAGER = "演示管理员"
DEMO_BESIDE = "  接口地址：{where}/wechat   数据与日志：{folder}"
DEMO_STOP = "  按 Ctrl-C 停止"
DEMO_TOUR_OVER = "演示结束；可在 {page}/ 继续"
DEMO_TOUR_FAILED = "演示中断：{problem}"
DEMO_OTHER_CLINIC = (
    "ZHENYUE_DATA_DIR：{folder} 中已有另一家门诊（{code}）的数据，演示不会改动它；例如 ZHENYUE_DATA_DIR=demo-data"
)
EMULATOR_WRONG = "模拟器无法启动：{problem}"
EMULATOR_NEEDS = "缺少 {option}（也可设置 {variable}），应与机器人所用的一致"
EMULATOR_READY = (
    "微信模拟器已就绪：{address}/",
    "  消息发往 {webhook}",
    "  机器人请设置 ZHENYUE_WECHAT_API_BASE={address}",
)
EMULATOR_CREDENTIALS = "  AppID {appid}，AppSecret {secret}（本次生成）"
MENU_PUSHED = "已发布菜单（{count} 个一级菜单）"
MENU_REFUSED = "菜单没有发布：{problem}；请运行 zhenyue check"
POOL_AGREES = "Redis 与数据库一致"
POOL_DIFFERS = "{count} 处不一致；运行中的诊约会在半分钟内自行修复，也可运行 zhenyue pool rebuild"
POOL_REBUILT = "已重建 {count} 个门诊的号源"
