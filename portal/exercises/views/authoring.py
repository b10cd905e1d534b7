"""The shelf of exercises, and writing one's own: question by question, without a word of markup."""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.errors import Conflict, Invalid, NotFound
from portal.exercises import authoring
from portal.exercises.advice import Advice, advice_on, told_partner, told_therapist
from portal.exercises.authoring import mark_of
from portal.exercises.authoring_forms import KINDS, MODES, GoalForm, HeadForm, PromptForm
from portal.exercises.checking import library, problems_of
from portal.exercises.definition import Exercise, FieldType, Prompt
from portal.exercises.drafts import (
    Draft,
    as_exercise,
    blank,
    can_be_shown,
    copy_of,
    read_draft,
    says_the_same,
)
from portal.exercises.finding import versions_named
from portal.exercises.questions import pages_of
from portal.exercises.shelf import Shelved, find_readable, get_own_exercise, shelf_of, versions_of_exercise
from portal.exercises.views.blueprint import blueprint
from portal.exercises.wording import Readers, may_be_shown, readers_of, shown_from_words
from portal.homework.rules import Gate, Scope
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

STEPS = {"up": -1, "down": 1}
WHY_NOT: dict[type[Exception], object] = {
    authoring.NotReady: _l("It cannot be given yet. What it needs is named below."),
    authoring.NothingNew: _l("It says exactly what the newest version says, so there is nothing to publish."),
    authoring.TooManyPrompts: _l("It asks that much already. Begin a second exercise for more."),
    authoring.AlreadyGiven: _l(
        "There is a version of it, so it cannot be removed. Offer it no longer instead."
    ),
}
CHANGED = _l(
    "This was changed in another window since you opened it. Below is what you typed; send it again to keep yours."
)


class Piece(NamedTuple):
    """One question of the workbench: what it asks, who reads it, and what the check says."""

    prompt: Prompt
    kind: object
    readers: Readers
    advice: list[Advice]


class Part(NamedTuple):
    """One part, page by page."""

    number: int
    pages: list[list[Piece]]


@blueprint.get("/practice/exercises")
@requires(Permission.EXERCISES_EXERCISE_WRITE)
def shelf() -> ResponseReturnValue:
    """List what can be given: own exercises, colleagues' shared ones, and the library."""
    session, viewer = current_session(), current_member()
    found = shelf_of(session, viewer)
    own = [one for one in found if one.row.author_id == viewer.person_id]
    return render(
        "exercises/shelf.html",
        own=[_on_shelf(one) for one in own],
        shared=[one for one in found if one.row.author_id != viewer.person_id and one.row.retired_at is None],
        library=library(),
        modes=MODES,
    )


@blueprint.route("/practice/exercises/new", methods=["GET", "POST"])
@requires(Permission.EXERCISES_EXERCISE_WRITE, keeps_typed=True)
def begin() -> ResponseReturnValue:
    """Begin an exercise with its title and purpose."""
    form, draft = HeadForm(), blank()
    if not form.is_submitted():
        form.show(draft)
        return _head_page(form, None)
    if not form.validate():
        return _head_page(form, None, 422)
    with transaction() as session:
        row = authoring.begin_exercise(
            session, current_member(), {**draft, "exercise": form.to_head()}, now=utc_now()
        )
    return _to_workbench(row.id)


@blueprint.post("/practice/exercises/copy")
@requires(Permission.EXERCISES_EXERCISE_WRITE)
def copy() -> ResponseReturnValue:
    """Begin an exercise with all of another one: of the library, an own one, or a shared one."""
    viewer = current_member()
    task_id, version = request.form.get("task_id", ""), request.form.get("version", "")
    exercise = find_readable(current_session(), viewer, task_id, version)
    with transaction() as session:
        row = authoring.begin_exercise(session, viewer, copy_of(exercise), now=utc_now())
    return _to_workbench(row.id)


@blueprint.get("/practice/exercises/<uuid:exercise_id>")
@requires(Permission.EXERCISES_EXERCISE_WRITE)
def workbench(exercise_id: UUID) -> ResponseReturnValue:
    """Show an own exercise as it stands, question by question, with what it still needs."""
    return _workbench(exercise_id)


@blueprint.route("/practice/exercises/<uuid:exercise_id>/about", methods=["GET", "POST"])
@requires(Permission.EXERCISES_EXERCISE_WRITE, keeps_typed=True)
def about(exercise_id: UUID) -> ResponseReturnValue:
    """Change title, purpose and course."""
    form, draft = HeadForm(), _draft_of(exercise_id)
    if not form.is_submitted():
        form.show(draft)
        return _head_page(form, exercise_id, seen=mark_of(draft["exercise"]))
    if not form.validate():
        return _head_page(form, exercise_id, 422, seen=_seen())
    try:
        with transaction() as session:
            authoring.save_head(
                session, current_member(), exercise_id, form.to_head(), seen=_seen(), now=utc_now()
            )
    except authoring.ChangedElsewhere:
        form.form_errors.append(CHANGED)
        return _head_page(form, exercise_id, 409, seen=mark_of(_draft_of(exercise_id)["exercise"]))
    return _to_workbench(exercise_id)


@blueprint.route("/practice/exercises/<uuid:exercise_id>/goal", methods=["GET", "POST"])
@requires(Permission.EXERCISES_EXERCISE_WRITE, keeps_typed=True)
def goal_of_own(exercise_id: UUID) -> ResponseReturnValue:
    """Say which goal could grow out of it, and which answers fill its sentence."""
    form, draft = GoalForm(), _draft_of(exercise_id)
    form.offer(draft)
    if not form.is_submitted():
        form.show(draft)
        return _goal_page(form, exercise_id, draft, seen=mark_of(draft.get("creates_goal")))
    if not form.check():
        return _goal_page(form, exercise_id, draft, 422, seen=_seen())
    sent = {
        name.removeprefix("gap-"): value for name, value in request.form.items() if name.startswith("gap-")
    }
    goal = form.to_goal(draft, sent)
    try:
        with transaction() as session:
            authoring.save_goal(session, current_member(), exercise_id, goal, seen=_seen(), now=utc_now())
    except authoring.ChangedElsewhere:
        form.form_errors.append(CHANGED)
        draft = _draft_of(exercise_id)
        return _goal_page(form, exercise_id, draft, 409, seen=mark_of(draft.get("creates_goal")))
    is_new_gap = goal is not None and len(form.gaps(draft)) > len(sent)
    return redirect_to(
        url_for("exercises.goal_of_own" if is_new_gap else "exercises.workbench", exercise_id=exercise_id)
    )


@blueprint.route("/practice/exercises/<uuid:exercise_id>/questions/new", methods=["GET", "POST"])
@requires(Permission.EXERCISES_EXERCISE_WRITE, keeps_typed=True)
def new_prompt(exercise_id: UUID) -> ResponseReturnValue:
    """Add a question; its kind can come from the workbench."""
    form, draft = PromptForm(), _draft_of(exercise_id)
    form.offer(draft, None)
    if not form.is_submitted():
        kind, last = request.args.get("kind", ""), draft["prompts"][-1:]
        form.kind.data = kind if kind in set(FieldType) else FieldType.SHORT_TEXT.value
        form.stage.data = str(last[0].get("stage", 1)) if last else "1"
        return _prompt_page(form, exercise_id, draft, None)
    if _turns_kind():
        return _prompt_page(form, exercise_id, draft, None)
    if not form.check():
        return _prompt_page(form, exercise_id, draft, None, 422)
    try:
        with transaction() as session:
            placed = authoring.add_prompt(
                session, current_member(), exercise_id, form.to_prompt(), now=utc_now()
            )
    except authoring.TooManyPrompts as refusal:
        form.form_errors.append(WHY_NOT[type(refusal)])
        return _prompt_page(form, exercise_id, draft, None, 422)
    return _after_prompt(exercise_id, placed)


@blueprint.route("/practice/exercises/<uuid:exercise_id>/questions/<prompt_id>", methods=["GET", "POST"])
@requires(Permission.EXERCISES_EXERCISE_WRITE, keeps_typed=True)
def own_prompt(exercise_id: UUID, prompt_id: str) -> ResponseReturnValue:
    """Change a question. What the check says of it stands beside its fields."""
    form, draft = PromptForm(), _draft_of(exercise_id)
    entry = _entry(draft, prompt_id)
    form.offer(draft, prompt_id)
    if not form.is_submitted():
        form.show()
        advice = _advise(form, exercise_id, draft, prompt_id)
        return _prompt_page(form, exercise_id, draft, prompt_id, seen=mark_of(entry), advice=advice)
    if _turns_kind():
        return _prompt_page(form, exercise_id, draft, prompt_id, seen=_seen())
    if not form.check():
        return _prompt_page(form, exercise_id, draft, prompt_id, 422, seen=_seen())
    try:
        with transaction() as session:
            placed = authoring.save_prompt(
                session,
                current_member(),
                exercise_id,
                prompt_id,
                form.to_prompt(),
                seen=_seen(),
                now=utc_now(),
            )
    except authoring.ChangedElsewhere:
        form.form_errors.append(CHANGED)
        draft = _draft_of(exercise_id)
        entry = _entry(draft, prompt_id)
        return _prompt_page(form, exercise_id, draft, prompt_id, 409, seen=mark_of(entry))
    return _after_prompt(exercise_id, placed)


@blueprint.post("/practice/exercises/<uuid:exercise_id>/questions/<prompt_id>/arrange")
@requires(Permission.EXERCISES_EXERCISE_WRITE)
def arrange(exercise_id: UUID, prompt_id: str) -> ResponseReturnValue:
    """Move a question, ask it once more, or take it out."""
    go = request.form.get("go", "")
    viewer, now = current_member(), utc_now()

    def act(session: Session) -> None:
        if go in STEPS:
            authoring.move_prompt(session, viewer, exercise_id, prompt_id, STEPS[go], now=now)
        elif go == "double":
            authoring.double_prompt(session, viewer, exercise_id, prompt_id, now=now)
        elif go == "remove":
            authoring.remove_prompt(session, viewer, exercise_id, prompt_id, now=now)
        else:
            raise NotFound("go")

    is_there = go in {*STEPS, "double"}
    return _acted(exercise_id, act, f"question-{prompt_id}" if is_there else "questions")


@blueprint.post("/practice/exercises/<uuid:exercise_id>/publish")
@requires(Permission.EXERCISES_EXERCISE_WRITE)
def publish(exercise_id: UUID) -> ResponseReturnValue:
    """Make a version that can be given."""
    viewer = current_member()
    exercise = _as_it_stands(exercise_id, _draft_of(exercise_id))

    def act(session: Session) -> None:
        authoring.publish_exercise(
            session, viewer, exercise_id, therapist=told_therapist(exercise), partner=told_partner(exercise), now=utc_now()
        )  # fmt: skip

    return _acted(exercise_id, act, "versions")


@blueprint.post("/practice/exercises/<uuid:exercise_id>/offer")
@requires(Permission.EXERCISES_EXERCISE_WRITE)
def offer(exercise_id: UUID) -> ResponseReturnValue:
    """Share it with colleagues or not, offer it or not, or remove what was never published."""
    viewer, now, go = current_member(), utc_now(), request.form.get("go", "")
    acts: dict[str, Callable[[Session], None]] = {
        "share": lambda session: authoring.share_exercise(session, viewer, exercise_id, now=now),
        "keep": lambda session: authoring.keep_to_oneself(session, viewer, exercise_id),
        "retire": lambda session: authoring.retire_exercise(session, viewer, exercise_id, now=now),
        "again": lambda session: authoring.offer_again(session, viewer, exercise_id),
        "remove": lambda session: authoring.remove_draft(session, viewer, exercise_id),
    }
    if go not in acts:
        raise NotFound("go")
    return _acted(exercise_id, acts[go], "versions", is_gone=go == "remove")


def _acted(
    exercise_id: UUID, act: Callable[[Session], None], place: str, *, is_gone: bool = False
) -> ResponseReturnValue:
    """Do one thing and go back to the workbench; what was refused is said there."""
    try:
        with transaction() as session:
            act(session)
    except (Conflict, Invalid) as refusal:
        if type(refusal) not in WHY_NOT:
            raise
        status = 409 if isinstance(refusal, Conflict) else 422
        return _workbench(exercise_id, status, sentence=WHY_NOT[type(refusal)])
    if is_gone:
        return redirect_to(url_for("exercises.shelf"))
    return redirect_to(url_for("exercises.workbench", exercise_id=exercise_id, _anchor=place))


def _workbench(exercise_id: UUID, status: int = 200, *, sentence: object = None) -> ResponseReturnValue:
    session, viewer = current_session(), current_member()
    row = get_own_exercise(session, viewer, exercise_id)
    versions = versions_of_exercise(session, row)
    exercise = _as_it_stands(exercise_id, read_draft(row.draft))
    named = (row.id, row.current)
    newest = versions_named(session, [named])[named] if row.current else None
    problems = problems_of(exercise)
    advice = advice_on(exercise, problems)
    me = get_self(session, viewer)
    return render(
        "exercises/workbench.html",
        status=status,
        row=row,
        exercise=exercise,
        sentence=sentence,
        versions=versions,
        parts=_parts(exercise, me.first_name, advice),
        general=[one for one in advice if not one.prompt_id],
        advised=[one for one in advice if one.prompt_id],
        texts={prompt.id: prompt.text for prompt in exercise.prompts},
        can_be_shown=can_be_shown(problems),
        has_news=newest is None or not says_the_same(newest, exercise),
        kinds={one.value: words for one, words in KINDS.items()},
        modes=MODES,
        told=(told_therapist(exercise), told_partner(exercise)),
        zone=me.zone,
    )


def _parts(exercise: Exercise, therapist: str, advice: list[Advice]) -> list[Part]:
    def piece(prompt: Prompt) -> Piece:
        about_it = [one for one in advice if one.prompt_id == prompt.id]
        return Piece(prompt, KINDS[prompt.type], _readers(exercise, prompt, therapist), about_it)

    return [
        Part(number, [[piece(prompt) for prompt in page] for page in pages_of(exercise.of_stage(number))])
        for number in exercise.stages
    ]


def _readers(exercise: Exercise, prompt: Prompt, therapist: str) -> Readers:
    """Say who reads an answer exactly as partner A will read it above the field."""
    scope = Scope.THERAPIST if exercise.is_hidden and prompt.share is Scope.REVEAL else prompt.share
    readers = _readers_of(scope, therapist, is_marked=exercise.is_marked, is_for_one=exercise.is_hidden)
    if prompt == exercise.line_to_show:
        return readers._replace(more=f"{readers.more} {may_be_shown(_('Partner B'), therapist)}")
    if prompt.shown_from:
        return readers._replace(more=f"{readers.more} {shown_from_words(prompt.shown_from)}")
    return readers


def _readers_of(scope: Scope, therapist: str, *, is_marked: bool, is_for_one: bool) -> Readers:
    gate = Gate.THERAPIST if is_marked else Gate.BOTH
    return readers_of(
        scope, partner=str(_("Partner B")), therapist=therapist, gate=gate, is_open_policy=False, is_for_one=is_for_one
    )  # fmt: skip


def _head_page(
    form: HeadForm, exercise_id: UUID | None, status: int = 200, *, seen: str = ""
) -> ResponseReturnValue:
    return render("exercises/about.html", status=status, form=form, exercise_id=exercise_id, seen=seen)


def _goal_page(
    form: GoalForm, exercise_id: UUID, draft: Draft, status: int = 200, *, seen: str
) -> ResponseReturnValue:
    return render(
        "exercises/goal_of_own.html",
        status=status,
        form=form,
        exercise_id=exercise_id,
        title=draft["exercise"]["title"],
        gaps=form.gaps(draft) if form.type.data else [],
        sent=request.form,
        seen=seen,
    )


def _prompt_page(
    form: PromptForm,
    exercise_id: UUID,
    draft: Draft,
    prompt_id: str | None,
    status: int = 200,
    *,
    seen: str = "",
    advice: list[Advice] | None = None,
) -> ResponseReturnValue:
    me = get_self(current_session(), current_member())
    exercise = _as_it_stands(exercise_id, draft)
    hints = {
        scope.value: _(
            "They read above it: “%(words)s”",
            words=" ".join(
                _readers_of(
                    scope, me.first_name, is_marked=exercise.is_marked, is_for_one=exercise.is_hidden
                )[:2]
            ),
        )
        for scope in Scope
    }
    return render(
        "exercises/own_prompt.html",
        status=status,
        form=form,
        exercise=exercise,
        exercise_id=exercise_id,
        prompt_id=prompt_id,
        hints=hints,
        advice=[one for one in advice or [] if not one.field],
        is_advised=bool(advice),
        seen=seen,
    )


def _advise(form: PromptForm, exercise_id: UUID, draft: Draft, prompt_id: str) -> list[Advice]:
    """Put what the check says of a question beside its fields."""
    exercise = _as_it_stands(exercise_id, draft)
    advice = [one for one in advice_on(exercise, problems_of(exercise)) if one.prompt_id == prompt_id]
    for one in advice:
        if one.field and form.belongs(one.field):
            form.add_error(one.field, one.words)
    return [one if form.belongs(one.field) else one._replace(field="") for one in advice]


def _after_prompt(exercise_id: UUID, placed: authoring.Placed) -> ResponseReturnValue:
    """Go on to the workbench, or stay with a question of which the check has something to say."""
    problems = problems_of(_as_it_stands(exercise_id, placed.draft))
    if any(one.is_of_prompt and one.place == placed.prompt_id for one in problems):
        return redirect_to(
            url_for("exercises.own_prompt", exercise_id=exercise_id, prompt_id=placed.prompt_id)
        )
    place = f"question-{placed.prompt_id}"
    return redirect_to(url_for("exercises.workbench", exercise_id=exercise_id, _anchor=place))


def _to_workbench(exercise_id: UUID) -> ResponseReturnValue:
    return redirect_to(url_for("exercises.workbench", exercise_id=exercise_id))


def _draft_of(exercise_id: UUID) -> Draft:
    return read_draft(get_own_exercise(current_session(), current_member(), exercise_id).draft)


def _as_it_stands(exercise_id: UUID, draft: Draft) -> Exercise:
    """Read a draft; who reads what is said by its scopes."""
    return as_exercise(draft, str(exercise_id), "draft", therapist="-", partner="-")


def _on_shelf(one: Shelved) -> tuple[Shelved, Exercise, bool]:
    """Give an own exercise with what its card says: the newest version, and whether its author went on writing since."""
    draft = _as_it_stands(one.row.id, read_draft(one.row.draft))
    return one, one.newest or draft, one.newest is not None and not says_the_same(one.newest, draft)


def _entry(draft: Draft, prompt_id: str) -> Any:
    found = next((one for one in draft["prompts"] if one["id"] == prompt_id), None)
    if found is None:
        raise NotFound("prompt")
    return found


def _turns_kind() -> bool:
    """Tell whether the button was pressed that only shows the fields of another kind."""
    return request.form.get("go") == "kind"


def _seen() -> str:
    return request.form.get("seen", "")
