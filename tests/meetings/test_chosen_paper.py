"""Quoted lines and the map on paper: readable to all, whatever somebody typed."""

from dataclasses import replace

import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream, NullObject

from portal.documents.render import render_pdf
from portal.meetings.rules import CHOSEN_LETTERS
from portal.meetings.summary_view import Quoted, SummaryView, Voice, summary_html
from tests.meetings.paper import LANES, QUOTING, SHOWN_MAP
from tests.support.pdf import SUMMARY, elements_of, reader_of, root_of, tags_of, template_renderer, text_of

HOSTILE = [
    "<script>x</script>",
    '<style>@import url("file:///etc/passwd");</style>',
    "<style>@page{size:1e9cm}</style>",
    '<p style="font-size:1e9em">big',
    "</template></blockquote></section>",
    "{{config}} {% raw %} ${7*7}",
    '<img src="http://127.0.0.1:9/x.png">',
    '<svg><image href="file:///etc/passwd"/></svg>',
    "\u202e\u05e9\u05dc\u05d5\u05dd\u202c",
    "\u0627\u0644\u0633\u0644\u0627\u0645 \u0639\u0644\u064a\u0643\u0645",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f9e1",
    "e" + "\u0301" * 400,
    "\u200b" * CHOSEN_LETTERS,
]


def pdf_of(view: SummaryView) -> bytes:
    return render_pdf(summary_html(view, template_renderer()), language="en-GB")


def saying(words: str) -> SummaryView:
    """Put the same words into every place that quotes."""
    quoted = (Quoted(words[:CHOSEN_LETTERS], words[:CHOSEN_LETTERS]),)
    return replace(SUMMARY, voices=(Voice("a", "Ana", quoted), Voice("b", "Ben", quoted)), together=quoted)


@pytest.fixture(scope="module")
def reader() -> PdfReader:
    return reader_of(pdf_of(QUOTING))


class TestWhatItShows:
    def test_lines_and_bands_stand_on_two_pages_with_day_and_limits(self, reader: PdfReader) -> None:
        text = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
        assert len(reader.pages) == 2
        quotes = [quote.words for voice in QUOTING.voices for quote in voice.quotes]
        told = [
            *quotes,
            "Four screen-free evenings",
            "Seen differently",
            SHOWN_MAP.day_line,
            SHOWN_MAP.limits,
        ]
        assert [words for words in told if words not in text] == []

    def test_each_line_of_the_map_is_read_out_in_words(self, reader: PdfReader) -> None:
        figures = [str(one.get("/Alt")) for one in elements_of(reader) if one["/S"] == "/Figure"]
        assert figures == [lane.sentence for lane in LANES]

    def test_marks_that_only_decorate_are_read_on_none(self, reader: PdfReader) -> None:
        owners = root_of(reader)["/StructTreeRoot"]["/ParentTree"]["/Nums"]
        spoken = {element.indirect_reference.idnum for element in elements_of(reader)}
        listed = [owner for of_page in owners[1::2] for owner in of_page if not isinstance(owner, NullObject)]
        assert {owner.idnum for owner in listed} <= spoken

    def test_everything_painted_is_content_or_artifact(self, reader: PdfReader) -> None:
        for page in reader.pages:
            depth = 0
            for _, operator in ContentStream(page.get_contents(), reader).operations:
                depth += {b"BMC": 1, b"BDC": 1, b"EMC": -1}.get(operator, 0)
                assert depth > 0 or operator not in {
                    b"Tj",
                    b"TJ",
                    b"f",
                    b"F",
                    b"f*",
                    b"S",
                    b"s",
                    b"B",
                    b"b",
                    b"Do",
                }

    def test_without_anything_quoted_nothing_is_said_of_it(self) -> None:
        pdf = reader_of(pdf_of(SUMMARY))
        assert "From your exercises" not in text_of(pdf_of(SUMMARY))
        assert "/Figure" not in tags_of(pdf)

    def test_without_colour_the_two_are_told_apart_by_shape_and_name(self) -> None:
        html = summary_html(QUOTING, template_renderer())
        drawn = html.split('class="map"', 1)[1].split("</section>", 1)[0]
        assert drawn.count("<circle") == drawn.count('class="mark-b"') == len(LANES) - 1
        assert "stroke-dasharray" in drawn


class TestHostileWords:
    @pytest.mark.parametrize("words", HOSTILE)
    def test_they_are_shown_as_text_on_a_page_of_its_size(self, words: str) -> None:
        pdf = pdf_of(saying(words))
        text = text_of(pdf)
        assert "What you wrote together" in text
        if words.isascii():
            assert words.split(maxsplit=1)[0] in "".join(text.split("\n"))
        assert [round(float(side)) for side in reader_of(pdf).pages[0].mediabox[2:]] == [595, 842]

    def test_one_word_without_an_end_stays_inside_its_box(self) -> None:
        pdf = reader_of(pdf_of(saying("x" * CHOSEN_LETTERS)))
        assert len(pdf.pages) <= 3
        assert sum(page.extract_text().count("x") for page in pdf.pages) >= 6 * CHOSEN_LETTERS

    def test_what_names_an_area_is_read_out_as_it_is(self) -> None:
        lane = replace(LANES[0], title="</svg><b>", sentence='"><script>')
        html = summary_html(
            replace(QUOTING, shown_map=replace(SHOWN_MAP, drawn=replace(SHOWN_MAP.drawn, lanes=(lane,)))),
            template_renderer(),
        )
        assert "<script>" not in html
        assert "&lt;script&gt;" in html
