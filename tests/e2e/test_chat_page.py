"""The emulator's page in a real browser, with a bot of a few lines behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from emulator.client import EmulatorClient
from emulator.config import TemplateSpec
from emulator.server import running
from tests.support.browser import CHROMIUM, NO_CHROMIUM, launch, opened
from tests.support.toybot import BotApi, ToyBot, config_for, serving

pytestmark = [
    # One browser for all: every test has a page, a bot and an emulator of its own.
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM),
]
MENU = (
    "请选择科室：\n"
    '1. <a href="weixin://bizmsgmenu?msgmenucontent=1&msgmenuid=dept-dental">口腔科</a>（余3）\n'
    '2. <a href="weixin://bizmsgmenu?msgmenucontent=2&msgmenuid=dept-child">儿科</a>（余5）'
)
HOSTILE = (
    "<img src=x onerror=\"document.title='broken in'\"><script>document.title='broken in'</script>"
    '<a href="javascript:document.title=1">点我</a> <a href="https://example.com/guide">就诊指南</a>'
)
ANSWERS = {"预约": MENU, "1": "您选择了口腔科", "攻击": HOSTILE, "坏": "字" * 700}


async def answer(message: object) -> str | None:
    event = getattr(message, "event", "")
    if event == "subscribe":
        return "欢迎关注"
    if event in {"click", "view", "scan"}:
        return f"收到 {event}"
    recognition = getattr(message, "recognition", None)
    if recognition:
        return f"听到：{recognition}"
    content = getattr(message, "content", "")
    return ANSWERS.get(content, f"你说：{content}") if content else "收到"


@dataclass
class Chat:
    """A page with the emulator and the bot behind it; `problems` is what the browser complained about."""

    page: Page
    wechat: EmulatorClient
    bot: ToyBot
    api: BotApi
    base: str
    browser: Browser
    problems: list[str] = field(default_factory=list)

    def phone(self, name: str = "小明") -> Locator:
        return self.page.locator(f'.phone[data-user="{name}"]')

    async def follow(self, name: str = "小明") -> Locator:
        phone = self.phone(name)
        await phone.get_by_role("button", name="关注公众号").click()
        await expect(phone.locator(".bubble").last).to_have_text("欢迎关注")
        return phone

    async def say(self, phone: Locator, words: str) -> None:
        await phone.locator("textarea").fill(words)
        await phone.get_by_role("button", name="发送").click()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with async_playwright() as playwright:
        running_browser = await launch(playwright)
        yield running_browser
        await running_browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def chat(browser: Browser) -> AsyncIterator[Chat]:
    """The page on a wide screen; afterwards the browser must have complained about nothing."""
    bot = ToyBot(answer=answer)
    template = TemplateSpec(id="BOOKED", title="预约成功通知", fields={"thing1": "就诊科室", "time2": "就诊时间"})
    async with (
        serving(bot),
        running(config_for(bot, templates=(template,))) as base,
        EmulatorClient(base) as wechat,
    ):
        page, problems = await opened(browser, base, {"width": 1440, "height": 900})
        yield Chat(page, wechat, bot, BotApi(base, wechat._session), base, browser, problems)
        await page.close()
    assert problems == []


async def test_the_page_says_that_it_is_not_wechat(chat: Chat):
    await expect(chat.page.locator("header")).to_contain_text("模拟器")
    await expect(chat.page.locator("header")).to_contain_text("不是微信")
    assert "不是微信" in await chat.page.title()


async def test_a_person_follows_writes_and_taps_a_choice(chat: Chat):
    phone = await chat.follow()
    await chat.say(phone, "预约")
    await phone.get_by_role("button", name="口腔科").click()
    await expect(phone.locator(".bubble").last).to_have_text("您选择了口腔科")
    assert chat.bot.seen[-1]._data["bizmsgmenuid"] == "dept-dental"
    await expect(phone.locator(".mine .bubble").last).to_have_text("1")


async def test_enter_sends_and_shift_enter_starts_a_line(chat: Chat):
    phone = await chat.follow()
    await phone.locator("textarea").press_sequentially("你")
    await phone.locator("textarea").press("Shift+Enter")
    await phone.locator("textarea").press_sequentially("好")
    await phone.locator("textarea").press("Enter")
    await expect(phone.locator(".bubble").last).to_have_text("你说：你\n好")


async def test_two_users_talk_side_by_side_and_do_not_mix(chat: Chat):
    ming, aunt = await chat.follow("小明"), await chat.follow("李阿姨")
    await chat.say(ming, "我是小明")
    await chat.say(aunt, "我是李阿姨")
    await expect(ming.locator(".bubble").last).to_have_text("你说：我是小明")
    await expect(aunt.locator(".bubble").last).to_have_text("你说：我是李阿姨")
    await expect(ming.locator(".lines")).not_to_contain_text("李阿姨")


async def test_nothing_a_bot_writes_becomes_markup(chat: Chat):
    phone = await chat.follow()
    await chat.say(phone, "攻击")
    bubble = phone.locator(".bubble").last
    await expect(bubble).to_contain_text("<img src=x onerror=")
    assert await bubble.locator("img, script").count() == 0
    assert await bubble.locator("a").evaluate_all("links => links.map(link => link.href)") == [
        "https://example.com/guide"
    ]
    assert "broken in" not in await chat.page.title()


async def test_a_template_message_appears_live_as_a_card(chat: Chat):
    phone = await chat.follow()
    ming = await chat.wechat.user("小明")
    data = {"thing1": {"value": "口腔科"}, "time2": {"value": "2026年11月24日 08:30"}}
    body = {"touser": ming.openid, "template_id": "BOOKED", "data": data, "url": "https://example.com/a"}
    assert (await chat.api.post("message/template/send", body))["errcode"] == 0
    card = phone.locator(".card")
    await expect(card).to_contain_text("预约成功通知")
    await expect(card).to_contain_text("2026年11月24日 08:30")
    await expect(card.get_by_role("link", name="查看详情")).to_have_attribute("href", "https://example.com/a")


async def test_the_account_menu_opens_and_its_buttons_reach_the_bot(chat: Chat):
    phone = await chat.follow()
    below = [
        {"name": "我的预约", "type": "click", "key": "MINE"},
        {"name": "路线", "type": "view", "url": "https://example.com/way"},
    ]
    menu = {"button": [{"name": "预约", "type": "click", "key": "BOOK"}, {"name": "服务", "sub_button": below}]}
    assert (await chat.api.post("menu/create", menu))["errcode"] == 0
    await phone.get_by_role("button", name="服务").click()
    await phone.get_by_role("menuitem", name="我的预约").click()
    await expect(phone.locator(".bubble").last).to_have_text("收到 click")
    assert chat.bot.seen[-1].key == "MINE"
    await phone.get_by_role("button", name="键盘").click()
    await expect(phone.locator("textarea")).to_be_visible()


async def test_voice_is_what_the_recogniser_would_hear(chat: Chat):
    phone = await chat.follow()
    await phone.get_by_role("button", name="语音").click()
    await phone.locator('textarea[name="heard"]').fill("我要预约口腔科")
    await phone.get_by_role("button", name="发送语音").click()
    await expect(phone.locator(".bubble").last).to_have_text("听到：我要预约口腔科")
    await expect(phone.locator(".heard")).to_contain_text("识别结果：我要预约口腔科")


async def test_a_code_is_made_and_scanned_in_the_telephone(chat: Chat):
    phone = await chat.follow()
    await phone.get_by_role("button", name="更多").click()
    await phone.get_by_role("button", name="扫一扫").click()
    await phone.get_by_placeholder("例如 desk-1").fill("desk-7")
    await phone.get_by_role("button", name="生成并扫描").click()
    await expect(phone.locator(".bubble").last).to_have_text("收到 scan")
    assert chat.bot.seen[-1].scene_id == "desk-7"


async def test_consent_to_notices_is_given_in_the_telephone(chat: Chat):
    phone = await chat.follow()
    await phone.get_by_role("button", name="更多").click()
    await phone.get_by_role("button", name="订阅通知").click()
    await expect(phone.locator(".sheet")).to_contain_text("预约成功通知")
    await phone.get_by_role("button", name="允许").click()
    await expect(phone.locator(".notice").last).to_have_text("你已同意接收通知")
    assert (await chat.wechat.request("GET", "users/小明"))["consents"] == {"BOOKED": 1}


async def test_a_user_leaves_and_sees_the_accounts_profile_again(chat: Chat):
    phone = await chat.follow()
    await phone.get_by_role("button", name="设置").click()
    await phone.get_by_role("button", name="取消关注").click()
    await expect(phone.get_by_role("button", name="关注公众号")).to_be_visible()
    assert chat.bot.seen[-1].event == "unsubscribe"


async def test_a_fault_is_ordered_in_the_panel_and_seen_in_the_log(chat: Chat):
    phone = await chat.follow()
    await chat.page.get_by_role("tab", name="故障").click()
    await chat.page.get_by_role("button", name="丢失回复").click()
    await expect(chat.page.locator(".ordered")).to_contain_text("还有 1 次")
    await chat.say(phone, "你好")
    await expect(phone.locator(".bubble").last).to_have_text("你说：你好")
    await expect(chat.page.locator(".ordered")).to_have_count(0)
    await chat.page.get_by_role("tab", name="流量日志").click()
    records = chat.page.locator(".record.delivery", has_text="“你好”")
    await expect(records).to_have_count(2)
    await expect(records.first).to_contain_text("第 2 次")
    await expect(records.last).to_contain_text("无回答")


async def test_the_log_shows_the_decrypted_xml(chat: Chat):
    phone = await chat.follow()
    await chat.say(phone, "你好")
    record = chat.page.locator(".record.delivery", has_text="“你好”")
    await record.locator("summary").click()
    await expect(record.locator("pre").nth(0)).to_contain_text("<Content>你好</Content>")
    await expect(record.locator("pre").nth(1)).to_contain_text("<Content>你说：你好</Content>")
    await expect(record).to_contain_text("encrypt_type=aes")


async def test_a_malformed_reply_reads_as_it_does_in_wechat(chat: Chat):
    phone = await chat.follow()
    await chat.say(phone, "坏")
    await expect(phone.locator(".notice").last).to_have_text("该公众号提供的服务出现故障，请稍后再试")
    await expect(chat.page.locator(".record").first).to_contain_text("回复有误")


async def test_a_draft_is_typed_live_for_those_who_watch(chat: Chat):
    phone = await chat.follow()
    ming = await chat.wechat.user("小明")
    await chat.wechat.request("POST", f"users/{ming.openid}/draft", {"text": "我想预"})
    await expect(phone.locator("textarea")).to_have_value("我想预")


async def test_a_reloaded_page_shows_the_conversation_again(chat: Chat):
    phone = await chat.follow()
    await chat.say(phone, "你好")
    await expect(phone.locator(".bubble").last).to_have_text("你说：你好")
    await chat.page.reload()
    await expect(chat.phone().locator(".bubble").last).to_have_text("你说：你好")
    await expect(chat.page.locator(".record", has_text="“你好”")).to_have_count(1)


async def test_on_a_narrow_screen_one_telephone_fills_it_and_the_panel_opens(chat: Chat):
    page, problems = await opened(chat.browser, chat.base, {"width": 390, "height": 844})
    await expect(page.locator(".phone")).to_have_count(1)
    await page.get_by_role("button", name="关注公众号").click()
    await expect(page.locator(".bubble").last).to_have_text("欢迎关注")
    await page.get_by_role("button", name="李阿姨").click()
    await expect(page.locator(".phone")).to_have_attribute("data-user", "李阿姨")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.locator("#open-panel").click()
    await expect(page.get_by_role("tab", name="流量日志")).to_be_visible()
    await page.close()
    assert problems == []
