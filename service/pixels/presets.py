"""Windows that have a name: the ones radiologists reach for, in Hounsfield units.

An extension of ours to the `window` parameter of PS3.18 8.3.5.1.4, so that a person can write `window=lung`.
Centers and widths are those in common use for CT.
"""

from service.pixels.window import Window

PRESETS = {
    "abdomen": Window(60, 400),
    "angio": Window(300, 600),
    "bone": Window(300, 1500),
    "brain": Window(40, 80),
    "head": Window(40, 120),
    "liver": Window(60, 160),
    "lung": Window(-600, 1500),
    "mediastinum": Window(50, 350),
    "pelvis": Window(40, 400),
    "pulmonary-embolism": Window(100, 700),
    "soft-tissue": Window(40, 400),
    "spine": Window(50, 250),
    "stroke": Window(40, 40),
    "subdural": Window(75, 215),
    "temporal-bone": Window(600, 2800),
}
"""Name in the `window` parameter → window."""
