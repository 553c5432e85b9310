"""A sealed stream opens whole or not at all: altered, cut off, reordered, lengthened, or under another key (R-B12)."""

import io
import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import sealed_stream
from storage.sealed_stream import CHUNK, MAGIC, SealedWriter, StreamBroken, opened
from storage.sealing import key_id_of

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
HEADER = len(MAGIC) + 4 + 32


def sealed(*pieces: bytes) -> bytes:
    sink = io.BytesIO()
    writer = SealedWriter(sink, KEY)
    for piece in pieces:
        writer.write(piece)
    writer.finish()
    return sink.getvalue()


def read(stream: bytes, *secrets: bytes) -> bytes:
    return b"".join(opened(io.BytesIO(stream), secrets or (KEY,)))


def flaw(stream: bytes, *secrets: bytes) -> str:
    with pytest.raises(StreamBroken) as broken:
        read(stream, *secrets)
    return broken.value.flaw


def chunks(stream: bytes) -> list[bytes]:
    found, rest = [], stream[HEADER:]
    while rest:
        size = 4 + int.from_bytes(rest[:4], "big")
        found.append(rest[:size])
        rest = rest[size:]
    return found


LONG = os.urandom(3 * CHUNK + 17)  # does not compress: four chunks
STREAM = sealed(LONG)


@given(st.lists(st.binary(max_size=2000), max_size=8))
def test_what_was_written_is_read(pieces: list[bytes]) -> None:
    assert read(sealed(*pieces)) == b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 11, CHUNK, 5 * CHUNK])
def test_any_length_is_read_back(size: int) -> None:
    content = os.urandom(size)
    assert read(sealed(content)) == content


def test_what_compresses_well_is_read_in_small_pieces() -> None:
    pieces = list(opened(io.BytesIO(sealed(bytes(50 * CHUNK))), [KEY]))
    assert sum(map(len, pieces)) == 50 * CHUNK
    assert max(map(len, pieces)) <= CHUNK


@given(st.integers(0, len(STREAM) - 1))
def test_every_cut_is_noticed(size: int) -> None:
    assert flaw(STREAM[:size]) == ("foreign" if size == 0 else "cut_off")


def test_a_cut_between_two_chunks_is_noticed_and_control_without_the_mark_it_would_not_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sealed_stream, "_nonce", lambda count, *, last: count.to_bytes(12, "big"))
    unmarked = sealed(LONG)
    kept = read(unmarked[: -len(chunks(unmarked)[-1])])
    assert LONG.startswith(kept[: 2 * CHUNK])  # the end is gone, and nobody said so
    monkeypatch.undo()
    assert flaw(STREAM[: -len(chunks(STREAM)[-1])]) == "cut_off"


@given(st.integers(len(MAGIC) * 8, len(STREAM) * 8 - 1))
def test_every_altered_bit_is_noticed(bit: int) -> None:
    altered = bytearray(STREAM)
    altered[bit // 8] ^= 1 << bit % 8
    assert flaw(bytes(altered)) in {"altered", "cut_off", "other_key"}


@pytest.mark.parametrize("order", [order for order in itertools.permutations(range(4)) if order != (0, 1, 2, 3)])
def test_chunks_in_another_order_are_noticed(order: tuple[int, ...]) -> None:
    parts = chunks(STREAM)
    assert len(parts) == 4
    assert flaw(STREAM[:HEADER] + b"".join(parts[n] for n in order)) == "altered"


def test_a_chunk_repeated_or_of_another_file_or_anything_behind_the_end_is_noticed() -> None:
    parts, others = chunks(STREAM), chunks(sealed(LONG))
    assert flaw(STREAM[:HEADER] + b"".join([parts[0], *parts])) == "altered"
    assert flaw(STREAM[:HEADER] + b"".join([others[0], *parts[1:]])) == "altered"
    assert flaw(STREAM + parts[-1]) == "altered"
    assert flaw(STREAM + b"x") == "cut_off"


def test_another_key_is_named_and_a_previous_one_opens() -> None:
    with pytest.raises(StreamBroken) as broken:
        read(STREAM, OTHER)
    assert (broken.value.flaw, broken.value.key) == ("other_key", key_id_of(KEY).hex())
    assert read(STREAM, OTHER, KEY) == LONG


@given(st.binary(max_size=300))
def test_what_is_no_stream_of_ours_is_refused(noise: bytes) -> None:
    assert flaw(noise) in {"foreign", "cut_off"}
    assert flaw(MAGIC + noise) in {"cut_off", "other_key"}


def test_two_streams_of_the_same_content_have_nothing_in_common() -> None:
    assert chunks(sealed(b"the same"))[0][4:] != chunks(sealed(b"the same"))[0][4:]
    assert b"the same" not in sealed(b"the same")
