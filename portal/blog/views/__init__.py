"""The pages of the blog: for readers, and for the therapists who write."""

from portal.blog.views import reading
from portal.blog.views.area import blueprint

__all__ = ["blueprint", "reading"]
