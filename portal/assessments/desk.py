"""A couple's finished sittings as their therapist reads them: never handed to a partner's page (that is `together`)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from portal.assessments.comparison import Comparison, DomainComparison, compare
from portal.assessments.definition import Domain, Questionnaire
from portal.assessments.joint import Zone
from portal.assessments.readiness import Change, Score, TherapistResult, score_domain, therapist_result
from portal.assessments.saying import absence_words, answer_words
from portal.assessments.since import Scored, Since, since
from portal.assessments.suggestions import suggested_exercises
from portal.couples.models import Partner
from portal.homework.models import Answer, Response
from portal.homework.registry import Task
from portal.homework.rules import Step
from portal.psychometrics.alignment import Difference
from portal.psychometrics.items import Absent, Answers, Item, answers_of

GAPS = (Zone.SEEN_DIFFERENTLY, Zone.BOTH_SEE_ROOM)


@dataclass(frozen=True, slots=True)
class PersonDesk:
    """One person. `result` and `answers` are None while the person writes: nothing unfinished is read."""

    partner: Partner
    answers: Answers | None
    result: TherapistResult | None

    @property
    def side(self) -> str:
        """Give "a" or "b"."""
        return self.partner.side.value

    @property
    def name(self) -> str:
        """Give the first name."""
        return self.partner.person.first_name


@dataclass(frozen=True, slots=True)
class DomainLine:
    """One domain: a score for each person of `DeskView.people`, and the comparison where both have finished.

    `changes`: for each person, since the time before; `zone_before`: where that was another one.
    """

    domain: Domain
    scores: tuple[Score | None, ...]
    both: DomainComparison | None
    changes: tuple[Change | None, ...] = ()
    zone_before: Zone | None = None


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item and both answers in words; `before`: the earlier ones where they were others, else empty."""

    item: Item
    answers: tuple[str, ...]
    difference: Difference | None
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Before:
    """When each person had finished the same test before (None: not at all), and how alike the answers were then."""

    finished_at: tuple[datetime | None, ...]
    alignment: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """One exercise of the library, and the domains that it would fit, the widest difference first."""

    task: Task
    domains: tuple[Domain, ...]


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything on the therapist's page but the map, which is the couple's own."""

    people: tuple[PersonDesk, ...]
    lines: tuple[DomainLine, ...]
    comparison: Comparison | None
    gaps: tuple[Gap, ...]
    items: Mapping[str, tuple[ItemLine, ...]]
    before: Before | None = None

    @property
    def has_results(self) -> bool:
        """Tell whether anybody has finished."""
        return any(one.result for one in self.people)


def desk_view(
    test: Questionnaire, partners: Iterable[Partner], parts: Iterable[Response], rows: Iterable[Answer]
) -> DeskView:
    """Put together what is finished. `parts`: of one stage; `rows`: of `homework.queries.desk_answers` alone."""
    by_person: dict[UUID, dict[str, str]] = defaultdict(dict)
    for row in rows:
        by_person[row.person_id][row.prompt_id] = row.value
    responses = {one.person_id: one for one in parts}
    asked = [one for one in partners if one.person_id in responses]
    people = tuple(_person(test, one, responses[one.person_id], by_person[one.person_id]) for one in asked)
    finished = [one.answers for one in people if one.answers is not None]
    both = compare(test, *finished) if len(finished) == len(people) > 1 else None
    by_domain = {one.domain_id: one for one in both.domains} if both else {}
    return DeskView(
        people=people,
        lines=tuple(
            DomainLine(
                domain,
                tuple(score_domain(test, domain, one.answers) if one.answers else None for one in people),
                by_domain.get(domain.id),
            )
            for domain in test.domains
        ),
        comparison=both,
        gaps=_gaps(test, both) if both else (),
        items={domain.id: _items(test, domain, people, by_domain.get(domain.id)) for domain in test.domains},
    )


def with_before(test: Questionnaire, now: DeskView, then: DeskView) -> DeskView:
    """Set the page beside the one of the time before, person by person; whoever has finished only one of them has no change."""
    earlier = {one.partner.person_id: one for one in then.people}
    changes = [_since(test, earlier.get(one.partner.person_id), one) for one in now.people]
    zones = {line.domain.id: line.both.zone for line in then.lines if line.both}
    return replace(
        now,
        before=Before(
            tuple(one.at if one else None for one in changes),
            then.comparison.whole.alignment if then.comparison and now.comparison else None,
        ),
        lines=tuple(
            replace(
                line,
                changes=tuple(one.domains.get(line.domain.id) if one else None for one in changes),
                zone_before=_other(zones.get(line.domain.id), line.both),
            )
            for line in now.lines
        ),
        items={
            domain_id: tuple(replace(one, before=_words_before(test, one.item, changes)) for one in lines)
            for domain_id, lines in now.items.items()
        },
    )


def answer_text(test: Questionnaire, item: Item, answers: Answers | None) -> str:
    """Say an answer, or which kind of none it is; empty while nothing is finished."""
    if answers is None:
        return ""
    answer = answers[item.id]
    if not isinstance(answer, Absent):
        return answer_words(test, item, answer)
    return absence_words(item).get(answer, "–")


def _person(test: Questionnaire, partner: Partner, part: Response, rows: Mapping[str, str]) -> PersonDesk:
    if part.step is Step.WRITING or part.submitted_at is None:
        return PersonDesk(partner, None, None)
    answers = answers_of(test.items, rows)
    result = therapist_result(test, answers, seconds=part.seconds, scored_at=part.submitted_at)
    return PersonDesk(partner, answers, result)


def _since(test: Questionnaire, then: PersonDesk | None, now: PersonDesk) -> Since | None:
    if (
        then is None
        or then.answers is None
        or then.result is None
        or now.answers is None
        or now.result is None
    ):
        return None
    return since(test, Scored(then.answers, then.result), Scored(now.answers, now.result))


def _other(before: Zone | None, both: DomainComparison | None) -> Zone | None:
    return before if both is not None and before is not both.zone else None


def _words_before(test: Questionnaire, item: Item, changes: Iterable[Since | None]) -> tuple[str, ...]:
    return tuple(
        answer_text(test, item, one.items) if one is not None and item.id in one.items else ""
        for one in changes
    )


def _gaps(test: Questionnaire, both: Comparison) -> tuple[Gap, ...]:
    domains = {one.id: one for one in test.domains}
    tasks = suggested_exercises(test.domains)
    open_ones = sorted((one for one in both.domains if one.zone in GAPS), key=_urgency)
    fitting: dict[str, list[Domain]] = defaultdict(list)
    for one in open_ones:
        fitting[tasks[one.domain_id].id].append(domains[one.domain_id])
    by_id = {task.id: task for task in tasks.values()}
    return tuple(Gap(by_id[task_id], tuple(found)) for task_id, found in fitting.items())


def _urgency(one: DomainComparison) -> tuple[bool, float]:
    return one.zone is not Zone.SEEN_DIFFERENTLY, -(one.points or 0)


def _items(
    test: Questionnaire, domain: Domain, people: tuple[PersonDesk, ...], both: DomainComparison | None
) -> tuple[ItemLine, ...]:
    differences = {one.item_id: one.difference for one in both.items} if both else {}
    return tuple(
        ItemLine(
            item, tuple(answer_text(test, item, one.answers) for one in people), differences.get(item.id)
        )
        for item in (*domain.statements, *domain.preferences)
    )
