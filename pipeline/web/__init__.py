"""Pages and programming interface: HTTP over the same use cases as the command line. The only importer of FastAPI.

``app`` puts it together; each other file is one role or one page. Everything a browser loads comes from here: no
script, font or tile is fetched from elsewhere, and the policy in ``headers`` makes the browser refuse if one ever were.
"""
