"""Curves as an SVG picture: small panels in a grid, all with the same horizontal axis."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

_COLOURS = ("#1f6feb", "#d9480f", "#2b8a3e", "#862e9c")
_WIDTH, _HEIGHT, _COLUMNS = 250, 150, 4
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 30, 22
_HEAD = 56
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}"
    "text.title{font-size:16px}text.panel{font-weight:600}text.axis{fill:#777;font-size:10px}"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of the grid.

    Attributes:
        title: what is drawn.
        curves: label → points; a label has the same colour in all panels.
    """

    title: str
    curves: Mapping[str, Points]


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to places on the picture, linear or logarithmic."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool

    def place(self, value: float) -> float:
        """Return where a value lies."""
        low, high = self._measure(self.low), self._measure(self.high)
        share = (self._measure(value) - low) / (high - low) if high > low else 0.5
        return self.start + (self.end - self.start) * share

    @property
    def marks(self) -> list[float]:
        """The values to be written at the axis: powers of ten, or the ends."""
        if not self.is_log:
            return [self.low, self.high]
        powers = range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
        return [10.0**power for power in powers]

    def _measure(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def draw(title: str, panels: Sequence[Panel], *, across: str, is_log: bool) -> str:
    """Return the picture.

    Args:
        title: above all panels.
        panels: from left to right and down.
        across: what the horizontal axis is.
        is_log: both axes are logarithmic, and the vertical one is the same in all panels; otherwise both are
            linear, and the vertical ones begin at 0.
    """
    labels = list(dict.fromkeys(label for panel in panels for label in panel.curves))
    colours = {label: _COLOURS[place % len(_COLOURS)] for place, label in enumerate(labels)}
    horizontal = _horizontal(panels, is_log=is_log)
    vertical = _vertical(panels, is_log=True) if is_log else None
    width, height = _WIDTH * _COLUMNS, _HEAD + _HEIGHT * -(-len(panels) // _COLUMNS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">',
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
        _text(12, 24, title, "title"),
        _legend(colours, across),
    ]
    for place, panel in enumerate(panels):
        x, y = place % _COLUMNS * _WIDTH, _HEAD + place // _COLUMNS * _HEIGHT
        drawn = _panel(panel, horizontal, vertical or _vertical([panel], is_log=False), colours)
        parts.append(f'<g transform="translate({x} {y})">{drawn}</g>')
    return "\n".join([*parts, "</svg>\n"])


def _legend(colours: Mapping[str, str], across: str) -> str:
    parts = [_text(12, 44, across, "axis")]
    x = 24.0 + 6 * len(across)
    for label, colour in colours.items():
        parts.append(f'<rect x="{x}" y="38" width="14" height="3" fill="{colour}"/>')
        parts.append(_text(x + 18, 44, label, "label"))
        x += 40 + 6.5 * len(label)
    return "".join(parts)


def _panel(panel: Panel, horizontal: Scale, vertical: Scale, colours: Mapping[str, str]) -> str:
    parts = [_text(12, 18, panel.title, "panel")]
    for value in vertical.marks:
        y = vertical.place(value)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(_LEFT - 4, y + 4, short(value), "axis", "end"))
    for value in horizontal.marks:
        parts.append(_text(horizontal.place(value), _HEIGHT - 6, short(value), "axis", "middle"))
    parts += (_curve(points, horizontal, vertical, colours[label]) for label, points in panel.curves.items())
    return "".join(parts)


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _horizontal(panels: Sequence[Panel], *, is_log: bool) -> Scale:
    values = [x for panel in panels for points in panel.curves.values() for x, _ in points]
    return Scale(min(values), max(values), _LEFT, _WIDTH - _RIGHT, is_log)


def _vertical(panels: Sequence[Panel], *, is_log: bool) -> Scale:
    """Return a scale that holds the values of panels: between powers of ten, or from 0 on."""
    values = [y for panel in panels for points in panel.curves.values() for _, y in points]
    low, high = (min(values), max(values)) if is_log else (0.0, 1.05 * max(values) or 1.0)
    if is_log:
        low, high = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    return Scale(low, high, _HEIGHT - _BOTTOM, _TOP, is_log)


def _curve(points: Points, horizontal: Scale, vertical: Scale, colour: str) -> str:
    places = [(horizontal.place(x), vertical.place(y)) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = places if len(places) <= 8 else ()
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>' + "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in dots
    )


def short(value: float) -> str:
    """Return a number as short as an axis needs it."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"
