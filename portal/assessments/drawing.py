"""A joint page put into the words and places of the alignment map, in the reader's language."""

from collections.abc import Mapping
from itertools import chain

from flask_babel import gettext as _

from portal.assessments.alignment import Difference
from portal.assessments.definition import Preference, Questionnaire
from portal.assessments.joint import JointDomain, JointPage, JointPreference, Zone, only_joint
from portal.assessments.map_view import NOWHERE, Lane, MapView, Wish
from portal.assessments.readiness import Band
from portal.assessments.wording import TEXTS, Words

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


def map_of(test: Questionnaire, page: JointPage, names: Mapping[str, str]) -> MapView:
    """Draw a joint page; strengths first, then by zone, in printed order within each. `names`: first names by side."""
    only_joint(page)
    placed = {
        one.domain_id: one
        for one in chain(page.strengths, page.worth_exploring, page.others, page.not_discussed)
    }
    ordered = sorted(test.domains, key=lambda domain: _ZONES.index(placed[domain.id].zone))
    wishes = {one.id: one for one in test.preferences}
    return MapView(
        a_name=names["a"],
        b_name=names["b"],
        bands=tuple(map(band_word, Band)),
        lanes=tuple(_lane(domain.title, placed[domain.id], names) for domain in ordered),
        wishes=tuple(_wish(wishes[one.item_id], one, names) for one in page.preferences),
    )


def stop_word(item: Preference, stop: int) -> str:
    """Say a place between two poles, from 1 to 5, in the words of the poles."""
    words = [
        item.low,
        _("rather: %(pole)s", pole=item.low),
        _("in between"),
        _("rather: %(pole)s", pole=item.high),
        item.high,
    ]
    return str(words[stop - item.lowest])


def _lane(title: str, one: JointDomain, names: Mapping[str, str]) -> Lane:
    a, b = band_word(one.a), band_word(one.b)
    if one.a is None or one.b is None:
        sentence = _("%(title)s. Not discussed yet.", title=title)
    else:
        sentence = _(
            "%(title)s. %(a_name)s: %(a)s. %(b_name)s: %(b)s.",
            title=title, a_name=names["a"], a=a.lower(), b_name=names["b"], b=b.lower(),
        )  # fmt: skip
    return Lane(
        domain_id=one.domain_id, title=title, a_step=_step(one.a), b_step=_step(one.b), a_word=a, b_word=b,
        zone=one.zone.value, zone_word=zone_word(one.zone), sentence=str(sentence),
    )  # fmt: skip


def _wish(item: Preference, one: JointPreference, names: Mapping[str, str]) -> Wish:
    a, b = stop_word(item, one.a), stop_word(item, one.b)
    stem = item.text.removesuffix("...").rstrip()
    sentence = _(
        "%(stem)s: from “%(low)s” to “%(high)s”. %(a_name)s: %(a)s. %(b_name)s: %(b)s.",
        stem=stem, low=item.low, high=item.high, a_name=names["a"], a=a, b_name=names["b"], b=b,
    )  # fmt: skip
    note = _(TEXTS[Words.PREFERENCE_FAR_APART]).format(stem=f"{stem} …") if one.is_far_apart else ""
    return Wish(
        stem=stem, low=item.low, high=item.high, a_stop=one.a, b_stop=one.b, a_word=a, b_word=b, note=note,
        sentence=str(sentence),
    )  # fmt: skip


def _step(band: Band | None) -> int:
    return NOWHERE if band is None else _BANDS.index(band)
