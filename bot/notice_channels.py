"""Sending one notice through one channel, and what WeChat's answer means for it (wechat-protocol.md, Sending)."""

from datetime import datetime

from structlog import get_logger

from booking.models import Catalogue
from booking.notices import Notice
from booking.relaying import NoticeChannel, Try, Verdict
from booking.template_fields import fit
from bot import texts_notices
from bot.ports import SmsSender
from bot.wechat.render import reply_text
from bot.wechat_client import WeChatClient
from bot.wechat_errors import Ambiguous, Retryable, TokenInvalid, WeChatError
from handlers.chat import Reply
from handlers.notices import render, render_sms, values

log = get_logger()


class Channels:
    """The ways to a person: templates and subscription notices, customer-service messages, SMS."""

    def __init__(self, client: WeChatClient, sms: SmsSender | None) -> None:
        self._client = client
        self._sms = sms

    @property
    def has_sms(self) -> bool:
        """Tell whether SMS are sent at all."""
        return self._sms is not None

    async def send(self, notice: Notice, catalogue: Catalogue, *, mobile: str = "", now: datetime) -> Try:
        """Try the notice's channel once; whatever happens, it concerns this notice only."""
        channel = NoticeChannel(notice.channel or NoticeChannel.CUSTOM)
        try:
            said = _prepared(notice, channel, catalogue, now)
        except Exception as error:
            log.exception("notice_not_rendered", notice=notice.id, kind=notice.kind)
            return Try(Verdict.PASS, f"not rendered {type(error).__name__}")
        try:
            return await self._sent(notice, channel, catalogue, said, mobile)
        except (Retryable, TokenInvalid) as error:
            return Try(Verdict.RETRY, _reason(error))
        except Ambiguous as error:
            return Try(Verdict.UNSURE, _reason(error))
        except WeChatError as error:
            return Try(Verdict.PASS, _reason(error))
        except Exception:
            log.exception("notice_in_doubt", notice=notice.id, channel=channel)
            return Try(Verdict.UNSURE, "in doubt")

    async def _sent(
        self, notice: Notice, channel: NoticeChannel, catalogue: Catalogue, said: Reply | dict[str, str], mobile: str
    ) -> Try:
        openid = notice.openid or ""
        if isinstance(said, Reply):
            if channel == NoticeChannel.SMS:
                return await self._sms_sent(notice, said, catalogue, mobile)
            await self._client.custom_send(openid, reply_text(said))
            return Try(Verdict.SENT, shown=bool(said.choices))
        template = catalogue.templates[notice.kind].id
        if channel == NoticeChannel.SUBSCRIPTION:
            await self._client.bizsend(openid, template, said)
            return Try(Verdict.SENT)
        msgid = await self._client.template_send(openid, template, said, client_msg_id=notice.id)
        return Try(Verdict.SENT, msgid=msgid)

    async def _sms_sent(self, notice: Notice, said: Reply, catalogue: Catalogue, mobile: str) -> Try:
        if self._sms is None or not mobile:
            return Try(Verdict.PASS, "no number")
        clinic = catalogue.clinic
        text = texts_notices.SMS.format(clinic=clinic.name, text=said.text, phone=clinic.phone)
        try:
            await self._sms.send(mobile, text, message_id=notice.dedupe_key)
        except OSError as error:
            log.warning("sms_not_taken", notice=notice.id, problem=type(error).__name__)
            return Try(Verdict.RETRY, "not taken")
        return Try(Verdict.SENT)


def _prepared(notice: Notice, channel: NoticeChannel, catalogue: Catalogue, now: datetime) -> Reply | dict[str, str]:
    """Return what is sent: the text with its choices, or the fields of the template, each made to fit."""
    if channel == NoticeChannel.CUSTOM:
        return render(notice, catalogue, now=now)
    if channel == NoticeChannel.SMS:
        return Reply(render_sms(notice, catalogue, now=now))
    fields = catalogue.templates[notice.kind].fields
    known = values(notice, catalogue, set(fields.values()))
    return {field: fit(field, known[value], nothing=texts_notices.NOTHING) for field, value in fields.items()}


def _reason(error: WeChatError) -> str:
    return f"{error.result} {error.code}" if error.code else error.result
