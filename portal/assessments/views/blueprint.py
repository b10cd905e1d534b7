"""The blueprint of the pages about tests; each module of views adds its own."""

from flask import Blueprint

blueprint = Blueprint("assessments", __name__)
