"""The history of the tables, one file a change, in the order of their numbers."""
