#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes doc/terminal.svg, the picture at the top of README.md.

Run as root from the top of the tree: doc/terminal.py >doc/terminal.svg

The commands below run on quickstart's throw-away cluster, as its ordinary user.
What they print is what the picture shows.
"""
import html
import re
import subprocess
import sys

COMMANDS = [
    "head -n1 /etc/os-release",
    "srun --sif-image=demo.sif head -n1 /etc/os-release",
    "srun -N2 --ntasks-per-node=2 --label --sif-image=demo.sif \\\n"
    "      sh -c 'echo \"$(whoami) on $(hostname) in $PWD\"' | sort",
    "srun --sif-image=demo.sif touch /usr/new",
    "findmnt --list | grep --count fuse.sif      # mounts on the host",
]
WIDTH, LINE, TOP, LEFT = 760, 19, 52, 18
STYLE = """
    text { font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
           fill: #d7dce2; white-space: pre; }
    .prompt { fill: #7fd88f; font-weight: bold; }
    .command { fill: #ffffff; font-weight: bold; }
    .error { fill: #ff9d8a; }
"""


def run():
    """Lists (class, text) for each line of the terminal."""
    script = "cd; cp $SIF_DEMO demo.sif; " + "; ".join(
        f"echo @@{i}; {{ {command}\n}} 2>&1" for i, command in enumerate(COMMANDS)
    )
    output = subprocess.run(
        ["./quickstart", "bash", "-c", script],
        stdout=subprocess.PIPE, text=True, check=False).stdout
    parts = re.split(r"^@@\d+\n", output, flags=re.M)[1:]
    if len(parts) != len(COMMANDS):
        sys.exit("terminal.py: the cluster has not run all commands")
    for command, part in zip(COMMANDS, parts):
        first, *rest = command.split("\n")
        yield "command", first
        for line in rest:
            yield "more", line
        for line in part.splitlines():
            yield ("error" if "error:" in line or "cannot" in line
                   else "output"), line


def draw(lines):
    height = TOP + LINE * len(lines) + 14
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
          f'height="{height}" role="img" '
          'aria-label="srun with and without an image">')
    print(f"  <style>{STYLE}  </style>")
    print(f'  <rect width="{WIDTH}" height="{height}" rx="9" fill="#1d2329"/>')
    for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        print(f'  <circle cx="{22 + 20 * i}" cy="20" r="6" fill="{colour}"/>')
    for i, (kind, text) in enumerate(lines):
        y = TOP + LINE * i
        text = html.escape(text, quote=False)
        if kind == "command":
            text = ('<tspan class="prompt">$ </tspan>'
                    f'<tspan class="command">{text}</tspan>')
        elif kind == "more":
            text = f'<tspan class="command">{text}</tspan>'
        elif kind == "error":
            text = f'<tspan class="error">{text}</tspan>'
        print(f'  <text x="{LEFT}" y="{y}" xml:space="preserve">{text}</text>')
    print("</svg>")


draw(list(run()))
