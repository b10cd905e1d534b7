"""Answering a questionnaire: what it is, its pages, and the look back before it is sent. Areas hand in what differs."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from uuid import UUID

from flask import Response as Page
from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.answers import Change, Saved, forget_kept_page, kept_fields, save_answers
from portal.homework.forms import (
    Fields,
    PageState,
    SavedState,
    fresh_state,
    opened_at,
    read_mark,
    resolves,
    turned_to,
)
from portal.homework.item_forms import ItemField, PageForm
from portal.homework.models import Answer, Assignment, Response
from portal.homework.pace import saves
from portal.homework.queries import find_kept_page, is_being_asked
from portal.homework.rules import NoLongerAsked, Scope, Step
from portal.homework.service import begin
from portal.people.queries import get_self
from portal.psychometrics.items import Absent, Item, answers_of
from portal.psychometrics.items import Answer as Given
from portal.security.login import current_member
from portal.transaction import current_session, transaction
from portal.web.errors import error_answer
from portal.web.htmx import redirect_to, render


class Paper(ABC):
    """The words of a questionnaire as its pages need them, without anybody's answers."""

    @property
    @abstractmethod
    def pages(self) -> Sequence[Sequence[Item]]:
        """Lay its items out, in printed order."""

    @abstractmethod
    def field(self, item: Any) -> ItemField:
        """Make the field of one item."""

    def name_of(self, item: Item) -> str:
        """Name the field of an item."""
        return item.id

    def items(self, page: int) -> Sequence[Item]:
        """Give the items of one page. Raises NotFound."""
        if not 1 <= page <= len(self.pages):
            raise NotFound("page")
        return self.pages[page - 1]

    def form(self, page: int, chosen: Mapping[str, str | int] | None = None) -> PageForm:
        """Make the form of one page: as it was sent, or showing what was `chosen` before, by item id. Raises NotFound."""
        names = {item.id: self.name_of(item) for item in self.items(page)}
        fields = {names[item.id]: self.field(item) for item in self.items(page)}
        kind: type[PageForm] = type("PageForm", (PageForm,), fields)
        if chosen is None:
            return kind()
        return kind(formdata=None, data={names[item_id]: str(value) for item_id, value in chosen.items()})


PaperT = TypeVar("PaperT", bound=Paper)


@dataclass(frozen=True)
class Sitting(Generic[PaperT]):
    """One person's own part, the words that it was given, and the rows of its answers by item."""

    response: Response
    paper: PaperT
    rows: dict[str, Answer]

    @cached_property
    def answers(self) -> dict[str, Given]:
        """Give every item's answer or absence."""
        items = (item for page in self.paper.pages for item in page)
        return answers_of(items, {item_id: row.value for item_id, row in self.rows.items()})

    @property
    def is_finished(self) -> bool:
        """Tell whether there is a result to read."""
        return self.response.step is not Step.WRITING

    @property
    def is_asked(self) -> bool:
        """Tell whether it may still be worked on. One statement."""
        return is_being_asked(current_session(), self.response.assignment, current_member().person_id)

    def unanswered(self, items: Sequence[Item]) -> list[Item]:
        """List those that have neither an answer nor a reason for none."""
        return [one for one in items if self.answers[one.id] is Absent.NOT_ANSWERED]

    def left_out(self, items: Sequence[Item]) -> list[Item]:
        """List those that the look back counts as left out."""
        return self.unanswered(items)

    @property
    def first_open_page(self) -> int:
        """Number the first page with something never answered; after the last one comes the look back."""
        pages = enumerate(self.paper.pages, start=1)
        opened = (number for number, items in pages if self.unanswered(items))
        return next(opened, len(self.paper.pages) + 1)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The pages of one area: its endpoints (`area`.start, .questions, .check, .result) and templates, and how it is read.

    `paper_of`: the words behind a response, which a save needs; whose the response is, the save itself finds out.
    `owns`: whether an assignment asks for something of this area. `finish_part`: sends a part for good.
    """

    area: str
    paper_of: Callable[[UUID], Paper]
    sitting_of: Callable[[UUID], Sitting[Any]]
    owns: Callable[[Assignment], bool]
    finish_part: Callable[..., object]

    def start(self, response_id: UUID) -> ResponseReturnValue:
        """Say what it is and who reads it; one that was sent leads on to its result."""
        sitting = self.sitting_of(response_id)
        if sitting.is_finished:
            return self._to("result", response_id)
        return render(
            f"{self.area}/start.html",
            area=self.area,
            sitting=sitting,
            paper=sitting.paper,
            is_asked=sitting.is_asked,
            has_begun=sitting.response.begun_at is not None,
        )

    def begin(self, response_id: UUID) -> ResponseReturnValue:
        """Begin, or go on with the first page that has something open."""
        sitting = self.sitting_of(response_id)
        with transaction() as session:
            begin(session, current_member(), response_id, now=utc_now())
        return redirect_to(self._address(response_id, sitting.paper, sitting.first_open_page))

    def questions(self, response_id: UUID, page: int) -> ResponseReturnValue:
        """Show one page, as it was saved or as it was typed when the sign-in had run out."""
        sitting = self.sitting_of(response_id)
        sitting.paper.items(page)
        if sitting.is_finished:
            return self._to("result", response_id)
        if sitting.response.begun_at is None:
            return self._to("start", response_id)
        if not sitting.is_asked:
            raise NoLongerAsked(str(response_id))
        return self._show(sitting, page)

    def save(self, response_id: UUID, page: int) -> ResponseReturnValue:
        """Save a page: by itself while somebody chooses, or by one of its buttons, which leads on."""
        viewer = current_member()
        if not saves.allows(viewer.person_id):
            return error_answer(HTTPStatus.TOO_MANY_REQUESTS)
        paper = self.paper_of(response_id)
        form = paper.form(page)
        is_sound = form.validate()
        if form.form_errors:
            return self._refuse(response_id, paper, page, form)
        now = utc_now()
        with transaction() as session:
            saved = save_answers(
                session, viewer, response_id, _changes(form), read_mark(request.form), now=now
            )
            if not self.owns(saved.assignment):
                raise NotFound(str(response_id))
            if "restored" in request.form:
                forget_kept_page(session, viewer, response_id, page)
        if not is_sound:
            return self._refuse(response_id, paper, page, form, saved)
        if "go" not in request.form:
            return _saved(self._address(response_id, paper, page), form, saved, now)
        if saved.conflicts:
            return self._show(self.sitting_of(response_id), page, HTTPStatus.CONFLICT)
        turned = turned_to(request.form, page)
        return redirect_to(
            url_for("home.partner") if turned is None else self._address(response_id, paper, turned)
        )

    def check(self, response_id: UUID) -> ResponseReturnValue:
        """Show what was left out, before it is sent."""
        sitting = self.sitting_of(response_id)
        if sitting.is_finished:
            return self._to("result", response_id)
        paper = sitting.paper
        left_out = [[paper.name_of(one) for one in sitting.left_out(items)] for items in paper.pages]
        return render(
            f"{self.area}/check.html",
            area=self.area,
            sitting=sitting,
            paper=paper,
            left_out=left_out,
            is_asked=sitting.is_asked,
        )

    def finish(self, response_id: UUID) -> ResponseReturnValue:
        """Send it: the therapist can read it from now on, and its author what it comes to."""
        self.sitting_of(response_id)
        with transaction() as session:
            self.finish_part(session, current_member(), response_id, now=utc_now())
        return self._to("result", response_id)

    def _to(self, page: str, response_id: UUID) -> Page:
        return redirect_to(url_for(f"{self.area}.{page}", response_id=response_id))

    def _address(self, response_id: UUID, paper: Paper, page: int) -> str:
        if page < 1:
            return url_for(f"{self.area}.start", response_id=response_id)
        if page > len(paper.pages):
            return url_for(f"{self.area}.check", response_id=response_id)
        return url_for(f"{self.area}.questions", response_id=response_id, page=page)

    def _show(self, sitting: Sitting[Any], page: int, status: int = 200) -> Page:
        """Show a page from what is stored. Where two windows differ, nothing is chosen until its author chooses."""
        paper = sitting.paper
        items = paper.items(page)
        rows = {item.id: sitting.rows[item.id] for item in items if item.id in sitting.rows}
        doubtful = {item_id: row for item_id, row in rows.items() if row.other}
        chosen = {item_id: json.loads(row.value) for item_id, row in rows.items() if not row.other}
        revisions = {item.id: rows[item.id].revision if item.id in rows else 0 for item in items}
        kept = find_kept_page(current_session(), current_member(), sitting.response.id, page)
        if kept is not None:
            typed: Fields = MultiDict(kept_fields(kept))
            names = {item.id: paper.name_of(item) for item in items if paper.name_of(item) in typed}
            chosen |= {item_id: typed[name] for item_id, name in names.items()}
            revisions |= {item_id: opened_at(typed, item_id) for item_id in names}
        state = fresh_state(revisions, resolved=frozenset(doubtful))
        return self._page(
            sitting.response.id,
            paper,
            page,
            paper.form(page, chosen),
            state,
            status=status,
            doubtful=doubtful,
            is_restored=kept is not None,
        )

    def _refuse(
        self, response_id: UUID, paper: Paper, page: int, form: PageForm, saved: Saved | None = None
    ) -> Page:
        """Show the page with everything that was chosen; a save that nobody pressed for gets a sentence only."""
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if "go" not in request.form:
            return error_answer(status)
        is_restored = "restored" in request.form
        return self._page(
            response_id, paper, page, form, _state(form, saved), status=status, is_restored=is_restored
        )

    def _page(
        self,
        response_id: UUID,
        paper: Paper,
        page: int,
        form: PageForm,
        state: PageState,
        *,
        status: int,
        doubtful: Mapping[str, Answer] | None = None,
        is_restored: bool = False,
    ) -> Page:
        return render(
            f"{self.area}/page.html",
            status=status,
            paper=paper,
            number=page,
            form=form,
            page_state=state,
            here=self._address(response_id, paper, page),
            doubtful=doubtful or {},
            is_restored=is_restored,
        )


def _changes(form: PageForm) -> list[Change]:
    """Read every answer for its author and the therapist; what the partner may ever see is made later, by sharing."""
    return [
        Change(
            item_id,
            json.dumps(answer),
            Scope.THERAPIST,
            opened_at=opened_at(request.form, item_id),
            resolves=resolves(request.form, item_id),
        )
        for item_id, answer in form.to_answers().items()
    ]


def _saved(here: str, form: PageForm, saved: Saved, now: datetime) -> Page:
    """Answer a save that nobody pressed for: the marks of the page, with what they say now."""
    state, status = _state(form, saved), HTTPStatus.OK
    if saved.conflicts:
        state, status = state.after(SavedState.CONFLICT, way=here), HTTPStatus.CONFLICT
    else:
        zone = get_self(current_session(), current_member()).zone
        state = state.after(SavedState.SAVED, saved_at=now, zone=zone)
    return render("homework/_marks.html", fragment="homework/_marks.html", status=status, page_state=state)


def _state(form: PageForm, saved: Saved | None = None) -> PageState:
    """Carry the marks of the page that was sent on, with the revisions that are stored now."""
    sent = {one.item.id: opened_at(request.form, one.item.id) for one in form.questions}
    now_stored: Mapping[str, int] = saved.revisions if saved else {}
    resolved = frozenset(name for name in sent if resolves(request.form, name) and name not in now_stored)
    return PageState(read_mark(request.form), {**sent, **now_stored}, resolved)
