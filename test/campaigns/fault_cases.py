"""The cases of a fault run, and the oracle: what must have become of each when the fault is over."""

import json

from world import case_files, picture, sha256


class Case:
    """One dropped case and what is expected of it."""

    def __init__(self, service, name, files, flat=False, fails_with=None):
        self.service = service
        self.name = name
        self.files = files
        self.flat = flat
        self.fails_with = fails_with
        self.images = sorted(sha256(data) for file, data in files.items() if not file.endswith(".json"))

    def drop(self, world):
        if self.flat:
            world.drop_flat(self.service, self.files)
        else:
            world.drop_folder(self.service, self.name, self.files)

    def where(self, world):
        """Every folder in which the case lies as it should not, or should, at the end."""
        return [root / self.service / self.name for root in (world.outbox, world.failed)
                if (root / self.service / self.name).exists()]

    def ended(self, world):
        return any((folder / name).exists() for folder in self.where(world) for name in ("result.json", "error.json"))


def mixed_cases(seed):
    """Folders and flat files, with and without images, good, doubtful and bad ones."""
    passport = {f"P-1.{field}.jpg": picture(field, f"{seed} P-1") for field in ("selfie_image", "passport_image")}
    damaged = picture("image", f"{seed} D-1")
    return [
        Case("kyc_card", "A-1", case_files("kyc_card", f"{seed} A-1", labels={"desk": "4"})),
        Case("kyc_passport", "P-1", passport, flat=True),
        Case("face_liveness", "D-1", {"image.jpg": damaged[:len(damaged) * 2 // 3]}, fails_with="IMAGE_DAMAGED"),
        Case("ocr_passport", "O-1", {"O-1.jpg": picture("passport_image", f"{seed} O-1")}, flat=True),
        Case("face_liveness", "L-1", case_files("face_liveness", f"{seed} L-1", answer="spoof")),
        Case("background_check", "B-1", case_files("background_check", f"{seed} B-1")),
        Case("ocr_card", "C-1", case_files("ocr_card", f"{seed} C-1")),
    ]


def _files_below(folder):
    return {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}


def look_at(case, world, allowed_codes):
    """What is wrong with where and how the case lies; and whether it was refused with an allowed code."""
    places = case.where(world)
    if len(places) != 1:
        return [f"{case.name} lies in {len(places)} places: {[str(p.relative_to(world.spool)) for p in places]}"], False
    folder, = places
    wrong = []
    found = _files_below(folder)
    said = found.pop("result.json", None), found.pop("error.json", None)
    if (said[0] is None) == (said[1] is None):
        wrong.append(f"{case.name} has not one of result.json and error.json")
    if {name: sha256(file.read_bytes()) for name, file in found.items()} != \
            {name: sha256(data) for name, data in case.files.items()}:
        wrong.append(f"{case.name}: the files are not as dropped: {sorted(found)}")
    refused = False
    if folder.parents[1] == world.failed and said[1] is not None:
        code = json.loads(said[1].read_text())["code"]
        refused = code != case.fails_with and code in allowed_codes
        if code != case.fails_with and not refused:
            wrong.append(f"{case.name} failed as {code}: {json.loads(said[1].read_text())['message']}")
    elif case.fails_with:
        wrong.append(f"{case.name} should have failed as {case.fails_with}")
    return wrong, refused


def left_behind(world):
    """What is in inbox/ and work/ that should be gone: all but kycd's own folders, and its own files in work/ itself."""
    found = [file for file in world.inbox.rglob("*") if file.is_file()]
    for path in world.work.rglob("*"):
        inside = path.relative_to(world.work).parts
        own_file = len(inside) == 1 and inside[0].startswith(".")
        own_folder = inside[0].startswith(".") or len(inside) == 1
        if path.is_file() and not own_file or not path.is_file() and not own_folder:
            found.append(path)
    return sorted({str(path.relative_to(world.spool)) for path in found})


def _judge_bill(to_pay, world, may_repeat):
    """Each good case is paid once; where outcomes may be unknown, again if result.json tells of as many attempts."""
    paid = [(each["service"], sorted(file["sha256"] for file in each["files"])) for each in world.bill()]
    wrong = []
    for case in to_pay:
        times = paid.count((case.service, case.images))
        result = world.outbox / case.service / case.name / "result.json"
        told = json.loads(result.read_text())["task"]["attempts"] if result.exists() else 0
        if times != 1 and not (may_repeat and 1 < times <= told):
            wrong.append(f"{case.name} was paid {times} times; result.json tells of {told} attempts")
    strange = [service for service, images in paid if not any((service, images) == (case.service, case.images) for case in to_pay)]
    return wrong + [f"a case of {service} was paid that should not have been" for service in strange]


def judge(cases, world, allowed_codes=(), may_repeat=False):
    """All that is wrong at the end of a run, as sentences; an empty list when nothing is."""
    wrong = []
    to_pay = []
    for case in cases:
        more, refused = look_at(case, world, allowed_codes)
        wrong += more
        if not case.fails_with and not refused:
            to_pay.append(case)
    strangers = {f"{root}/{case}" for root in ("outbox", "failed") if (world.spool / root).is_dir()
                 for case in world.cases(root)} - {f"{root}/{case.service}/{case.name}" for case in cases
                                                   for root in ("outbox", "failed")}
    wrong += [f"{case} was never dropped" for case in sorted(strangers)]
    wrong += [f"{path} was left behind" for path in left_behind(world)]
    return wrong + _judge_bill(to_pay, world, may_repeat)
