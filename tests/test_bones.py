from flask import Flask
from tests.support.cast import Cast, client_of


def test_a_member_is_found_by_the_cookie(app: Flask, cast: Cast) -> None:
    from portal.security.login import current_viewer

    seen = []
    app.view_functions["static"].access  # declared
    client = client_of(app, cast.ana)
    with client:
        client.get("/nowhere")
        seen.append(current_viewer())
    assert seen[0] == seen[0] and getattr(seen[0], "person_id", None) == cast.ana.person_id
