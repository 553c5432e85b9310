"""Chinese texts of ``zhenyue reseal``."""

SO_FAR = "已重新加密 {count} 行…"
DONE = "全部个人信息都已用当前密钥加密（这次重新加密 {count} 行）"
MAY_GO = (
    "半小时后（待最后的对话到期）可以去掉 ZHENYUE_SECRET_KEY_PREVIOUS；"
    "此前的备份仍需旧密钥，此前发出而未用的员工绑定码将失效"
)
NOT_NEEDED = "没有设置 ZHENYUE_SECRET_KEY_PREVIOUS，无需更换"
STILL_WRITTEN = (
    "仍有进程在用另一把密钥（编号 {keys}）写入；请让所有进程都以新密钥为 ZHENYUE_SECRET_KEY 重新启动，再运行一次"
)
