import numpy as np
import pytest

from service.pixels.display.font import CELL_HEIGHT, CELL_WIDTH, characters, text_mask

BOX = text_mask(["山"])


def test_a_line_takes_a_cell_for_each_letter_whatever_its_accents() -> None:
    mask = text_mask(["Zoë", "Ångström"])

    assert mask.shape == (2 * CELL_HEIGHT, 8 * CELL_WIDTH)
    assert characters("Zoe\u0308") == characters("Zoë") == 3


@pytest.mark.parametrize(
    "text", ["Müller", "Dvořák", "Łukasz", "Şahin", "Παπαδόπουλος", "Иванов Пётр", "O'Neil-42 %"]
)
def test_names_of_three_scripts_are_drawn_letter_by_letter(text: str) -> None:
    cells = np.split(text_mask([text]), characters(text), axis=1)

    assert not any(np.array_equal(cell, BOX) for cell in cells)
    assert all(cell.any() for cell, letter in zip(cells, text, strict=True) if letter != " ")


def test_letters_can_be_told_apart() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;/-+()=_äéèñç"

    assert len({text_mask([letter]).tobytes() for letter in letters}) == len(letters)


def test_what_is_not_drawn_is_an_empty_box() -> None:
    assert np.array_equal(text_mask(["☃"]), BOX)
    assert BOX.any()


def test_no_text_is_no_picture() -> None:
    assert text_mask([]).size == text_mask([""]).size == 0
