"""The cases that power_campaign.py records, and how one must lie when it has ended."""

import json

from world import sha256


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


def _files_below(folder):
    return {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}


def look_at(case, world):
    """What is wrong with where and how the case lies, as sentences."""
    places = case.where(world)
    if len(places) != 1:
        return [f"{case.name} lies in {len(places)} places: {[str(p.relative_to(world.spool)) for p in places]}"]
    folder, = places
    wrong = []
    found = _files_below(folder)
    said = found.pop("result.json", None), found.pop("error.json", None)
    if (said[0] is None) == (said[1] is None):
        wrong.append(f"{case.name} has not one of result.json and error.json")
    if {name: sha256(file.read_bytes()) for name, file in found.items()} != \
            {name: sha256(data) for name, data in case.files.items()}:
        wrong.append(f"{case.name}: the files are not as dropped: {sorted(found)}")
    if folder.parents[1] == world.failed and said[1] is not None:
        code = json.loads(said[1].read_text())["code"]
        if code != case.fails_with:
            wrong.append(f"{case.name} failed as {code}: {json.loads(said[1].read_text())['message']}")
    elif case.fails_with:
        wrong.append(f"{case.name} should have failed as {case.fails_with}")
    return wrong


def left_behind(world):
    """What is in inbox/ and work/ that should be gone: all but kycd's own folders, and its own files in work/ itself."""
    marks = [world.inbox / ".kycd" / name for name in (".identity", ".owner", ".lock")]
    found = [file for file in world.inbox.rglob("*") if file.is_file() and file not in marks]
    for path in world.work.rglob("*"):
        inside = path.relative_to(world.work).parts
        own_file = len(inside) == 1 and inside[0].startswith(".") or inside[0] == ".mounts"
        own_folder = inside[0].startswith(".") or len(inside) == 1
        if path.is_file() and not own_file or not path.is_file() and not own_folder:
            found.append(path)
    return sorted({str(path.relative_to(world.spool)) for path in found})
