"""A page in a real browser: what it shows in either colour scheme, at any width, on paper."""

import json
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any

LIGHT, DARK = 1, 0
"""Chromium's numbers for `prefers-color-scheme`."""
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n')

MEASURE = """
const rgba = text => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b]
  .map(v => v / 255)
  .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const paper = element => {
  for (let one = element; one; one = one.parentElement) {
    const colour = rgba(getComputedStyle(one).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const texts = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; node = walker.nextNode();) {
  const element = node.parentElement;
  if (!node.data.trim() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
  const [a, b] = [light(rgba(getComputedStyle(element).color)), light(paper(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  texts.push([ratio, node.data.trim().slice(0, 40)]);
}
texts.sort((a, b) => a[0] - b[0]);
const said = document.createElement("pre");
said.id = "measured";
said.textContent = JSON.stringify({
  title: document.title,
  texts: texts.length,
  contrast: texts[0],
  width: innerWidth,
  needed: document.documentElement.scrollWidth,
  rules: document.styleSheets[0].cssRules.length,
  paper: rgba(getComputedStyle(document.body).backgroundColor).slice(0, 3),
});
document.body.append(said);
"""

LIFT = """
document.querySelector("iframe").onload = event => document.body.append(
  document.adoptNode(event.target.contentDocument.getElementById("measured")));
"""


def without_policy(page: str) -> str:
    """The page without its own policy, so that a test can put a script into it."""
    changed, number = POLICY.subn("", page)
    assert number == 1
    return changed


def with_script(page: str, script: str) -> str:
    """The page with a script at its end."""
    assert page.count("</body>") == 1
    return page.replace("</body>", f"<script>{script}</script></body>")


def measured(dom: str) -> dict[str, Any]:
    """What `MEASURE` wrote into a document."""
    # In the attribute of a frame it stands too, escaped.
    found = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)
    assert found, dom[-500:]
    return json.loads(unescape(found.group(1)))


class Chromium:
    """Opens pages, one at a time, without a network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def dom(self, page: str, **options: Any) -> str:
        """The document after scripts have run, as HTML."""
        return self._run(page, "--dump-dom", **options)

    def measured(self, page: str, **options: Any) -> dict[str, Any]:
        """What `MEASURE` says: contrast of every text, width, title."""
        return measured(self.dom(with_script(without_policy(page), MEASURE), **options))

    def measured_in_frame(self, page: str, width: int) -> dict[str, Any]:
        """The same at any width: windows have 500 pixels at least, frames have not."""
        inner = escape(with_script(without_policy(page), MEASURE))
        frame = (
            f'<!doctype html><iframe width="{width}" height="900" frameborder="0" '
            f'srcdoc="{inner}"></iframe><script>{LIFT}</script>'
        )
        return measured(self.dom(frame))

    def corner(self, page: str, **options: Any) -> tuple[int, ...]:
        """Red, green and blue of the first pixel, with the page's own policy in force."""
        file = self._folder / "screen.png"
        self._run(page, f"--screenshot={file}", "--hide-scrollbars", **options)
        return first_pixel(file.read_bytes())

    def pdf(self, page: str, **options: Any) -> bytes:
        """The page on paper."""
        file = self._folder / "page.pdf"
        self._run(page, f"--print-to-pdf={file}", "--no-pdf-header-footer", **options)
        return file.read_bytes()

    def _run(self, page: str, *switches: str, scheme: int = LIGHT, width: int = 1200) -> str:
        self._number += 1
        file = self._folder / f"page-{self._number}.html"
        file.write_text(page, encoding="utf-8")
        program = shutil.which("chromium")
        assert program, "chromium is not installed: make prepare"
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [
            program,
            "--headless",
            *as_root,
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            # Its own services are not asked; the loopback interface still is.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={self._folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={scheme}",
            f"--window-size={width},1000",
            *switches,
            file.as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
        return done.stdout.decode()


def first_pixel(png: bytes) -> tuple[int, ...]:
    """Of the first pixel, which no filter of PNG changes."""
    data = b"".join(body for kind, body in _chunks(png) if kind == b"IDAT")
    return tuple(zlib.decompress(data)[1:4])


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def colours(pdf: bytes) -> set[bytes]:
    """The colours that text and areas of a PDF have, as its operators say them."""
    found: set[bytes] = set()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(stream)
        except zlib.error:  # a picture or font in another form
            continue
        found |= set(re.findall(rb"([\d.]+ [\d.]+ [\d.]+) rg", content))
    return found
