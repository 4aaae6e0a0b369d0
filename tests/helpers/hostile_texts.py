"""Text that would do something where it is not escaped, put into every field that holds text from outside.

Fields are found in the schemas: of YAML files a text without pattern and list, of CSV files a column likewise. A new
field is hostile at once; one whose texts name something else is listed in `NAMES`.
"""

import csv
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from inference_energy.tables.inputs import URL, InputTable

ACT = "window.hostile=1"
STARTS = ("=1+1", "+1", "-1", "@SUM(1)", "'=1", "\uff1d1", "# ", "1. ", "- ", "| ", "    ", "![", "~~~", "javascript:")
BODY = (
    f'<script>{ACT}</script><img src=x onerror={ACT}>" onmouseover="{ACT}" \' autofocus onfocus=\'{ACT}'
    f"</script></style></title></svg>--> ]]> [a](javascript:{ACT}) ![i](http://127.0.0.1:9/i.png) <javascript:{ACT}>"
    " <http://127.0.0.1:9/?a=\"b'c|d> *b* _i_ ~~s~~ `c` ``` $x$ &lt;b&gt; &#106;"
    " '; DROP TABLE headline; -- {{ 7 * 7 }} {% raw %} ${7*7} $(touch hostile) %s {0} \\"
    " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)
UNPRINTABLE = "\x1b[31m\x07\x08\x7f\x9b\u202e\u2066\u200e\ufeff\u2028\x85\t"  # what CSV and YAML can hold
MODEL = f"=1+1'><svg/onload={ACT}>$(touch%20hostile)"  # a name that needs no quotes in CSV and YAML
COLUMN = f"=1'<img src=x onerror={ACT}>\"$(touch hostile);--"
FILE = f"=1'<img src=x onerror={ACT}>$(touch hostile);& "

# Fields that name a row, a file or a column somewhere else: another text in them is refused.
NAMES = {
    *("engine", "gpu", "gpus", "precision", "task", "model", "names_of_things", "study", "folder", "files", "column"),
    *(
        "lengths",
        "class",
        "names",
        "time_zone",
        "time_start",
        "grid_zone",
        "zone",
        "from",
        "models",
        "format",
        "power_log",
    ),
    *("sources", "compared_estimates", "file", "facts", "usage", "usage_folder", "changes"),
    *(
        "row_id",
        "aliases",
        "same_network_as",
        "engine_version",
        "prompts",
        "reference",
        "quantity",
        "column",
        "source_id",
    ),
    *("published", "corrected", "stated_model", "stated_gpu", "overruled", "board_evidence", "boundary", "model_name"),
    *("provider", "service", "node", "generation", "left_out", "goals"),
    *("input_tokens", "cached_tokens", "output_tokens", "requests", "parts", "matches"),  # columns and patterns
}

_NUMBERS = itertools.count()


def text(*, printable: bool = False) -> str:
    """The next hostile text; all differ, so that no table takes two for one."""
    number = next(_NUMBERS)
    return f"{STARTS[number % len(STARTS)]}H{number} {BODY}{'' if printable else UNPRINTABLE} end"


def short() -> str:
    """A hostile text that is no longer than names in logs may be: the parts of the long one take turns."""
    number = next(_NUMBERS)
    parts = [*(BODY[start : start + 140] for start in range(0, len(BODY), 140)), UNPRINTABLE]
    return f"{STARTS[number % len(STARTS)]}H{number} {parts[number % len(parts)]} end"


def _free(schema: dict, name: str) -> str | None:
    """What a text may become by its schema; none where it names something."""
    if name in NAMES or schema.get("type") != "string" or "enum" in schema:
        return None
    if str(schema.get("pattern", "")).startswith("^https?://"):
        return "https://example.org/" + text()
    return None if "pattern" in schema else short() if "maxLength" in schema else text()


def _resolved(schema: dict, root: dict) -> dict:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = {} if name in NAMES else root["$defs"][name]
    return schema


def _scalars(node: yaml.Node, schema: dict, root: dict, name: str) -> Iterator[tuple[yaml.ScalarNode, str, str]]:
    """Texts of a document that are free, each with the hostile text in its place and the name of its field."""
    schema = _resolved(schema, root)
    if name in NAMES and not isinstance(node, yaml.MappingNode):
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = schema.get("properties", {}).get(key.value, schema.get("additionalProperties"))
            if isinstance(below, dict) and name not in NAMES:
                known = key.value in schema.get("properties", {})
                yield from _scalars(value, below, root, key.value if known else name)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _scalars(value, schema.get("items", {}), root, name)
    elif (found := _free(schema, name)) is not None:
        yield node, found, name


def free_fields(schema: dict, root: dict, name: str = "") -> set[str]:
    """Names of all fields of a schema that hold free text; for items and other values, the name of what they are in."""
    schema = _resolved(schema, root)
    if name in NAMES:
        return set()
    found = {name} if _free(schema, name) is not None else set()
    for key, below in schema.get("properties", {}).items():
        found |= free_fields(below, root, key)
    for below in (
        schema.get("items"),
        schema.get("additionalProperties"),
        schema.get("else"),
        schema.get("then"),
        *schema.get("anyOf", ()),
    ):
        if isinstance(below, dict):
            found |= free_fields(below, root, name)
    return found


def poison_yaml(path: Path, schema: dict) -> list[str]:
    """Make all free texts of a file hostile, and the comments that stand in lines of their own; names of the fields."""
    content = path.read_text(encoding="utf-8")
    found = list(_scalars(yaml.compose(content), schema, schema, ""))
    for node, hostile, _ in sorted(found, key=lambda pair: -pair[0].start_mark.index):
        end = node.end_mark.index
        rest = "\n" if content[:end].endswith("\n") else ""
        content = content[: node.start_mark.index] + json.dumps(hostile) + rest + content[end:]
    comment = re.compile(r"^(\s*# .*)$", flags=re.MULTILINE)
    path.write_text(comment.sub(lambda of: f"{of[1]} {text(printable=True)}", content), encoding="utf-8")
    return [name for _, _, name in found]


def _tables(of: type[InputTable] = InputTable) -> Iterator[type[InputTable]]:
    for table in of.__subclasses__():
        yield table
        yield from _tables(table)


def _hostile_columns(header: list[str]) -> dict[str, str]:
    """Free columns of a CSV file with what stands before their text, from the schema that has its columns."""
    fitting = [schema for schema in (table.to_schema() for table in _tables()) if set(header) <= set(schema.columns)]
    found = {}
    for schema in sorted(fitting, key=lambda schema: len(schema.columns))[:1]:
        for name, column in schema.columns.items():
            checks = {check.name: check.statistics for check in column.checks}
            if str(column.dtype) != "String" or name not in header or name in NAMES or "isin" in checks:
                continue
            if "str_matches" not in checks:
                found[name] = ""
            elif URL in str(checks["str_matches"]):
                found[name] = "https://example.org/"
    return found


def poison_csv(path: Path) -> int:
    """Make all free cells of a CSV file hostile that are not empty; how many."""
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        rows, header = list(reader), list(reader.fieldnames or [])
    columns, count = _hostile_columns(header), 0
    for row in rows:
        for name, start in columns.items():
            if row[name]:
                row[name] = start + text()
                count += 1
    if count:
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return count


def sign(origin: Path) -> None:
    """Write the checksums of the changed files into an origin."""
    content = origin.read_text(encoding="utf-8")
    for name, entry in yaml.safe_load(content)["files"].items():
        content = content.replace(entry["sha256"], hashlib.sha256((origin.parent / name).read_bytes()).hexdigest())
    origin.write_text(content, encoding="utf-8")


def poison_logs(folder: Path, usage: Path) -> int:
    """Make names in the logs and bills of the shipped example hostile, a column, a file and regions; how many."""
    named: dict[str, str] = {}
    roles = {"model", "team", "region"}  # of `reading.NAMES`, as the example calls them

    def hostile(value: str) -> str:
        return named.setdefault(value, short())

    for path in folder.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMN if name == "team" else name for name in rows[0])
            writer.writerows([hostile(cell) if name in roles else cell for name, cell in row.items()] for row in rows)
        path.rename(path.with_name(f"{FILE}{path.name}"))
    agents = folder / "agents.jsonl"
    lines = [json.loads(line) for line in agents.read_text().splitlines()]
    lines = [line | {"model": hostile(line["model"])} for line in lines]
    agents.write_text("".join(json.dumps(line) + "\n" for line in lines))
    content = usage.read_text().replace("team", json.dumps(COLUMN))
    for name in ("bill.csv", "gateway.csv"):
        content = content.replace(name, json.dumps(f"{FILE}{name}"))
    for name in ("eu", "us"):
        content = content.replace(f"\n  {name}:", f"\n  ? {json.dumps(hostile(name))}\n  :")
    content = content.replace("llama-3.3-70b: Llama", f"? {json.dumps(hostile('llama-3.3-70b'))} : Llama")
    usage.write_text(content.replace("\npeak_load", "\n  default: {grid_zone: DEU}\npeak_load"))
    return len(named) + 2
