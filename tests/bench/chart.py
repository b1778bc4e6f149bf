# SPDX-License-Identifier: BSD-3-Clause
"""A bar chart of ratios as SVG, readable on light and dark pages."""
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, BAR, GAP = 760, 230, 60, 9, 10
# Colours that colour-blind people can distinguish.
SERIES = (("kernel squashfs", "#0072b2"), ("squashfuse_ll", "#d55e00"))
LONGEST = 1.25


def text(x, y, words, anchor="start", weight="normal"):
    return ('<text x="%g" y="%g" text-anchor="%s" font-weight="%s">%s</text>'
            % (x, y, anchor, weight, escape(words)))


def bar(y, value, colour, unit):
    length = min(value, LONGEST) * unit
    return ('<rect x="%d" y="%g" width="%.1f" height="%d" fill="%s"/>'
            % (LEFT, y, length, BAR, colour) +
            text(LEFT + length + 4, y + BAR, "%.2f" % value))


def legend(y):
    lines = []
    for i, (name, colour) in enumerate(SERIES):
        x = LEFT + i * 190
        lines.append('<rect x="%d" y="%d" width="12" height="9" fill="%s"/>'
                     % (x, y - 9, colour))
        lines.append(text(x + 17, y, "÷ " + name))
    return lines


def draw(everything):
    """everything: {image: {workload: (ratio, ratio)}}"""
    unit = (WIDTH - LEFT - RIGHT) / LONGEST
    lines, y = legend(20), 34
    lines.append(text(8, 20, "time of ours; shorter is faster"))
    top = y
    for image, rows in everything.items():
        y += 14
        lines.append(text(8, y, image, weight="bold"))
        y += 8
        for name, ratios in rows.items():
            lines.append(text(LEFT - 8, y + BAR + 4, name, "end"))
            for i, value in enumerate(ratios):
                if value is not None:
                    lines.append(bar(y + i * (BAR + 1), value, SERIES[i][1],
                                     unit))
            y += 2 * (BAR + 1) + GAP
    lines.append('<line x1="%g" x2="%g" y1="%d" y2="%d" stroke="gray" '
                 'stroke-dasharray="4"/>' % (LEFT + unit, LEFT + unit, top, y))
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif" font-size="11" fill="gray">\n%s\n</svg>\n'
            % (WIDTH, y + 10, "\n".join(lines)))
