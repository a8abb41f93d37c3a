"""Pictures from outside, written anew: nothing of the sent file is kept but what it shows."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

from pipeline.errors import InvalidInputError

FORMATS: Final = ("JPEG", "PNG", "WEBP")
LONGEST_SIDE_PX: Final = 2048
MOST_PIXELS: Final = 60_000_000
QUALITY: Final = 88
JPEG: Final = b"\xff\xd8\xff"
"""How every JPEG begins."""
MOST_PHOTOGRAPH_BYTES: Final = 12 * 1024**2
NO_PHOTOGRAPH: Final = "a photograph is a JPEG; set the camera to JPEG (most compatible), and send it again"
HEAVY_PHOTOGRAPH: Final = "the photograph is larger than 12 MB; send a smaller one"
NO_PICTURE: Final = "this is no picture that can be read; send a JPEG, PNG or WebP"
TOO_LARGE: Final = "the picture has too many pixels; make it smaller than 60 million"


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPicture:
    """A JPEG without metadata, of at most ``LONGEST_SIDE_PX`` on a side."""

    jpeg: bytes
    sha256: str
    width_px: int
    height_px: int


def clean_photograph(sent: bytes) -> CleanPicture:
    """What a photograph of the ground shows, without where, when and by what it was taken.

    Raises:
        InvalidInputError: It is no JPEG, is broken, or has too many bytes or pixels.
    """
    if len(sent) > MOST_PHOTOGRAPH_BYTES:
        raise InvalidInputError(HEAVY_PHOTOGRAPH)
    if not sent.startswith(JPEG):
        raise InvalidInputError(NO_PHOTOGRAPH)
    return clean_picture(sent)


def clean_picture(sent: bytes) -> CleanPicture:
    """What ``sent`` shows, upright and on white where it is transparent.

    Raises:
        InvalidInputError: It is no JPEG, PNG or WebP, is broken, or has too many pixels.
    """
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(sent), formats=FORMATS) as picture:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if picture.width * picture.height > MOST_PIXELS:
                raise InvalidInputError(TOO_LARGE)
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InvalidInputError(TOO_LARGE) from error
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for broken files
        raise InvalidInputError(NO_PICTURE) from error
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    flat.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=QUALITY)
    jpeg = written.getvalue()
    return CleanPicture(jpeg=jpeg, sha256=hashlib.sha256(jpeg).hexdigest(), width_px=flat.width, height_px=flat.height)
