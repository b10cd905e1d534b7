"""Accounts: sign-in, second factor, reset, invitations, own sign-ins, throttles."""
