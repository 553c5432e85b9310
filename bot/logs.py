"""Logs on standard error: one JSON object a line (or text for people), each passed through one redaction filter.

structlog, the standard library's loggers, warnings and uncaught exceptions all take this way. Lines of no urgency are
written together a tenth of a second later; a warning or an error is written at once.
"""

import asyncio
import atexit
import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import BinaryIO, Literal

import orjson
import structlog
from structlog.typing import ExcInfo

from bot.redaction import redact, redact_text

FLUSH_AFTER = 0.1
"""Seconds that a line may wait for others."""
MOST_WAITING = 256
QUIET = ("aiohttp.access", "asyncio", "alembic")
"""Loggers that tell us nothing below a warning."""

Event = MutableMapping[str, object]


class LineWriter:
    """Writes lines to a stream, several at a time; safe to call from any thread."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        """Without a stream, whatever standard error is at the time of writing."""
        self._stream = stream
        self._waiting: deque[bytes] = deque()
        self._due_on: asyncio.AbstractEventLoop | None = None

    def write(self, line: bytes, *, urgent: bool) -> None:
        """Take a line without its end; ``urgent`` ones are on the stream when this returns."""
        self._waiting.append(line)
        if urgent or len(self._waiting) >= MOST_WAITING:
            self.flush()
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._due_on is not loop:
            self._due_on = loop
            loop.call_later(FLUSH_AFTER, self._due)

    def flush(self) -> None:
        """Write everything that waits."""
        lines = []
        while True:
            try:
                lines.append(self._waiting.popleft())
            except IndexError:
                break
        if not lines:
            return
        stream = self._stream or getattr(sys.stderr, "buffer", None)
        try:
            if stream is not None:
                stream.write(b"\n".join(lines) + b"\n")
                stream.flush()
        except (OSError, ValueError):
            return  # nobody reads any more; a log must not stop the bot

    def _due(self) -> None:
        self._due_on = None
        self.flush()


class _Pipeline:
    """What happens to every record: redaction, rendering, writing."""

    def __init__(self, writer: LineWriter, form: Literal["json", "text"]) -> None:
        self._writer = writer
        self._render = _as_json if form == "json" else _as_text

    def put(self, event: Event, level: str) -> None:
        record: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": level,
            "event": None,
        }
        record.update(redact(event))
        self._writer.write(self._render(record), urgent=level not in {"info", "debug"})


class _StructlogSink:
    """The end of structlog's chain: takes the event as it is."""

    def __init__(self, pipeline: _Pipeline) -> None:
        self._put = pipeline.put

    def debug(self, **event: object) -> None:
        self._put(event, "debug")

    def info(self, **event: object) -> None:
        self._put(event, "info")

    def warning(self, **event: object) -> None:
        self._put(event, "warning")

    def error(self, **event: object) -> None:
        self._put(event, "error")

    def critical(self, **event: object) -> None:
        self._put(event, "critical")

    warn = warning
    exception = error
    msg = info


class _StandardHandler(logging.Handler):
    """Takes what libraries log through the standard library."""

    def __init__(self, pipeline: _Pipeline) -> None:
        super().__init__()
        self._put = pipeline.put

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event: Event = {"event": record.getMessage(), "logger": record.name}
            if record.exc_info and record.exc_info[0]:
                event["exception"] = _told(record.exc_info)
            self._put(event, record.levelname.lower())
        except Exception:  # noqa: BLE001  # a record that cannot be told must not stop what logs it
            self._put({"event": "log_record_unreadable", "logger": record.name}, "error")


def configure_logs(
    form: Literal["json", "text"] = "json", *, stream: BinaryIO | None = None, level: int = logging.INFO
) -> LineWriter:
    """Send all logging of this process through the redaction filter to ``stream``, standard error by default."""
    writer = LineWriter(stream)
    pipeline = _Pipeline(writer, form)
    sink = _StructlogSink(pipeline)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _with_exception],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        context_class=dict,
        logger_factory=lambda *_names: sink,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_StandardHandler(pipeline)]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)
    _catch_uncaught(pipeline)
    atexit.register(writer.flush)
    return writer


def _with_exception(_logger: object, method: str, event: Event) -> Event:
    """Turn ``exc_info`` into the text of the exception."""
    given = event.pop("exc_info", method == "exception")
    if not given:
        return event
    info: ExcInfo | tuple[None, None, None]
    if isinstance(given, BaseException):
        info = (type(given), given, given.__traceback__)
    else:
        info = given if isinstance(given, tuple) else sys.exc_info()
    if info[0] is not None:
        event["exception"] = _told(info)
    return event


def _told(
    info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
) -> str:
    return "".join(traceback.format_exception(*info)).rstrip()


def _catch_uncaught(pipeline: _Pipeline) -> None:
    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        pipeline.put({"event": "uncaught_exception", "exception": _told((kind, error, trace))}, "critical")

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread


def _as_json(record: dict[str, object]) -> bytes:
    return orjson.dumps(record, default=_strange)


def _strange(value: object) -> str:
    return redact_text(str(value))


def _as_text(record: dict[str, object]) -> bytes:
    time, level, event = (str(record.pop(key, "")) for key in ("time", "level", "event"))
    exception = record.pop("exception", None)
    details = " ".join(f"{key}={value}" for key, value in record.items())
    line = f"{time[11:23]} {level:<8} {event}" + (f"  {details}" if details else "")
    return (f"{line}\n{exception}" if exception else line).encode(errors="replace")
