"""The JSON Schemas of docs/schemas, for tests of what kycd writes."""

import functools
import json
import pathlib

import jsonschema

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs/schemas"
BASE = "https://kycd.invalid/schemas/"


@functools.lru_cache(maxsize=None)
def all_schemas():
    return {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


@functools.lru_cache(maxsize=None)
def validator(name):
    store = {schema["$id"]: schema for schema in all_schemas().values()}
    schema = all_schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    resolver = jsonschema.RefResolver(schema["$id"], schema, store=store)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def objections(name, value):
    """What is wrong with a document, a line each; none when the schema takes it."""
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in validator(name).iter_errors(value)]


def check(name, value):
    """Fails unless the schema takes the document; hands it through."""
    wrong = objections(name, value)
    assert not wrong, f"{name}: " + "\n".join(wrong)
    return value
