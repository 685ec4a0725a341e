"""The image gate: what never reaches the API, and `kycd inspect`, which asks the same questions."""

import io
import json
import struct
import zlib

import pytest
from conftest import picture, picture_png
from PIL import Image


def cut_jpeg():
    whole = picture("image", "cut")
    return whole[:len(whole) * 8 // 10]


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png_with_header(width, height):
    """A PNG that claims its size and holds next to nothing."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def padded_jpeg(size):
    whole = picture("image", "padded")
    return whole + b"\0" * (size - len(whole))


BAD = {
    "cut": (cut_jpeg, "IMAGE_DAMAGED"),
    "cut png": (lambda: picture_png("image")[:-2000], "IMAGE_DAMAGED"),
    "tiny": (lambda: picture("image", "tiny", size=(300, 300)), "IMAGE_TOO_SMALL"),
    "low": (lambda: picture("image", "low", size=(640, 479)), "IMAGE_TOO_SMALL"),
    "huge": (lambda: png_with_header(60_000, 60_000), "IMAGE_TOO_LARGE"),
    "wide": (lambda: saved(Image.new("L", (4097, 480)), "PNG"), "IMAGE_TOO_LARGE"),
    "heavy": (lambda: padded_jpeg(2_000_001), "FILE_TOO_LARGE"),
    "gif": (lambda: saved(Image.new("L", (640, 480)), "GIF"), "NOT_AN_IMAGE"),
    "text": (lambda: b"this is a letter, not an image\n" * 100, "NOT_AN_IMAGE"),
    "pdf": (lambda: b"%PDF-1.7\n" + b"x" * 5000, "NOT_AN_IMAGE"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_image_fails_before_anything_is_paid(world, kind):
    make, code = BAD[kind]
    world.drop_folder("ocr_card", "A-1", {"front_id.jpg": picture("front_id", 1), "back_id.jpg": make()})
    run = world.run_once()
    assert run.code == 1, run
    error = world.error("A-1", "ocr_card")
    assert (error["stage"], error["code"], error["retryable"]) == ("prepare", code, False)
    assert error["message"].startswith("back_id.jpg") and error["advice"]
    assert error["attempts"] == 0 and error["http_status"] is None and error["api"] is None
    assert world.bill() == [] and world.sandbox.stats()["submits"] == {}
    assert world.tree() == {f"failed/ocr_card/A-1/{name}" for name in ("front_id.jpg", "back_id.jpg", "error.json")}


def test_one_bad_case_does_not_hold_up_the_others(world):
    for name in ("A-1", "A-3"):
        world.drop_case(name)
    world.drop_folder("face_liveness", "A-2", {"image.jpg": cut_jpeg()})
    run = world.run_once()
    assert run.code == 1, run
    assert world.cases("outbox") == {"face_liveness/A-1", "face_liveness/A-3"}
    assert world.cases("failed") == {"face_liveness/A-2"} and len(world.bill()) == 2


def test_the_smallest_and_the_largest_allowed_images_pass(world):
    world.drop_folder("ocr_card", "A-1", {"front_id.png": saved(Image.new("L", (480, 4096)), "PNG"),
                                          "back_id.jpg": padded_jpeg(2_000_000)})
    run = world.run_once()
    assert run.code == 0, run
    front, back = world.result("A-1", "ocr_card")["files"]
    assert (front["width"], front["height"], back["bytes"]) == (480, 4096, 2_000_000)


def test_a_progressive_jpeg_and_a_wrong_extension_are_fine(world):
    image = Image.open(io.BytesIO(picture_png("image")))
    world.drop_folder("face_liveness", "A-1", {"image.png": saved(image.convert("RGB"), "JPEG", progressive=True)})
    assert world.run_once().code == 0
    assert world.bill()[0]["files"][0]["name"] == "image.jpg"


def test_inspect_tells_good_from_bad_without_a_network(bare_world):
    good = bare_world.root / "good.jpg"
    good.write_bytes(picture("image", 1))
    bad = bare_world.root / "bad.jpg"
    bad.write_bytes(cut_jpeg())

    run = bare_world.kycd("inspect", str(good))
    assert run.code == 0 and run.log == ""
    assert run.out == f"{good}: ok, image/jpeg, 640 x 480 pixels, {good.stat().st_size} bytes\n"

    run = bare_world.kycd("inspect", str(good), str(bad))
    assert run.code == 1
    assert len(run.out.splitlines()) == 2 and f"{bad}: IMAGE_DAMAGED, " in run.out


def test_inspect_in_json_names_every_finding(bare_world):
    files = {}
    for kind, (make, code) in BAD.items():
        files[str(bare_world.root / f"{kind}.jpg")] = code
        (bare_world.root / f"{kind}.jpg").write_bytes(make())
    missing = str(bare_world.root / "missing.jpg")
    run = bare_world.kycd("inspect", "--json", *files, missing, str(bare_world.root))
    assert run.code == 1
    told = json.loads(run.out)
    assert {each["file"]: each["code"] for each in told} == {
        **files, missing: "FILE_UNREADABLE", str(bare_world.root): "FILE_UNREADABLE"}
    assert all(each["ok"] is False and each["finding"] and each["rule"] for each in told)
