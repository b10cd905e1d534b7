"""What the pages of the diary share: their blueprint."""

from flask import Blueprint

blueprint = Blueprint("diary", __name__)
