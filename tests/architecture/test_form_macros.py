"""What the form macros promise to people who read with their ears and to people who make mistakes."""

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask, g, render_template
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FieldList,
    Form,
    FormField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget


class Agreement(Form):  # type: ignore[misc]  # WTForms is untyped
    what = StringField("What", [InputRequired("Say in a few words what was agreed.")])


class Everything(Form):  # type: ignore[misc]  # WTForms is untyped
    name = StringField(
        "First name", [InputRequired("Please tell us a name.")], description="As you like to be called."
    )
    phone = StringField("Phone")
    email = EmailField("E-mail", [InputRequired("Please type an address.")])
    why = TextAreaField("Why", [InputRequired("A line is plenty.")])
    zone = SelectField("Zone", choices=[SelectChoice("Europe/London", "London")])
    knows = RadioField(
        "Does your partner know?",
        [InputRequired("Please choose one.")],
        choices=[SelectChoice("yes", "Yes"), SelectChoice("no", "No")],
    )
    came = SelectMultipleField(
        "Who came?",
        [InputRequired("Please choose who came.")],
        choices=[SelectChoice("a", "Ana"), SelectChoice("b", "Ben")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    agrees = BooleanField("I agree.", [InputRequired("It needs your yes.")])
    day = DateField("Day", [InputRequired("Please choose a day.")])
    at = TimeField("From", [InputRequired("Please choose a time.")])
    password = PasswordField("Password", [InputRequired("Please type it.")])
    agreed = FieldList(FormField(Agreement), min_entries=1)


PAGE = """
{% from "macros/forms.html" import field, error_summary, problem_title %}
<title>{{ problem_title(form) }}Details</title>
{{ error_summary(form) }}
{% for f in form if f.entries is not defined %}{{ field(f, scope="Only Jane will read this.", hints={"no": "Nobody will be told."}) }}{% endfor %}
{% for entry in form.agreed %}{{ field(entry.what) }}{% endfor %}
"""


@pytest.fixture
def wrong(app: Flask) -> BeautifulSoup:
    """All kinds of fields, sent back with nothing but a hostile name."""
    return rendered(app, Everything(MultiDict({"phone": '"><b>x', "agreed-0-what": ""})))


def rendered(app: Flask, form: Any) -> BeautifulSoup:
    if form.data["phone"]:
        form.validate()
    with app.test_request_context():
        return BeautifulSoup(app.jinja_env.from_string(PAGE).render(form=form), "html.parser")


def by_id(soup: BeautifulSoup, name: str) -> Tag:
    found = soup.find(id=name)
    assert isinstance(found, Tag), name
    return found


def test_every_problem_links_to_the_control_that_has_it(wrong: BeautifulSoup) -> None:
    links = [str(link["href"]) for link in wrong.select(".notice a")]
    assert len(links) == 11
    for link in links:
        assert by_id(wrong, link.removeprefix("#")).name in {"input", "textarea", "select"}
    assert "11 answers need another look" in wrong.get_text()
    assert wrong.title is not None
    assert wrong.title.get_text().startswith("Problem: ")


def test_error_hint_and_scope_are_heard_with_the_control(wrong: BeautifulSoup) -> None:
    heard = str(by_id(wrong, "name")["aria-describedby"]).split()
    assert [by_id(wrong, part).get_text() for part in heard] == [
        "Please tell us a name.",
        "As you like to be called.",
        "Only Jane will read this.",
    ]
    assert by_id(wrong, "name")["aria-invalid"] == "true"
    assert by_id(wrong, "knows")["aria-describedby"] == "knows-error knows-scope"


def test_label_hint_scope_control_and_error_come_in_reading_order(wrong: BeautifulSoup) -> None:
    box = by_id(wrong, "name").parent
    assert box is not None
    parts = [part.attrs.get("class") or [part.name] for part in box.find_all(True, recursive=False)]
    assert [part[0] for part in parts] == ["label", "hint", "scope", "input", "error"]


def test_every_control_has_a_label_and_no_id_comes_twice(wrong: BeautifulSoup) -> None:
    for control in wrong.select("input, textarea, select"):
        assert wrong.find("label", attrs={"for": control["id"]}) or control.find_parent("label")
    ids = [str(tag["id"]) for tag in wrong.find_all(id=True)]
    assert len(ids) == len(set(ids))


def test_what_was_typed_comes_back_as_text(wrong: BeautifulSoup) -> None:
    assert by_id(wrong, "phone")["value"] == '"><b>x'
    assert wrong.find("b") is None


def test_only_answers_that_may_stay_empty_say_so(wrong: BeautifulSoup) -> None:
    labels = [
        str(maybe.parent and maybe.parent.get_text(" ", strip=True)) for maybe in wrong.select(".maybe")
    ]
    assert labels == ["Phone (if you like)"]


def test_one_checkbox_of_several_is_never_required_alone(wrong: BeautifulSoup) -> None:
    assert [box.has_attr("required") for box in by_id(wrong, "came").select("input")] == [False, False]


def test_a_form_without_problems_has_no_summary(app: Flask) -> None:
    soup = rendered(app, Everything())
    assert soup.select(".notice, .error, [aria-invalid]") == []
    assert soup.title is not None
    assert soup.title.get_text() == "Details"


def test_the_error_page_needs_nothing_but_its_own_words(app: Flask) -> None:
    with app.test_request_context():
        g.is_failing = True
        page = render_template(
            "errors/page.html",
            code=404,
            title="There is nothing here",
            sentence="The address may be mistyped.",
            next_steps=[("To the start", "/")],
            correlation_id="",
        )
    soup = BeautifulSoup(page, "html.parser")
    assert [heading.get_text() for heading in soup.find_all("h1")] == ["There is nothing here"]
    assert [link["href"] for link in soup.select("main a.button")] == ["/"]
    assert "please quote" not in page
