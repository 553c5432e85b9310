"""The stored document: what is written is read again, and nothing else is."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.state import Asked, Chat, Option, UnknownState, dump, load

words = st.text(st.characters(codec="utf-8"), max_size=12)
gaps = st.dictionaries(words, words, max_size=5)
options = st.builds(Option, words, words, st.lists(words, max_size=3).map(tuple))
asked = st.builds(Asked, words, st.integers(0, 2**53), st.lists(options, max_size=12).map(tuple), st.integers(0, 9))
chats = st.builds(
    Chat,
    flow=words,
    gaps=gaps,
    trail=st.lists(gaps, max_size=4).map(tuple),
    asked=asked,
    updated_at=st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware below
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
)


@given(chats)
def test_what_is_remembered_is_what_was_known(chat: Chat) -> None:
    assert load(dump(chat)) == chat


@given(st.binary(max_size=60))
def test_no_document_of_others_breaks_the_dialogue(document: bytes) -> None:
    with pytest.raises(UnknownState):
        load(document)


@given(st.recursive(st.none() | st.integers() | words, lambda inner: st.lists(inner) | st.dictionaries(words, inner)))
def test_no_json_of_others_breaks_the_dialogue(value: object) -> None:
    try:
        document = orjson.dumps(value)
    except TypeError:  # integers of more than 64 bits
        return
    with pytest.raises(UnknownState):
        load(document)
