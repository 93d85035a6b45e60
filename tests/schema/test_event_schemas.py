"""schema/events says exactly what the code writes and takes."""
import copy
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVENTS = ROOT / "schema" / "events"
TOOL = pathlib.Path(os.environ["RACEHUB_BUILD"]) / "tests" / "schema" / "racehub_schema_gen"
REMEDY = f"run: {TOOL} write schema/events"


def load(path):
    return json.loads(path.read_text())


def type_of(path):
    return path.name.removesuffix(".v1.json")


SCHEMAS = {type_of(path): load(path) for path in sorted(EVENTS.glob("*.v1.json"))}
ENVELOPE = SCHEMAS.pop("envelope", None)
FIXTURES = {type_of(path): load(path) for path in sorted((EVENTS / "fixtures").glob("*.v1.json"))}


def validator(schema):
    return jsonschema.Draft202012Validator(schema)


def decoded(tries):
    """What the hub's own reader says of (type, data) pairs: "ok", or what is wrong."""
    lines = "".join(json.dumps({"type": t, "data": d}) + "\n" for t, d in tries)
    done = subprocess.run([TOOL, "check"], input=lines, capture_output=True, text=True, check=True,
                          timeout=60)
    answers = done.stdout.splitlines()
    assert len(answers) == len(tries)
    return answers


def test_files_are_those_of_the_code(tmp_path):
    subprocess.run([TOOL, "write", tmp_path], check=True, timeout=60)
    fresh = {p.relative_to(tmp_path): p.read_text() for p in tmp_path.rglob("*.json")}
    kept = {p.relative_to(EVENTS): p.read_text() for p in EVENTS.rglob("*.v1.json")}
    assert sorted(fresh) == sorted(kept), REMEDY
    differing = [str(path) for path, text in fresh.items() if kept[path] != text]
    assert not differing, REMEDY


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema_is_one_and_its_fixture_fits(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    validator(ENVELOPE).validate(FIXTURES[name])
    validator(SCHEMAS[name]).validate(FIXTURES[name]["data"])
    assert FIXTURES[name]["type"] == name


def test_the_hub_reads_every_fixture():
    tries = [(name, fixture["data"]) for name, fixture in FIXTURES.items()]
    assert decoded(tries) == ["ok"] * len(tries)


def test_what_the_hub_writes_fits():
    lines = subprocess.run([TOOL, "samples", "12"], capture_output=True, text=True, check=True,
                           timeout=60).stdout.splitlines()
    assert len(lines) == 12 * len(SCHEMAS)
    envelope = validator(ENVELOPE)
    validators = {name: validator(schema) for name, schema in SCHEMAS.items()}
    for line in lines:
        event = json.loads(line)
        envelope.validate(event)
        validators[event["type"]].validate(event["data"])


def plain(schema):
    """The schema of a value that is there: optional members may be null too."""
    return schema["anyOf"][0] if "anyOf" in schema else schema


def spoiled(schema):
    """Values around the edges of what a schema allows, good and bad."""
    schema = plain(schema)
    yield None
    if "enum" in schema:
        yield from [schema["enum"][0], "no-such-word", 3]
    elif schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        yield from [low, high, low - 1, high + 1, "5", 0.5, True]
    elif schema["type"] == "string":
        yield from ["x" * schema["maxLength"], "x" * (schema["maxLength"] + 1), 4, ""]
    elif schema["type"] == "boolean":
        yield from [True, False, 0, "true"]
    elif schema["type"] == "array":
        yield from [[], {}, "x", [None]]
    else:
        yield from [[], "x"]


def tries_at(schema, data, path=()):
    """(path, value) of every key of an object, and of the objects in it."""
    for key, member in plain(schema).get("properties", {}).items():
        here = path + (key,)
        for value in spoiled(member):
            yield here, value
        inner = plain(member)
        if inner.get("type") == "object" and isinstance(data.get(key), dict):
            yield from tries_at(inner, data[key], here)
        if inner.get("type") == "array" and data.get(key):
            items = inner["items"]
            if items.get("type") == "object":
                yield from tries_at(items, data[key][0], here + (0,))
            else:
                for value in spoiled(items):
                    yield here + (0,), value


def put(data, path, value):
    copied = copy.deepcopy(data)
    target = copied
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return copied


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema_and_hub_refuse_the_same(name):
    check = validator(SCHEMAS[name])
    data = FIXTURES[name]["data"]
    tries = [(path, value, put(data, path, value))
             for path, value in tries_at(SCHEMAS[name], data)]
    for key in SCHEMAS[name]["properties"]:
        tries.append(((key,), "(absent)", {k: v for k, v in data.items() if k != key}))
    answers = decoded([(name, tried) for _, _, tried in tries])
    for (path, value, tried), answer in zip(tries, answers):
        assert check.is_valid(tried) == (answer == "ok"), f"{path} = {str(value)[:60]}: {answer}"
