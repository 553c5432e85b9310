"""``python -m tests.fuzz``: a coverage-guided fuzzer on each target, and a table of what it did (``make fuzz``).

One process a target, since a fault ends it: libFuzzer through atheris, which remembers inputs that reach new code. What
it finds is written to ``tests/fuzz/findings`` and belongs into the corpus once it is mended; ``--keep`` adds what
reached new code.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
CORPUS, FINDINGS = HERE / "corpus", HERE / "findings"
RUNS = {"webhook": 1_000_000, "codec": 1_000_000, "sentence": 100_000, "understanding": 100_000, "catalogue": 10_000}
"""How many inputs at full length; a catalogue is a whole document, read by a parser in Python."""
LONGEST = {"webhook": 4096, "codec": 4096, "sentence": 2048, "understanding": 1024, "catalogue": 4096}
KEPT = 40
"""Inputs that one run adds to a target's corpus at most."""
SECONDS_EACH, MEBIBYTES = 10, 1024
"""A single input that takes longer hangs; a process that grows beyond this leaks."""
_SEEN = {
    "webhook": ["bot.webhook", "bot.turns", "bot.wechat", "bot.late_answers", "bot.crowd", "bot.lines"],
    "codec": ["bot.wechat"],
    "sentence": ["booking.detail_reading", "booking.id_numbers", "booking.mobiles", "booking.names", "handlers.words",
                 "handlers.reading", "booking.patient_search"],
    "understanding": ["handlers.understanding"],
    "catalogue": ["bot.catalogue_yaml", "bot.catalogue_workbook", "bot.catalogue_file", "booking.catalogue",
                  "booking.catalogue_checks", "booking.catalogue_entries", "booking.catalogue_fields", "ruamel.yaml"],
}  # fmt: skip
"""In which modules new code counts."""
_PROGRESS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_STAT = re.compile(r"stat::(\w+):\s+(\d+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one fuzzer did."""

    target: str
    executions: int
    edges: int
    inputs: int
    peak: int
    seconds: float
    status: int

    def __str__(self) -> str:
        """A line of the table."""
        found = "none" if self.status == 0 else f"status {self.status}, see {FINDINGS}"
        return (
            f"{self.target:<10} {self.executions:>11,} {self.edges:>8,} {self.inputs:>8,} {self.peak:>7} MiB "
            f"{self.seconds:>8.0f} s {self.executions / self.seconds:>9,.0f}/s  {found}"
        )


def main() -> int:
    """Fuzz what was asked for; 1 when anything was found."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("targets", nargs="*", help="all, unless named")
    asked.add_argument("--runs", type=float, default=1.0, help="share of the full number of inputs")
    asked.add_argument("--seed", type=int, default=20261126)
    asked.add_argument("--keep", action="store_true", help="add inputs that reached new code to the corpus")
    options = asked.parse_args()
    if find_spec("atheris") is None:
        print("atheris is not installed here (it has wheels for Linux on x86_64 and Python 3.11 to 3.13)")
        return 1
    print(_HEAD, flush=True)
    faults = 0
    for target in options.targets or RUNS:
        runs = max(1, int(RUNS[target] * options.runs))
        outcome = fuzz(target, runs=runs, seed=options.seed, keep=options.keep)
        print(outcome, flush=True)
        faults += outcome.status != 0
    return int(faults > 0)


_HEAD = (
    f"{'target':<10} {'executions':>11} {'edges':>8} {'inputs':>8} {'memory':>11} {'time':>10} {'speed':>11}  findings"
)


def fuzz(target: str, *, runs: int, seed: int, keep: bool = False) -> Outcome:
    """Run one fuzzer to its end; what reached new code is forgotten unless it is to be kept."""
    FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="zy-fuzz-") as fresh:
        started = time.monotonic()
        ended = _libfuzzer(
            target, f"-runs={runs}", f"-seed={seed}", f"-artifact_prefix={FINDINGS}/{target}-",
            "-print_final_stats=1", "-len_control=0", fresh, str(CORPUS / target),
        )  # fmt: skip
        seconds = time.monotonic() - started
        if keep:
            _keep(Path(fresh), CORPUS / target)
    said = ended.stdout + ended.stderr
    if ended.returncode:
        print(said[-6000:])
    elif "seed corpus: files:" not in said:
        raise RuntimeError(f"{target} was fuzzed without its corpus:\n{said[:2000]}")
    progress = _PROGRESS.findall(said) or [("0", "0", "0")]
    stats = {name: int(value) for name, value in _STAT.findall(said)}
    executions = stats.get("number_of_executed_units", 0)
    edges, _, inputs = map(int, progress[-1])
    return Outcome(target, executions, edges, inputs, stats.get("peak_rss_mb", 0), seconds, ended.returncode)


def _keep(fresh: Path, corpus: Path) -> None:
    """Add the shortest of what reached new code, and let the corpus stay small."""
    found = sorted((path for path in fresh.iterdir() if path.is_file()), key=lambda path: path.stat().st_size)
    for path in found[:KEPT]:
        shutil.copy(path, corpus / path.name)


def _libfuzzer(target: str, *options: str) -> subprocess.CompletedProcess[str]:
    limits = [f"-max_len={LONGEST[target]}", f"-timeout={SECONDS_EACH}", f"-rss_limit_mb={MEBIBYTES}"]
    command = [sys.executable, "-m", "tests.fuzz", "--target", target, *limits, *options]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _become(target: str, options: list[str]) -> None:
    """Be the fuzzer of one target: what is imported under its eyes counts as code to be reached."""
    import atheris

    with atheris.instrument_imports(include=_SEEN[target], enable_loader_override=False):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--target"]:
        _become(sys.argv[2], sys.argv[3:])
    sys.exit(main())
