"""Reading a clinical thing leaves a trace before it is shown: the one named exception to "GET changes nothing"."""

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.orm import Model
from portal.security.viewer import Viewer
from portal.transaction import transaction


def audited_read(viewer: Viewer, action: Action, row: Model) -> None:
    """Commit the audit row of a read; if that fails, nothing is shown. One transaction of its own.

    What was loaded before stays loaded (sessions do not expire on commit).
    """
    with transaction() as session:
        record_of(session, viewer, action, row)
