"""Makes the pictures of the docs from a real run: the terminal as SVG, the page by Chromium.

usage: python docs/pictures.py     (needs chromium on the PATH; fonts with Arabic)
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "examples"))
from demo import ARTICLE, BIN, server  # noqa: E402

WIDTH = 84
_ARABIC_TEXT = re.compile(
    r'<text(?P<class> class="[^"]*") x="(?P<x>[^"]*)"(?P<y> y="[^"]*")'
    r' textLength="(?P<length>[^"]*)"(?P<clip>[^>]*)>(?P<text>[^<]*[\u0621-\u064a][^<]*)'
)
CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
]


def terminal(address: str) -> None:
    """Draws what the client writes to a terminal: the first sentences, and the summary."""
    done = subprocess.run(
        [BIN / "mujaz", "summarize", "--server", address, ARTICLE.name],
        cwd=ARTICLE.parent,
        env=os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    summary = next(at for at, line in enumerate(lines) if "Summary" in line)
    shown = [*lines[:14], "", "  …", "", *lines[summary:]]
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi("\n".join(["$ mujaz summarize article.ar.txt", *shown])))
    svg = _ARABIC_TEXT.sub(_right_to_left, console.export_svg(title="mujaz"))
    (DOCS / "demo.svg").write_text(svg, encoding="utf-8")


def _right_to_left(text: re.Match[str]) -> str:
    """Turns a text element of Arabic around: rich writes all of them left to right."""
    end = float(text["x"]) + float(text["length"])
    attributes = f'direction="rtl" x="{end:.1f}" textLength="{text["length"]}"'
    return f"<text{text['class']}{text['y']} {attributes}{text['clip']}>{text['text']}"


def page(address: str, folder: Path) -> None:
    """Photographs the page in light and in dark."""
    html = folder / "article.html"
    command = [BIN / "mujaz", "summarize", "--server", address, "--html", html, ARTICLE.name]
    subprocess.run(command, cwd=ARTICLE.parent, stdout=subprocess.DEVNULL, check=True)
    for name, flags in (("page", ()), ("page-dark", ("--blink-settings=preferredColorScheme=0",))):
        subprocess.run(
            [
                *CHROMIUM,
                *flags,
                f"--user-data-dir={folder / name}",
                f"--screenshot={DOCS / name}.png",
                "--window-size=1100,1500",
                html.as_uri(),
            ],
            stderr=subprocess.DEVNULL,
            check=True,
        )


if __name__ == "__main__":
    with server() as serving, tempfile.TemporaryDirectory() as temporary:
        terminal(serving)
        page(serving, Path(temporary))
