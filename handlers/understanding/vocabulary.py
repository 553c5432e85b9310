"""Words that tell what somebody wants, for whom, and what may stand around it; names have their own tables."""

import re

from handlers.understanding.people import SURNAMES

HUMAN, COMPLAINT, HELP, CHANGE, CANCEL, AGAIN = "human", "complaint", "help", "change", "cancel", "again"
MINE, AVAILABILITY, INFO, BOOK = "mine", "availability", "info", "book"
THANKS, GREETING, UNKNOWN = "thanks", "greeting", "unknown"

PRIORITY = (HUMAN, COMPLAINT, HELP, CHANGE, CANCEL, AGAIN, MINE, AVAILABILITY, INFO, BOOK, THANKS, GREETING)
"""Which intent counts where words of several stand in a sentence."""

TELLS = frozenset((HUMAN, COMPLAINT, HELP, GREETING, THANKS))
"""Intents for which nobody needs a day or a patient."""

OF_ONE_BOOKED = frozenset((CANCEL, MINE))
"""Intents for which a complaint names no department: 娃退烧了,取消."""

CUES = {
    HUMAN: (
        "rengong zhuanrengong kefu 人工 转人工 人工客服 人工服务 客服 真人 找个人 找个活人 换个人来 换个人工 活人 接线员 工作人员 打电话给我 找人聊 换人 人工电话 人呢出来 出来个人 听不懂人话 来个人 人工帮 真人客服 活人客服 值班人员 转接 "
        "跟人说 和人说 让人来 叫个人 找你们的人 前台接电话"
    ),
    COMPLAINT: (
        "tousu 投诉 举报 找你们领导 找领导 叫你们领导 找院长 态度太差 态度差 态度恶劣 态度很差 服务太差 服务差 服务态度 什么效率 耍人 耍我 差评 破系统 垃圾系统 破医院 意见建议 提意见 提个意见 提建议 "
        "曝光 12345 太差劲 太坑了 欺负人 乱收 我要告 退钱 骂人 骂我 凶我 吼我 反映问题 反映情况 反映一个 反映一下 反应问题 要反映 说理 讲理 要个说法 给个说法 讨个说法 给说法 什么态度 态度不好 态度真差 态度太 态度烂 服务太烂 太烂了 太垃圾 垃圾医院 没人管 没人理 不理人 没人接待 爱答不理 谁负责 负责人 给个解释 给我解释 不合理 提点建议 提条建议 差劲 推诿 敷衍 坑人 黑心 赔偿 赔钱 维权 消协 卫健委 卫生局 管理混乱 太混乱 不满意 很不满 太不像话 不像话 怎么管理 误诊 插队没人 白跑一趟 效率太低 太慢了吧 等了半天 等了两个 等了三个 等了一上午 等了一下午"
    ),
    HELP: (
        "bangzhu 帮助 怎么注册 如何注册 怎么登记 怎么添加就诊人 怎么加就诊人 怎么绑定 怎么建档 如何建档 怎么用 如何使用 使用说明 使用方法 怎么操作 操作指南 怎么预约 如何预约 怎么挂号 如何挂号 怎样预约 怎样挂号 怎么约 "
        "怎么挂 预约流程 挂号流程 预约指南 你能做什么 你会什么 能做什么 有什么功能 不会用 不会操作 不会弄 不知道怎么弄 教我 教教我 help 说明 菜单 使用教程 教程 新手 第一次用 你能干啥 你能干嘛 能干啥 能干嘛 能干什么 会做些什么 能做些什么 可以做些什么 会些什么 会干啥 会干嘛 会什么 干些什么 你有什么用 有啥功能 啥功能 怎么弄 咋弄 咋用 咋操作 咋挂号 咋预约 咋约 咋挂 如何操作 怎么使用 怎么添加 怎么绑 怎么加人 "
        "停止提醒 取消提醒 关闭提醒 不再提醒 不要提醒 不用提醒 退订提醒 退订 别提醒 别再提醒 别给我发 不要再发 不要再提醒 不用再提醒 别再发 停止给我 别发了 "
        "不要给我发 别老发 停止通知 关闭通知 不要通知 取消通知 恢复提醒 开启提醒 打开提醒 推送 关掉提醒 关提醒 取消推送 屏蔽 别发消息 别发短信 不要发消息 不要发短信 能不能别发 别再推 别推 不想收到 不想再收到 取消订阅 取消短信 取消消息 不接收"
    ),
    CHANGE: (
        "gaiyue gaiqi 改约 改期 改到 改成 改为 改时间 改个时间 改一下时间 改下时间 改日期 改日子 换时间 换个时间 换一下时间 换日期 换到 换成 "
        "换一天 换个日子 换天 挪到 挪一下 往后挪 往前挪 往后改 往前改 往后调 往前调 调到 调成 调整到 调整时间 调一下 推迟 延期 延后 延到 推后 往后推 推到 提前到 "
        "改签 变更 更改预约 修改预约 改预约 改一下预约 改下预约 改号 改一下 改下 改个 改天去 改在 改去 换个医生 换医生 换个大夫 "
        "换号 换个号 晚一天 早一天 晚一点去 换别的时间 更改 能改吗 可以改吗 能挪 可以挪 挪个 挪动 往后推 往前推 推一 延一 延迟 改早 改晚 提早 早一点去 调个 调换 对调 换一下 换下 换个 提前一点 提前点 晚点去 早点去 晚一点去 能提前 可以提前 推后一点 提早一点 想改 要改 给改 改改 重新约 重新预约 换个上午 换个下午 往后延 往前提 往后拖 "
        "改周 改星期 改礼拜 改明天 改后天 改大后天 改下周 改下个 改上午 改下午 改晚上 改早上 原先约 原来约 本来约 原来挂 本来挂 原先挂 原本挂 原本约 顺延 延至 调至 改至 换一个医生 换一位 换个别的 换一个大夫 更正 换过来 改过来 换回来 改回来 换周 换星期 换明天 换后天 换下周 换上午 换下午"
    ),
    CANCEL: (
        "quxiao quxiaoyuyue tuihao 取消 退号 退掉 退了 怎么退号 怎么退掉 如何退号 号退 号给退 不要这个号 不要这号 不要那个号 不要号了 把号退 退挂号 退预约 退个号 能退 可以退 要退 想退 退一下 撤销 作废 号不要了 不要了 不去了 去不了了 去不成 去不了 来不了 来不了了 "
        "不来了 不看了 不挂了 不约了 不预约了 不用挂了 不用约了 不用去了 不能去了 不能来了 没法去 没办法去 没法来 赶不上 不想去了 不打算去 不打算看 不去看了 别约了 退订预约 "
        "赶不过来 赶不过去 撤了 撤掉 cancel 订错了 退得掉 退得了 不想约了 不想挂了 不想看了 不需要了 用不着了 不用了 给退 号退 退吧 取消掉 销号 删掉 删除预约"
    ),
    AGAIN: (
        "fuzhen fucha 再约一次 再约一个 再挂一次 再挂一个 再约 再挂 再来一次 约一次 挂一次 再帮我约 再给我约 再帮我挂 再给我挂 老样子 跟上次一样 和上次一样 同上次 像上次 按上次 照旧 照上次 还是上次 "
        "还要他的号 还要她的号 还找他 还找她 还挂他 还挂她 还约他 还约她 还看他 还看她 还约上次 还挂上次 还找上次 上次那个医生 上次那个大夫 上次那位 上次的医生 上次看的 复诊 复查 复检 回诊 再看一次 老地方 老时间 "
        "还是那个医生 还是老医生 还看那个 继续看 续约 接着看 一样的再约 还是原来的医生 还是那位 老规矩 和以前一样 跟以前一样 像以前一样 同一个医生 同一个大夫 同一位 上回那个 上回的 上回那位 还找上回 还挂上回 还约上回 照上回 跟上回一样 和上回一样 原来那个医生 之前那个医生 之前那位 之前的医生 之前看的 上次一样 照旧约 照老样子 按老样子 照原样 一样的时间 同样的时间 接着约 接着挂 接着复"
    ),
    MINE: (
        "wodeyuyue chayuyue 我的预约 我的挂号 我的号 查预约 查询 查下我 查一下我 查我 什么时候的号 啥时候的号 查我的 查一下预约 查询预约 查看预约 看看我的预约 看下我的预约 看一下我的 预约记录 挂号记录 我约了什么 我约的 "
        "我挂的 我预约的 我约了 我挂了 我预约了 我都约了 约上了吗 约上没 挂上了吗 挂上没 挂上号没 预约成功了吗 约成功 约好了吗 挂好了吗 "
        "有没有预约成功 我有预约吗 我有没有预约 我有几个预约 我的就诊 我的单子 预约号是 预约号多少 哪天来着 几号来着 几点来着 我是几点 "
        "我是哪天 我是几号 我是周几 预约情况 预约信息 预约详情 我的时间 查查我 我有哪些预约 几点的号 哪天的号 几号的号 周几的号 号是几点 号是哪天 号是几号 是几点的号 还有哪些预约 预约还在 预约还有效 号还有效 号还在 预约上没 忘了约 忘记约 忘了挂 不记得约 预约单 挂号单 我名下 约好没 挂好没 成功没 我的门诊 预约还在吗 我那个号 挂的号"
    ),
    AVAILABILITY: (
        "youhao youhaoma 有号 有没号 有没位 有没有号 有无号 还有号 有号吗 有号没 没号了 没号 号源 余号 剩号 剩几个 剩多少 还剩 几个号 有位置 有位子 有空位 空位 空档 空缺 有空吗 有名额 名额 "
        "还能约 还能挂 能约吗 能挂吗 约得到 挂得到 能约到 能挂到 能挂上 约满 挂满 满了吗 满了没 哪天有 什么时候有 啥时候有 几号有 哪些时间 什么时间有 "
        "有哪些号 出诊吗 出诊 坐诊 坐班 上班吗 上班么 上不上班 上班不 上班没 开门不 在不在 在吗 来不来 值班 排班 号放了 放了吗 放号了 出门诊 有班 有诊 有专家号 开诊 放号 "
        "哪天在 什么时候在 几号在 还可以约 可以约吗 可不可以约 能不能约 能不能挂 能约不 有时间吗 能看吗 有吗 能排上 号多吗 好挂吗 难挂吗 "
        "有门诊吗 看诊时间 能看不 能看没 能挂不 能挂没 好来不 好来伐 哪天能看 啥时候能看 什么时候能看 什么时候能挂 什么时候能约 啥时候能约 最快什么时候 最早什么时候 最早哪天 "
        "最快哪天 最早能约 最快能约 有没有空 有没得号 号还有 号有没 号都没 都没了 都没号 号没了 没号吗 抢完 抢光 约不上 挂不上 挂不到 约不到 多不多 号多不 开不开诊 看不看 还看不 有没得 何时有 几时有 几时开 何时开 啥时有 啥时能 几时能 有人吗 有人没 有人不 有医生吗 有医生没 有大夫吗 有大夫没 在班吗 在班不 在班没 在不在班 出不出诊 坐不坐诊 来得及吗 排得上 轮得到 约得上 挂得上 有剩 还剩 还可以挂 满员 有没有医生 有没有大夫 有没有人 门诊有吗 科有吗 门诊有没有 号吗 有没有 有空的吗 有空号 哪个医生有 女医生有 男医生有 有女医生 有男医生 有没有女医生 有没有男医生"
    ),
    INFO: (
        "dizhi duoshaoqian 多少钱 什么价 价格 费用 收费 贵吗 贵不贵 挂号费 诊费 诊金 几块 几元 几钱 咋收 怎么收 在哪 在哪里 在哪儿 在什么地方 哪里 地址 位置在 怎么走 怎么去 怎么到 "
        "地铁到 公交到 地铁站 公交站 坐地铁 坐公交 什么路 怎么坐车 前台电话 要钱吗 要钱 收钱 免费 专家号多少 普通号多少 哪个好 哪位好 谁好 路线 导航 坐几路 坐什么车 地铁 公交 停车 车位 几楼 几层 哪层 哪栋 哪个楼 几号楼 哪个诊室 几诊室 几点上班 几点下班 几点开门 几点关门 几点开始 "
        "几点结束 什么时候上班 什么时候下班 什么时候开门 什么时候关门 营业时间 营业 上班时间 下班时间 开门时间 工作时间 门诊时间 开门吗 开不开门 开不开 关门 "
        "周末上班 开车 好停车 有地方停 停车场 卫生间 厕所 洗手间 轮椅 几岁 多大可以 证件 带身份证 身份证 几天出 多久出 结果多久 多久能拿 何时出 公众号 官网 网址 需不需要 用不用空腹 能开发票 开发票 休不休 休息不 放不放假 营不营业 开到几点 看到几点 上到几点 到几点 差多少钱 是不是主任 看啥病 看什么病 治什么 主要看 啥价 啥价钱 价位 怎么收费 要多少 起价 挂哪里 挂哪 看哪里 挂哪个 属于哪 怎么打印 怎么领 怎么拿 放假 休息吗 午休吗 午休到 午休几点 休诊 停诊 电话 电话号码 电话多少 电话是多少 什么电话 打哪个电话 有电话 联系方式 怎么联系 医保 社保 报销 刷医保 医保卡 能报 带什么 准备什么 要带 需要带 疼不疼 痛不痛 几号线 取号 能付钱 能付款 有电梯 怎么付款 微信付款 怎么支付 能不能刷卡 要不要空腹 空腹吗 空腹 "
        "注意什么 注意事项 怎么样 好不好 咋样 厉害吗 专业吗 靠谱吗 水平 口碑 擅长 介绍 简介 资历 什么职称 什么级别 是主任吗 男的女的 男的还是女的 "
        "是男的 是女的 男医生还是女医生 哪些医生 什么医生 哪些大夫 有哪些医生 有哪些科 有什么科 哪些科 什么科室 几个科 挂什么科 挂哪个科 挂啥科 看什么科 "
        "看哪个科 看啥科 挂哪科 看哪科 该挂 属于什么科 哪个科 什么科 啥科 哪科 哪个科室 什么科看 能做吗 可以做吗 能不能做 做不做 有没有做 能看什么 看不看 "
        "能治 可以看吗 哪个医生好 哪位医生好 谁看得好 谁比较好 推荐 有wifi 多久能好 要多久 多长时间 需要多久 提前多久 提前几天 规定 政策 规则 "
        "发票 病历 报告单 化验单 结果出来 取报告 拿报告 查报告 看报告 体检套餐 几岁可以 周边 附近 支付方式 微信支付 支付宝 刷卡 最晚几点 最早几点 怎么付 怎么交费 缴费"
    ),
    BOOK: (
        "yuyue guahao 预约 挂号 挂个 挂一个 挂一下 挂下 挂个号 挂一 约个 约一个 约一下 约下 约号 约一 约在 约到 要约 想约 想挂 要挂 想预约 要预约 帮约 帮挂 给约 给挂 "
        "帮我约 帮我挂 我约 我挂 想看 要看 看一下 看看 看个 看病 看医生 看大夫 就诊 就医 来看 去看 过来看 看诊 看牙 看眼 订个 定个 预定 登记 排个 排队 抢个 "
        "抢号 留个 加号 加个号 安排 想找 要找 找个 想做 要做 再看 再来看 来复 来做 来拔 来补 来打 来换 来拆 来查 来检查 想查 要查 想检查 要检查 想拍 要拍 要拆 想拆 想调理 想治 要治 想问诊 瞧瞧 想瞧 瞧病  想打 要打 想拔 想补 想洗 要拔 要补 要洗 想配 来个 来一个 搞个 弄个 选 我要 求 需要挂 需要约 "
        "需要预约 打算挂 准备挂 报个 报名 book 拆个 专家号 普通号 想去 要去 找他看 找她看 约吧 挂吧 约上 挂上 挂 约"
    ),
    THANKS: "xiexie 唔该晒 唔该你 唔该哂 多谢晒 谢谢 多谢 感谢 谢了 谢啦 谢谢你 谢谢您 蟹蟹 感恩 多亏 有劳 麻烦了 麻烦你们 麻烦您了 辛苦您 辛苦你们 辛苦辛苦 辛苦大家 thank 辛苦了 辛苦啦 thanks thx 3q 麻烦你了 太好了 好的谢谢",
    GREETING: "nihao 你好 您好 hi hello 在吗 在么 早上好 上午好 中午好 下午好 晚上好 早安 晚安 哈喽 嗨 喂 hey 大家好 医生好 医生你好 医生您好 大夫好 大夫你好 医生们好 大夫们好 护士好 老师好 各位好 主任好 美女好 早呀 早啊 早哇 早上好呀 哈啰 哈罗 嗨喽 有人吗 有人在吗 有人在不 有人不 在不在 在不 在哇 在么 在嘛",
}
WEAK = frozenset(
    "有没有 要钱 免费 查询 哪个好 谁好 怎么样 好不好 休息吗 推荐 介绍 水平 厉害吗 挂 约 选 求 我要 看看 看一下 在吗 有吗 能看吗 在不在 来不来 不要了 退了 删掉 改下 改个 改改 更改 变更 有空吗 值班 哪里 早啊 厕所 开车 几岁 身份证 到几点 看不看 还看不 开不开 有人吗 有人没 有人不 多不多 抢光 身份证 公众号 不用了 不需要了 换个 换下 换一下 挂哪 看哪里 挂哪里 要多少 屏蔽 新手 不合理 病历 发票 查询 都没了 12345 撤了 放假 要带 要去 想去 排队 登记 安排 推荐 求 水平 规定 退钱 有时间吗 看不看 位置在 太好了 附近 地铁 公交 空腹 报名 选 继续看 一样的再约 号吗 退一下 调一下 骂人 转接 能治 附近 电话 休息吗 关门 我约 我挂".split()
)
"""Cues that count only beside something of the clinic: a department, a doctor, a symptom, a day, or another cue."""
OF_SOMEBODY = frozenset("怎么样 好不好 推荐 介绍 水平 厉害吗".split())
"""Weak cues that ask about a doctor or a department; 天气怎么样 does not."""
ELSEWHERE = (
    "灯坏 空调坏 电梯坏 只有你 飞机 会议 家长会 年会 论文 奶茶店 外卖 快递 订单 机票 火车票 高铁票 车票 酒店 宾馆 电影 闹钟 会员 红包 天气 停电 装修 团建 好贵 贵死 贵得 真贵 太贵 落在 人太多 人真多 走廊 也就那样 二维码 打车 叫个车 叫车 餐厅 饭店 吃饭 外卖 奶茶 洗车 宽带 轮胎 剪头发 做头发 美发 个饭 个球 喝酒 打球 看球 唱歌 ktv 聚餐 聚会 约会 烧烤 火锅 快乐 高考 中考 考试 高铁 火车 航班 下雨 有雨 下雪 降温 好热 好冷 笑话 唱首 牙膏 口罩 千金片 月色 晚会 股票 彩票 理发 美甲 驾校 租房 房子 游戏 开会 "
    "上课 考试 作业 爬山 旅游 演唱会 话费 流量 充值 起床 睡觉 快乐 愉快 电视剧 拜拜 再见 天见 周见 一见 好累 真开心 天气 明天见 保洁 搬家 家政 快递 装修 出差 摄影 婚纱 拍照 滴滴 顺风车 换手机 打游戏 打麻将 钓鱼 健身房 遛狗 宠物 猫咪 狗狗 看电影 电影票 门票 景区 景点"
)
"""What the clinic has nothing to do with."""
SPAM = "加微信 加v 加扣扣 联系扣扣 扣扣 加qq 加群 代抢 代挂 代排队 代预约 祖传 秘方 秘制 兼职 日结 贷款 刷单 http www .com 红包 领券 砍一刀 优惠券 免费领 大甩卖 见效 招聘 点赞 投票 扫码领"
"""Advertisements: nothing in them is a wish."""
QUITTING = frozenset(
    "不用了 不需要了 用不着了 不想约了 不想挂了 不想看了 不约了 不挂了 不预约了 不看了 别约了 不用挂了 不用约了 不要了".split()
)
"""What gives up an appointment where there is one, else only the dialogue."""

OWN_WISH = re.compile(
    r"想[做换看挂约查拔补洗打]|问问|问下|问一下|帮我|给我|帮忙|帮[他她它]|我想|我要|我也|俺想|俺要|想挂|想约|想看|想预约|想请|挂个|约个|约一|挂一|能不能|可以|有号|麻烦|请问|取消|改到|改成|"
    r"(?:约|挂)(?=[今明后周下星礼])"
)
"""What makes a wish of it all the same."""
LATER = re.compile(
    r"(?:完试|完了|完再|之后|以后|有空|有时间|改天|下次|以后|回头|到时候?|过[两几]天|晚点|等等|需要)[^,。]{0,2}$"
)
"""What puts 再约 off."""
CLAUSE = re.compile(r"[,。!?;、]")
CLINICAL = re.compile(r"号|诊|科|医|病|药|疼|痛|检|查|牙|针|疫苗|手术|专家|治|院|预约(?!.)")
"""What tells that something of the clinic is meant."""
OF_CLINIC = re.compile(r"号(?!排到)|坐几路|怎么[走去来到坐]|地址|预约|门诊|科|医|看病|复查|复诊|检查|疫苗|牙")
NOBODYS = re.compile(rf"(?<![一-鿿])(?:挂|约|找|看|要|想挂|想约|的)?[{SURNAMES}](?:医生|大夫|主任|医师|教授|专家)")
"""A doctor by a name that nobody of the clinic may bear."""
ASIDE = re.compile(r"吗(?:[?。!,]|$)")
FOR_SEATS = re.compile(r"可以|能|有|行|成吗|得")
"""What makes a question one that may be for a seat; 中医是科学吗 is none."""
OVER = re.compile(
    r"不[疼痛痒烧咳晕肿](?:了|啦)|已经不|丢了|忘带|倒闭|好了|没事了|出来了|看过|治好|打完|做完|看完|拔完|挂完|做过|打过|拔过|退了|退烧了|刚(?:看|打|做|拔|补|从)"
)
"""What tells that it is over."""
KEPT_AWAY = frozenset(
    "不去了 去不了了 去不成 去不了 来不了 来不了了 不来了 不能去了 不能来了 没法去 没办法去 没法来 赶不上 不想去了 不打算去 赶不过来 赶不过去".split()
)
"""What gives up an appointment, and may give up anything else."""
WISH = re.compile(r"想(?![死你])|需要|麻烦|帮|给|替|[要得]去|带(?!头|着)")
"""What makes a wish of a name that stands beside much else."""
PRIVATE = re.compile(
    r"有对象|微信(?!支付|付款|缴费|预约)|[买卖]|好用|好看|好吃|伪|后[^,。?]{0,4}(?:多久|几天|能不能|能|可以)[^,。]{0,3}(?:吃|喝|洗|动|走|运动|上班|碰水)|年薪|工资|收入|招人|手机号|结婚|单身|老家|哪里人|几岁了|多大了|喜欢"
)
"""What is none of the clinic's to answer, whoever is named."""
TOPIC = re.compile(
    r"钱|价|费|贵|多少|多久|多长|几天|几次|几岁|多大|要不要|用不用|需不需|需要|能不能|可不可以|可以|带|空腹|准备|流程|手续|要[^,。]{1,5}吗|楼|在哪|哪里|哪儿|能[做打看拔补洗拍抽查接开]|会做|做不做|看什么|看哪|挂什么|挂哪|有哪|报销|医保|住院|疼不疼|痛不痛|麻药|男|女|有没有|有"
)
"""What the clinic is asked about that it can tell."""
PETS = re.compile(
    r"^(?!.*被).*(?:[我他她你]家?的?|家里的?|只|条)(?:小|大|老)?(?:猫|狗|兔子|仓鼠|鹦鹉|泰迪|金毛|布偶)(?![抓咬毛舍])"
)
"""Patients that are seen elsewhere."""
BY = "被"
"""What tells that somebody was bitten."""
PREPARING = re.compile(r"多久|空腹|疼不疼|疼吗|带什么|[要用]带|准备|注意|费|钱|价|证|报销|医保")
"""What a question with a day in it asks for all the same, instead of seats."""
LEARNING = re.compile(r"学(?:医|习|中医)|想学|想当|想报|报考|工作|实习|应聘|招聘|面试")
"""What is wished of a department beside being treated."""
NO_WISH = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天几]了[吗么没]|几号[?了啊呀]?$|是(?:几|什么|周|星期)")
VISITED = re.compile(r"看完了|看过了|用过了")
"""What tells that an appointment was kept."""
LONG_AGO = re.compile(r"去年|前年|小时候|当年|那年")
NOWADAYS = re.compile(r"现在|最近|又|还|一直|这几天|今天|想|要|复查")
"""What tells of an illness long ago, and that it goes on."""
WHICHEVER = re.compile(r"(哪[天个位里]|什么时候|几点|谁).{0,6}\1")
"""What looks like a question and leaves it open: 哪天人少哪天."""
PUT_OFF = re.compile(r"先不|暂时不|再说|以后再|改天再")
"""What puts off what was not booked yet."""
LANDMARK = re.compile(r"科(?:门口|旁边|对面|楼下|楼上|隔壁|附近)")
"""What makes a department a place where something else is."""
HESITATING = re.compile(r"没想好|还没定|没决定|再想想|再考虑|考虑考虑")
"""What says that nothing is wished yet."""
ADVISING = re.compile(
    r"(?:吃|喝|用|打|做)[^,。]{1,8}会[^,。]{1,6}吗|的时候(?:最|总|就|都)|要多喝|多喝水|少吃|会引起|导致|预防|讲究|会传染|传染吗|的原理|的区别|不能吃"
)
"""What speaks of illness in general."""
SPOKEN_OF = frozenset("看诊 看病 看医生 看大夫 就诊 就医 专家号 普通号".split())
"""What speaks of a visit without wishing one: 周医生看病细不细."""
OF_AN_APPOINTMENT = re.compile(r"号|预约")
HOW = "怎么"
DONE = re.compile(r"过(?![敏滤年节来去两三几一段])")
"""What stands behind a cue that tells of what was: 看过."""
HAS = re.compile(r"有[^,。]{1,8}[吗没么不](?=$|[,。?!])")
"""How somebody asks whether the clinic has something."""
ASKING = frozenset("吗么嘛伐没不?哪什啥怎咋谁多何几边点呢")
"""What a question holds at least one of."""
QUESTION = re.compile(
    r"[吗么嘛伐](?:[?。!,~]|$)|(?<![哦噢啊额呃哎])[没不](?:有)?[啊呀呢哦哈哇]?(?:[?。!,~]|$)|\?|(?P<verb>[\u4e00-\u9fff])[不没](?P=verb)(?!以?[给帮替把])"
    r"|(?<!随便)(?<!别管)(?:哪|什么|啥|怎么|咋|谁|多少|何时|几时|几多|边(?=科|个|度|位)|点样|多大|多久)(?![^,。?]{0,6}[都也]|的?话)|(?<![好过这近十隔有前后])几(?=[点号楼岁块个位天层])(?![^,。?]{0,4}[都也])"
    r"|[有还]没有(?=[号位人医大专])|呢(?:[?。]|$)"
)
"""What tells a question: 吗, 放了没, 留不留, 哪天; 哪天都行 is none."""
SEATS = re.compile(r"[号位]")
ON_DUTY = re.compile(r"上班|出诊|坐诊|值班|哪几?天|什么时候|几时|来不来|在不在")
"""What a question about somebody's days holds."""
OF_SEATS = re.compile(r"[号位]|医生|大夫|专家|门诊")
NEGATION = re.compile(
    r"(?<![能可要想会该用是行有])(?:没有|没说|先不|暂不|暂时不|不必|不|别|没|甭|勿|莫|未|无需)"
    r"(?:是|想|要|用|需要|打算|准备|找|转|再|必|得|去|来|给我|帮我|让|愿意|敢|肯|能|可以)*(?:再|去|来|继续)?$"
)
"""What stands right before a cue and turns it round; 能不能, 可不可以 ask and do not."""
REFUSAL = re.compile(
    r"(?:别|不用|不想|不要|不必|不需要|(?<!是)不是|没问|没说|没想)(?:再|要|想|去|来|帮我|给我)*(?:问|看|查|告诉我|打听|知道|了解|说|发)?$"
)
"""What stands right before a question and takes it back."""
PREFERENCES = {
    "soonest": (
        "最快 最近有 最近的 最近一 最近能 最近可 最近哪 最近什么 最近号 越早越好 越快越好 尽快 尽早 尽可能早 尽可能快 最早 马上看 马上约 马上挂 赶紧 第一时间 越早"
    ),
    "any": "随便 都行 都可以 都好 随时 哪天都 什么时候都 任何时间 无所谓 都方便 不限 看你们",
}
PAST = "上次 昨天 昨晚 前天 刚才 开的药 吃完 真好 太好 不错 挺好 很好"
"""What praises, or tells of the past, and so wishes nothing."""
NO_UNIT = tuple("技学幻普目研举长")
"""What goes on behind 科 where it ends no department: 国内科技."""
CLOSED = re.compile(r"$|[,。!?的有在周星礼明今后下上还能吗这]")
"""What may stand behind a name that is only heard."""
PICK_OUT = re.compile(r"(?:挂|约|找|看|选|要|科|换|改成?|是|^|,|。)$")
"""What stands before a name that is chosen."""

_FILLING = (
    "帮我 请问 大概 大约 差不多 左右 哪个 哪位 医师 麻烦 一下 有没有 可以 能不能 可不可以 行不行 好不好 行不 或者 有空 有时间 早点 晚点 早些 晚些 的时候 只要 只 我们 你们 咱们 那个 这个 的话 就是 然后 因为 所以 但是 现在 "
    "等等 等一下 不对 不是 错了 打错 说错 应该 医院 门诊部 门诊 科室 医生 大夫 主任 挂号 预约 最好 需要 谢谢 你好 您好 一个"
).split()
_FIGURES = "0123456789一二三四五六七八九十"
FILLERS = re.compile(
    rf"(?:(?=[{''.join(sorted({word[0] for word in _FILLING}))}])(?:{'|'.join(_FILLING)})|(?=[{_FIGURES}])[{_FIGURES}]{{1,3}}岁半?|"
    r"[咱您我你想要请帮给替挂约看找选去来到的号个下吧呢啊呀哦噢嗯嘛吗么哈了是在有能就还也都再又和跟与或把被让从至对好行成中科那这一儿空,.?!:;()~/%+、。 -])+"
)
"""What says nothing of its own."""
CHANGE_PIVOT = re.compile(
    r"(?:改约|改期|改签|改时间|换时间|更改|变更|改|换|挪|调整?|推迟|延期?|推|提前|延后|推后|移|转(?=到)|更正|往[前后](?:放|提)|提(?=到)|放(?=到))(?:一下|下|个)?(?:时间)?(?:到|成|为|去|在|至)?"
    r"|(?:现在|我)?(?:想|要|(?<=现在)就?)(?:要|挂|约)?(?=[^,。]{0,3}(?:周|星期|礼拜|明|后|下|上午|下午|\d|[一二三四五六七八九十]))"
)
"""What stands between the old and the new in 周五的号改到下午."""

UNIT = "科"
BEFORE_SHORT = re.compile(
    r"(?:^|[^\u4e00-\u9fff]|[挂看约个号的去想要找选是在到换改成午天日上早晚点半一二三四五六妈爸人吧给我子儿])$"
)
"""What may stand before a short department's name that is only heard: not the rest of a longer name."""
REFUSING = re.compile(r"[不别除没]")
UNWANTED = re.compile(
    r"(?:(?<!有)没有?(?:说|打算|想)?(?:要|打算|想)|不打算|不准备|不需要|不必|不是要?|不要|不想要?|别|不用|不)(?:挂|看|约|找|选|去|改|换)?(?:的)?(?:是)?$|(?:除了|除)$"
)
"""What stands right before a name that is not wanted."""
SHIFT = re.compile(
    r"(?:(?P<back>往前|提前|提早|(?:挪|推|移|改|调)前|早)|往后|推迟|推后|延后|延迟|晚|推|延)(?:挪|推|延|移|改|调|到|拖)?(?:个)?"
    r"(?P<some>[一两二三四五六七1-9半])个?(?P<unit>天|周|星期|礼拜|小时|钟头)"
)
"""By how much an appointment is to be moved."""
SHIFT_DAYS = {"天": 1, "周": 7, "星期": 7, "礼拜": 7}
CANNOT = re.compile(r"[来去]不[了成]")
MOVING = re.compile(
    r"(?:(?<![没若])(?:改|换|调|挪)|更正|往[前后](?:放|提|挪|推|移|调)|(?:提|放|推|移|拨|转)(?=到|至))(?:成|到|为|至|约|去|在|挂)?(?:一下|下)?"
)
"""What stands right before the new, where the old stands before it."""
UNABLE = re.compile(
    r"[来去赶到][^,。]{0,2}不[了成上及回到]|没空|没时间|有事|不行|不方便|走不开|冲突|加班|出差|开会|有课|上课|上班|考试|有安排"
)
"""What tells that an appointment cannot be kept."""
RATHER = re.compile(r"其实|我想要|想换|要换|应该是|要的是|想要的是|本意是")
"""What stands before the day that was meant from the start."""
NOT_NOW = re.compile(r"的?(?:号|那个)?(?:先|还|就)?(?:留|保留|不动|不变)|[^,。]{0,3}再[^,。]{0,4}(?:约|挂|来|看|说)")
"""What stands behind the time of another visit: 下周再给她约."""
OLD_BEHIND = re.compile(r"[,。]?(?:原先|原来|本来|原本|之前|以前)(?:是|约|挂|预约|的|那个|在)*")
"""What stands between the new and the old in 改到24号,原来22号的."""
ONLY_OLD = re.compile(r"改约|改期|改签|改时间|换时间|更改|变更|[改换](?:一下|下)")
"""A change of which only the old is said: 约好的周日想改期."""
OLD_ONE = re.compile(r"(?:那个|那次|这个)?的?(?:号|预约|挂号|那个号|约)")
"""What stands right behind a time or a name of the appointment that is to be changed."""
AIMS = re.compile(r"[到成为至在去]$")
"""How the words end behind which the new stands: 改到, 换成."""
