"""Plotwatch: drone orthomosaics to candidate plots, for human field verification.

The import graph is the data flow. Start reading at ``workflow.scan`` and follow it down:

    flight -> orthomosaic -> windows -> scores -> plots -> flags -> decisions -> visits -> coverage

``imagery.intake`` makes a safe working copy of what a survey team uploads, ``scanning.scan`` scores every cell of it,
``scanning.candidates`` joins cells to plots, ``scanning.results`` writes what was found, ``workflow.report`` says it to
people. ``workflow.advance`` does the same step by step for a flight of the store, ``jobs`` makes the steps durable.
``learning`` makes the models. ``domain`` holds the rules; ``errors`` what can go wrong.
"""
