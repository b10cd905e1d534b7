"""Bombs end in bytes or in a reason, the parent lives on, and nothing stays behind."""

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.documents import limits
from portal.documents.limits import Reason, RenderFailed, limited_renderer
from portal.documents.printable import printable
from portal.documents.render import render_pdf, warm_up
from tests.support.pdf import SUMMARY, reader_of, summary_markup, text_of

# Test runners keep a thread of their own; the work-horse, which forks in earnest, has one thread.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Let the children find the fonts ready, as those of a worker do."""
    warm_up()


def limited(
    html: str, folder: Path, *, cpu: int = 20, memory: int = 512 * MEGABYTE, wall: float = 120
) -> bytes:
    with limited_renderer(cpu_seconds=cpu, memory_bytes=memory, wall_seconds=wall, folder=folder) as render:
        return render(html, language="en-GB")


def in_child(
    work: Callable[[], object], folder: Path, monkeypatch: pytest.MonkeyPatch, **sizes: float
) -> bytes:
    """Let the child do something else than render; what it returns comes back as bytes."""
    monkeypatch.setattr(limits, "render_pdf", lambda *_, **__: str(work()).encode())
    return limited("", folder, **sizes)  # type: ignore[arg-type]  # named like its parameters


class TestOrdinaryWork:
    def test_a_summary_comes_out_as_without_limits(self, tmp_path: Path) -> None:
        html = summary_markup()
        assert limited(html, tmp_path) == render_pdf(html, language="en-GB")

    def test_nothing_stays_in_the_folder(self, tmp_path: Path) -> None:
        limited(summary_markup(), tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_what_a_killed_worker_left_is_cleared_and_what_is_fresh_stays(self, tmp_path: Path) -> None:
        old, fresh, foreign = (tmp_path / name for name in ("render-old", "render-fresh", "other"))
        for path in (old, fresh, foreign):
            path.mkdir()
        os.utime(old, (0, 0))
        os.utime(foreign, (0, 0))
        limited(summary_markup(), tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "render-fresh"]


class TestWhatTheChildMayDo:
    def test_its_temporary_files_go_to_its_own_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        used = in_child(tempfile.mkdtemp, tmp_path, monkeypatch).decode()
        assert Path(used).is_relative_to(tmp_path)
        assert not Path(used).exists()

    def test_it_opens_no_socket(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(RenderFailed) as caught:
            in_child(socket.socket, tmp_path, monkeypatch)
        assert caught.value.cause == "PermissionError"

    def test_it_holds_no_connection_of_its_parent(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, there = socket.socketpair()
        with here, there:
            number = here.fileno()
            with pytest.raises(RenderFailed) as caught:
                in_child(lambda: os.fstat(number), tmp_path, monkeypatch)
        assert caught.value.cause == "OSError"

    def test_it_writes_no_large_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(RenderFailed):
            in_child(lambda: (tmp_path / "x").write_bytes(bytes(5 * MEGABYTE)), tmp_path, monkeypatch)

    def test_it_dies_with_its_parent(self, tmp_path: Path) -> None:
        script = (
            "import os, pathlib, time\n"
            "from portal.documents import limits\n"
            "def work(*_, **__):\n"
            "    pathlib.Path(os.environ['MARK']).write_text(str(os.getpid()))\n"
            "    time.sleep(600)\n"
            "limits.render_pdf = work\n"
            f"folder = pathlib.Path({str(tmp_path)!r})\n"
            "with limits.limited_renderer(cpu_seconds=9, memory_bytes=2**29, wall_seconds=600, folder=folder) as render:\n"
            "    render('', language='en')\n"
        )
        mark = tmp_path / "pid"
        parent = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"MARK": str(mark)})
        _until(lambda: mark.exists() and mark.read_text() != "")
        parent.kill()
        parent.wait()
        _until(lambda: not _is_running(int(mark.read_text())))


class TestWhatRunsOut:
    def test_time_on_the_clock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(RenderFailed) as caught:
            in_child(lambda: time.sleep(600), tmp_path, monkeypatch, wall=0.2)
        assert caught.value.reason is Reason.TOO_LONG
        assert list(tmp_path.iterdir()) == []

    def test_time_on_the_processor(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(RenderFailed) as caught:
            in_child(_spin, tmp_path, monkeypatch, cpu=1, wall=30)
        assert (caught.value.reason, caught.value.cause) == (Reason.TOO_LONG, "SIGXCPU")

    def test_memory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(RenderFailed) as caught:
            in_child(lambda: len(bytearray(64 * MEGABYTE)), tmp_path, monkeypatch, memory=32 * MEGABYTE)
        assert caught.value.reason is Reason.TOO_LARGE

    def test_the_size_of_the_answer(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(RenderFailed) as caught:
            in_child(lambda: "x" * (limits.PDF_BYTES + 1), tmp_path, monkeypatch)
        assert caught.value.reason is Reason.TOO_LARGE

    def test_a_child_that_dies_halfway_gives_no_half_document(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(RenderFailed) as caught:
            in_child(lambda: os._exit(0), tmp_path, monkeypatch)
        assert caught.value.reason is Reason.FAILED

    def test_a_failure_carries_no_word_of_the_document(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise ValueError("Ana said")

        with pytest.raises(RenderFailed) as caught:
            in_child(fail, tmp_path, monkeypatch)
        assert str(caught.value) == "failed ValueError"

    def test_the_parent_keeps_its_own_limits(self, tmp_path: Path) -> None:
        kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC)
        before = [resource.getrlimit(kind) for kind in kinds]
        limited(summary_markup(), tmp_path)
        assert [resource.getrlimit(kind) for kind in kinds] == before


BOMBS = {
    "200,000 zero-width words": summary_markup(focus="ab\u200b" * 200_000),
    "20,000 rows": summary_markup(agreements=SUMMARY.agreements[:1] * 20_000),
    "a word of 100 kB": summary_markup(focus="x" * 100_000),
    "a word below the cap": summary_markup(focus="W" * 90_000),
    "zero-width words below the cap": '<html lang="en"><title>x</title><p>' + "ab\u200b" * 33_000,
    "lines below the cap": summary_markup(focus="a\n" * 45_000),
    "nested tables": '<html lang="en"><title>x</title>' + "<table><tr><td>" * 6_600,
    "sizes": '<html lang="en"><title>x</title><style>p{font-size:1e9em}@page{size:1e9cm}</style><p>x',
}


class TestBombs:
    @pytest.mark.parametrize("html", BOMBS.values(), ids=BOMBS)
    def test_a_bomb_ends_in_a_document_or_a_reason(self, html: str, tmp_path: Path) -> None:
        assert _outcome_of(html, tmp_path) in {"a document", *Reason}
        assert list(tmp_path.iterdir()) == []

    def test_a_page_beyond_the_cap_is_never_ordered(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "_read_until", lambda *_: pytest.fail("it was ordered"))
        with pytest.raises(RenderFailed) as caught:
            limited("x" * (limits.HTML_CHARACTERS + 1), tmp_path)
        assert caught.value.reason is Reason.TOO_LARGE

    def test_a_child_without_an_order_is_gone_afterwards(self, tmp_path: Path) -> None:
        before = _children()
        with limited_renderer(cpu_seconds=9, memory_bytes=512 * MEGABYTE, wall_seconds=9, folder=tmp_path):
            assert len(_children()) == len(before) + 1
        assert _children() == before
        assert list(tmp_path.iterdir()) == []

    def test_text_up_to_the_cap_is_all_there(self, tmp_path: Path) -> None:
        lines = tuple(f"Sentence {number} of a very long summary." for number in range(700))
        text = " ".join(text_of(limited(summary_markup(going_well=lines), tmp_path)).split())
        assert all(line in text for line in lines)

    def test_the_next_document_is_made_as_if_nothing_had_been(self, tmp_path: Path) -> None:
        with pytest.raises(RenderFailed):
            limited(BOMBS["a word below the cap"], tmp_path, cpu=1)
        assert "Session summary" in text_of(limited(summary_markup(), tmp_path))


class TestPrintable:
    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("a\u200bb\u00adc\ufeffd\u2060e", "abcde"),
            ("a\x00b\x07c\x9bd", "abcd"),
            ("a\r\nb\u2028c\td", "a\nb\nc\td"),
            ("a\ud800b", "a\ufffdb"),
            ("\u202eevil\u202c \u2066x\u2069", "evil x"),
            ("\U000e0041a", "a"),
            ("می\u200cخواهم \u200fשלום 👩\u200d👧", "می\u200cخواهم \u200fשלום 👩\u200d👧"),
            ("Ana & <b>Ben</b> “naïve”", "Ana & <b>Ben</b> “naïve”"),
        ],
    )
    def test_what_cannot_be_seen_goes_and_what_can_stays(self, typed: str, shown: str) -> None:
        assert printable(typed) == shown


def _outcome_of(html: str, folder: Path) -> str:
    try:
        pdf = limited(html, folder, cpu=1, memory=384 * MEGABYTE)
    except RenderFailed as failed:
        return failed.reason
    return "a document" if reader_of(pdf).pages else "nothing"


def _spin() -> None:
    while True:
        pass


def _children() -> set[str]:
    lists = Path("/proc/self/task").glob("*/children")
    return {child for one in lists for child in one.read_text().split()}


def _is_running(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _until(is_so: Callable[[], bool], *, attempts: int = 3000) -> None:
    for _ in range(attempts):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("it never came to be")
