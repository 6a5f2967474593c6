"""Makes the two fonts beside it. Needs fonttools (4.68 made these) and the DejaVu fonts (2.37); see README.md."""

import sys

from fontTools import subset
from fontTools.ttLib import TTFont

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/dejavu"
CHARACTERS = (
    [*range(0x20, 0x7F), *range(0xA0, 0x100)]
    + [ord(c) for c in "αβγδεζηθκλμνξπρστφχψωΔΣΩ"]
    + [ord(c) for c in "‐‑–—‘’‚“”„•…‰′″€−∞≈≠≤≥←↑→↓↔"]
    + [0x2009, 0x202F]
)
NAMES = {
    0: "Copyright (c) 2003 by Bitstream, Inc. All Rights Reserved. DejaVu changes are in public domain. "
    "Subset and renamed; see LICENSE.",
    1: "Zonefall Sans",
    5: "Version 1",
}

for source, weight in [("DejaVuSans.ttf", "Regular"), ("DejaVuSans-Bold.ttf", "Bold")]:
    options = subset.Options(
        hinting=False, layout_features=[], notdef_outline=True, glyph_names=False, drop_tables=["+", "FFTM", "kern"]
    )
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "MATH", "gasp"]
    font = TTFont(f"{FOLDER}/{source}", recalcTimestamp=False)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=CHARACTERS)
    worker.subset(font)
    # The drawing library takes a line of this font for 1.24 em: made so, bitmaps and SVG get letters of one size.
    em = font["head"].unitsPerEm
    font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap = round(0.94 * em), -round(0.30 * em), 0
    font["OS/2"].sTypoAscender, font["OS/2"].sTypoDescender, font["OS/2"].sTypoLineGap = (
        font["hhea"].ascent,
        font["hhea"].descent,
        0,
    )
    table = font["name"]
    table.names = []
    full = {2: weight, 3: f"ZonefallSans-{weight}-1", 4: f"Zonefall Sans {weight}", 6: f"ZonefallSans-{weight}"}
    for number, text in {**NAMES, **full}.items():
        table.setName(text, number, 3, 1, 0x409)
    font.save(f"ZonefallSans-{weight}.ttf")
