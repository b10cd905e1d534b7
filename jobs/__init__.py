"""Everything that runs outside a request: the worker, the sweeper and what they carry out.

Three layers: RQ calls a function here with the id of an outbox row; that claims the row and calls the area's service;
the result and the mark that it is done are one transaction.
"""
