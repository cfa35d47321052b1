"""Letters for pictures: a bitmap font of 5 × 7, so that nothing depends on the fonts of a machine.

It covers ASCII, Latin letters with their accents, and Greek and Cyrillic, where small letters are written as
capitals: the scripts of a person name's alphabetic group. Whatever else comes is drawn as an empty box.
"""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

CELL_WIDTH, CELL_HEIGHT = 6, 12  # of a character's cell
_ASCENT = 3  # rows of the cell above a capital, for accents

Mask = npt.NDArray[np.bool_]

# A character, then its rows from the top of a capital downwards; below the seventh row hang descenders. The
# five low bits of a row are its pixels, the highest of them leftmost.
_FONT = """
! 04040404000004       " 0A0A0A00000000       # 0A0A1F0A1F0A0A       $ 040F140E051E04
% 18190204081303       & 0C12140815120D       ' 04040400000000       ( 02040808080402
) 08040202020408       * 0004150E150400       + 0004041F040400       , 00000000000C0408
- 0000001F000000       . 00000000000C0C       / 00010204081000       0 0E11131519110E
1 040C040404040E       2 0E11010204081F       3 1F02040201110E       4 02060A121F0202
5 1F101E0101110E       6 0608101E11110E       7 1F010204080808       8 0E11110E11110E
9 0E11110F01020C       : 000C0C000C0C00       ; 000C0C000C0408       < 02040810080402
= 00001F001F0000       > 08040201020408       ? 0E110102040004       @ 0E11010D15150E
A 0E1111111F1111       B 1E11111E11111E       C 0E11101010110E       D 1C12111111121C
E 1F10101E10101F       F 1F10101E101010       G 0E11101711110F       H 1111111F111111
I 0E04040404040E       J 0702020202120C       K 11121418141211       L 1010101010101F
M 111B1515111111       N 11111915131111       O 0E11111111110E       P 1E11111E101010
Q 0E11111115120D       R 1E11111E141211       S 0F10100E01011E       T 1F040404040404
U 1111111111110E       V 11111111110A04       W 1111111515150A       X 11110A040A1111
Y 1111110A040404       Z 1F01020408101F       [ 0E08080808080E       \\ 00100804020100
] 0E02020202020E       ^ 040A1100000000       _ 000000000000001F     ` 08040000000000
a 00000E010F110F       b 1010161911111E       c 00000E1010110E       d 01010D1311110F
e 00000E111F100E       f 0609081C080808       g 00000F1111110F010E   h 10101619111111
i 04000C0404040E       j 02000602020202120C   k 10101214181412       l 0C04040404040E
m 00001A15151111       n 00001619111111       o 00000E1111110E       p 00001E1111111E1010
q 00000F1111110F0101   r 00001619101010       s 00000E100E011E       t 08081C08080906
u 0000111111130D       v 00001111110A04       w 0000111115150A       x 0000110A040A11
y 0000111111110F010E   z 00001F0204081F       { 02040408040402       | 04040404040404
} 08040402040408       ~ 00000815020000       ° 06090906000000       µ 000011111113150010
· 0000000C000000       × 00110A040A1100       ± 04041F0404001F       … 00000000000015
ß 0C121216111116       æ 00001A050F140B       Æ 0F14141F141417       ø 00000F1315191E
Ø 0F13131519191E       œ 00000A1517140B       Œ 0F14141614140F       ł 0C0405060C040E
Ł 08080A0C18080F       đ 02070E1212120E       Đ 0E09091D09090E       ð 0A040A010F110E
þ 10101E11111E10       Þ 101E11111E1010       ı 00000C0404040E       Б 1F10101E11111E
Г 1F101010101010       Д 060A0A0A0A1F11       Ж 1515150E151515       З 0E11010601110E
И 11111315191111       Л 07090909090911       П 1F111111111111       Ф 040E1515150E04
Ц 1212121212121F01     Ч 1111110F010101       Ш 1515151515151F       Щ 15151515151F01
Ъ 1808080E09090E       Ы 1111111D13131D       Ь 1010101E11111E       Э 0E11010701110E
Ю 12151D1D151512       Я 0F11110F050911       Є 0E11101C10110E       Δ 04040A0A11111F
Θ 0E11111F11110E       Ξ 1F00000E00001F       Σ 1F10080408101F       Ψ 1515150E040404
Ω 0E1111110A0A1B       □ 1F11111111111F
"""


# Accents: their two rows above a letter, or the two below its line.
_ABOVE = {
    "\u0300": (0x08, 0x04), "\u0301": (0x02, 0x04), "\u0302": (0x04, 0x0A), "\u0303": (0x05, 0x0A),
    "\u0304": (0x00, 0x0E), "\u0306": (0x11, 0x0E), "\u0307": (0x00, 0x04), "\u0308": (0x00, 0x0A),
    "\u0309": (0x06, 0x04), "\u030a": (0x0E, 0x0A), "\u030b": (0x09, 0x12), "\u030c": (0x0A, 0x04),
}  # fmt: skip
_BELOW = {"\u0323": (0x00, 0x04), "\u0326": (0x04, 0x08), "\u0327": (0x04, 0x0C), "\u0328": (0x04, 0x06)}
_BASELINE = _ASCENT + 7  # row of the cell below the line

# Letters that look alike are drawn once.
_ALIKE = str.maketrans(
    "АВЕКМНОРСТУХІЈЅҐΑΒΕΖΗΙΚΜΝΟΡΤΥΧΓΛΠΦ’‘“”–—−μ\u00a0",
    "ABEKMHOPCTYXIJSГABEZHIKMNOPTYXГЛПФ''\"\"---µ ",
)
_MISSING = "□"

_ROWS = dict(zip(_FONT.split()[::2], map(bytes.fromhex, _FONT.split()[1::2]), strict=True)) | {" ": b""}


def text_mask(lines: Sequence[str]) -> Mask:
    """Return lines of text, set flush left.

    Returns:
        Shape (lines × CELL_HEIGHT, longest line × CELL_WIDTH), True where there is ink.
    """
    cells = [[_cell(letter) for letter in _letters(line)] for line in lines]
    mask = np.zeros((len(lines) * CELL_HEIGHT, max(map(len, cells), default=0) * CELL_WIDTH), bool)
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            mask[row * CELL_HEIGHT :, column * CELL_WIDTH :][:CELL_HEIGHT, :CELL_WIDTH] = cell
    return mask


def characters(line: str) -> int:
    """Return how many cells a line takes."""
    return sum(1 for _ in _letters(line))


def _letters(line: str) -> Iterator[str]:
    """Yield each letter followed by its accents."""
    letter = ""
    for character in unicodedata.normalize("NFKD", line):
        if unicodedata.combining(character):
            letter += character
            continue
        if letter:
            yield letter
        letter = character
    if letter:
        yield letter


def _cell(letter: str) -> Mask:
    """Return the pixels of a letter with its accents, shape (CELL_HEIGHT, CELL_WIDTH)."""
    rows = [0] * CELL_HEIGHT
    base = _rows_of(letter[0])
    if base[:2] in (b"\4\0", b"\2\0") and letter[1:2] in _ABOVE:  # i and j lose their dot
        base = b"\0\0" + base[2:]
    rows[_ASCENT : _ASCENT + len(base)] = base
    for accent in letter[1:]:
        top = _ASCENT - 1 if base[:2] == b"\0\0" else 0
        for place, marks in ((top, _ABOVE.get(accent)), (_BASELINE, _BELOW.get(accent))):
            for row, bits in enumerate(marks or ()):
                rows[place + row] |= bits
    octets = np.array([[bits << 3] for bits in rows], np.uint8)
    return np.unpackbits(octets, axis=1)[:, :CELL_WIDTH].astype(bool)


def _rows_of(character: str) -> bytes:
    for form in (character, character.upper()):
        if (rows := _ROWS.get(form.translate(_ALIKE))) is not None:
            return rows
    return _ROWS[_MISSING]
