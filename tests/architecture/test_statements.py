"""What a page costs the database: few statements, and no more of them when the practice grows."""

from dataclasses import replace

from portal.app import create_app
from portal.extensions import db
from portal.settings import Settings
from portal.transaction import transaction
from tests.bench.practice import GrowingPractice
from tests.bench.statements import Counts, addresses_of, counts_at, most_of
from tests.support.cast import make_cast


def test_every_page_sends_few_statements_whatever_the_number_of_couples(settings: Settings) -> None:
    app = create_app(replace(settings, is_demo=True, is_development=True))
    with app.app_context(), transaction() as session:
        cast = make_cast(session)
    practice = GrowingPractice(app=app, cast=cast)
    few, many = counts_at(practice, 2, 9)  # `make bench` goes to forty
    with app.app_context():
        db.engine.dispose()
    assert _endpoints(many) == set(addresses_of(practice)), "nobody could open the others"
    assert {visit: count for visit, count in many.items() if count > most_of(visit)} == {}
    assert {visit: (few[visit], count) for visit, count in many.items() if count != few[visit]} == {}


def _endpoints(counts: Counts) -> set[str]:
    return {visit.endpoint for visit in counts}
