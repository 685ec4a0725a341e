#!/usr/bin/python3
"""Draws invented ID cards, passports and selfies for demos and tests.

Nothing here is a real document or person. The same seed gives the same pixels. Noise as of a camera's sensor makes the
files as large as photographs are. Needs Pillow (Debian: python3-pil) and no fonts.
"""

import argparse
import io
import pathlib
import random
import sys

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, PngImagePlugin

FIRST_NAMES = ["Erika", "Tove", "Amaru", "Ilse", "Noor", "Pavel", "Yuna", "Oriel", "Femke", "Tarik"]
LAST_NAMES = ["Mustermann", "Halvorsen", "Quispe", "Lindqvist", "Haddad", "Novotny", "Okafor", "Brandt", "Arslan"]
SKINS = ["#f1c9a5", "#d8a47f", "#a9714b", "#7a4a2f", "#ecd3bd"]
HAIRS = ["#2b1d14", "#5a3a22", "#a87b3f", "#1c1c1f", "#8d8d90"]


class Person:
    """An invented holder of a document."""

    def __init__(self, seed):
        dice = random.Random(f"person {seed}")
        self.first = dice.choice(FIRST_NAMES)
        self.last = dice.choice(LAST_NAMES)
        self.born = f"{dice.randint(1950, 2004)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        self.number = "".join(dice.choice("CFGHJKLMNPRTVWXYZ0123456789") for _ in range(9))
        self.expires = f"{dice.randint(2028, 2035)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        self.skin = dice.choice(SKINS)
        self.hair = dice.choice(HAIRS)
        self.shirt = dice.choice(["#31506e", "#70323a", "#3f6b4f", "#4b4b55"])


def _text(image, place, words, height, colour="#1b2230"):
    """Pillow's built-in font has one size and is always there; it is drawn small and enlarged."""
    font = ImageFont.load_default()
    left, top, right, bottom = font.getbbox(words)
    mask = Image.new("L", (max(1, right), max(1, bottom)), 0)
    ImageDraw.Draw(mask).text((0, 0), words, fill=255, font=font)
    width = max(1, round(mask.width * height / mask.height))
    mask = mask.resize((width, max(1, round(height))), Image.BICUBIC)
    image.paste(Image.new("RGB", mask.size, colour), (round(place[0]), round(place[1])), mask)


def _face(image, box, person, background="#c9d3da"):
    left, top, right, bottom = (round(side) for side in box)
    width, height = right - left, bottom - top
    portrait = Image.new("RGB", (width, height), background)
    draw = ImageDraw.Draw(portrait)

    def part(x0, y0, x1, y1):
        return [x0 * width, y0 * height, x1 * width, y1 * height]

    draw.ellipse(part(0.02, 0.76, 0.98, 1.5), fill=person.shirt)
    draw.rectangle(part(0.40, 0.62, 0.60, 0.85), fill=person.skin)
    draw.ellipse(part(0.20, 0.05, 0.80, 0.62), fill=person.hair)
    draw.ellipse(part(0.25, 0.14, 0.75, 0.76), fill=person.skin)
    for x in (0.36, 0.56):
        draw.ellipse(part(x, 0.38, x + 0.09, 0.43), fill="#ffffff")
        draw.ellipse(part(x + 0.025, 0.38, x + 0.065, 0.43), fill="#2d2a28")
        draw.line(part(x - 0.01, 0.35, x + 0.10, 0.34), fill=person.hair, width=max(1, int(height * 0.012)))
    draw.line(part(0.50, 0.42, 0.48, 0.54), fill="#8a5a44", width=max(1, int(height * 0.008)))
    draw.line(part(0.42, 0.63, 0.58, 0.63), fill="#9c4a4a", width=max(1, int(height * 0.014)))
    image.paste(portrait, (left, top))


def _guilloche(image, dice, colour):
    draw = ImageDraw.Draw(image)
    width, height = image.size
    for _ in range(14):
        x, y, radius = dice.uniform(0, width), dice.uniform(0, height), dice.uniform(0.1, 0.5) * height
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=colour)


def _photographed(image, dice, noise):
    """Blur, sensor noise: what makes a drawing compress as a photograph does."""
    image = image.filter(ImageFilter.GaussianBlur(0.6))
    width, height = image.size
    grain = Image.frombytes("L", (width, height), dice.randbytes(width * height))
    grain = grain.point(lambda value: value * noise // 255)
    grain = Image.merge("RGB", (grain, ImageChops.offset(grain, 7, 3), ImageChops.offset(grain, 2, 11)))
    return ImageChops.subtract(ImageChops.add(image, grain), Image.new("RGB", image.size, (noise // 2,) * 3))


def _mrz(words, length):
    return words.upper().replace(" ", "<").ljust(length, "<")[:length]


def draw(kind, size=(1280, 960), seed=0, noise=24):
    """A picture of `kind`: id_front, id_back, passport or selfie. The seed names the person and the grain."""
    person = Person(seed)
    dice = random.Random(f"{kind} {seed} {size}")
    width, height = size
    unit = height / 100
    if kind == "selfie":
        wall = dice.choice(["#8fa3a8", "#b9ad98", "#77808c"])
        image = Image.new("RGB", size, wall)
        _face(image, [width * 0.18, height * 0.06, width * 0.82, height], person, wall)
        return _photographed(image, dice, noise)

    image = Image.new("RGB", size, dice.choice(["#5b5048", "#3d454d", "#6b5a3e"]))  # the table it lies on
    card = Image.new("RGB", (round(width * 0.9), round(height * 0.84)), "#e8efe9" if kind != "passport" else "#efe6e9")
    _guilloche(card, dice, "#c8dccb" if kind != "passport" else "#dccbd4")
    if kind == "id_back":
        _text(card, (5 * unit, 6 * unit), "SPECIMEN ISLANDS   RESIDENCE  HARBOUR STREET 12", 4 * unit)
        ImageDraw.Draw(card).rectangle([5 * unit, 16 * unit, card.width - 5 * unit, 30 * unit], fill="#20242a")
        _text(card, (5 * unit, 52 * unit), _mrz(f"I<XXX{person.number}", 30), 6 * unit)
        _text(card, (5 * unit, 62 * unit), _mrz(person.born.replace("-", "")[2:] + "0F" + person.expires[2:4], 30), 6 * unit)
        _text(card, (5 * unit, 72 * unit), _mrz(f"{person.last}<<{person.first}", 30), 6 * unit)
    else:
        title = "SPECIMEN ISLANDS   PASSPORT" if kind == "passport" else "SPECIMEN ISLANDS   IDENTITY CARD"
        _text(card, (5 * unit, 4 * unit), title, 5 * unit, "#304a6b")
        _face(card, [5 * unit, 15 * unit, 38 * unit, 58 * unit], person)
        rows = [("Surname", person.last.upper()), ("Given names", person.first.upper()), ("Date of birth", person.born),
                ("Document no.", person.number), ("Date of expiry", person.expires)]
        for row, (label, value) in enumerate(rows):
            _text(card, (44 * unit, (15 + 9.5 * row) * unit), label, 2.6 * unit, "#5f6b78")
            _text(card, (44 * unit, (18 + 9.5 * row) * unit), value, 4.6 * unit)
        if kind == "passport":
            _text(card, (5 * unit, 66 * unit), _mrz(f"P<XXX{person.last}<<{person.first}", 44), 4.4 * unit)
            _text(card, (5 * unit, 74 * unit), _mrz(f"{person.number}0XXX{person.born.replace('-', '')[2:]}", 44), 4.4 * unit)
    image.paste(card, (round(width * 0.05), round(height * 0.08)))
    return _photographed(image.rotate(dice.uniform(-1.5, 1.5), Image.BICUBIC, fillcolor="#4a4a48"), dice, noise)


def jpeg_comment(data, comment):
    """The JPEG with a comment behind its start mark; the picture does not change."""
    words = comment.encode()
    return data[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + data[2:]


def jpeg(image, min_bytes=0, max_bytes=2_000_000, comment=None, progressive=False):
    """JPEG bytes within the range, at the highest quality that fits. A ValueError says when none does."""
    room = max_bytes - (len(comment.encode()) + 4 if comment else 0)
    low, high, best = 30, 95, None
    while low <= high:
        quality = (low + high) // 2
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, progressive=progressive)
        if len(out.getvalue()) <= room:
            best, low = out.getvalue(), quality + 1
        else:
            high = quality - 1
    if best is None or len(best) < min_bytes:
        reached = "nothing" if best is None else f"{len(best)} bytes"
        raise ValueError(f"{image.width}x{image.height} pixels cannot become {min_bytes} to {max_bytes} bytes of JPEG "
                         f"(reached {reached}): use another size or noise")
    return jpeg_comment(best, comment) if comment else best


def png(image, comment=None):
    """PNG bytes; `comment` becomes a tEXt chunk."""
    info = PngImagePlugin.PngInfo()
    if comment:
        info.add_text("Comment", comment)
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=info)
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["id_front", "id_back", "passport", "selfie"])
    parser.add_argument("file", type=pathlib.Path, help="where to write; .png or .jpg decides the format")
    parser.add_argument("--size", default="1280x960", metavar="WxH")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--noise", type=int, default=24, help="0 to 128; more noise, larger files")
    parser.add_argument("--min-kb", type=int, default=0)
    parser.add_argument("--max-kb", type=int, default=2000)
    parser.add_argument("--comment", help="e.g. kycd-sandbox:spoof")
    arguments = parser.parse_args()
    size = tuple(int(side) for side in arguments.size.split("x"))
    image = draw(arguments.kind, size, arguments.seed, arguments.noise)
    try:
        if arguments.file.suffix.lower() == ".png":
            data = png(image, arguments.comment)
        else:
            data = jpeg(image, arguments.min_kb * 1000, arguments.max_kb * 1000, arguments.comment)
    except ValueError as error:
        sys.exit(f"make_images: {error}")
    arguments.file.write_bytes(data)


if __name__ == "__main__":
    main()
