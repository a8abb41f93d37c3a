"""Roles in words."""

from typing import Final

from pipeline.domain.people import Role
from pipeline.web.languages import marked

ROLE_NAMES: Final = {
    Role.SURVEYOR: marked("Surveyor"),
    Role.REVIEWER: marked("Reviewer"),
    Role.FIELD: marked("Field team"),
    Role.MANAGER: marked("Manager"),
    Role.ADMINISTRATOR: marked("Administrator"),
}
ROLE_TASKS: Final = {
    Role.SURVEYOR: marked("Flies, and uploads what was flown."),
    Role.REVIEWER: marked("Gives verdicts on flags."),
    Role.FIELD: marked("Goes to see confirmed flags."),
    Role.MANAGER: marked("Plans visits, watches backlog and coverage."),
    Role.ADMINISTRATOR: marked("Keeps people and districts. Sees no flight by this role."),
}
