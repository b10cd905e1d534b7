"""Everything that leaves the portal for a person passes one gate: no way out is used, and no message made, anywhere else."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("portal", "jobs") for path in (ROOT / folder).rglob("*.py"))
# What can carry words to somebody, and the one place that may use it.
WAYS_OUT = {
    r"^(?:import|from) (?:smtplib|aiosmtplib)\b": {"portal/notices/transport.py"},
    r"^(?:import|from) (?:apprise|twilio|pywebpush)\b": {"portal/notices/texts.py"},
    r"\.sendmail\(|\.send_message\(": set(),
    r"\b(?:transport_for|TextGateway|SmtpServer|MailFolder)\(": {"portal/notices/transport.py", "jobs/messages.py"},
    r"from portal\.notices\.mail import[^\n]*\bcompose": {"jobs/messages.py"},
    r"\bMessage(?:Part)?\(\s*(?:person_id|message_id|$)": {"portal/notices/service.py"},
    r"JobName\.SEND_MESSAGE": {
        "portal/notices/service.py", "portal/outbox.py", "portal/backup.py", "jobs/messages.py", "jobs/trust.py",
    },
    # Who asks what is to be said has passed the gate; it stands in these two.
    r"\bwhat_to_say\(": {"portal/notices/service.py", "jobs/messages.py"},
    r"\bleaving_time\(": {"portal/notices/rules.py", "portal/notices/service.py"},
}  # fmt: skip


@pytest.mark.parametrize("pattern", WAYS_OUT)
def test_each_way_out_is_used_by_its_one_place_only(pattern: str) -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(pattern, path.read_text("utf-8"), re.MULTILINE)
    }
    assert users <= WAYS_OUT[pattern], (
        f"{pattern}: whoever sends must go by portal.notices.service.queue_message"
    )


def test_both_who_owe_and_who_send_ask_the_card() -> None:
    source = (ROOT / "portal/notices/service.py").read_text("utf-8")
    functions = dict(re.findall(r"^def (\w+)\((.*?)(?=^def |\Z)", source, re.MULTILINE | re.DOTALL))
    asking = {name for name, body in functions.items() if "leaving_time(" in body}
    assert asking == {"queue_message", "judge_again", "_leaves_now"}
    assert "_leaves_now(" in functions["what_to_say"]
    making = {name for name, body in functions.items() if re.search(r"\bMessagePart\(", body)}
    assert making == {"queue_message", "_keep_inside"}
