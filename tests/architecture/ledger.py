"""Who gets what from every endpoint: the ledger that the access test reads.

A new endpoint without a line here fails the test. Numbers are HTTP statuses of a request with a whole form token and an
otherwise empty form, against things of the therapist Jane and the couple Ana and Ben. `limited` is Ana after a mailed
reset; Cleo is of another couple, Sam another therapist, Fay the front desk, Olive the owner.
"""

from collections.abc import Mapping

VIEWERS = ("visitor", "ana", "ben", "limited", "cleo", "sam", "fay", "olive", "jane")
SIGN_IN = 303
Row = Mapping[str, int]


def _row(visitor: int, default: int, **others: int) -> Row:
    return {"visitor": visitor, **{name: others.get(name, default) for name in VIEWERS[1:]}}


def everybody(status: int) -> Row:
    """Open to all, the same for all."""
    return _row(status, status)


def members(status: int, **others: int) -> Row:
    """Everybody who is signed in."""
    return _row(SIGN_IN, status, **others)


def unlocked(status: int, **others: int) -> Row:
    """Everybody who is signed in, but not by a mailed reset alone."""
    return _row(SIGN_IN, status, limited=404, **others)


def partners(status: int, *, limited: int = 404) -> Row:
    """Every partner of any couple."""
    return _row(SIGN_IN, 404, ana=status, ben=status, cleo=status, limited=limited)


def staff(status: int) -> Row:
    """Everybody who works in the practice."""
    return _row(SIGN_IN, 404, sam=status, fay=status, olive=status, jane=status)


def therapists(status: int) -> Row:
    """Each therapist, for own things."""
    return _row(SIGN_IN, 404, sam=status, jane=status)


def own_therapist(status: int) -> Row:
    """Only the therapist whose thing it is."""
    return _row(SIGN_IN, 404, jane=status)


def own_part(status: int) -> Row:
    """Only the partner whose own part it is."""
    return _row(SIGN_IN, 404, ana=status)


def readers(status: int) -> Row:
    """The two whom it was released to, and their therapist."""
    return _row(SIGN_IN, 404, ana=status, ben=status, jane=status)


LEDGER: Mapping[tuple[str, str], Row] = {
    ("accounts.accept_invitation", "POST"): everybody(404),
    ("accounts.change_password", "POST"): unlocked(422),
    ("accounts.change_second_factor", "GET"): unlocked(200),
    ("accounts.change_second_factor", "POST"): unlocked(422),
    ("accounts.choose_password", "GET"): everybody(200),
    ("accounts.choose_password", "POST"): everybody(422),
    ("accounts.end_one", "POST"): unlocked(404),
    ("accounts.end_others", "POST"): unlocked(303),
    ("accounts.invitation", "GET"): everybody(200),
    ("accounts.invitation", "POST"): everybody(422),
    ("accounts.issue_unlock", "GET"): own_therapist(200),
    ("accounts.issue_unlock", "POST"): own_therapist(200),
    ("accounts.leave_now", "POST"): everybody(200),
    ("accounts.prove", "GET"): members(200),
    ("accounts.prove", "POST"): members(422),
    ("accounts.renew_backup_codes", "POST"): staff(200),
    ("accounts.reset", "GET"): everybody(200),
    ("accounts.reset", "POST"): everybody(422),
    ("accounts.reset_requested", "GET"): everybody(200),
    ("accounts.second_factor", "GET"): everybody(303),
    ("accounts.second_factor", "POST"): everybody(303),
    ("accounts.second_factor_picture", "GET"): _row(404, 200, limited=404),
    ("accounts.security", "GET"): unlocked(200),
    ("accounts.set_up_second_factor", "GET"): everybody(303),
    ("accounts.set_up_second_factor", "POST"): everybody(303),
    ("accounts.sign_in", "GET"): _row(200, 303),
    ("accounts.sign_in", "POST"): everybody(422),
    ("accounts.sign_ins", "GET"): unlocked(200),
    ("accounts.sign_out", "POST"): everybody(303),
    ("accounts.signed_out", "GET"): everybody(200),
    ("accounts.turn_off_second_factor", "POST"): unlocked(303, sam=409, fay=409, olive=409, jane=409),
    ("accounts.unlock", "GET"): partners(303, limited=200),
    ("accounts.unlock", "POST"): partners(303, limited=422),
    ("assessments.begin", "POST"): own_part(303),
    ("assessments.check", "GET"): own_part(200),
    ("assessments.choose", "GET"): own_part(303),
    ("assessments.desk", "GET"): own_therapist(200),
    ("assessments.desk_together", "GET"): own_therapist(200),
    ("assessments.differ", "POST"): own_part(404),
    ("assessments.finish", "POST"): own_part(303),
    ("assessments.opened", "GET"): own_part(200),
    ("assessments.questions", "GET"): own_part(200),
    ("assessments.result", "GET"): own_part(303),
    ("assessments.save", "POST"): own_part(200),
    ("assessments.share", "POST"): own_part(409),
    ("assessments.start", "GET"): own_part(200),
    ("blog.feed", "GET"): everybody(200),
    ("blog.index", "GET"): everybody(200),
    ("blog.show", "GET"): everybody(200),
    ("booking.booked", "GET"): everybody(200),
    ("booking.confirm", "POST"): own_therapist(303),
    ("booking.decline", "POST"): own_therapist(303),
    ("booking.details", "GET"): everybody(303),
    ("booking.event", "GET"): everybody(200),
    ("booking.lead", "GET"): own_therapist(200),
    ("booking.leads", "GET"): therapists(200),
    ("booking.not_me", "GET"): everybody(200),
    ("booking.say_not_me", "POST"): everybody(303),
    ("booking.undo_not_me", "POST"): everybody(303),
    ("booking.request_time", "POST"): everybody(303),
    ("booking.times", "GET"): everybody(200),
    ("calendars.accept", "POST"): members(404),
    ("calendars.add", "GET"): therapists(200),
    ("calendars.add", "POST"): therapists(422),
    ("calendars.answer", "POST"): own_therapist(422),
    ("calendars.choose", "POST"): own_therapist(303),
    ("calendars.events", "GET"): everybody(200),
    ("calendars.feed", "GET"): unlocked(200),
    ("calendars.look", "POST"): own_therapist(422),
    ("calendars.make", "POST"): unlocked(200),
    ("calendars.outside", "GET"): therapists(200),
    ("calendars.questions", "GET"): therapists(200),
    ("calendars.remove", "POST"): own_therapist(303),
    ("calendars.revoke", "POST"): unlocked(303),
    ("calendars.test", "POST"): own_therapist(303),
    ("caseload.close", "GET"): own_therapist(200),
    ("caseload.close", "POST"): own_therapist(422),
    ("caseload.couple", "GET"): own_therapist(200),
    ("caseload.couples", "GET"): therapists(200),
    ("caseload.create", "POST"): own_therapist(422),
    ("caseload.new_couple", "GET"): own_therapist(200),
    ("caseload.send_invitation", "POST"): own_therapist(409),
    ("caseload.withdraw_invitation", "POST"): own_therapist(404),
    ("diary.add_time", "GET"): therapists(200),
    ("diary.add_time", "POST"): therapists(422),
    ("diary.calendar", "GET"): staff(200),
    ("diary.entry", "GET"): own_therapist(303),
    ("diary.move", "GET"): own_therapist(200),
    ("diary.move", "POST"): own_therapist(422),
    ("diary.own_time", "GET"): own_therapist(200),
    ("diary.own_time", "POST"): own_therapist(422),
    ("diary.remove_time", "POST"): own_therapist(409),
    ("documents.download", "GET"): readers(200),
    ("documents.retry", "POST"): own_therapist(409),
    ("documents.status", "GET"): readers(200),
    ("exercises.check", "GET"): own_part(200),
    ("exercises.desk", "GET"): own_therapist(200),
    ("exercises.finish", "POST"): own_part(422),
    ("exercises.opened", "GET"): own_part(303),
    ("exercises.questions", "GET"): own_part(200),
    ("exercises.reviewed", "POST"): own_therapist(303),
    ("exercises.save", "POST"): own_part(200),
    ("exercises.start", "GET"): own_part(200),
    ("health.healthz", "GET"): everybody(200),
    ("health.readyz", "GET"): everybody(503),
    ("health.violations", "POST"): everybody(204),
    ("home.consents", "GET"): partners(303),
    ("home.give", "POST"): partners(303),
    ("home.partner", "GET"): partners(200, limited=200),
    ("home.privacy", "GET"): partners(200),
    ("home.settings", "GET"): staff(200),
    ("home.start", "GET"): _row(200, 303),
    ("home.style", "GET"): everybody(404),
    ("home.today", "GET"): staff(200),
    ("homework.assign", "GET"): own_therapist(200),
    ("homework.assign", "POST"): own_therapist(422),
    ("homework.close", "POST"): own_therapist(303),
    ("homework.hide", "POST"): _row(SIGN_IN, 404, ana=409),
    ("homework.hold", "POST"): own_therapist(303),
    ("homework.lift", "POST"): own_therapist(303),
    ("homework.of_couple", "GET"): own_therapist(200),
    ("homework.open_for_both", "POST"): own_therapist(409),
    ("homework.own", "GET"): partners(200),
    ("homework.reopen", "POST"): _row(SIGN_IN, 404, ana=409),
    ("homework.take_back", "POST"): _row(SIGN_IN, 404, ana=409),
    ("homework.withdraw", "POST"): own_therapist(303),
    ("meetings.correct", "POST"): own_therapist(303),
    ("meetings.note", "GET"): own_therapist(200),
    ("meetings.note", "POST"): own_therapist(422),
    ("meetings.preview", "GET"): own_therapist(303),
    ("meetings.process_note", "GET"): own_therapist(200),
    ("meetings.read_summary", "GET"): readers(200),
    ("meetings.record", "GET"): own_therapist(200),
    ("meetings.record", "POST"): own_therapist(422),
    ("meetings.release", "POST"): own_therapist(303),
    ("meetings.save_process_note", "POST"): own_therapist(422),
    ("meetings.show", "GET"): own_therapist(200),
    ("meetings.sign", "GET"): own_therapist(303),
    ("meetings.sign", "POST"): own_therapist(409),
    ("meetings.summary", "GET"): own_therapist(303),
    ("meetings.summary", "POST"): own_therapist(409),
    ("notices.demo_mail", "GET"): everybody(404),
    ("notices.demo_mail_item", "GET"): everybody(404),
    ("notices.try_again", "POST"): staff(303),
    ("practice.help_lines", "GET"): _row(SIGN_IN, 404, sam=200, olive=200, jane=200),
    ("practice.save_help_lines", "POST"): _row(SIGN_IN, 404, sam=422, olive=422, jane=422),
    ("safety.about_you", "GET"): _row(SIGN_IN, 404, ana=200, ben=200),
    ("safety.answer", "POST"): _row(SIGN_IN, 404, ana=422, ben=422),
    ("safety.ask", "POST"): own_therapist(303),
    ("safety.individual", "GET"): own_therapist(200),
    ("safety.keep_shut", "POST"): own_therapist(303),
    ("safety.lift", "POST"): own_therapist(303),
    ("safety.tick_read", "POST"): own_therapist(303),
    ("safety.tick_spoken", "POST"): own_therapist(303),
    ("sources.go", "GET"): everybody(302),
    ("sources.link", "GET"): therapists(200),
    ("sources.links", "GET"): therapists(200),
    ("sources.make", "POST"): therapists(422),
    ("sources.retire", "POST"): therapists(303),
    ("static", "GET"): everybody(200),
}

FRESH = {
    ("accounts.change_password", "POST"), ("accounts.change_second_factor", "GET"), ("accounts.change_second_factor", "POST"),
    ("accounts.issue_unlock", "GET"), ("accounts.issue_unlock", "POST"), ("accounts.renew_backup_codes", "POST"),
    ("accounts.security", "GET"), ("accounts.turn_off_second_factor", "POST"), ("meetings.process_note", "GET"),
    ("meetings.sign", "GET"), ("meetings.sign", "POST"),
    ("calendars.add", "GET"), ("calendars.add", "POST"), ("calendars.choose", "POST"), ("calendars.feed", "GET"),
    ("calendars.look", "POST"), ("calendars.make", "POST"), ("calendars.outside", "GET"), ("calendars.remove", "POST"),
    ("calendars.revoke", "POST"), ("calendars.test", "POST"),
    ("safety.individual", "GET"), ("safety.keep_shut", "POST"), ("safety.lift", "POST"), ("safety.tick_read", "POST"),
    ("safety.tick_spoken", "POST"),
}  # fmt: skip
