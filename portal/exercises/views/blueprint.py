"""The blueprint of the pages of exercises; each module of views adds its own."""

from flask import Blueprint

blueprint = Blueprint("exercises", __name__)
