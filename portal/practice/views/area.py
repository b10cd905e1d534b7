"""The blueprint of the practice's settings."""

from flask import Blueprint

blueprint = Blueprint("practice", __name__)
