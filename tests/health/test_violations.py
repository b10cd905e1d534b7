import pytest
from flask import Flask

from tests.support.cast import client_of

REPORT = {
    "type": "csp-violation",
    "url": "https://portal.example.org/summaries/secret-place",
    "body": {
        "effectiveDirective": "script-src",
        "documentURL": "https://portal.example.org/secret-place",
        "sample": "alert(1)",
    },
}


def test_a_report_is_logged_by_its_rule_alone(capsys: pytest.CaptureFixture[str], app: Flask) -> None:
    answer = client_of(app, None).post("/violations", json=[REPORT], content_type="application/reports+json")
    assert (answer.status_code, answer.data) == (204, b"")
    logged = capsys.readouterr().err
    assert '"policy.violation"' in logged
    assert "script-src" in logged
    assert "secret-place" not in logged
    assert "alert" not in logged


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"null",
        b'"words"',
        b'[{"body": 1}, 2, null]',
        b"[" * 100_000,
        b'[{"body": {"effectiveDirective": "evil\\n"}}]',
    ],
)
def test_nonsense_is_taken_quietly(capsys: pytest.CaptureFixture[str], app: Flask, body: bytes) -> None:
    assert client_of(app, None).post("/violations", data=body).status_code == 204
    assert "policy.violation" not in capsys.readouterr().err
