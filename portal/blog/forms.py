"""What an author types, and how the forms talk about it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional, ValidationError

from portal.blog.models import Post, PostPicture
from portal.blog.rules import MOST_BODY, MOST_TAG, MOST_TAGS, PostWords, is_knotted, tags_from
from portal.slugs import MOST_SLUG, SLUG
from portal.web.forms import (
    Clock,
    Day,
    Form,
    StringField,
    Text,
    TextAreaField,
    read_instant,
    stripped,
    unix_lines,
)

NO_COVER = ""


class Words:
    """A validator for Markdown that can be read in reasonable time."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if is_knotted(field.data or ""):
            raise ValidationError(
                _l(
                    "This has more marks or lines than an article needs. Please shorten it, or make two of it."
                )
            )


class PostForm(Form):
    """One article, and when to publish it by the practice's clocks. `version`: what was saved last when the window was opened."""

    title = StringField(_l("Title"), [DataRequired(_l("Please give it a title.")), Text(160)], [stripped])
    slug = StringField(
        _l("Address"),
        [Text(MOST_SLUG)],
        [stripped],
        description=_l("The last part of its address. Empty: made from the title."),
    )
    lead = TextAreaField(
        _l("Lead"),
        [Text(400)],
        [stripped],
        description=_l("One or two sentences that stand above it, in lists and where it is shared."),
    )
    tags = StringField(
        _l("Tags"),
        [Text(MOST_TAGS * (MOST_TAG + 2))],
        [stripped],
        description=_l("Words between commas, under which articles are found together."),
    )
    body = TextAreaField(_l("Text"), [Text(MOST_BODY, lines=True), Words()], [unix_lines])
    cover = RadioField(_l("Cover picture"), validators=[Optional()], default=NO_COVER)
    cover_alt = StringField(
        _l("What the cover shows"),
        [Text(300)],
        [stripped],
        description=_l("For readers who cannot see it. Leave it empty if it only decorates."),
    )
    publish_on = Day(_l("Day"), [Optional()])
    publish_at = Clock(_l("Time"), [Optional()])
    which = RadioField(
        _l("Which of the two"),
        choices=[
            SelectChoice("0", _l("The first, before the clocks went back")),
            SelectChoice("1", _l("The second, afterwards")),
        ],
        validators=[Optional()],
    )
    version = HiddenField()

    def offer_covers(self, shelf: list[PostPicture], current: UUID | None) -> None:
        """Offer the pictures of the shelf, and the present cover should the shelf have grown past it."""
        choices = [SelectChoice(NO_COVER, _l("None: the two hills"))]
        choices += [
            SelectChoice(str(one.picture_id), one.alt or _l("Picture without words")) for one in shelf
        ]
        if current is not None and all(choice.value != str(current) for choice in choices):
            choices.append(SelectChoice(str(current), _l("The present one")))
        self.cover.choices = choices

    def validate_slug(self, field: Any) -> None:
        """Raise ValidationError unless the address is plain."""
        if field.data and SLUG.fullmatch(field.data) is None:
            raise ValidationError(_l("Please use lower-case letters, digits and single hyphens: two-lists."))

    def validate_tags(self, field: Any) -> None:
        """Raise ValidationError for too many."""
        if len(tags_from(field.data)) > MOST_TAGS:
            raise ValidationError(_l("Please use at most %(most)d tags.", most=MOST_TAGS))

    @property
    def seen_version(self) -> int:
        """Give the version that the window was opened with; -1 for none that could be."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1  # noqa: PLR2004 - fits a column

    def instant(self, zone: str, now: datetime) -> datetime | None:
        """Give the instant; None, with the field marked, if there is none, there are two, or it has passed."""
        if self.publish_on.data is None or self.publish_at.data is None:
            self.add_error(
                "publish_on" if self.publish_on.data is None else "publish_at",
                _l("Please say when it is to be published."),
            )
            return None
        local = datetime.combine(self.publish_on.data, self.publish_at.data)
        fold = int(self.which.data) if self.which.data else None
        at = read_instant(self, "publish_at", local, zone, fold)
        if at is not None and at <= now:
            self.add_error(
                "publish_at", _l("This time has passed. Please choose a later one, or publish it now.")
            )
            return None
        return at

    def to_words(self) -> PostWords:
        """Give what was typed to the service."""
        return PostWords(
            title=self.title.data,
            slug=self.slug.data,
            lead=self.lead.data,
            body=self.body.data,
            tags=tags_from(self.tags.data),
            cover_id=UUID(self.cover.data) if self.cover.data else None,
            cover_alt=self.cover_alt.data,
        )


def words_of(post: Post) -> dict[str, str]:
    """Give the fields of the form as they are saved."""
    return {
        "title": post.title,
        "slug": post.slug,
        "lead": post.lead,
        "body": post.body,
        "tags": ", ".join(tag.label for tag in post.tags),
        "cover": str(post.cover_id or NO_COVER),
        "cover_alt": post.cover_alt,
        "version": str(post.edit_version),
    }


class PictureForm(Form):
    """One picture for the shelf."""

    file = FileField(_l("File"), description=_l("JPEG, PNG or WebP, at most 10 MB."))
    alt = StringField(
        _l("What it shows"),
        [Text(300)],
        [stripped],
        description=_l(
            "A short sentence for readers who cannot see it. It comes along wherever the picture is used."
        ),
    )


class BringForm(Form):
    """A file of articles from elsewhere."""

    file = FileField(
        _l("File"),
        description=_l(
            "A feed (RSS or Atom) or the export of WordPress or Blogger: an XML file of at most 10 MB."
        ),
    )
    how = RadioField(
        _l("What to make of them"),
        choices=[
            SelectChoice("drafts", _l("Drafts, to look at each before it is published")),
            SelectChoice("dates", _l("Published on the dates they had there; drafts stay drafts")),
        ],
        default="drafts",
    )
