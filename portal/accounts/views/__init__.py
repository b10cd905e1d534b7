"""Pages of signing in, codes, passwords, invitations and the own account."""

from portal.accounts.queries import account_holders
from portal.accounts.views import account as account
from portal.accounts.views import codes as codes
from portal.accounts.views import invitations as invitations
from portal.accounts.views import leaving as leaving
from portal.accounts.views import passkeys as passkeys
from portal.accounts.views import reset_codes as reset_codes
from portal.accounts.views import resets as resets
from portal.accounts.views import sign_in as sign_in
from portal.accounts.views import unlock as unlock
from portal.accounts.views.blueprint import blueprint
from portal.notices.registry import register_account_check

blueprint.record_once(lambda _state: register_account_check(account_holders))

__all__ = ["blueprint"]
