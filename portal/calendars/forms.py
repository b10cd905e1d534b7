"""The form by which a therapist connects a calendar elsewhere."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.calendars.models import OutsideKind
from portal.calendars.rules import CalendarRefused, Failure
from portal.calendars.service import NewCalendar
from portal.calendars.transport import MOST_ADDRESS_LETTERS, checked_address
from portal.web.forms import Form, StringField, Text, stripped

SENTENCES = {
    Failure.ADDRESS: _l("This is not an address that can be used. It begins with https:// and holds no password."),
    Failure.PRIVATE: _l("The address leads into a private network. Only calendars on the internet can be connected, or hosts that whoever runs this portal has allowed."),
    Failure.UNREACHABLE: _l("Nobody answers at this address, or the connection is not safe."),
    Failure.SLOW: _l("The calendar took longer than five seconds to answer."),
    Failure.MOVED: _l("The address only points to another one. Please enter the address that it points to."),
    Failure.REFUSED: _l("The calendar wants another user name or password. Some services need a password made for this purpose."),
    Failure.MISSING: _l("There is nothing at this address. It may have been made anew."),
    Failure.ERROR: _l("The calendar's own service has trouble at the moment."),
    Failure.LARGE: _l("The calendar is larger than 1 MB. Connect one that holds fewer old events."),
    Failure.NO_CALENDAR: _l("What came back is not a calendar."),
    Failure.BROKEN: _l("The calendar contradicts itself, for instance by an event that ends before it begins."),
    Failure.MANY: _l("The calendar holds more than 2,000 events."),
    Failure.ENDLESS: _l("The calendar repeats events in a way that cannot be worked out."),
    Failure.READ_ONLY: _l("The calendar can be read, but nothing can be written into it."),
}  # fmt: skip


class OutsideForm(Form):
    """Where a calendar lies, and what opens it."""

    kind = RadioField(
        _l("How is it reached?"),
        choices=[
            SelectChoice(OutsideKind.ICS.value, _l("By a secret address (ICS)")),
            SelectChoice(OutsideKind.CALDAV.value, _l("By an account (CalDAV)")),
        ],
        default=OutsideKind.ICS.value,
        validators=[InputRequired(_l("Please choose one."))],
    )  # fmt: skip
    name = StringField(
        _l("What shall it be called here?"),
        description=_l("For instance: Private, or Clinic on Thursdays."),
        filters=[stripped],
        validators=[InputRequired(_l("Please give it a name.")), Text(60)],
    )
    address = StringField(
        _l("Address"),
        description=_l(
            "Beginning with https:// or webcal://. For an account the address of its server is enough."
        ),
        filters=[stripped],
        validators=[InputRequired(_l("Please enter the address.")), Text(MOST_ADDRESS_LETTERS)],
    )
    user_name = StringField(_l("User name"), filters=[stripped], validators=[Text(200)])
    password = PasswordField(_l("Password"), validators=[Text(500)])
    is_writing = BooleanField(_l("Also write my appointments there, as “Appointment” and without names"))

    def to_calendar(self, hosts: tuple[str, ...]) -> NewCalendar | None:
        """Give what was entered; None where a field was marked because it cannot be used."""
        try:
            address = checked_address(self.address.data, hosts)
        except CalendarRefused as refusal:
            self.add_error("address", SENTENCES[refusal.failure])
            return None
        kind = OutsideKind(self.kind.data)
        is_account = kind is OutsideKind.CALDAV
        if is_account and not self.user_name.data:
            self.add_error("user_name", _l("An account has a user name. Please enter it."))
            return None
        return NewCalendar(
            kind=kind,
            name=self.name.data,
            address=str(address),
            user_name=self.user_name.data if is_account else "",
            password=(self.password.data or "") if is_account else "",
            is_writing=is_account and self.is_writing.data,
        )
