"""A folder in which several processes count together. It must be named before ``prometheus_client`` is imported."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_figures() -> Generator[None]:
    """Let this process and those it forks share what they count, for the length of a block."""
    folder = tempfile.mkdtemp(prefix="zhenyue-figures-")
    os.environ[VARIABLE] = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
