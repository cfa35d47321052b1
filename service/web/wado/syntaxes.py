"""In which transfer syntaxes an instance can go out, and which of them a client gets.

What is stored comes first, so that it wins wherever the client likes others no better; nothing is looked up
then. Only a client that wants something else needs to know what the pixels allow.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from service.archive import Archive
from service.archive.instance import Instance
from service.errors import NotAcceptable
from service.imaging.transcoder import transcodable_syntaxes
from service.pixels.codecs.encoders import ENCODERS
from service.scope import EVERYTHING
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from service.web.http.requests.accept import Accept, Offer

MULTIPART_ONLY, ANY_FORM = (True,), (True, False)
"""Whether offers are multipart: all of them, or either way with multipart first."""

_CONCEIVABLE = (EXPLICIT_VR_LITTLE_ENDIAN, *ENCODERS)


Offers = Callable[[tuple[str, ...]], Sequence[Offer]]
"""Transfer syntaxes that can be made of an instance → the forms it then has, the stored ones first."""


async def choose_form(
    archive: Archive, accept: Accept, instance: Instance, stored: Sequence[str], offers: Offers
) -> Offer:
    """Return the form of an instance, or of its pixels, that the client likes best.

    Args:
        archive: where the instance is.
        accept: of the client.
        instance: that is wanted.
        stored: the transfer syntaxes in which it goes out without being decoded.
        offers: its forms.

    Raises:
        NotAcceptable: none of them.
        InstanceNotFound: it was deleted meanwhile.
    """
    if offer := stored_form(accept, stored, offers):
        return offer
    located = await archive.recent.find(EVERYTHING, instance.uids)
    return accept.choose(*offers(_others(stored, transcodable_syntaxes(located))))


def stored_form(accept: Accept, stored: Sequence[str], offers: Offers) -> Offer | None:
    """Return the form that `choose_form` returns of any instance stored so; None if it depends on more."""
    with suppress(NotAcceptable):
        offer = accept.choose(*offers(_others(stored, _CONCEIVABLE)))
        if offer.transfer_syntax in stored:
            return offer
    return None


def _others(stored: Sequence[str], syntaxes: Sequence[str]) -> tuple[str, ...]:
    return tuple(syntax for syntax in syntaxes if syntax not in stored)
