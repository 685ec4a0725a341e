"""Cases of every kind for the campaigns: each has bytes of its own, so that each line of the bill names its case."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import world as shared  # noqa: E402
from oracle import DELIVERED, Drop  # noqa: E402

def texts_of(fields):
    """The bill's texts_sha256 of these form fields."""
    return (shared.sha256("".join(f"{name}={value}\n" for name, value in fields.items()).encode()),)


def images_of(files):
    return tuple(sorted(shared.sha256(data) for name, data in files.items() if name.endswith((".jpg", ".png"))))


def _hashes(files):
    return {name: shared.sha256(data) for name, data in files.items()}


class Producer:
    """Drops cases into a world, and remembers what it dropped."""

    def __init__(self, world, marker=False):
        self.world = world
        self.marker = marker  # intake.ready: marker
        self.drops = []

    def _add(self, drop):
        self.drops.append(drop)
        return drop

    def folder(self, service, case, files, comes_out=None, out_case=None, ends=(DELIVERED,), **more):
        """A case in a folder of its own. `comes_out`: the files as they are found at the end, if not just these."""
        files = {**files, ".done": b""} if self.marker else files
        drop = Drop(service, out_case or case, _hashes(comes_out(files) if comes_out else files), images_of(files),
                    set(ends), **more)
        self.drops.append(drop)  # before it can come out
        self.world.drop_folder(service, case, files)
        return drop

    def flat(self, service, case, files, identity=None, ends=(DELIVERED,), **more):
        """A case of files that lie in the service's folder; the marker comes last."""
        files = {**files, f"{case}.done": b""} if self.marker else files
        drop = Drop(service, case, _hashes(files), identity or images_of(files), set(ends), **more)
        self.drops.append(drop)
        self.world.drop_flat(service, files)
        return drop

    # Single kinds

    def card(self, case, service="kyc_card", answer=None, **more):
        return self.folder(service, case, shared.case_files(service, case, answer), **more)

    def flat_passport(self, case):
        files = {f"{case}.{name}": data for name, data in shared.case_files("kyc_passport", case).items()}
        return self.flat("kyc_passport", case, files)

    def single_file(self, case, service="face_liveness"):
        field = shared.IMAGES[service][0]
        return self.flat(service, case, {f"{case}.jpg": shared.picture(field, case)})

    def register(self, case):
        return self.folder("register_face", case, shared.case_files("register_face", case), once=True)

    def background(self, case):
        """No image: a flat case of one JSON file, told apart on the bill by its texts."""
        fields = {"fullname": f"Tove Halvorsen {case}", "birth_date": "1971-02-03"}
        data = json.dumps({"fields": fields}).encode()
        return self.flat("background_check", case, {f"{case}.json": data}, identity=texts_of(fields))

    def mapped(self, case):
        """Names of the producer's own, mapped and vouched for by case.json."""
        front, back = shared.picture("front_id", case), shared.picture("back_id", case)
        said = {"files": {"front_id": "scan 001.jpg", "back_id": "scan 002.jpg"}, "labels": {"desk": "4"},
                "sha256": {"scan 001.jpg": shared.sha256(front)}}
        return self.folder("ocr_card", case, {"scan 001.jpg": front, "scan 002.jpg": back,
                                              "case.json": json.dumps(said).encode(), "notes.txt": b"desk 4\n"})

    def forged_answer(self, case):
        """A producer's file with the name of kycd's own: recovery must never take it for an answer."""
        files = {**shared.case_files("face_liveness", case), "result.json": b'{"verdict": "pass"}'}

        def comes_out(dropped):
            return {name + ".dropped" if name == "result.json" else name: data for name, data in dropped.items()}

        return self.folder("face_liveness", case, files, comes_out)

    def failing_task(self, case):
        """Its task ends as FAILURE, and so does the one of the second submission."""
        return self.card(case, "ocr_passport", answer="failure", ends={"TASK_FAILED"}, failures=1)

    def same_name(self, earlier, case):
        """Other pictures under the name of a case that has come out: a new case, beside the first."""
        drop = Drop(earlier.folder, earlier.case + "~2", {}, (), {DELIVERED}, again=True)
        files = {**shared.case_files(earlier.folder, case), **({".done": b""} if self.marker else {})}
        drop.files, drop.identity = _hashes(files), images_of(files)
        self.drops.append(drop)
        self.world.drop_folder(earlier.folder, earlier.case, files)
        return drop

    # What must never be paid for

    def bad_name(self, case):
        return self.folder("face_liveness", case + "\tx", shared.case_files("face_liveness", case), out_case=case + "%09x",
                           ends={"BAD_CASE_NAME"})

    def damaged(self, case):
        whole = shared.picture("passport_image", case)
        return self.folder("ocr_passport", case, {"passport_image.jpg": whole[:len(whole) * 9 // 10]},
                           ends={"IMAGE_DAMAGED"})

    def unknown_service(self, case):
        return self.folder("no_such_service", case, {"image.jpg": shared.picture("image", case)}, ends={"UNKNOWN_SERVICE"})

    def bad_manifest(self, case):
        files = {**shared.case_files("face_liveness", case), "case.json": b'{"colour": "blue"}'}
        return self.folder("face_liveness", case, files, ends={"BAD_MANIFEST"})

    def link(self, case):
        """A link in a case's place: it is moved, never followed."""
        target = self.world.inbox / "face_liveness"
        target.mkdir(exist_ok=True)
        name = f"{case}.jpg"
        drop = self._add(Drop("face_liveness", case, {name: "link to /nowhere"}, (f"link {case}",), {"NOT_A_REGULAR_FILE"}))
        os.symlink("/nowhere", target / name)
        return drop


def one_of_each(producer, prefix="", lost_reply="reply-lost"):
    """A case of each kind. The picture of one holds the word `lost_reply`, for a sandbox rule to meet."""
    producer.card(f"{prefix}card")
    producer.flat_passport(f"{prefix}flat")
    producer.single_file(f"{prefix}single")
    producer.folder("liveness", f"{prefix}alias", shared.case_files("face_liveness", f"{prefix}alias"))
    producer.register(f"{prefix}face")
    producer.background(f"{prefix}check")
    producer.mapped(f"{prefix}mapped")
    producer.forged_answer(f"{prefix}forged")
    producer.failing_task(f"{prefix}failing")
    producer.folder("kyc_card_with_background_check", f"{prefix}{lost_reply}",
                    shared.case_files("kyc_card_with_background_check", f"{prefix}{lost_reply}"))
    producer.bad_name(f"{prefix}bad")
    producer.damaged(f"{prefix}damaged")
    producer.unknown_service(f"{prefix}nobody")
    producer.bad_manifest(f"{prefix}manifest")
    if not producer.marker:
        producer.link(f"{prefix}link")
