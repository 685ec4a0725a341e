"""A small model of what a power cut leaves on disk, fed with a trace of KYCD_PRELOAD_TRACE (see preload_trace.cpp).

The rules, which every journaling file system in use keeps or betters:

- Changes of names (create, mkdir, rename, unlink, rmdir) reach the disk in their order. A power cut loses some of the last.
- fsync of a folder makes the changes in that folder durable, and all that came before the last of them. fsync of a file makes its
  data durable, not its name.
- Data of a file that was not synced may be there, or missing, in part, or as zeros, whatever became of its name. Writes to
  different files have no order.
- syncfs makes everything durable.
- Each file system does so for itself: on two of them neither waits for the other.

So for a crash after the first k operations the states on disk are: each cut through the changes of names that nothing has forced
× each fate of the data that was not synced.
"""

import hashlib
import re

NAMES = {"create", "mkdir", "rename", "unlink", "rmdir", "symlink"}
DATA = {"write", "truncate"}


class Operation:
    def __init__(self, kind, path, other, data):
        self.kind, self.path, self.other, self.data = kind, path, other, data

    def __repr__(self):
        return f"{self.kind} {self.path} {self.other} {len(self.data)}".strip()


def read_trace(file, keep=lambda path: True):
    """The operations in order; those on files that `keep` does not want are left out."""
    text = file.read_bytes()
    found = []
    at = 0
    while at < len(text):
        end = text.index(b"\n", at)
        kind, path, other, size = text[at:end].decode("utf-8", "surrogateescape").split("\t")
        data = text[end + 1:end + 1 + int(size)]
        at = end + 1 + int(size) + 1
        path, other = (re.sub("%([0-9A-F]{2})", lambda hit: chr(int(hit[1], 16)), each) for each in (path, other))
        if kind == "mark" or keep(path) and not path.endswith(" (deleted)"):
            found.append(Operation(kind, path, other, data))
    return found


class Node:
    """A file or a folder, the same one through all its names. Folders map names to nodes."""

    def __init__(self, number, children=None, content=b""):
        self.number, self.children, self.content = number, children, content


class Tree:
    """Names, without data."""

    def __init__(self, snapshot):
        self.top = Node("/", {})
        self.nodes = {}
        for path, content in snapshot.items():
            self._add(path, Node("before:" + path, {} if content is None else None, content or b""))

    def _add(self, path, node):
        parent, name = self.parent(path)
        parent.children[name] = node
        self.nodes[node.number] = node

    def find(self, path):
        node = self.top
        for part in path.strip("/").split("/"):
            if node is None or node.children is None:
                return None
            node = node.children.get(part)
        return node

    def parent(self, path):
        """The folder of a path, made if the snapshot does not have it, and the last name."""
        *folders, name = path.strip("/").split("/")
        node = self.top
        for folder in folders:
            node = node.children.setdefault(folder, Node("above:" + folder, {}))
        return node, name

    def apply(self, number, operation):
        """Carries out a change of names; the numbers of the folders it changes."""
        parent, name = self.parent(operation.path)
        if operation.kind in ("create", "symlink"):
            self._add(operation.path, Node(number))
        elif operation.kind == "mkdir":
            self._add(operation.path, Node(number, {}))
        elif operation.kind in ("unlink", "rmdir"):
            parent.children.pop(name, None)
        else:
            target, new_name = self.parent(operation.other)
            node = parent.children.pop(name, None)
            if node is not None:
                target.children[new_name] = node
            return {parent.number, target.number}
        return {parent.number}

    def files(self):
        """Every path with its node."""
        def walk(node, path):
            for name, child in sorted(node.children.items()):
                yield f"{path}/{name}", child
                if child.children is not None:
                    yield from walk(child, f"{path}/{name}")
        yield from walk(self.top, "")


def _written(content, operation, zeros=False):
    if operation.kind == "truncate":
        size = int(operation.other)
        return content[:size] + b"\0" * (size - len(content))
    offset = int(operation.other)
    data = b"\0" * len(operation.data) if zeros else operation.data
    return content[:offset] + b"\0" * (offset - len(content)) + data + content[offset + len(data):]


def _fates(content, pending):
    """What may have become of a file whose last `pending` operations were not synced: name of the fate and content."""
    def after(operations, zeros=False, start=content):
        for operation in operations:
            start = _written(start, operation, zeros)
        return start

    yield "all", after(pending)
    yield "none", content
    yield "zeros", after(pending, zeros=True)
    last = pending[-1]
    if last.kind == "write" and len(last.data) > 1:
        torn = Operation("write", last.path, last.other, last.data[:len(last.data) // 2])
        yield "torn", after([*pending[:-1], torn])
    if len(pending) > 1:
        yield "half", after(pending[:len(pending) // 2])
        yield "only the last", after(pending[-1:], start=after(pending[:-1], zeros=True))


class State:
    """What a power cut may leave: `files` maps paths to contents, folders to None."""

    def __init__(self, crash, cut, fate, marks, files):
        self.crash, self.cut, self.fate, self.marks, self.files = crash, cut, fate, marks, files
        digest = hashlib.sha256(repr(marks).encode())
        for path, content in sorted(files.items()):
            digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
            digest.update(b"folder" if content is None else hashlib.sha256(content).digest())
        self.identity = digest.hexdigest()

    def name(self):
        cut = ", ".join(f"{number} {disk}".strip() for disk, number in self.cut.items())
        return f"crash after {self.crash}, names up to {cut}, unsynced data: {self.fate}"


class Model:
    """All states that a crash in a trace may leave; `snapshot` is the tree before it (path → bytes, or None: a folder).
    `disk_of` names the file system of a path; no rename leads from one to another."""

    def __init__(self, snapshot, operations, disk_of=lambda path: ""):
        self.snapshot, self.operations, self.disk_of = snapshot, operations, disk_of
        tree = Tree(snapshot)
        self.changed = {}  # number of an operation on names -> folders it changes
        self.target = {}   # number of an operation on data, or of a sync -> node
        for number, operation in enumerate(operations):
            if operation.kind in NAMES:
                self.changed[number] = tree.apply(number, operation)
            elif operation.kind in DATA or operation.kind == "fsync":
                node = tree.find(operation.path)
                if node is not None:
                    self.target[number] = node

    def _forced(self, crash):
        """For each file system the last change of names that is durable, whatever happens; -1 for none."""
        forced = {self.disk_of(self.operations[number].path): -1 for number in self.changed}
        for number in range(crash):
            operation = self.operations[number]
            disk = self.disk_of(operation.path)
            if operation.kind == "fsync" and number in self.target:
                folder = self.target[number].number
                inside = [each for each, folders in self.changed.items() if each < number and folder in folders]
            elif operation.kind == "syncfs":
                inside = [each for each in self.changed if each < number and self.disk_of(self.operations[each].path) == disk]
            else:
                continue
            forced[disk] = max([forced.get(disk, -1), *inside])
        return forced

    def _cuts(self, crash):
        """Up to which change the names of each file system have come: each in turn while the others have all or the least."""
        least = self._forced(crash)
        possible = {disk: [least[disk]] for disk in least}
        for number in self.changed:
            disk = self.disk_of(self.operations[number].path)
            if least[disk] < number < crash:
                possible[disk].append(number)
        found = []
        for disk in possible:
            for others in (0, -1):
                for cut in possible[disk]:
                    chosen = {each: cuts[others] for each, cuts in possible.items()}
                    chosen[disk] = cut
                    if chosen not in found:
                        found.append(chosen)
        return found

    def _data(self, crash):
        """For each node: its content as last synced, and the operations since."""
        found = {}
        for number in range(crash):
            operation = self.operations[number]
            if operation.kind == "syncfs":
                for entry in found.values():
                    if entry["disk"] == self.disk_of(operation.path):
                        entry["synced"], entry["pending"] = entry["synced"] + entry["pending"], []
            node = self.target.get(number)
            if node is None or node.children is not None:
                continue
            entry = found.setdefault(node.number, {"synced": [], "pending": [], "start": node.content,
                                                   "disk": self.disk_of(operation.path)})
            if operation.kind in DATA:
                entry["pending"].append(operation)
            else:
                entry["synced"], entry["pending"] = entry["synced"] + entry["pending"], []
        for entry in found.values():
            content = entry["start"]
            for operation in entry["synced"]:
                content = _written(content, operation)
            entry["content"] = content
        return found

    def states(self, crash):
        """The states that a crash before operation number `crash` may leave."""
        data = self._data(crash)
        marks = [each.path for each in self.operations[:crash] if each.kind == "mark"]
        loose = [number for number, entry in data.items() if entry["pending"]]
        fates = {number: dict(_fates(data[number]["content"], data[number]["pending"])) for number in loose}
        # Each file in each fate while all others have kept, or lost, everything: not the product of all.
        choices = [("all kept", {number: "all" for number in loose}), ("none kept", {number: "none" for number in loose})]
        for number in loose:
            for fate in fates[number]:
                for others in ("all", "none"):
                    chosen = {each: others for each in loose}
                    chosen[number] = fate
                    choices.append((f"{fate} of {self._name(number)}, {others} of the others", chosen))
        for cut in self._cuts(crash):
            tree = Tree(self.snapshot)
            for number in self.changed:
                if number <= cut[self.disk_of(self.operations[number].path)]:
                    tree.apply(number, self.operations[number])
            files = list(tree.files())
            seen = set()
            for words, chosen in choices:
                content = {}
                for path, node in files:
                    if node.children is not None:
                        content[path] = None
                    elif node.number in chosen:
                        content[path] = fates[node.number][chosen[node.number]]
                    elif node.number in data:
                        content[path] = data[node.number]["content"]
                    else:
                        content[path] = node.content
                state = State(crash, cut, words, marks, content)
                if state.identity not in seen:
                    seen.add(state.identity)
                    yield state

    def _name(self, number):
        operation = self.operations[number] if isinstance(number, int) else None
        return operation.path.rsplit("/", 1)[-1] if operation else str(number).rsplit("/", 1)[-1]

    def all_states(self, crashes=None):
        """The distinct states of all crash points (or of these), each with its first crash."""
        seen = set()
        for crash in range(len(self.operations) + 1) if crashes is None else crashes:
            for state in self.states(crash):
                if state.identity not in seen:
                    seen.add(state.identity)
                    yield state
