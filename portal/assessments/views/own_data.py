"""The page on which a practice reads how well the Readiness Test works with its own couples."""

from flask.typing import ResponseReturnValue

from portal.assessments.definition import readiness_test
from portal.assessments.own_data import FEWEST_COUPLES, FEWEST_RETESTS, own_data, quantile
from portal.assessments.queries import sittings_without_names
from portal.assessments.views.blueprint import blueprint
from portal.booking.small_numbers import LEAST_SHOWN
from portal.psychometrics.alignment import FEWEST_COUPLES_FOR_BASELINE
from portal.security.gate import requires
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import render


@blueprint.get("/practice/readiness-test")
@requires(Permission.PRACTICE_FIGURES_VIEW)
def practice_figures() -> ResponseReturnValue:
    """Show reliability, stability and what strangers answer alike; as long as there is too little, only how much there is."""
    test = readiness_test()
    figures = own_data(test, sittings_without_names(current_session(), test))
    alignments = figures.strangers.alignments
    return render(
        "assessments/own_data.html",
        test=test,
        figures=figures,
        strangers=[quantile(alignments, share) for share in (0.1, 0.5, 0.9)] if alignments else [],
        least_shown=LEAST_SHOWN,
        fewest_couples=FEWEST_COUPLES,
        fewest_retests=FEWEST_RETESTS,
        fewest_for_strangers=FEWEST_COUPLES_FOR_BASELINE,
    )
