"""Where text messages go: to the gateway that the settings name, through Apprise, which speaks to some eighty of them."""

import logging
import re
import warnings
from collections.abc import Callable

import apprise

from portal.failpoints import failpoint
from portal.notices.transport import NotTaken, Unconfirmed

PHONE = re.compile(r"\+?\d{6,15}", re.ASCII)  # E.164: at most fifteen digits
CONNECT_SECONDS, ANSWER_SECONDS = 10, 40  # together below a job's 85

for _name in ("apprise", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # their lines quote addresses with the number in them


class TextGateway:
    """One gateway by its Apprise address, in which {phone} stands for the number."""

    def __init__(self, url: str) -> None:
        self._url = url

    def deliver(self, phone: str, write_text: Callable[[], str]) -> None:
        """Send what `write_text` gives, called at the last moment, to one phone.

        Raises:
            NotTaken: for good, because this is no number or the gateway's address cannot be understood.
            Unconfirmed: the gateway said no, or nothing; it does not tell which.
        """
        number = re.sub(r"[\s()./-]", "", phone)
        if PHONE.fullmatch(number) is None:
            raise NotTaken(0, is_final=True)
        gateway = apprise.Apprise()
        with (
            warnings.catch_warnings()
        ):  # the first address loads every plugin, one by way of a module that is on its way out
            warnings.simplefilter("ignore", DeprecationWarning)
            is_understood = gateway.add(self._address(number))
        if not is_understood:
            raise NotTaken(0, is_final=True)
        text = write_text()
        is_taken = gateway.notify(body=text, body_format=apprise.NotifyFormat.TEXT)
        failpoint("text.sent")
        if not is_taken:
            raise Unconfirmed

    def _address(self, number: str) -> str:
        address = self._url.replace("{phone}", number.removeprefix("+"))
        mark = "&" if "?" in address else "?"
        return f"{address}{mark}cto={CONNECT_SECONDS}&rto={ANSWER_SECONDS}"
