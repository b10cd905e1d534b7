"""What the reveal must do, written from product decisions 1 to 3 and CPL-04 and 09 alone, never from the portal's rules."""

from dataclasses import dataclass, field

BOTH = ("ana", "ben")


def _nobody_yet() -> dict[str, str]:
    return dict.fromkeys(BOTH, "writing")


@dataclass
class Model:
    """Two persons and one therapist; every act says whether it may be done, and does it."""

    therapist_opens: bool
    step: dict[str, str] = field(default_factory=_nobody_yet)
    ended: str = ""  # or closed, withdrawn
    couple: str = "active"  # or paused, closed
    gone: set[str] = field(default_factory=set)
    is_held: bool = False
    is_couple_held: bool = False
    is_opened: bool = False

    def is_asked(self, who: str) -> bool:
        return not self.ended and self.couple == "active" and who not in self.gone

    def may_open(self) -> bool:
        is_shut = self.is_held or self.is_couple_held or self.is_opened or bool(self.gone)
        both_shared = all(self.step[who] == "shared" for who in BOTH)
        return both_shared and not is_shut and not self.ended and self.couple == "active"

    def may_write(self, who: str) -> bool:
        return self.is_asked(who) and self.step[who] == "writing"

    def may_write_together(self, who: str) -> bool:
        return self.is_asked(who) and self.is_opened

    def submit(self, who: str) -> bool:
        return self._move(who, "writing", "submitted", may=self.is_asked(who))

    def reopen(self, who: str) -> bool:
        return self._move(who, "submitted", "writing", may=self.is_asked(who))

    def share(self, who: str) -> bool:
        is_done = self._move(who, "submitted", "shared", may=self.is_asked(who))
        if is_done and not self.therapist_opens:
            self.is_opened |= self.may_open()
        return is_done

    def take_back(self, who: str) -> bool:
        return self._move(who, "shared", "submitted", may=not self.is_opened)

    def hide(self, who: str) -> bool:
        return self._move(who, "shared", "hidden", may=self.is_opened)

    def open(self) -> bool:
        is_done = self.may_open()
        self.is_opened |= is_done
        return is_done

    def end(self, how: str) -> bool:
        is_done = not self.ended
        self.ended = self.ended or how
        return is_done

    def reads(self, reader: str, author: str) -> bool:
        """Whether a partner reads what an author shared, on the page of what is open to both."""
        is_between_them = self.couple != "closed" and reader not in self.gone and self.ended != "withdrawn"
        return is_between_them and self.is_opened and self.step[author] == "shared"

    def _move(self, who: str, before: str, after: str, *, may: bool) -> bool:
        is_done = may and self.step[who] == before
        if is_done:
            self.step[who] = after
        return is_done
