"""A joint page put into the words and places of the alignment map, in the reader's language."""

from collections.abc import Iterable, Mapping
from itertools import chain

from flask_babel import gettext as _

from portal.assessments.definition import Preference, Questionnaire
from portal.assessments.joint import JointDomain, JointPage, JointPreference, Zone, only_joint
from portal.assessments.map_view import NOWHERE, Lane, MapView, Wish
from portal.assessments.readiness import Band
from portal.assessments.saying import answer_words, say
from portal.assessments.wording import Words
from portal.psychometrics.alignment import FAR_APART, Difference, PreferencePair, Similarity

_BANDS, _ZONES = list(Band), list(Zone)


def band_word(band: Band | None) -> str:
    """Name a band as it stands on maps and in tables; without one, nothing was shared."""
    words = {
        Band.EARLY_CONVERSATIONS: _("Early talks"),
        Band.TAKING_SHAPE: _("Taking shape"),
        Band.WELL_UNDER_WAY: _("Well under way"),
        Band.FIRM_GROUND: _("Firm ground"),
    }
    return str(words[band] if band else _("Not discussed"))


def zone_word(zone: Zone) -> str:
    """Name a zone in two or three words."""
    words = {
        Zone.SHARED_STRENGTH: _("Shared strength"),
        Zone.SEEN_ALIKE: _("Seen alike"),
        Zone.BOTH_SEE_ROOM: _("Both see room"),
        Zone.SEEN_DIFFERENTLY: _("Seen differently"),
        Zone.AGREE_TO_DIFFER: _("Agree to differ"),
        Zone.NOT_DISCUSSED: _("Not discussed"),
    }
    return str(words[zone])


def difference_word(difference: Difference) -> str:
    """Name how far two answers to one item lie apart."""
    words = {
        Difference.SAME: _("Same"),
        Difference.CLOSE: _("Close"),
        Difference.DIFFERENT: _("Different"),
        Difference.FAR_APART: _("Far apart"),
    }
    return str(words[difference])


def similarity_word(similarity: Similarity) -> str:
    """Name how alike the answers to several items are; for the therapist alone."""
    words = {
        Similarity.VERY_SIMILAR: _("very similar answers"),
        Similarity.MOSTLY_SIMILAR: _("mostly similar"),
        Similarity.SEVERAL_DIFFERENCES: _("several differences"),
        Similarity.MANY_DIFFERENCES: _("many differences"),
    }
    return str(words[similarity])


def map_of(
    test: Questionnaire, page: JointPage, names: Mapping[str, str], *, before: JointPage | None = None
) -> MapView:
    """Draw a joint page; strengths first, then by zone, in printed order within each. `names`: first names by side.

    `before`: the page of the same test the time before, drawn as what was.
    """
    placed = _placed(page)
    earlier = _placed(before) if before else {}
    ordered = sorted(test.domains, key=lambda domain: _ZONES.index(placed[domain.id].zone))
    return MapView(
        a_name=names["a"],
        b_name=names["b"],
        bands=tuple(map(band_word, Band)),
        lanes=tuple(
            _lane(str(_(domain.title)), placed[domain.id], names, earlier.get(domain.id))
            for domain in ordered
        ),
        wishes=wishes_of(test, page.preferences, names),
    )


def wishes_of(
    test: Questionnaire, pairs: Iterable[JointPreference | PreferencePair], names: Mapping[str, str]
) -> tuple[Wish, ...]:
    """Draw preferences, each on a line between its two poles. `names`: first names by side."""
    items = {one.id: one for one in test.preferences}
    return tuple(_wish(test, items[one.item_id], one.a, one.b, names) for one in pairs)


def _placed(page: JointPage) -> dict[str, JointDomain]:
    only_joint(page)
    every = chain(page.strengths, page.worth_exploring, page.others, page.not_discussed)
    return {one.domain_id: one for one in every}


def _lane(title: str, one: JointDomain, names: Mapping[str, str], before: JointDomain | None) -> Lane:
    a, b, was = band_word(one.a), band_word(one.b), _was(one, names, before)
    if one.a is None or one.b is None:
        sentence = _("%(title)s. Not discussed yet.", title=title)
    else:
        sentence = _(
            "%(title)s. %(a_name)s: %(a)s. %(b_name)s: %(b)s.",
            title=title, a_name=names["a"], a=a.lower(), b_name=names["b"], b=b.lower(),
        )  # fmt: skip
    return Lane(
        domain_id=one.domain_id, title=title, a_step=_step(one.a), b_step=_step(one.b), a_word=a, b_word=b,
        zone=one.zone.value, zone_word=zone_word(one.zone), sentence=f"{sentence} {was}".strip(),
        a_before=_step(before.a) if before and was else NOWHERE,
        b_before=_step(before.b) if before and was else NOWHERE, was=was,
    )  # fmt: skip


def _was(one: JointDomain, names: Mapping[str, str], before: JointDomain | None) -> str:
    """Say where both stood the time before; nothing where one of the two times is not open."""
    if before is None or None in {one.a, one.b, before.a, before.b}:
        return ""
    if (one.a, one.b) == (before.a, before.b):
        return str(_("As the last time."))
    return str(
        _(
            "Last time: %(a_name)s %(a)s, %(b_name)s %(b)s.",
            a_name=names["a"], a=band_word(before.a).lower(), b_name=names["b"], b=band_word(before.b).lower(),
        )
    )  # fmt: skip


def _wish(test: Questionnaire, item: Preference, a: int, b: int, names: Mapping[str, str]) -> Wish:
    a_word, b_word = answer_words(test, item, a), answer_words(test, item, b)
    stem, low, high = str(_(item.text)).removesuffix("...").rstrip(), str(_(item.low)), str(_(item.high))
    sentence = _(
        "%(stem)s: from 1, %(low)s, to 5, %(high)s. %(a_name)s: %(a)s. %(b_name)s: %(b)s.",
        stem=stem, low=low, high=high, a_name=names["a"], a=a_word, b_name=names["b"], b=b_word,
    )  # fmt: skip
    note = say(Words.PREFERENCE_FAR_APART, stem=f"{stem} …") if abs(a - b) >= FAR_APART else ""
    return Wish(
        stem=stem, low=low, high=high, a_stop=a, b_stop=b, a_word=a_word, b_word=b_word, note=note,
        sentence=str(sentence),
    )  # fmt: skip


def _step(band: Band | None) -> int:
    return NOWHERE if band is None else _BANDS.index(band)
