"""Streams compared with the description of their frame; the refusals are in codecs/test_decode."""

from service.pixels.headers.check import check
from service.pixels.headers.stream_header import StreamHeader
from tests.pixels.images import described


def test_a_stream_may_leave_to_the_decoder_what_it_does_not_announce() -> None:
    check(StreamHeader(2, 2), described(allocated=8))
