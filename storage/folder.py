"""The data folder: private, and claimed by one process with locks that end with it, however it ends."""

import fcntl
import os
import time
from pathlib import Path


class FolderInUse(Exception):
    """Raised when another process has claimed the data folder; ``pid`` is 0 when it cannot be read."""

    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(f"{folder} is in use by process {pid}")
        self.folder = folder
        self.pid = pid


def make_private(folder: Path) -> None:
    """Create a folder that only its owner may enter; raises ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def open_lock(path: Path) -> int:
    """Open a lock file and return its descriptor, which no program inherits; raises ``OSError``."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, *, shared: bool = False, patience: float = 0.0) -> bool:
    """Lock an open file, trying for ``patience`` seconds; False when others hold it."""
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, mode)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def read_pid(path: Path) -> int:
    """Return the process id written in a lock file, 0 when there is none."""
    try:
        return int(path.read_text(encoding="ascii") or "0")
    except (OSError, ValueError):
        return 0


class FolderClaim:
    """One process's claim on a data folder. It ends with ``release`` or with the process."""

    def __init__(self, folder: Path) -> None:
        """Claim the folder, creating it if need be; raises ``FolderInUse`` or ``OSError``."""
        make_private(folder)
        path = folder / "serve.lock"
        self._descriptor = open_lock(path)
        if not try_lock(self._descriptor):
            os.close(self._descriptor)
            raise FolderInUse(folder, read_pid(path))
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let others claim the folder; in a forked child, only let go of what was inherited."""
        os.close(self._descriptor)
