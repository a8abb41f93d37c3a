"""What is remembered: people, flights, flags, decisions, and a ledger that nobody can quietly change.

Functions take an open connection first, so that what belongs together is one transaction. ``tables`` says what there
is, ``laws`` what the database itself refuses whoever asks, ``ledger`` what can be proved afterwards.
"""
