"""Plots of the results, one idea each, as PNG and SVG in ``docs/images``; none where matplotlib is not installed."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from bench.processes import ROOT

IMAGES = ROOT / "docs" / "images"
SIZE = (7.5, 4.0)
BLUE, GREY = "#1f5fa8", "#a3a8b0"
COLOURS = (BLUE, "#d9822b", "#3f8f5b")
LOOK = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3}
LOOK |= {"svg.hashsalt": "zhenyue", "figure.constrained_layout.use": True}


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot: its file's name, what it shows, the words at its axes; a goal is a line with its words."""

    name: str
    title: str
    across: str
    up: str = ""
    goal: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A line, by its places and heights."""

    label: str
    places: Sequence[float]
    heights: Sequence[float]


def draw_curves(chart: Chart, *curves: Curve) -> dict[str, str]:
    """Draw lines over a logarithmic axis, from 0 up; return the picture's path with its words."""
    if not find_spec("matplotlib"):
        return {}
    with _axes(chart) as axes:
        for curve, colour in zip(curves, COLOURS, strict=False):
            axes.plot(curve.places, curve.heights, marker="o", color=colour, label=curve.label)
        if chart.goal:
            axes.axhline(chart.goal[0], color=GREY, linestyle="--", label=chart.goal[1])
        axes.set_xscale("log")
        axes.set_xticks(curves[0].places, [f"{place:,}" for place in curves[0].places])
        axes.minorticks_off()
        axes.set_ylim(0, axes.get_ylim()[1] * 1.15)
        axes.legend(frameon=False, loc="best")
    return _told(chart)


def draw_bars(chart: Chart, bars: Mapping[str, float], *, ours: int, logarithmic: bool = False) -> dict[str, str]:
    """Draw lying bars with their values, so many first ones as ours; return the picture's path with its words."""
    if not find_spec("matplotlib"):
        return {}
    with _axes(chart) as axes:
        colours = [BLUE if place < ours else GREY for place in range(len(bars))]
        axes.bar_label(axes.barh(list(bars), list(bars.values()), color=colours), fmt="{:.3g}", padding=4)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        if logarithmic:
            axes.set_xscale("log")
            axes.set_xlim(min(bars.values()) / 2, max(bars.values()) * 4)
        else:
            axes.margins(x=0.12)
        if chart.goal:
            axes.axvline(chart.goal[0], color="black", linestyle="--", linewidth=1, label=chart.goal[1])
            axes.legend(frameon=False, loc="lower right")
    return _told(chart)


@contextmanager
def _axes(chart: Chart) -> Generator[Any]:
    """Open a picture for the length of a block, then write it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    with mpl.rc_context(LOOK):
        figure, axes = pyplot.subplots(figsize=SIZE)
        yield axes
        axes.set_title(chart.title, loc="left")
        axes.set_xlabel(chart.across)
        axes.set_ylabel(chart.up)
        IMAGES.mkdir(exist_ok=True)
        figure.savefig(IMAGES / f"{chart.name}.png", dpi=130)
        figure.savefig(IMAGES / f"{chart.name}.svg", metadata={"Date": None})
        pyplot.close(figure)


def _told(chart: Chart) -> dict[str, str]:
    return {f"images/{chart.name}.png": chart.title}
