"""Where couples come from: what is counted for which source and month, and what the page and the file keep hidden."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal.blog.service import publish_post
from portal.booking.models import Attendance, Consultation, ConsultationStatus, EndedBy
from portal.booking.report import Line, Report, Stage, Which, months_before, read_report
from portal.booking.views.report import as_text
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.marks import Mark
from portal.practice.models import Therapist
from portal.sources.models import CampaignLink, Step, StepCount
from portal.sources.service import keep_touch
from portal.transaction import current_session, transaction
from tests.booking.visit import soup
from tests.support.cast import Cast, client_of, make_cast, make_person
from tests.support.statements import counted

TODAY = date(2026, 11, 21)
MONTHS = months_before(TODAY)
NOVEMBER, OCTOBER = datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, tzinfo=UTC)


def book(
    session: Session,
    cast: Cast,
    number: int,
    mark: Mark | None,
    booked_at: datetime = NOVEMBER,
    **facts: object,
) -> None:
    """Book as many consultations in one month by one way."""
    for _ in range(number):
        start = utc_now() + timedelta(days=30, hours=len(session.new) + book.count)  # type: ignore[attr-defined]
        book.count += 1  # type: ignore[attr-defined]
        occupied = OccupiedInterval(
            therapist_id=cast.therapist.person_id, starts_at=start, ends_at=start + timedelta(minutes=30),
            kind=OccupiedKind.CONSULTATION, code="K7Q",
        )  # fmt: skip
        session.add(occupied)
        session.flush()
        person = make_person(session, "Priya")
        touch = keep_touch(session, mark) if mark is not None else None
        values: dict[str, object] = {
            "therapist_id": cast.therapist.person_id, "person_id": person.id, "occupied_id": occupied.id,
            "starts_at": start, "ends_at": start + timedelta(minutes=20), "zone": "Europe/London",
            "status": ConsultationStatus.CONFIRMED, "request_code": uuid4().bytes * 2, "body_code": b"2" * 32,
            "touch_id": touch.id if touch is not None else None, "created_at": booked_at,
        }  # fmt: skip
        session.add(Consultation(**(values | facts)))
        session.flush()


book.count = 0  # type: ignore[attr-defined]


def sources(session: Session, cast: Cast) -> tuple[UUID, UUID]:
    """Publish an article, and a link to it."""
    author = session.get_one(Therapist, cast.therapist_profile_id)
    post = publish_post(
        session, author, slug="two-lists", title="Two lists", lead="", body="", published_at=utc_now()
    )
    link = CampaignLink(code="letter", name="=Letter", post_id=post.id)
    session.add(link)
    session.flush()
    return post.id, link.id


def line_of(report: Report, source: str) -> Line:
    return next(line for line in report.lines if line.source == source)


def numbers_of(report: Report, source: str) -> list[int | None]:
    return [line_of(report, source).numbers[stage] for stage in (Stage.BOOKED, Stage.CAME, Stage.CLIENT)]


def test_counts_by_first_and_last_touch_and_by_month(either_app: Flask) -> None:
    with either_app.app_context(), transaction() as session:
        cast = make_cast(session)
        post, link = sources(session, cast)
        way = Mark.of(post, None, NOVEMBER).then(None, link, NOVEMBER)
        book(session, cast, 6, way, attendance=Attendance.CAME)
        book(session, cast, 5, way, OCTOBER, couple_id=cast.couple_id)
        book(session, cast, 7, None)
        book(session, cast, 3, way, status=ConsultationStatus.UNVERIFIED)
        book(session, cast, 2, way, status=ConsultationStatus.CANCELLED, ended_by=EndedBy.DISOWNED)
        session.add(
            StepCount(month=date(2026, 11, 1), source=f"post:{post}", step=Step.ARTICLE_READ, number=3)
        )
        session.add(
            StepCount(month=date(2024, 1, 1), source=f"post:{post}", step=Step.ARTICLE_READ, number=9)
        )
    viewer = cast.owner.member()
    with either_app.app_context():
        session = current_session()
        with counted(either_app) as statements:
            last = read_report(session, viewer, which=Which.LAST, months=MONTHS, month=None)
        first = read_report(session, viewer, which=Which.FIRST, months=MONTHS, month=None)
        october = read_report(session, viewer, which=Which.LAST, months=MONTHS, month=date(2026, 10, 1))

    assert len(statements) == 4
    assert numbers_of(last, f"link:{link}") == [11, 6, 5] and numbers_of(last, "none")[0] == 7
    assert numbers_of(first, f"post:{post}")[0] == 11
    assert line_of(last, f"post:{post}").numbers[Stage.READ] == 12
    assert [total.number for total in last.totals if total.stage is Stage.BOOKED] == [18]
    assert (
        numbers_of(october, f"link:{link}")[0] == 5
        and line_of(october, f"post:{post}").numbers[Stage.READ] == 0
    )


def test_the_months_of_a_source_never_tell_a_hidden_one(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        _post, link = sources(session, cast)
        way = Mark.of(None, link, NOVEMBER)
        book(session, cast, 6, way)
        book(session, cast, 2, way, OCTOBER)
        book(session, cast, 8, None)
    with app.app_context():
        reports = [
            read_report(
                current_session(), cast.therapist.member(), which=Which.LAST, months=MONTHS, month=month
            )
            for month in (None, date(2026, 11, 1), date(2026, 10, 1))
        ]

    assert [numbers_of(report, f"link:{link}")[0] for report in reports] == [8, 6, None]


def test_a_source_with_few_hides_the_next_and_few_altogether_hide_the_sum(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        _post, link = sources(session, cast)
        book(session, cast, 3, Mark.of(None, link, NOVEMBER))
    with app.app_context():
        few = read_report(current_session(), cast.owner.member(), which=Which.LAST, months=MONTHS, month=None)

    assert {total.number for total in few.totals if total.stage is Stage.BOOKED} == {None}
    assert numbers_of(few, f"link:{link}")[0] is None


class TestThePage:
    @pytest.fixture
    def desk(self, app: Flask, cast: Cast) -> FlaskClient:
        with app.app_context(), transaction() as session:
            _post, link = sources(session, cast)
            book(session, cast, 6, Mark.of(None, link, utc_now()), utc_now())
        return client_of(app, cast.therapist)

    @pytest.mark.parametrize(
        "query", ["", "?touch=first", "?month=1999-13&touch=%00", f"?month={utc_now():%Y-%m}"]
    )
    def test_shows_a_picture_and_the_same_in_a_table(self, desk: FlaskClient, query: str) -> None:
        answer = desk.get(f"/practice/sources{query}")

        assert answer.status_code == 200
        assert soup(answer).select_one("figure.funnel[aria-label]") is not None
        assert "=Letter" in answer.text and soup(answer).select("tr.total td")

    def test_goes_into_a_file_without_formulas(self, desk: FlaskClient) -> None:
        answer = desk.get("/practice/sources.csv")
        rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))

        assert answer.headers["Content-Disposition"] == 'attachment; filename="sources.csv"'
        assert ["'=Letter", "Two lists", "6"] in [row[:3] for row in rows]


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_begins_a_formula(words: str) -> None:
    assert as_text(words).startswith("'") and as_text("Letter") == "Letter"
