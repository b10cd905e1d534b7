"""The pages of the blog: for readers, and for the therapists who write."""

from portal.blog.views import bringing, reading, shelf, writing
from portal.blog.views.area import blueprint

__all__ = ["blueprint", "bringing", "reading", "shelf", "writing"]
