"""PDF/UA-1 structure, neutral metadata, and a renderer that reads nothing but the shipped fonts."""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from pypdf import PdfReader
from pypdf.generic import ContentStream, DictionaryObject, NullObject

from portal.documents.fonts import FACES, FOLDER, faces_for, font_file, missing_glyphs
from portal.documents.render import AddressRefused, render_pdf
from portal.meetings.summary_view import Remembered
from tests.support.pdf import (
    SUMMARY,
    elements_of,
    every_object,
    reader_of,
    root_of,
    summary_markup,
    summary_pdf,
    tags_of,
    text_of,
)

PAINTING = {
    b"Tj",
    b"TJ",
    b"'",
    b'"',
    b"f",
    b"F",
    b"f*",
    b"S",
    b"s",
    b"B",
    b"B*",
    b"b",
    b"b*",
    b"Do",
    b"sh",
    b"EI",
}

HOSTILE = [
    '<link rel="attachment" href="file:///etc/passwd">',
    '<img src="http://127.0.0.1:9/x.png">',
    '<img src="file:///etc/passwd">',
    '<img src="data:image/png;base64,AAAA">',
    '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
    '<style>@import url("file:///etc/passwd");</style>',
    '<style>@font-face{font-family:x;src:url("file:///etc/passwd")}</style>',
    '<style>p{background:url("http://127.0.0.1:9/x.png")}</style>',
    '<svg width="9" height="9"><image href="file:///etc/passwd" width="9" height="9"/></svg>',
    '<object data="asset:../../etc/passwd"></object>',
    '<embed src="ftp://127.0.0.1/x">',
]


@pytest.fixture(scope="module")
def reader() -> PdfReader:
    return reader_of(summary_pdf(agreements=SUMMARY.agreements * 12))


class TestAccessibility:
    def test_the_file_says_that_it_is_tagged_and_in_which_language(self, reader: PdfReader) -> None:
        root = root_of(reader)
        assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - a PDF boolean is an object of its own
        assert root["/Lang"] == "en-GB"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712 - as above
        assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()

    def test_headings_start_at_one_and_skip_no_level(self, reader: PdfReader) -> None:
        levels = [int(tag[2]) for tag in tags_of(reader) if tag[:2] == "/H" and tag[2:].isdigit()]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(next_one <= level + 1 for level, next_one in pairwise(levels))

    def test_table_headers_have_a_scope_and_each_cell_finds_its_own(self, reader: PdfReader) -> None:
        elements = list(elements_of(reader))
        headers = {str(e["/ID"]): str(e["/A"]["/Scope"]) for e in elements if e["/S"] == "/TH"}
        cells = [e["/A"]["/Headers"] for e in elements if e["/S"] == "/TD"]
        listed = root_of(reader)["/StructTreeRoot"]["/IDTree"]["/Names"]
        assert sorted(map(str, listed[::2])) == sorted(headers)
        assert cells
        assert all({headers[str(name)] for name in names} == {"/Row", "/Column"} for names in cells)

    def test_lists_are_lists_with_labels_and_nothing_is_an_unnamed_picture(self, reader: PdfReader) -> None:
        tags = tags_of(reader)
        assert tags.count("/LI") == tags.count("/Lbl") == tags.count("/LBody") == 8
        assert "/Figure" not in tags

    def test_everything_painted_is_content_or_artifact(self, reader: PdfReader) -> None:
        for page in reader.pages:
            depth = 0
            for _, operator in ContentStream(page.get_contents(), reader).operations:
                depth += {b"BMC": 1, b"BDC": 1, b"EMC": -1}.get(operator, 0)
                assert depth > 0 or operator not in PAINTING

    def test_running_header_and_footer_are_seen_on_each_page_and_read_on_none(
        self, reader: PdfReader
    ) -> None:
        owners = root_of(reader)["/StructTreeRoot"]["/ParentTree"]["/Nums"]
        spoken = [element.indirect_reference for element in elements_of(reader)]
        for number, page in enumerate(reader.pages, start=1):
            text = page.extract_text()
            assert SUMMARY.audience_line in text
            assert f"Page {number} of {len(reader.pages)}" in text
            silent = [owner for owner in owners[2 * number - 1] if isinstance(owner, NullObject)]
            assert len(silent) >= 4
            assert all(owner in spoken for owner in owners[2 * number - 1] if owner not in silent)
        assert "session 6" in reader.pages[1].extract_text()

    def test_fonts_are_embedded_and_are_ours(self, reader: PdfReader) -> None:
        fonts = [found for found in every_object(reader) if _is(found, "/FontDescriptor")]
        assert {
            "Brygada" in str(font["/FontName"]) or "Hanken" in str(font["/FontName"]) for font in fonts
        } == {True}
        assert all("/FontFile2" in font for font in fonts)


class TestDiscretion:
    def test_title_is_neutral_and_no_maker_author_or_date_is_named(self, reader: PdfReader) -> None:
        assert {key: str(value) for key, value in (reader.metadata or {}).items()} == {"/Title": "Summary"}
        metadata = root_of(reader)["/Metadata"].get_object().get_data()
        assert not any(word in metadata for word in (b"WeasyPrint", b"Ana", b"Common", b"Date", b"Producer"))

    def test_no_attachment_no_script_no_way_out(self, reader: PdfReader) -> None:
        forbidden = {
            "/JS",
            "/JavaScript",
            "/EmbeddedFiles",
            "/EF",
            "/URI",
            "/OpenAction",
            "/AA",
            "/Launch",
            "/GoToR",
        }
        assert not any(
            forbidden & set(found) for found in every_object(reader) if isinstance(found, DictionaryObject)
        )

    def test_the_same_view_makes_the_same_bytes(self) -> None:
        assert summary_pdf() == summary_pdf()


class TestFetching:
    @pytest.mark.parametrize("markup", HOSTILE)
    def test_markup_that_came_through_ends_the_rendering_and_nothing_is_fetched(
        self, markup: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a socket was opened"))
        with pytest.raises(AddressRefused):
            render_pdf(f'<html lang="en"><title>x</title><body>{markup}<p>x', language="en")

    def test_markup_typed_into_a_summary_is_shown_as_text(self) -> None:
        typed = (
            *HOSTILE,
            "</bdi></p><h1>x",
            "{{ config }}",
            "</template>",
            "font-size:1e9em",
            "@page{size:1e9cm}",
        )
        reader = reader_of(summary_pdf(going_well=typed))
        shown = "".join("".join(page.extract_text() for page in reader.pages).split())
        assert [markup for markup in typed if "".join(markup.split()) not in shown] == []
        assert tags_of(reader).count("/H1") == 1

    def test_an_address_in_a_text_is_no_link(self) -> None:
        page = reader_of(summary_pdf(contact_line="https://example.org/ ana@example.org")).pages[0]
        assert "/Annots" not in page

    def test_a_refused_address_is_not_repeated(self) -> None:
        with pytest.raises(AddressRefused) as caught:
            render_pdf('<html lang="en"><img src="http://secret.example/">', language="en")
        assert "secret" not in str(caught.value)

    def test_what_stumbles_in_the_renderer_reaches_no_log(self) -> None:
        heard: list[str] = []
        with _listening(logging.getLogger(), heard):
            render_pdf('<html lang="en"><p style="colour: Ana">x', language="en")
        assert heard == []

    def test_the_stylesheet_is_understood_to_the_last_rule(self) -> None:
        heard: list[str] = []
        with _listening(logging.getLogger("weasyprint"), heard):
            summary_pdf()
        assert heard == []


class TestLayout:
    @pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("letter", (612, 792))])
    def test_an_ordinary_summary_is_one_page_of_the_paper_asked_for(
        self, paper: str, size: tuple[int, int]
    ) -> None:
        pages = reader_of(summary_pdf(paper=paper)).pages
        assert [(round(page.mediabox.width), round(page.mediabox.height)) for page in pages] == [size]

    def test_empty_sections_are_left_out_with_their_headings(self) -> None:
        empty: dict[str, tuple[str, ...]] = dict.fromkeys(
            ("going_well", "working_on", "remembered", "agreements", "next_time"), ()
        )
        pdf = summary_pdf(**empty, focus="", next_meeting="", contact_line="", help_notice="")
        assert [tag for tag in tags_of(reader_of(pdf)) if tag in {"/H1", "/H2", "/H3", "/L", "/Table"}] == [
            "/H1"
        ]

    def test_a_record_for_one_person_has_one_box_and_its_own_footer(self) -> None:
        text = text_of(summary_pdf(remembered=SUMMARY.remembered[:1], audience_line="Prepared for you."))
        assert "Prepared for you." in text
        assert "Worth remembering" in text
        assert "each of us" not in text

    def test_a_replaced_copy_says_so(self) -> None:
        assert "This copy has been replaced" in text_of(summary_pdf(is_superseded=True))
        assert "This copy has been replaced" not in text_of(summary_pdf())

    def test_a_long_list_and_a_long_quotation_go_on_over_the_page_and_lose_nothing(self) -> None:
        lines = tuple(f"Line {number} of a text that is too long." for number in range(90))
        words = Remembered("a", "Ana", " ".join(lines))
        text = " ".join(
            text_of(summary_pdf(working_on=lines, remembered=(words, SUMMARY.remembered[1]))).split()
        )
        assert [number for number in range(90) if text.count(f"Line {number} of") != 2] == []


class TestScripts:
    def test_letters_of_all_shipped_alphabets_are_drawn_as_themselves(self) -> None:
        names = "Žofie Łukaszewicz, Şengül, Søren, Дмитрий, Ђорђе, Ніна"
        pdf = summary_pdf(names=names, focus=names)
        assert text_of(pdf).count(names) == 2
        assert missing_glyphs(names) == set()

    @pytest.mark.parametrize(
        "text", ["שלום Ana مرحبا (1)", "a\u202eb\u2066c", "e\u0301\u0302\u0303" * 9, "👩\u200d👧", "漢字"]
    )
    def test_any_script_and_direction_leaves_the_rest_of_the_page_in_order(self, text: str) -> None:
        ordinary, changed = reader_of(summary_pdf()), reader_of(summary_pdf(names=text, focus=text))
        assert _meaningful(tags_of(changed)) == _meaningful(tags_of(ordinary))
        assert len(changed.pages) == 1

    def test_what_is_typed_beside_a_text_from_right_to_left_keeps_its_direction(self) -> None:
        shown = text_of(summary_pdf(names="\u202eאבג", session_line="18:00 to 18:50 (GMT), online"))
        assert "session 6 · 18:00 to 18:50 (GMT), online" in shown

    def test_a_character_that_no_shipped_font_can_draw_is_named(self) -> None:
        assert missing_glyphs("Ana 漢\u200d\n") == {"漢"}

    def test_a_plain_text_opens_the_latin_files_only(self) -> None:
        assert {face.part for face in faces_for("Ana & Ben")} == {"latin"}
        assert "cyrillic" in {face.part for face in faces_for("Ніна")}

    def test_a_face_is_the_same_file_on_every_day(self) -> None:
        name = "brygada-1918-cyrillic-ext-wght-normal-400.ttf"
        with time_machine.travel("2026-11-17"):
            one_day = font_file.__wrapped__(name)
        assert font_file.__wrapped__(name) == one_day

    def test_every_face_has_its_file(self) -> None:
        assert all((FOLDER / f"{face.stem}.woff2").is_file() for face in FACES)


def test_a_process_that_was_warm_leaves_no_file_behind(tmp_path: Path) -> None:
    worker = "from portal.documents.render import warm_up; warm_up()"
    subprocess.run([sys.executable, "-c", worker], env={**os.environ, "TMPDIR": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []


def test_the_summary_page_asks_for_nothing_by_address() -> None:
    assert not any(word in summary_markup() for word in ("href=", "src=", "url(", "style=", "<script"))


@contextmanager
def _listening(logger: logging.Logger, heard: list[str]) -> Iterator[None]:
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: heard.append(record.name)  # type: ignore[method-assign]  # a handler of one line
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


def _meaningful(tags: list[str]) -> list[str]:
    return [tag for tag in tags if tag not in {"/Span", "/NonStruct"}]


def _is(found: object, kind: str) -> bool:
    return isinstance(found, DictionaryObject) and found.get("/Type") == kind
