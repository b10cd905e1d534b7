"""The blueprint of the common pages."""

from flask import Blueprint

blueprint = Blueprint("homework", __name__)
