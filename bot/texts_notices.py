"""Chinese texts about notices: what an SMS adds, the listing ``zhenyue notices``, its options."""

SMS = "【{clinic}】{text} 咨询电话 {phone}"
"""Choices cannot be answered by SMS, so the telephone is named."""
NOTHING = "无"
