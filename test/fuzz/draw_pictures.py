#!/usr/bin/python3
"""Draws the smallest pictures that the image gate can meet: seeds for its fuzz target, each below 4 KB.

    draw_pictures.py FOLDER

Needs Pillow (Debian: python3-pil). PNGs are put together by hand, since Pillow writes no interlaced ones.
"""

import pathlib
import struct
import sys
import zlib

from PIL import Image

SIDE = 480
MAGIC = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colour, depth, interlaced=False, extra=b"", width=SIDE, height=SIDE):
    """A black picture. `colour` as the format numbers them: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = bytearray()
    for left, top, step_x, step_y in passes if interlaced else [(0, 0, 1, 1)]:
        columns = (width - left + step_x - 1) // step_x
        rows += b"\0" * (1 + (columns * channels * depth + 7) // 8) * ((height - top + step_y - 1) // step_y)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    return MAGIC + chunk(b"IHDR", header) + extra + palette + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND")


def save_jpeg(path, mode, **options):
    Image.new(mode, (SIDE, SIDE)).save(path, "JPEG", quality=5, optimize=True, **options)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for colour, depth in [(0, 1), (0, 8), (0, 16), (2, 8), (3, 1), (3, 8), (4, 8), (6, 8), (6, 16)]:
        (folder / f"colour{colour}_depth{depth}.png").write_bytes(png(colour, depth))
    (folder / "interlaced.png").write_bytes(png(2, 8, interlaced=True))
    text = chunk(b"tEXt", b"Comment\0a word") + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"words " * 9))
    labels = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"sRGB", b"\0") + chunk(b"iCCP", b"x\0\0" + zlib.compress(b"x"))
    (folder / "labels.png").write_bytes(png(0, 1, extra=text + labels))
    (folder / "too_wide.png").write_bytes(png(0, 1, width=4097))
    (folder / "too_small.png").write_bytes(png(0, 1, height=479))
    (folder / "cut.png").write_bytes(png(0, 8)[:-30])
    save_jpeg(folder / "grey.jpg", "L")
    save_jpeg(folder / "colour.jpg", "RGB")
    save_jpeg(folder / "four_channels.jpg", "CMYK")
    save_jpeg(folder / "progressive.jpg", "RGB", progressive=True)
    save_jpeg(folder / "progressive_grey.jpg", "L", progressive=True, comment=b"a word")
    (folder / "cut.jpg").write_bytes((folder / "grey.jpg").read_bytes()[:-200])
    for file in sorted(folder.iterdir()):
        if file.stat().st_size > 4096:
            sys.exit(f"{file} has {file.stat().st_size} bytes; a seed has at most 4096")


if __name__ == "__main__":
    main()
