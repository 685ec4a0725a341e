#!/usr/bin/python3
"""Puts invented cases into a spool's inbox, as a scanner, a CRM or an SFTP client would.

  make_cases.py demo --spool DIR                                    some cases of every service, a few of them bad
  make_cases.py face --spool DIR --uuid UUID                        one more: authenticate_face of a registered face
  make_cases.py bulk --spool DIR --count 1000 --service kyc_card    many cases of realistic size, fast

Every case is written to a hidden folder of the spool first and renamed into the inbox, whole. A picture may carry a
comment `kycd-sandbox:<answer>;` and the sandbox then gives that answer for the case.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

import make_images

# Image field -> what is drawn for it.
KINDS = {"selfie_image": "selfie", "image": "selfie", "front_id": "id_front", "back_id": "id_back",
         "passport_image": "passport"}

SERVICES = {
    "kyc_card": ["selfie_image", "front_id", "back_id"],
    "kyc_passport": ["selfie_image", "passport_image"],
    "ocr_card": ["front_id", "back_id"],
    "ocr_passport": ["passport_image"],
    "face_liveness": ["image"],
    "register_face": ["image"],
    "authenticate_face": ["image"],
    "background_check": [],
    "kyc_card_with_background_check": ["selfie_image", "front_id", "back_id"],
    "kyc_passport_with_background_check": ["selfie_image", "passport_image"],
}

DEMO_FACE = "3f2b8c1e-5d47-4a90-9a63-0c1de2f4ab77"


def picture(field, seed, extension="jpg", answer=None, size=None):
    """The bytes of one picture of a case."""
    comment = f"kycd-sandbox:{answer};" if answer else None  # the mark ends the word: a PNG's checksum follows it
    kind = KINDS[field]
    if extension == "png":
        return make_images.png(make_images.draw(kind, size or (800, 600), seed, noise=6), comment)
    return make_images.jpeg(make_images.draw(kind, size or (1280, 960), seed), 0, 500_000, comment)


class Spool:
    """Writes cases beside the inbox and renames them into it, so that no reader sees half of one."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.staging = pathlib.Path(tempfile.mkdtemp(prefix=".make_cases-", dir=self.root))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.staging, ignore_errors=True)

    def _inbox(self, service):
        inbox = self.root / "inbox" / service
        inbox.mkdir(parents=True, exist_ok=True)
        return inbox

    def _refuse_existing(self, path):
        if path.exists():
            raise FileExistsError(f"{path} is there already: empty the inbox or choose another --prefix")

    def folder(self, service, case, files):
        """A case in a folder of its own; `files` maps names to bytes."""
        target = self._inbox(service) / case
        self._refuse_existing(target)
        folder = self.staging / case
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        os.rename(folder, target)

    def flat(self, service, files):
        """Files that lie in the service's folder themselves."""
        for name, data in files.items():
            target = self._inbox(service) / name
            self._refuse_existing(target)
            (self.staging / name).write_bytes(data)
            os.rename(self.staging / name, target)


def _json(value):
    return (json.dumps(value, indent=2) + "\n").encode()


def face(root, uuid, case="U-7001"):
    """An authenticate_face case; its uuid comes in case.json."""
    with Spool(root) as spool:
        spool.folder("authenticate_face", case,
                     {"image.jpg": picture("image", "R-6001"), "case.json": _json({"fields": {"uuid": uuid}})})


def demo(root, face_later=False):
    """A few cases of all ten services, in every way a producer may drop them."""
    if not face_later:
        face(root, DEMO_FACE)
    with Spool(root) as spool:
        def folder(service, case, answers=None, extensions=None, more=None):
            files = {}
            for field in SERVICES[service]:
                extension = (extensions or {}).get(field, "jpg")
                data = picture(field, case, "png" if extension == "png" else "jpg", (answers or {}).get(field))
                files[f"{field}.{extension}"] = data
            spool.folder(service, case, {**files, **(more or {})})

        # Folders; a PNG among them, the odd extension, and something that is not for the API.
        folder("kyc_card", "A-1001", extensions={"front_id": "png", "back_id": "jpeg"},
               more={"scan-notes.txt": b"scanned at desk 4\n"})
        folder("kyc_card", "A-1002", answers={"selfie_image": "spoof"})
        folder("kyc_card", "A-1003", answers={"front_id": "expired"})
        folder("kyc_passport", "P-2002", answers={"selfie_image": "face_mismatch"})
        folder("ocr_card", "C-3001")
        folder("kyc_card_with_background_check", "K-9001")
        folder("kyc_passport_with_background_check", "K-9101")

        # Flat files that share a stem.
        spool.flat("kyc_passport", {"P-2001.selfie_image.jpg": picture("selfie_image", "P-2001"),
                                    "P-2001.passport_image.png": picture("passport_image", "P-2001", "png")})

        # One file is the case.
        spool.flat("ocr_passport", {"O-4001.jpg": picture("passport_image", "O-4001"),
                                    "O-4002.jpg": picture("passport_image", "O-4002", answer="invalid_document")})
        spool.flat("face_liveness", {"L-5001.jpg": picture("image", "L-5001"),
                                     "L-5003.png": picture("image", "L-5003", "png", answer="face_not_found")})
        spool.flat("liveness", {"L-5002.jpg": picture("image", "L-5002")})  # the API's other word for it
        spool.flat("register_face", {"R-6001.png": picture("image", "R-6001", "png")})

        # Form fields come in case.json, or beside a flat case in <case>.json.
        spool.flat("background_check",
                   {"B-8001.json": _json({"fields": {"fullname": "Erika Mustermann", "birth_date": "1983-08-12"}})})
        spool.folder("background_check", "B-8002",
                     {"case.json": _json({"fields": {"fullname": "Tove Halvorsen", "birth_date": "1971-02-03"},
                                          "labels": {"desk": "4"}})})

        # Two that must not be paid for: half a file, and too small a picture.
        whole = picture("passport_image", "X-0001")
        spool.flat("ocr_passport", {"X-0001.jpg": whole[:len(whole) * 9 // 10]})
        spool.flat("face_liveness", {"X-0002.jpg": picture("image", "X-0002", size=(300, 300))})


def _sized_jpeg(kind, seed, min_bytes, max_bytes):
    """A picture of `kind` whose JPEG lies in the range, or None: size and noise grow until it does."""
    for width, noise in ((960, 8), (960, 16), (1280, 24), (1280, 48), (1600, 48), (1920, 64), (2560, 96), (3200, 128)):
        try:
            return make_images.jpeg(make_images.draw(kind, (width, width * 3 // 4), seed, noise), min_bytes, max_bytes)
        except ValueError:
            continue
    return None


def _bulk_bases(service, min_bytes, max_bytes, seed, count=4):
    """A few pictures for each field, spread over the range of sizes."""
    max_bytes -= 256  # room for the comment that tells the copies apart
    step = (max_bytes - min_bytes) // count
    bases = {}
    for field in SERVICES[service]:
        bases[field] = []
        for index in range(count):
            low = min_bytes + step * index
            name = f"{seed} {index}"
            # A narrow slice may fall between two steps of JPEG quality; then anywhere in the range will do.
            data = _sized_jpeg(KINDS[field], name, low, low + step) or _sized_jpeg(KINDS[field], name, min_bytes, max_bytes)
            if data is None:
                raise ValueError(f"no picture for {field} has {min_bytes} to {max_bytes} bytes: widen --min-kb, --max-kb")
            bases[field].append(data)
    return bases


def bulk(root, count, service, min_bytes, max_bytes, prefix="N-", seed="bulk"):
    """`count` cases of distinct JPEGs: a few drawings, and a comment that makes each file its own."""
    bases = _bulk_bases(service, min_bytes, max_bytes, seed)
    digits = max(6, len(str(count)))
    with Spool(root) as spool:
        for number in range(1, count + 1):
            case = f"{prefix}{number:0{digits}}"
            files = {}
            for offset, (field, drawn) in enumerate(bases.items()):
                base = drawn[(number + offset) % len(drawn)]
                files[f"{field}.jpg"] = make_images.jpeg_comment(base, f"{seed} {case} {field}")
            if not files:
                fields = {"fullname": f"Erika Mustermann {number}", "birth_date": "1983-08-12"}
                files["case.json"] = _json({"fields": fields})
            if service == "authenticate_face":
                files["case.json"] = _json({"fields": {"uuid": DEMO_FACE}})
            spool.folder(service, case, files)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for_demo = commands.add_parser("demo", help="some cases of every service, two of them broken")
    for_demo.add_argument("--spool", required=True)
    for_demo.add_argument("--face-later", action="store_true",
                          help="without authenticate_face, whose uuid is known once register_face was answered")
    for_face = commands.add_parser("face", help="one authenticate_face case")
    for_face.add_argument("--spool", required=True)
    for_face.add_argument("--uuid", required=True)
    for_bulk = commands.add_parser("bulk", help="many cases of one service")
    for_bulk.add_argument("--spool", required=True)
    for_bulk.add_argument("--count", type=int, required=True)
    for_bulk.add_argument("--service", choices=sorted(SERVICES), default="kyc_card")
    for_bulk.add_argument("--min-kb", type=int, default=150)
    for_bulk.add_argument("--max-kb", type=int, default=500)
    for_bulk.add_argument("--prefix", default="N-", help="what the case names begin with")
    for_bulk.add_argument("--seed", default="bulk", help="another seed gives other pictures, and other hashes")
    arguments = parser.parse_args()
    try:
        if arguments.command == "demo":
            demo(arguments.spool, arguments.face_later)
        elif arguments.command == "face":
            face(arguments.spool, arguments.uuid)
        else:
            if not 0 < arguments.min_kb < arguments.max_kb <= 2000:
                raise ValueError("the sizes must be 0 < --min-kb < --max-kb <= 2000")
            bulk(arguments.spool, arguments.count, arguments.service, arguments.min_kb * 1000,
                 arguments.max_kb * 1000, arguments.prefix, arguments.seed)
    except (OSError, ValueError) as error:
        sys.exit(f"make_cases: {error}")


if __name__ == "__main__":
    main()
