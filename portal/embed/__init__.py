"""The booking inside other sites: a frame without cookies, and the line that puts it there."""
