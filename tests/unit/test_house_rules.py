"""Small checks of our own, as the house style asks; each with a control that finds a planted violation."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from booking import errors
from booking.models import Claim, ClaimState, Clinic
from booking.refusals import InvalidDetail, OfferGone
from handlers.texts import refusals

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "handlers", "booking", "storage", "emulator")
TEXTS = ("handlers/texts/", "bot/texts", "emulator/")
LANGUAGE_TABLES = ("booking/detail_words.py", "handlers/understanding/")
UNIT_OF_WORK = ("storage/database.py",)

CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
CLINIC = Clinic(code="demo", name="示范门诊部", address="示范路1号", phone="010-00000000", timezone="Asia/Shanghai")

Check = Callable[[ast.Module], Iterator[int]]
"""Finds the lines of a module that break a rule."""


def commits(module: ast.Module) -> Iterator[int]:
    """Calls of anything named commit."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _name(node.func)[-1] == "commit":
            yield node.lineno


def host_clocks(module: ast.Module) -> Iterator[int]:
    """Uses of the machine's clock, called or handed on."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and _name(node)[-2:] in CLOCKS:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield node.lineno


def chinese_texts(module: ast.Module) -> Iterator[int]:
    """String constants with Chinese in them; docstrings are no texts."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CHINESE.search(node.value):
            yield node.lineno


def _name(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute):
        return (*_name(node.value), node.attr)
    return (node.id,) if isinstance(node, ast.Name) else ("",)


def _parse(source: str) -> ast.Module:
    module = ast.parse(source)
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_docstring(line)]  # type: ignore[attr-defined]  # just read
    return module


def _is_docstring(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def violations(check: Check, packages: tuple[str, ...], but: tuple[str, ...] = ()) -> list[str]:
    """Return ``file:line`` of all that breaks a rule in these packages."""
    found = []
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(but or ("/",)):
                found += [f"{name}:{line}" for line in sorted(check(_parse(path.read_text(encoding="utf-8"))))]
    return found


def test_only_the_unit_of_work_commits() -> None:
    assert violations(commits, PRODUCT, but=UNIT_OF_WORK) == []


def test_the_domain_and_the_conversation_read_no_clock() -> None:
    assert violations(host_clocks, ("booking", "handlers")) == []


def test_chinese_stands_only_in_texts_and_language_tables() -> None:
    assert violations(chinese_texts, PRODUCT, but=(*TEXTS, *LANGUAGE_TABLES)) == []


@pytest.mark.parametrize(
    ("check", "planted"),
    [
        (commits, "async def save(unit):\n    await unit.connection.commit()"),
        (commits, "transaction.commit()"),
        (host_clocks, "import datetime\nnow = datetime.datetime.now(datetime.UTC)"),
        (host_clocks, "from datetime import datetime\nclock = datetime.utcnow"),
        (host_clocks, "from datetime import date\ntoday = date.today()"),
        (host_clocks, "import time\nstamp = time.time()"),
        (host_clocks, "from time import time"),
        (chinese_texts, "reply = '您好'"),
        (chinese_texts, "def greet(name):\n    return f'{name}，您好'"),
        (chinese_texts, "def greet():\n    '''Greet.'''\n    return {'您好': 1}"),
    ],
)
def test_control_each_check_finds_what_is_planted(check: Check, planted: str) -> None:
    assert list(check(_parse(planted)))


@pytest.mark.parametrize(
    ("check", "innocent"),
    [
        (commits, "committed = report(commit)"),
        (host_clocks, "def due(now, *, time):\n    return now.time() > time"),
        (chinese_texts, '"""The department 科室."""\nX = 1\n"""科室"""\n# 科室\n'),
    ],
)
def test_control_no_check_finds_what_is_innocent(check: Check, innocent: str) -> None:
    assert not list(check(_parse(innocent)))


SAMPLES: dict[object, object] = {
    ClaimState: ClaimState.COMPLETED,
    int: 5,
    str: "name",
    date: date(2026, 11, 30),
    datetime: datetime(2026, 11, 30, 1, tzinfo=UTC),
    timedelta: timedelta(hours=1),
    inspect.signature(OfferGone).parameters["why"].annotation: "expired",
    Claim | None: None,
}


def leaves(kind: type[errors.ZhenyueError]) -> Iterator[type[errors.ZhenyueError]]:
    """Return the errors that nothing is derived from."""
    for child in kind.__subclasses__():
        yield from leaves(child) if child.__subclasses__() else (child,)


def sample(kind: type[errors.ZhenyueError]) -> errors.ZhenyueError:
    """Make an error of a kind, whatever it wants to be told."""
    if kind.__init__ is Exception.__init__:
        return kind()
    wanted = list(inspect.signature(kind).parameters.values())
    return kind(*(SAMPLES[parameter.annotation] for parameter in wanted))


TOLD = [
    *(leaf for leaf in leaves(errors.Refused) if leaf is not InvalidDetail),
    errors.Busy,
    errors.Unavailable,
]


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_text_for_the_patient(kind: type[errors.ZhenyueError]) -> None:
    assert CHINESE.search(refusals.refusal(sample(kind), clinic=CLINIC))


def test_every_refusal_has_a_rule_of_its_own_for_the_figures() -> None:
    rules = [leaf.rule for leaf in leaves(errors.Refused)]  # type: ignore[attr-defined]  # leaves of Refused are
    assert sorted(set(rules)) == sorted(rules)
    assert errors.Refused.rule not in rules


def test_control_a_refusal_without_a_text_is_found() -> None:
    class Planted(errors.ZhenyueError):
        """Raised by nobody."""

    with pytest.raises(KeyError):
        refusals.refusal(Planted(), clinic=CLINIC)


def _problems() -> list[tuple[str, str]]:
    """Return the details and problems in the table that ``booking.details`` opens with."""
    source = ast.get_docstring(ast.parse((ROOT / "booking/details.py").read_text(encoding="utf-8"))) or ""
    rows = dict(re.findall(r"^(\w+) {2,}(.+)$", source, re.MULTILINE))
    told = {detail: re.findall(r"\w+", re.sub(r"\(.*?\)|;.*", "", text)) for detail, text in rows.items()}
    told["paper_number"] += told["id_number"]
    return [(detail, problem) for detail, problems in told.items() for problem in problems]


@pytest.mark.parametrize(("detail", "problem"), _problems())
def test_every_problem_of_a_detail_has_a_text(detail: str, problem: str) -> None:
    assert CHINESE.search(refusals.refusal(InvalidDetail(detail, problem), clinic=CLINIC))


def test_the_table_of_problems_names_all_that_are_raised() -> None:
    raised = set()
    for path in (ROOT / "booking").glob("*.py"):
        raised |= set(re.findall(r'InvalidDetail\("(\w+)", "(\w+)"', path.read_text(encoding="utf-8")))
    assert raised
    assert raised <= set(_problems())
