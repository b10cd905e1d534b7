"""The yardstick of the PDF job: `python -m tests.bench.bare FILE` renders the HTML of a file as WeasyPrint alone does.

`HTML(...).write_pdf(...)` with the same stylesheet, fonts and kind of PDF, in a process as warm as the worker's parent: no
limits, no database, and nothing of ours that makes it slower or quicker. A line "here" that comes in is answered by the
seconds of one rendering in this very process, which grows warmer with each: the bound counts from that. A line "fork" is
answered by those of the first rendering in a process forked from it, which tells what separate processes cost by themselves:
no document may meet a process that has seen another couple's.
"""

import gc
import os
import sys
from pathlib import Path
from time import perf_counter

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from portal.documents.fonts import font_face_rules
from portal.documents.render import STYLESHEETS, PackagedFonts, warm_up


def main() -> None:
    html = Path(sys.argv[1]).read_text("utf-8")
    rules = font_face_rules(html) + (STYLESHEETS / "pdf.css").read_text("utf-8")
    warm_up()
    gc.collect()
    gc.freeze()
    for asked in sys.stdin:
        seconds = measured(html, rules) if asked.strip() == "here" else in_fork(html, rules)
        sys.stdout.write(f"{seconds}\n")
        sys.stdout.flush()


def measured(html: str, rules: str) -> float:
    began = perf_counter()
    write_pdf(html, rules)
    return perf_counter() - began


def in_fork(html: str, rules: str) -> float:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(measured(html, rules)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        return float(answer.read())


def write_pdf(html: str, rules: str) -> None:
    fetcher, fonts = PackagedFonts(), FontConfiguration()
    stylesheet = CSS(string=rules, font_config=fonts, url_fetcher=fetcher)
    document = HTML(string=html, base_url="asset:", url_fetcher=fetcher)
    document.write_pdf(font_config=fonts, stylesheets=[stylesheet], pdf_variant="pdf/ua-1")


if __name__ == "__main__":
    main()
