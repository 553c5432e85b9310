"""Every Chinese text of the command line, in one place. What patients read is in ``handlers/texts.py``."""

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
}

# The data folder and the embedded server.
FOLDER_IN_USE = (
    "数据目录 {folder} 已有诊约在运行（进程 {pid}）；请先停止它，或用 ZHENYUE_DATA_DIR 指定另一个目录"
)
FOLDER_UNUSABLE = "数据目录 {folder} 无法使用：{problem}；请检查权限，或用 ZHENYUE_DATA_DIR 指定另一个目录"
