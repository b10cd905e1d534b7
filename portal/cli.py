"""The console script `portal`: start, look after, back up."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

NOT_YET = """\
For demonstration, not yet for real client data. Still to come before that:
  - leaving by a partner's own act (CPL-09, DSR-02)
  - release of the joint record only with both authorisations (CPL-08)
  - break-glass access for cover (CPL-13), quick exit from every state (CPL-15), rotation of the master key (CRY-03)"""


@click.group()
def main() -> None:
    """Look after a Common Ground portal."""


@main.command()
def up() -> None:
    """Start the portal for real use, without demo data."""
    gc.disable()  # until `launch`: nothing that is loaded here becomes garbage
    from portal.deploy_check import findings
    from portal.transaction import transaction

    app = _application()
    _upgrade(app)
    with app.app_context(), transaction() as session:
        stops = findings(app.extensions["settings"], session)
        is_empty = _is_empty(session)
    _let_go(app)
    for finding in stops:
        click.echo(f"{finding.id}  {finding.sentence}", err=True)
    if is_empty:
        click.echo("There is no owner yet: run `portal create-owner` in a second terminal.", err=True)
    if any(finding.id in {"CG005", "CG006", "CG007", "CG009"} for finding in stops):
        raise SystemExit(1)
    click.echo(NOT_YET)
    _launch(lambda address: click.echo(f"Common Ground is running at {address}"))


@main.command()
def demo() -> None:
    """Start the portal with two invented couples, to look around."""
    gc.disable()  # as above
    os.environ["DEMO"] = "1"
    from portal.demo import announcement, seed
    from portal.transaction import transaction

    app = _application()
    _upgrade(app)
    with app.test_request_context(), transaction() as session:
        seed(session, app.extensions["settings"])
    _let_go(app)
    text = announcement(app.extensions["settings"])
    _launch(lambda address: click.echo(f"\nCommon Ground is running at {address}\n\n{text}\n\n{NOT_YET}"))


@main.command("create-owner")
@click.option("--user-name", prompt="User name")
@click.option("--first-name", prompt="First name")
@click.option("--practice", prompt="Name of the practice")
@click.option("--zone", prompt="Time zone (such as Europe/London)")
@click.option("--email", prompt="E-mail")
@click.option("--therapist/--no-therapist", default=True, prompt="Are you also a therapist here?")
@click.option("--region", prompt="Country or region of the help lines below")
@click.option("--emergency-number", prompt="Emergency number there")
@click.option("--crisis-name", prompt="Crisis line: name")
@click.option("--crisis-number", prompt="Crisis line: number")
@click.option("--abuse-name", prompt="Domestic abuse line: name")
@click.option("--abuse-number", prompt="Domestic abuse line: number")
@click.option("--abuse-web", prompt="Domestic abuse line: web page (https://...)")
@click.option(
    "--response-time", default="within one working day", prompt="How soon messages are usually read"
)
@click.password_option()
def create_owner(
    *,
    user_name: str,
    first_name: str,
    practice: str,
    zone: str,
    email: str,
    therapist: bool,
    password: str,
    **help_words: str,
) -> None:
    """Make the first account, and the practice with it. The second step is set up at the first sign-in.

    The help lines are those of where the practice works: whoever answers these questions has checked them.
    """
    from portal.clock import utc_now
    from portal.errors import DomainError
    from portal.first_run import FirstOwner, found
    from portal.practice.rules import HelpLines
    from portal.transaction import transaction

    app = _application()
    _upgrade(app)
    lines = HelpLines(**help_words, verified_on=utc_now().date())
    owner = FirstOwner(
        user_name, first_name, practice, zone, email, password, is_therapist=therapist, help_lines=lines
    )
    try:
        with app.test_request_context(), transaction() as session:
            found(session, owner)
    except (DomainError, ValueError) as error:
        raise click.ClickException(f"That was refused: {error}") from error
    click.echo("Done. Sign in; you will be asked to set up the second step.")


@main.command("reset-second-factor")
@click.argument("user_name")
def reset_second_factor(user_name: str) -> None:
    """Let USER_NAME, who lost phone, passkeys and backup codes, set up a new second step at the next sign-in."""
    from portal.accounts.second_factor import reset_second_factor as reset
    from portal.clock import utc_now
    from portal.errors import NotFound
    from portal.transaction import transaction

    try:
        with _application().app_context(), transaction() as session:
            reset(session, user_name, utc_now())
    except NotFound:
        raise click.ClickException("Nobody has this user name.") from None
    click.echo(
        "Done. Every sign-in of this account has ended and its passkeys open nothing any more. "
        "The next one asks for the password and a new second step."
    )


@main.command()
@click.option("--deploy", is_flag=True, help="Check whether the installation is fit for real people.")
def check(*, deploy: bool) -> None:
    """Check the installation; exits with 1 if anything stands against it."""
    from portal.deploy_check import findings
    from portal.transaction import current_session

    app = _application()
    if not deploy:
        click.echo("The settings can be read and every endpoint is declared.")
        return
    with app.app_context():
        found = findings(app.extensions["settings"], current_session())
    for finding in found:
        click.echo(f"{finding.id}  {finding.sentence}")
    if found:
        raise SystemExit(1)
    click.echo("Nothing stands against real use, as far as this check can see.")


@main.command()
@click.argument("goal", type=click.Path(path_type=Path))
def backup(goal: Path) -> None:
    """Write an encrypted backup to GOAL (a file or a folder). The keys are not in it: keep INSTANCE/keys elsewhere."""
    from portal.backup import BackupRefused, make_backup
    from portal.transaction import transaction

    app = _application()
    try:
        with app.app_context(), transaction() as session:
            path = make_backup(session, app.extensions["settings"], goal)
    except BackupRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Backup written: {path}")


@main.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(source: Path) -> None:
    """Bring a backup back into an empty INSTANCE that holds only the keys."""
    from portal.backup import BackupRefused, restore_backup, settle_after_restore
    from portal.settings import settings_from_environment
    from portal.transaction import transaction

    settings = settings_from_environment()
    try:
        counts = restore_backup(source, settings)
    except BackupRefused as error:
        raise click.ClickException(str(error)) from error
    app = _application()
    with app.app_context(), transaction() as session:
        wrong = settle_after_restore(session, settings, counts)
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        raise SystemExit(1)
    click.echo(f"Restored: {sum(counts.values())} rows, all counts and the audit log agree.")


@main.group()
def audit() -> None:
    """Look at the audit log."""


@audit.command()
def verify() -> None:
    """Check that no row of the audit log was changed, removed, moved or cut off; exits with 1 otherwise."""
    from portal.audit.chain import count_events
    from portal.audit.chain import verify as find_faults
    from portal.transaction import current_session

    app = _application()
    with app.app_context():
        faults = find_faults(current_session(), app.extensions["settings"].instance)
        total = count_events(current_session())
    for fault in faults:
        click.echo(f"position {fault.position or '-'}: {fault.fault}")
    if faults:
        raise SystemExit(1)
    click.echo(f"The audit log is whole: {total} rows.")


@main.group()
def db() -> None:
    """Migrations."""


@db.command("upgrade")
def upgrade_database() -> None:
    """Bring the database to the newest schema."""
    _upgrade(_application())
    click.echo("The database is up to date.")


@db.command("downgrade")
@click.argument("revision")
def downgrade_database(revision: str) -> None:
    """Take the database back to REVISION."""
    from flask_migrate import downgrade

    with _application().app_context():
        downgrade(revision=revision)


def _application() -> Flask:
    from portal.app import create_app
    from portal.settings import SettingsError

    try:
        return create_app()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _upgrade(app: Flask) -> None:
    from flask_migrate import upgrade

    with app.app_context():
        upgrade()


def _let_go(app: Flask) -> None:
    from portal.extensions import db

    with app.app_context():
        db.engine.dispose()  # connections must not cross a fork


def _is_empty(session: Session) -> bool:
    from portal.accounts.models import Account

    return session.scalar(select(Account.id).limit(1)) is None


def _launch(announce: Callable[[str], None]) -> None:
    from portal.launch import LaunchSettings, launch
    from portal.settings import settings_from_environment

    settings = settings_from_environment()
    plan = LaunchSettings(
        instance=settings.instance,
        port=_number("PORT", 8000),
        bind=os.environ.get("BIND", "127.0.0.1"),
        redis_url=settings.redis_url,
        web_workers=_number("WEB_WORKERS", 2),
        environment=dict(os.environ),
    )
    sys.exit(launch(plan, announce))


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal():
        raise click.ClickException(f"{name} must be a whole number.")
    return int(text)


if __name__ == "__main__":
    main()
