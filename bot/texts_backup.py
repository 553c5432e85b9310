"""Chinese texts of ``zhenyue backup`` and ``zhenyue restore``."""

ARGUMENT_TARGET = "备份文件，不可已存在"
ARGUMENT_SOURCE = "备份文件"
OPTION_CHECK = "只核验文件是否完整、能否用现有密钥打开，不碰数据库"

NO_DATABASE = "{where} 里还没有数据，无可备份"
EXISTS = "{path} 已经存在，没有覆盖；请换一个文件名"
NO_FOLDER = "没有备份：{path} 写不进去（没有文件夹 {folder}）；请先建立它，或换一个位置"
CANNOT_WRITE = "没有备份：{path} 写不进去（{problem}）；请检查磁盘空间与权限"
BACKED_UP = "已备份到 {path}：{rows} 行，{size} 字节，用时 {seconds:.1f} 秒"
CHAIN = "审计链 {links} 环，末端 {head}"
KEEP_KEY = "恢复时需要现在的 ZHENYUE_SECRET_KEY（编号 {key}）；请把它与备份分开保存"

NO_FILE = "没有文件 {path}；请检查路径"
UNREADABLE = "文件 {path} 无法读取：{problem}"
FLAWS = {
    "foreign": "{path} 不是诊约的备份文件",
    "other_key": "{path} 是用另一把密钥（编号 {key}）加密的；"
    "请把备份时的 ZHENYUE_SECRET_KEY 填入 ZHENYUE_SECRET_KEY 或 ZHENYUE_SECRET_KEY_PREVIOUS",
    "cut_off": "{path} 不完整，后面的内容缺失；请换一份备份，或重新复制",
    "altered": "{path} 的内容被改动或已损坏；请换一份备份，或重新复制",
}
UNFIT = {
    "newer": "{path} 来自更新的版本（结构 {names}）；请先升级诊约，再恢复",
    "not_empty_folder": "{where} 里已有数据（{names}）；备份只恢复到空的数据库，请先停止 zhenyue serve，"
    "用 ZHENYUE_DATA_DIR 指定另一个空目录，在那里恢复和启动",
    "not_empty": "{where} 里已有数据（{names}）；备份只恢复到空的数据库，请另建一个，并把 ZHENYUE_DATABASE_URL 指向它",
}
UNTOUCHED = "没有恢复，数据库没有变化"
SOUND = "备份完整：{made_at}，结构 {schema}，{rows} 行"
RESTORED = "已从 {path} 恢复：{rows} 行，行数与审计链（{links} 环，末端 {head}）均与备份一致；备份于 {made_at}"
CHAIN_WAS_BROKEN = "数据已全部恢复；但审计链在备份之前就有 {count} 处问题，请运行 zhenyue audit --verify"
POOL_LATER = "Redis 没有应答；号源会在下次启动 zhenyue serve 时重建"
