"""The fuzzed targets in short: everything that was ever found or reaches new code, and hypothesis around it.

``make fuzz`` does the same for hours, guided by coverage.
"""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wechat import Codec
from tests.fuzz import targets
from tests.fuzz.targets import TARGETS, Finding, codec, sentence, webhook

CORPUS = Path(__file__).parent / "corpus"
SEEDS = {target: [path.read_bytes() for path in sorted((CORPUS / target).iterdir())] for target in TARGETS}


@pytest.fixture(scope="module", autouse=True)
def opened() -> Generator[None]:
    """What targets keep between inputs is given back at the end."""
    yield
    targets.close()


@st.composite
def harmed(draw: st.DrawFn, target: str) -> bytes:
    """An input of the corpus with a few things done to it."""
    content = bytearray(draw(st.sampled_from(SEEDS[target])))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 20)))
        content[start:end] = draw(
            st.one_of(st.binary(max_size=8), st.sampled_from(SEEDS[target]).map(lambda s: s[:99]))
        )
    return bytes(content)


@pytest.mark.parametrize("target", TARGETS)
def test_what_reached_new_code_before_does_no_harm(target: str) -> None:
    for content in SEEDS[target]:
        TARGETS[target](content)


@given(st.one_of(st.binary(max_size=300), harmed("webhook")))
@settings(max_examples=200)
def test_whatever_is_posted_is_answered_below_500_and_tells_nothing(content: bytes) -> None:
    webhook(content)


@given(st.one_of(st.binary(max_size=300), harmed("codec")))
@settings(max_examples=200)
def test_whatever_is_delivered_is_a_message_or_refused(content: bytes) -> None:
    codec(content)


@given(st.one_of(st.text(max_size=300).map(str.encode), st.binary(max_size=99), harmed("sentence")))
@settings(max_examples=200)
def test_whatever_is_typed_is_read_or_not(content: bytes) -> None:
    sentence(content)


@given(st.one_of(st.text(max_size=300).map(str.encode), st.binary(max_size=99), harmed("understanding")))
@settings(max_examples=200)
def test_whatever_is_said_is_read_as_something_or_nothing(content: bytes) -> None:
    TARGETS["understanding"](content)


@given(st.one_of(st.binary(max_size=99), harmed("catalogue")))
@settings(max_examples=40)
def test_whatever_a_catalogue_holds_is_values_or_mistakes_in_words(content: bytes) -> None:
    TARGETS["catalogue"](content)


def _fails(*_: object, **__: object) -> object:
    raise KeyError("planted")


@pytest.mark.parametrize(
    ("target", "broken", "found"),
    [
        (webhook, (Codec, "read"), Finding),
        (webhook, (targets.ScriptedDialogue, "answer"), Finding),
        (codec, (Codec, "read"), KeyError),
        (sentence, (targets, "read_details"), KeyError),
        (TARGETS["catalogue"], (targets, "read_catalogue_file"), KeyError),
    ],
    ids=["webhook", "turn", "codec", "sentence", "catalogue"],
)
def test_control_a_fault_of_ours_is_a_finding(
    target: Callable[[bytes], None],
    broken: tuple[object, str],
    found: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    targets.close()
    monkeypatch.setattr(*broken, _fails)
    with pytest.raises(found):
        target(SEEDS["webhook"][-1])
    targets.close()
