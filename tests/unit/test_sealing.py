"""Sealed values open only with their key and in their place; hashes find what they were made of (R-A11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing import SealBroken, Sealer

OLD, NEW, STRANGE = bytes(range(32)), bytes(range(1, 33)), b"\xff" * 32
PLACE = "patient:p1:name"
NAME = "王小明".encode()
old, new = Sealer(OLD), Sealer(NEW)
rotating = Sealer(NEW, [OLD])


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_was_sealed_opens_again_in_its_place(plaintext: bytes, place: str) -> None:
    assert new.open(new.seal(plaintext, bound_to=place), bound_to=place) == plaintext


def test_equal_values_look_different_when_sealed() -> None:
    assert new.seal(NAME, bound_to=PLACE) != new.seal(NAME, bound_to=PLACE)
    assert NAME not in new.seal(NAME, bound_to=PLACE)


def test_a_value_moved_to_another_row_or_column_does_not_open() -> None:
    sealed = new.seal(NAME, bound_to=PLACE)
    for place in ("patient:p2:name", "patient:p1:paper_number", ""):
        with pytest.raises(SealBroken, match="moved"):
            new.open(sealed, bound_to=place)


@given(st.data())
def test_any_single_changed_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(new.seal(NAME, bound_to=PLACE))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        new.open(bytes(sealed), bound_to=PLACE)


@given(st.binary(max_size=60))
def test_bytes_that_were_never_sealed_are_refused(noise: bytes) -> None:
    with pytest.raises(SealBroken):
        new.open(noise, bound_to=PLACE)


def test_a_wrong_key_is_named_with_the_settings_to_look_at_and_without_the_content() -> None:
    with pytest.raises(SealBroken) as broken:
        Sealer(STRANGE).open(new.seal(NAME, bound_to=PLACE), bound_to=PLACE)
    assert "ZHENYUE_SECRET_KEY" in str(broken.value)
    assert new.key_id in str(broken.value)
    assert NAME.decode() not in str(broken.value)


def test_during_rotation_old_values_open_and_new_ones_use_the_new_key() -> None:
    assert rotating.rotating
    assert not new.rotating
    assert rotating.open(old.seal(NAME, bound_to=PLACE), bound_to=PLACE) == NAME
    assert new.open(rotating.seal(NAME, bound_to=PLACE), bound_to=PLACE) == NAME
    assert rotating.key_id == new.key_id


def test_fingerprints_find_what_was_hashed_with_the_previous_key() -> None:
    text = "citizen:110105199003072316"
    assert rotating.fingerprint(text) == new.fingerprint(text)
    assert rotating.fingerprints(text) == [new.fingerprint(text), old.fingerprint(text)]
    assert new.fingerprints(text) == [new.fingerprint(text)]
    assert old.fingerprint(text) != new.fingerprint(text)
    assert new.fingerprint(text) == Sealer(NEW).fingerprint(text)
    assert new.fingerprint(text) != new.fingerprint(text + "0")


def test_the_same_key_given_as_current_and_previous_counts_once() -> None:
    assert not Sealer(NEW, [NEW]).rotating


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 31, b"x" * 33])
def test_a_key_of_the_wrong_length_is_refused_at_the_start(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(key)
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(NEW, [key])


def test_a_key_that_cannot_be_told_from_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.sealing.derived", lambda _secret, _purpose, length: bytes(length))
    with pytest.raises(ValueError, match="key id"):
        Sealer(NEW, [OLD])
