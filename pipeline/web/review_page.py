"""The reviewers' workstation: what the page says. What is read comes through the doors of reviews."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.domain.people import Role
from pipeline.domain.reason import Reason
from pipeline.errors import NotAllowedError
from pipeline.web.languages import Language, marked
from pipeline.web.renderer import language_of
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import SignedIn

router = APIRouter(include_in_schema=False)

READERS: Final = marked("only reviewers read flags; ask your administrator for that role")

WORDS: Final = {
    "left": marked("{waiting} waiting · {mine} read by you today"),
    "gsd": marked("{cm} cm a pixel"),
    "slope": marked("ground slopes {degrees}°"),
    "no-day": marked("on a day nobody wrote down"),
    "metres": marked("{metres} m"),
    "square-metres": marked("{metres} m²"),
    "time-left": marked("{time} left"),
    "time-short": marked(
        "Your time with this flag is nearly over. After that it goes back to the others and nothing is decided."
    ),
    "why-confirm": marked("Why do you confirm?"),
    "why-reject": marked("Why do you reject?"),
    "why-unsure": marked("Why are you unsure?"),
    "said-confirm": marked("Confirm"),
    "said-reject": marked("Reject"),
    "said-unsure": marked("Unsure"),
    "yours-confirm": marked("You confirmed it."),
    "yours-reject": marked("You rejected it."),
    "yours-unsure": marked("You were unsure."),
    "sent": marked("{verdict}: {reason}."),
    "last": marked("{verdict} · {reason}"),
    "skipped": marked("Skipped. It comes again later, to you or to somebody else."),
    "changing": marked("Again the one before. {verdict} ({reason}) stands until you give another verdict."),
    "unchanged": marked("Left as it was."),
    "kept-sent": marked("Verdicts that were on their way when this page was left have arrived now."),
    "kept-refused": marked(
        "A verdict that was on its way when this page was left did not count: the time with that flag was over. "
        "Nothing was decided, somebody will read it again."
    ),
    "verdict-refused": marked(
        "Your last verdict did not count. Nothing was decided on that flag: it goes to somebody else. Everything "
        "before it is safe; read on."
    ),
    "change-refused": marked("Your change did not count. Your earlier verdict stands."),
    "opinion-refused": marked("The model's opinion could not be shown. Your verdict stands as you gave it."),
    "stopped-soon": marked(
        "Everything is stopped. You may finish this flag; nothing more is offered until it goes on."
    ),
    "line-broken": marked(
        "The line to the server is broken. What you gave is safe in this page and is sent by itself."
    ),
    "outline-on": marked("Outline shown"),
    "outline-off": marked("Outline hidden"),
    "growers-on": marked("Licensed growers shown"),
    "growers-off": marked("Licensed growers hidden"),
    "relief-on": marked("Slope and shade shown"),
    "relief-off": marked("Slope and shade hidden"),
    "earlier-at": marked("Left of the line: flown {day} ({at} of {of})"),
    "measure-begin": marked("Put points on the ground: by click or tap, or with Enter under the cross."),
    "measured": marked("{metres} · {area}"),
    "redraw-move": marked("Move the corners. By keyboard: Enter takes the corner under the cross, and puts it down."),
    "redraw-part": marked("Put the corners of a new part. By keyboard: Enter puts one under the cross, E ends it."),
    "redraw-cut": marked("Draw a line across the outline; it is cut in two there. By keyboard: Enter twice."),
    "redraw-grabbed": marked("Corner taken. Move the map, then Enter puts it down."),
    "redraw-dropped": marked("Corner put down."),
    "redraw-no-corner": marked("No corner is under the cross. Move the map until one is."),
    "redraw-no-cut": marked("Nothing was cut: the line must cross the outline exactly twice."),
    "redraw-last": marked("Nothing was taken away: choose a part first, and one part must stay."),
    "redraw-restored": marked("The outline is as the model drew it."),
    "opinion-coming": marked("It is being fetched."),
    "band": marked("Of 100 such flags, about {about} were confirmed (between {low} and {high}; n = {read})."),
    "band-too-few": marked("Too few flags with such a score have been read to say how many are confirmed."),
    "control-hit-target": marked(
        "This was a control: ground that is known. There is a target here, and you confirmed it."
    ),
    "control-hit-clear": marked(
        "This was a control: ground that is known. There is no target here, and you rejected it."
    ),
    "control-miss-target": marked(
        "This was a control: ground that is known. There is a target here; compare the picture."
    ),
    "control-miss-clear": marked(
        "This was a control: ground that is known. There is no target here; compare the picture."
    ),
}
"""What the script says; it fills in the braces."""


@router.get("/review")
def show_review(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """The page.

    Raises:
        NotAllowedError: The reader of the page is no reviewer.
    """
    if not reader.person.has(Role.REVIEWER):
        raise NotAllowedError(READERS)
    return pages.show(
        request,
        "review.html.jinja",
        words={name: pages.say(request, text) for name, text in WORDS.items()},
        reasons=[_told(reason, language_of(request)) for reason in services.review.reasons],
    )


def _told(reason: Reason, language: Language) -> dict[str, str]:
    """A reason as the page offers it."""
    name = reason.zh if language is Language.CHINESE else reason.en
    return {"verdict": reason.verdict.value, "code": reason.code, "name": name}
