#!/usr/bin/python3
"""Makes kycd.yaml(5) out of docs/configuration.md, so that there is one list of the keys and it is true.

  make_config_page.py docs/configuration.md >kycd.yaml.5.scd

Knows the Markdown that the file uses: headings, paragraphs, lists with dashes, tables, fenced code, `code`, *emphasis* and
[links](to). Anything else stops it, for a page with raw Markdown in it is no page.
"""

import re
import sys

OPENING = """kycd.yaml(5)

# NAME

kycd.yaml - configuration of kycd

# DESCRIPTION
"""

CLOSING = """# FILES

_/etc/kycd/kycd.yaml_
	What kycd reads unless *--config* names another.

_/usr/share/doc/kycd/examples/kycd.yaml_
	An example with every key.

_/usr/share/kycd/kycd.schema.json_
	The JSON Schema for editors.

# SEE ALSO

*kycd*(8)
"""


def escaped(text):
    return re.sub(r"([\\*_])", r"\\\1", text)


def inline(text):
    """One line of Markdown as scdoc: `code` is bold, *emphasis* underlined, of a link only its words stay."""
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    pieces = []
    for piece in re.split(r"(`[^`]+`|\*\*[^*]+\*\*|(?<!\*)\*[^*\s][^*]*\*)", text):
        if piece.startswith("`"):
            pieces.append("*" + escaped(piece[1:-1]) + "*")
        elif piece.startswith("*") and len(piece) > 2:
            pieces.append("_" + escaped(piece.strip("*")) + "_")
        else:
            pieces.append(escaped(piece))
    return "".join(pieces)


def cells(line):
    # A bar inside of `code` or behind a backslash is text.
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def sentence(text):
    first = text if text.startswith("kycd") else text[:1].upper() + text[1:]
    return first + ("" if first.endswith(".") else ".")


def paragraph(text):
    """Of one line, for scdoc looks at how lines begin."""
    said = inline(text)
    return "\\" + said if said[0] in "-.#|[]" else said


def items(lines):
    """A list with dashes; an item may go on in indented lines."""
    found = []
    for line in lines:
        if line.startswith("- "):
            found.append(line[2:].strip())
        elif line.startswith("  ") and not re.match(r"\s+([-*+]|\d+\.) ", line):
            found[-1] += " " + line.strip()
        else:
            sys.exit(f"Markdown that this cannot say: {line}")
    return [*("- " + inline(item) for item in found), ""]


def key_entry(row):
    key, meaning, default, allowed, reload = row
    return [paragraph(key), f"\t{inline(sentence(meaning))} ++",
            f"Default: {inline(default)}. Allowed: {inline(allowed)}. Follows a reload: {reload}.", ""]


def entry(names, row):
    """A row of any other table: its first cell is the term."""
    rest = [f"{name}: {cell}" if place else cell for place, (name, cell) in enumerate(zip(names[1:], row[1:]))]
    return [paragraph(row[0]), "\t" + inline("; ".join(rest)), ""]


def table(rows):
    names, body = cells(rows[0]), [cells(row) for row in rows[2:]]
    if any(len(row) != len(names) for row in body):
        sys.exit(f"a row of the table {names} has too many or too few cells")
    lines = []
    for row in body:
        lines += key_entry(row) if names[0] == "key" else entry(names, row)
    return lines


def blocks(text):
    """The file's blocks, in order: (kind, lines)."""
    lines = iter(text.splitlines())
    kind, kept = None, []
    for line in lines:
        if line.startswith("```"):
            if kept:
                yield kind, kept
            code = []
            for inner in lines:
                if inner.startswith("```"):
                    break
                code.append(inner)
            yield "code", code
            kind, kept = None, []
            continue
        here = "table" if line.startswith("|") else "heading" if line.startswith("#") else "text" if line.strip() else None
        if kept and here != kind:
            yield kind, kept
            kept = []
        kind = here
        if here:
            kept.append(line)
    if kept:
        yield kind, kept


def page(text):
    out = [OPENING]
    for kind, lines in blocks(text):
        if kind == "heading":
            for line in lines:
                level, title = line.split(" ", 1)
                if level not in ("#", "##"):
                    sys.exit(f"a heading that this cannot say: {line}")
                if level == "##":
                    out += [f"# {title.upper()}", ""]
        elif kind == "code":
            out += ["```", *lines, "```", ""]
        elif kind == "table":
            out += table(lines)
        elif lines[0].startswith("- "):
            out += items(lines)
        elif re.match(r"\s*([*+]|\d+\.) |[>!]", lines[0]):
            sys.exit(f"Markdown that this cannot say: {lines[0]}")
        else:
            out += [paragraph(" ".join(line.strip() for line in lines)), ""]
    return "\n".join([*out, CLOSING])


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        sys.stdout.write(page(source.read()))
