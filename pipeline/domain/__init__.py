"""The survey and its rules, on the standard library and shapely alone.

Files follow the flow, and each imports only earlier ones:
``progress geometry orthomosaic model window plot flag coverage``.
"""
