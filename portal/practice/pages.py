"""Our own texts of the public pages, in Markdown: a start that each practice completes. Gaps stand in square brackets.

They say what this software does, which we know, and leave open what only the practice knows. They are no legal advice.
"""

from flask_babel import lazy_gettext as _l

from portal.practice.models import PageKind, Practice

TITLES = {
    PageKind.IMPRINT: _l("Imprint"),
    PageKind.PRIVACY: _l("Privacy notice"),
    PageKind.ACCESSIBILITY: _l("Accessibility"),
}
IMPRINT = """\
## Who is responsible

{name}
[street and number, postcode and town, country]

You reach us at {contact}.

## Who treats you

[For each therapist: name, profession, the state in which it was awarded, the chamber or register and the number there,
and where the rules of the profession can be read.]

## Insurance and supervision

[Name of the insurer and where the cover is valid. Name and address of the supervising authority, where there is one.]

## What this site is

Articles here are meant to make you think. They are no treatment and do not replace a talk. This site is not watched around
the clock: in an emergency call your local emergency number.
"""
PRIVACY = """\
This page says in plain words what happens with what you tell us here. Responsible is {name}, {contact} [and the full
address; and the data protection officer, if there is one].

## When you only read

We set no cookie, load nothing from other companies and count no persons. How often an article is read is counted as a
number a month, without anything about you. The machine that answers keeps no record of your address in this software
[say here what the company that hosts it keeps, and for how long].

## When you book or write to us

We store your name, your e-mail address, what you write, and by which article you came. All of it is encrypted. Only the
therapist you write to reads it. If you say that your partner does not know, we neither contact nor name your partner
anywhere.

If no therapy follows, we erase all of this after {days} days. You may ask us to erase it sooner.

## When you take the short test

Alone, none of your answers is stored. As two, what comes of them is kept encrypted and without names for two days, so that
each of you finds the own page again, and then deleted. If you bring a result to a first talk, it is kept with that booking
and erased with it. How many tests were finished is a number a month, without anything about you.

## E-mail

Our mails name nobody and nothing that you told us, because others may read over your shoulder. Each has a link by which you
can say “this was not me”.

## When you become a client

Above every field stands who will read it. What belongs to therapy is kept as long as the law of our profession demands:
[number of years, and the law].

## On what ground

We keep what you send us because you ask us for something [GDPR Article 6(1)(b)], and what you say about your health or your
relationship because you agree to it [Article 9(2)(a), or (h) for treatment; adapt this to your country].

## Your rights

You may ask what we hold about you, have it corrected or erased, receive a copy, object, and withdraw your consent. Write to
{contact}. You may also complain to [name and address of the supervising authority].

## Who else touches it

[Name the company that hosts this installation, where its machines stand, and the mail provider.]
"""
ACCESSIBILITY = """\
We want everybody to be able to read here, to book and to work with us.

## What holds

The pages are built to WCAG 2.2, level AA. They work with a keyboard alone, with a screen reader, without JavaScript, at 320
pixels’ width and with letters twice as large. Nothing is said by colour alone. You can ask your device for less motion, more
contrast or dark pages, and they follow.

They are checked by program at each change [and by people: say when and by whom].

## What does not hold yet

[Say what you know of. Pictures and documents that you add yourself are your own part of this.]

## Tell us

If something keeps you out, write to {contact}. Tell us the page and what you tried; you get an answer [within how many
working days], and the same thing by another way in the meantime.

[Where a law gives you somewhere to complain: name it here.]
"""
DEFAULTS = {PageKind.IMPRINT: IMPRINT, PageKind.PRIVACY: PRIVACY, PageKind.ACCESSIBILITY: ACCESSIBILITY}


def default_page(kind: PageKind, practice: Practice) -> str:
    """Give our own text with what the practice has said of itself already. No statement."""
    return DEFAULTS[kind].format(
        name=practice.name,
        contact=practice.contact_line or "[address]",
        days=practice.lead_retention_days,
    )
