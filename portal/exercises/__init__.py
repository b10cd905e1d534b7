"""Exercises of the library: data files, how a page of one is asked and read, what both see of it."""
