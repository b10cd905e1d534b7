"""The yardstick of the PDF job: `python -m tests.bench.bare FILE` renders the HTML of a file, and nothing else.

A process that is as warm as the worker's parent, and grows warmer with each round: no fork, no limits, no database.
Each line that comes in is answered by the seconds of one rendering.
"""

import gc
import sys
from pathlib import Path
from time import perf_counter

from portal.documents.render import render_pdf, warm_up


def main() -> None:
    html = Path(sys.argv[1]).read_text("utf-8")
    warm_up()
    gc.freeze()
    for _ in sys.stdin:
        began = perf_counter()
        render_pdf(html, language="en-GB")
        sys.stdout.write(f"{perf_counter() - began}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
