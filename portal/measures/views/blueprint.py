"""The blueprint of published questionnaires."""

from flask import Blueprint

blueprint = Blueprint("measures", __name__)
