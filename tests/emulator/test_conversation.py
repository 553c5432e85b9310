"""A user and a bot talk through the emulator."""

from emulator.client import EmulatorClient


async def test_a_users_text_is_answered_by_the_bot(wechat: EmulatorClient, bot):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    reply = await ming.say("你好 ]]> 😀")
    assert reply.text == "你说：你好 ]]> 😀"
    assert reply.source == "passive"
    assert bot.seen[-1].source == ming.openid
