"""Words of the visits' pages that their scripts say; they fill in the braces. ``-one`` is for a single thing."""

from typing import Final

from pipeline.web.languages import marked

WORDS: Final = {
    "no-signal": marked("Without a signal, {n} findings wait to be sent."),
    "no-signal-one": marked("Without a signal, one finding waits to be sent."),
    "no-signal-none": marked(
        "There is no signal, or the server cannot be reached. What you record is kept on this phone."
    ),
    "sending": marked("{n} findings are being sent."),
    "sending-one": marked("One finding is being sent."),
    "signed-out": marked(
        "Your sign-in has ended. {n} findings are safe on this phone; they are sent when you sign in again here."
    ),
    "signed-out-one": marked(
        "Your sign-in has ended. One finding is safe on this phone; it is sent when you sign in again here."
    ),
    "signed-out-none": marked("Your sign-in has ended. Sign in again to go on."),
    "theirs": marked("{n} findings of somebody else wait on this phone. They are sent when that person signs in here."),
    "theirs-one": marked("A finding of somebody else waits on this phone. It is sent when that person signs in here."),
    "kept": marked("Ready for the field: {visits} visits, {size}, as of {time}."),
    "kept-one": marked("Ready for the field: one visit, {size}, as of {time}."),
    "not-kept": marked("Nothing is kept on this phone yet: without a signal these pages cannot be opened."),
    "cannot-keep": marked(
        "This browser keeps nothing for the field: that needs an address that begins with https. "
        "Findings are sent at once."
    ),
    "loose": marked(
        "This browser may delete what is kept when the phone runs short of room: keep some free, and send before long."
    ),
    "lacking": marked("Not kept: {what}."),
    "lacking-picture": marked("{n} pictures of plots"),
    "lacking-ground": marked("{n} pieces of the map"),
    "lacking-visits": marked("{n} visits farther along the way"),
    "prepare": marked("Prepare for the field"),
    "prepare-again": marked("Prepare anew"),
    "keeping": marked("Being kept on this phone: {done} of {of}…"),
    "no-room": marked("There is no room left on this phone. Free some, and prepare again."),
    "no-room-here": marked(
        "There is neither a signal nor room on this phone. What you typed is still here: free some, "
        "and record it again."
    ),
    "broke-off": marked("The line broke off. What was kept before is still there; prepare again on a better line."),
    "state-waiting": marked("Waits to be sent"),
    "state-sent": marked("Arrived"),
    "state-beside": marked("Two findings"),
    "state-refused": marked("Not accepted"),
    "safe-here": marked(
        "It is safe on this phone and is sent by itself, also after the browser was closed: open this page then."
    ),
    "refused-why": marked(
        "The server did not accept it: {why}. It is still on this phone. Take it back and write it down anew, "
        "or tell your manager."
    ),
    "conflict": marked("Somebody else recorded a finding of this visit before yours arrived."),
    "theirs-stands": marked("Theirs, which stands"),
    "yours-beside": marked("Yours, written down beside it"),
    "conflict-safe": marked("Both are safe on the server with their photographs, and managers see both."),
    "conflict-do": marked("If they say the same, there is nothing to do. If they differ, tell your manager."),
    "put-away": marked("Put away"),
    "take-back": marked("Take back"),
    "take-back-sure": marked("It was not sent yet. Take it back, to change it and record it again?"),
    "draft": marked("Draft"),
    "draft-kept": marked("Draft kept on this phone, {time}"),
    "draft-locked": marked(
        "A draft of this page is kept on this phone. It is shown as soon as the line says who is signed in."
    ),
    "draft-late": marked("This visit was recorded meanwhile; what you had begun to write was not sent."),
    "draft-none": marked("This browser keeps no draft: record it before you leave this page."),
    "draft-discard": marked("Discard the draft"),
    "draft-sure": marked("Delete this draft, with what you typed and its photograph?"),
    "photograph": marked("Photograph of the ground"),
    "accuracy": marked("position to {metres} m"),
    "locating": marked("Asking the phone where you are…"),
    "standing": marked("The phone knows where you are to {metres} m."),
    "no-place": marked(
        "The phone does not say where you are. Allow it for this page, and stand where you see the sky."
    ),
    "away": marked("{km} km from you"),
    "which-look-alike": marked("Say what grows there instead."),
    "no-look-alike": marked("What grows there instead is said of a look-alike only."),
    "no-accuracy": marked("The accuracy is a number of metres from 0.1 to 10,000."),
    "heavy-photograph": marked("The photograph is larger than 12 MB; take a smaller one."),
    "no-photograph": marked("A photograph is a JPEG; set the camera to JPEG (most compatible)."),
}
