"""The blueprint of the public face."""

from flask import Blueprint

blueprint = Blueprint("front", __name__)
