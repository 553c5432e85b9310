"""Counting what happened, for assertions."""

from collections import Counter


class CountedFigures:
    """``Figures`` that a test can look at."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def hold(self) -> None:
        """Count a hold."""
        self.counts["hold"] += 1

    def confirmation(self) -> None:
        """Count a confirmation."""
        self.counts["confirmation"] += 1

    def refusal(self, rule: str) -> None:
        """Count a refusal."""
        self.counts[rule] += 1

    def rebuild(self) -> None:
        """Count a rebuild."""
        self.counts["rebuild"] += 1
