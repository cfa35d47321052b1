import pytest

from service.errors import InvalidParameter, InvalidWindow
from service.imaging.display.rendering import Rendering
from service.pixels.display.viewport import Region, Viewport
from service.pixels.window import PRESETS, Window
from service.web.rendered.parameters import rendering_of


def test_without_parameters_the_file_decides() -> None:
    assert rendering_of({}) == Rendering(None, None, 90, (), (), "no")


@pytest.mark.parametrize(
    ("value", "window"),
    [
        ("40,400,linear", Window(40, 400)),
        ("-600.5,1e3,linear-exact", Window(-600.5, 1000, "LINEAR_EXACT")),
        (" 40 , 400 ,sigmoid", Window(40, 400, "SIGMOID")),
        ("lung", PRESETS["lung"]),
        ("Soft-Tissue", PRESETS["soft-tissue"]),
    ],
)
def test_a_window_is_three_values_or_a_name(value: str, window: Window) -> None:
    assert rendering_of({"window": value}).window == window


@pytest.mark.parametrize(
    "value", ["40", "40,400", "40,400,linear,1", "a,b,linear", "40,400,LINEAR", "toe", "٤,4,linear"]
)
def test_any_other_window_is_refused_with_what_was_expected(value: str) -> None:
    with pytest.raises(InvalidParameter, match=r"expected center,width,function .* lung"):
        rendering_of({"window": value})


def test_a_window_the_standard_does_not_define_is_refused() -> None:
    with pytest.raises(InvalidWindow):
        rendering_of({"window": "40,0,linear"})


@pytest.mark.parametrize(
    ("value", "viewport"),
    [
        ("512,256", Viewport(512, 256)),
        ("512,256,,,-100,50.5", Viewport(512, 256, Region(0, 0, -100, 50.5))),
        ("512,256,10,20", Viewport(512, 256, Region(10, 20))),
    ],
)
def test_a_viewport_may_leave_out_what_follows_its_size(value: str, viewport: Viewport) -> None:
    assert rendering_of({"viewport": value}).viewport == viewport


@pytest.mark.parametrize("value", ["patient", "technique,patient", "patient,patient"])
def test_annotation_is_a_list_of_keywords(value: str) -> None:
    rendering = rendering_of({"annotation": value})

    assert set(rendering.annotation) == set(value.split(","))
    assert rendering.unsupported_annotation == ()


def test_keywords_that_are_not_known_are_set_aside() -> None:
    rendering = rendering_of({"annotation": "ruler,patient,north"})

    assert rendering.annotation == ("patient",)
    assert rendering.unsupported_annotation == ("ruler", "north")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("annotation", ""),
        ("annotation", "patient,"),
        ("annotation", "two words"),
        ("annotation", "a\r\nb"),
        ("iccprofile", "cmyk"),
        ("iccprofile", "sRGB"),
        ("quality", "0"),
        ("quality", "1.5"),
        ("viewport", "0,5"),
        ("viewport", "5"),
        ("viewport", "5,5,-1,0"),
    ],
)
def test_what_is_not_of_its_form_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidParameter, match=name):
        rendering_of({name: value})


@pytest.mark.parametrize("value", ["no", "yes", "srgb", "adobergb", "rommrgb"])
def test_gif_takes_no_profile(value: str) -> None:
    rendering = rendering_of({"iccprofile": value})

    rendering.check("image/png")
    if value == "no":
        rendering.check("image/gif")
    else:
        with pytest.raises(InvalidParameter, match="iccprofile"):
            rendering.check("image/gif")
