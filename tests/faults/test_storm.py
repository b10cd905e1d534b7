"""Two hundred visitors want one time, over and over, while others hold, confirm, cancel and move (F18)."""

from tests.booking.visit import open_diary
from tests.faults.rig import CANARY, Rig
from tests.support.storm import TOGETHER, Journal, Storm, storm_through

AT_ONCE = 0.0
WINDOWS = (TOGETHER, AT_ONCE, TOGETHER, AT_ONCE)  # `python -m tests.bench storm` goes through twenty


def test_f18_two_hundred_visitors_want_one_time(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal, _ = rig.background()
    portal.start_web(workers=2)
    storm = Storm(rig.app, portal.port, Journal(rig.folder / "journal"), inbox=CANARY)
    storm.acknowledged = rig.acknowledged
    storm_through(storm, rig.cast, WINDOWS)
    rig.settle()
