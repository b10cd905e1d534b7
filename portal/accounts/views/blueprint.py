"""The blueprint that all views of this area hang on."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)
