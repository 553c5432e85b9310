"""Bulk random bytes: nobody ever gets what another got, in another thread or process neither."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.entropy import _Bulk, random_bytes


def test_every_value_is_new_in_every_thread() -> None:
    with ThreadPoolExecutor(8) as threads:
        values = list(threads.map(lambda _: random_bytes(12), range(20_000)))
    assert {len(value) for value in values} == {12}
    assert len(set(values)) == 20_000


def child_takes() -> bytes:
    """What a forked process takes next."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, random_bytes(16))
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_takes_other_bytes_than_its_parent() -> None:
    random_bytes(1)
    child = child_takes()
    assert len(child) == 16
    assert child != random_bytes(16)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_control_without_the_precaution_child_and_parent_take_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    random_bytes(1)
    monkeypatch.setattr("storage.entropy._bulk.forget", lambda: None)
    bulk = _Bulk()  # this one was never registered for forks
    monkeypatch.setattr("storage.entropy._bulk", bulk)
    random_bytes(1)
    assert child_takes() == random_bytes(16)


@pytest.mark.parametrize("count", [0, -1, 4097])
def test_an_impossible_number_of_bytes_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="at once"):
        random_bytes(count)
