#!/usr/bin/env python3
"""Does the JSON Schema of refit.yaml agree with refit? Asked of every manifest in the tests and examples.

    build/venv/*/bin/python tests/schema.py build/refit        all of them; exit 1 if there is a difference
    build/venv/*/bin/python tests/schema.py build/refit FILE   that file alone, with what both say

What refit accepts, the schema must accept. What refit refuses, the schema must refuse, unless it is refused for a
reason that no schema can see (UNSEEN). Manifests are the files of examples/, and all texts in the end-to-end and unit
tests, those of the latter also as keys of a stage: not all are meant so, and refit says what it makes of them. Of the
fuzzers' corpora only those count that refit accepts: the others can be wrong in any way.
"""
import ast
import json
import re
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs/refit.schema.json"

# Reasons of refit's that are about more than the shape of a manifest.
UNSEEN = r"""
\$\{
there is no `.*`, which `vars` names
no variable is called
no rule is called
the (argument|rule) `.*` (of|in stage|needs|has)
cannot contain templates
the variable `.*` is there already
is what `foreach` or `matrix` goes through
is a list; name one value in it
is a map; name one value in it
that is what the template stands for
goes through a list or a map, not
in the `matrix` of `.*` must be a list, not
is there twice
is in `env` in stage `.*` twice
contains a NUL byte
is outside the project
is, is in or contains the data set
is the project itself
is, or contains, a file that declares this project
is inside a folder that belongs to refit, git or DVC
remote paths are not supported yet
data sets of DVC are not supported yet
cannot be read; write \$\{name\}
there is no `.*` in stage
is made by stage
needs `.*`, which is no stage
needs the group
form a cycle
a folder that contains the project
the stage `.*` is there already
`.*@.*` cannot name a stage
is the name or path of one program, without options
gate `.*`:
"""


class Loader(yaml.SafeLoader):
    """YAML as refit reads it: the core schema of 1.2, merge keys, no key twice."""
    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        self.flatten_mapping(node)
        mapping = {}
        for key, value in node.value:
            mapping[key.value] = self.construct_object(value, deep=True)
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError("a key is there twice")
        return mapping


for tag, pattern, first in (("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
                            ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
                            ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
                            ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|"
                                      r"\.(nan|NaN|NAN)", list("-+0123456789.")),
                            ("merge", "<<", ["<"])):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), first)
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: number(node.value))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: real(node.value))
Loader.add_constructor("!bytes", lambda loader, node: node.value)
Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node))


def number(text):
    plain = text.replace("_", "")
    return int(plain, 0) if plain[:2] in ("0o", "0x") else int(plain)


def real(text):
    plain = text.replace("_", "")
    return float(plain.replace(".", "") if plain[-1:].isalpha() else plain)


# ---- where manifests come from ----

def texts():
    """All texts that may have a manifest in them."""
    for path in sorted(ROOT.glob("examples/**/*.yaml")):
        yield path.read_text()
    for path in sorted(ROOT.glob("tests/[ert]*/**/*.py")):
        yield from python_texts(ast.parse(path.read_text()))


def fuzz_texts():
    for folder in ("manifest", "template"):
        for path in sorted(ROOT.glob(f"tests/fuzz/corpus/{folder}/*")):
            text = path.read_bytes()
            if text.isascii():
                yield text.decode().split("\n=== ")[0]


def unit_texts():
    for name in ("manifest", "template", "rule", "graph", "dvc"):
        path = ROOT / f"tests/unit/test_{name}.c"
        if path.exists():
            yield from c_texts(path.read_text())


def python_texts(tree):
    """String constants; in what is formatted, 1 stands for every value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield textwrap.dedent(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "1" for part in node.values]
            yield textwrap.dedent("".join(parts))


def c_texts(text):
    """String literals, neighbours joined."""
    literal = r'"(?:\\.|[^"\\\n])*"'
    for match in re.finditer(rf"{literal}(?:\s*{literal})*", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        parts = re.findall(literal, match.group(0))
        try:
            yield "".join(ast.literal_eval(part) for part in parts)
        except SyntaxError:
            pass  # an escape that Python does not have


def candidates(words):
    """Manifests, each once: those with stages in which there is one of these words at least."""
    found = dict.fromkeys([*fuzz_texts(), *texts()])
    for text in unit_texts():
        keys = textwrap.indent(textwrap.dedent(text), "    ")
        found |= dict.fromkeys([text, f"stages:\n  s:\n{keys}", f"stages:\n  s:\n    cmd: x\n{keys}",
                                f"{text}\nstages: {{s: {{cmd: x}}}}"])
    return [text for text in found
            if "\0" not in text and len(text) < 100_000 and is_like_a_manifest(parse(text), words)]


def is_like_a_manifest(tree, words):
    """Others are refused by both for reasons that are the same for all of them. What Python cannot read may be one."""
    if tree is None or not isinstance(tree, dict):
        return tree is None
    stages = tree.get("stages")
    return isinstance(stages, dict) and any(words & set(stage) for stage in stages.values() if isinstance(stage, dict))


def parse(text):
    """The tree; None if Python cannot read it."""
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, AttributeError):
        return None


# ---- what both say ----

def ask(program, folder, text):
    """refit's word on a manifest: "" if it takes it, otherwise why not."""
    path = Path(folder) / "refit.yaml"
    path.write_text(text)
    answer = subprocess.run([program, "graph", "--names"], cwd=folder, capture_output=True, text=True, errors="replace")
    if answer.returncode not in (0, 2, 5):
        sys.exit(f"refit graph: exit {answer.returncode}\n{answer.stderr}\n{text}")
    return answer.stderr.strip() if answer.returncode else ""


def check(validator, text):
    """The schema's word: "" or why not; None if Python cannot read the YAML."""
    tree = parse(text)
    if tree is None:
        return None
    fault = jsonschema.exceptions.best_match(validator.iter_errors(tree))
    return f"{list(fault.absolute_path)}: {fault.message}"[:300] if fault else ""


def compare(program, validator, text):
    """(accepted by refit, what is wrong or "")"""
    with tempfile.TemporaryDirectory(prefix="refit-schema-") as folder:
        refit, schema = ask(program, folder, text), check(validator, text)
    if schema is None:
        return False, "" if refit else "Python cannot read it"
    if not refit:
        return True, f"the schema refuses it: {schema}" if schema else ""
    reason = refit.partition(": ")[2]
    unseen = any(re.search(pattern, reason) for pattern in UNSEEN.strip().splitlines())
    return False, "" if schema or unseen else f"the schema accepts it, refit says: {refit}"


# ---- the keys ----

def table(file, name):
    """The words of a table in the loader's sources."""
    text = (ROOT / "src/manifest" / file).read_text()
    body = re.search(rf"(?:#define {name}\(X\)|{name}\[\]\s*=)(.*?)(?:\n\n|;)", text, re.DOTALL).group(1)
    words = re.findall(r"\bX\((\w+),", body) or re.findall(r'\{"(\w+)", \d+\}', body)
    return words or sys.exit(f"no words in {name} of {file}")


def key_faults(schema):
    """Where the schema's keys are not those of the loader."""
    parts, flags = schema["definitions"], table("outs.c", "flag_names")
    plain, group = parts["entry"]["else"]["properties"], parts["entry"]["then"]["properties"]
    env = parts["env"]["items"]["anyOf"][2]["additionalProperties"]["properties"]
    carried = re.findall(r'str_is\(key, "(\w+)"\)', (ROOT / "src/manifest/dvc.c").read_text())
    pairs = [
        ("the top level", schema["properties"], [*table("load.c", "key_names"), *carried]),
        ("a stage", plain, [*table("stage.c", "KEY_TABLE"), "vars", "matrix"]),
        ("what is done for each", parts["stage"]["properties"], [*table("stage.c", "KEY_TABLE"), "vars"]),
        ("a group", group, ["foreach", "do"]),
        ("an out", parts["out_flags"]["properties"], flags[:9]),
        ("a plot", parts["plot_flags"]["properties"], flags),
        ("a variable", env, table("inputs.c", "known")),
        ("a data set", schema["properties"]["data"]["additionalProperties"]["properties"], table("data.c", "known")),
        ("the kinds", plain["kind"]["anyOf"][0]["enum"], table("stage.c", "kinds")),
        ("the rules", plain["use"]["anyOf"][0]["enum"], [path.stem for path in ROOT.glob("rules/*.yaml")]),
    ]
    return [f"{what}: the schema has {sorted(set(has) - set(wants))} too much and lacks {sorted(set(wants) - set(has))}"
            for what, has, wants in pairs if set(has) != set(wants)]


def main():
    program, schema = Path(sys.argv[1]).resolve(), json.loads(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    if sys.argv[2:]:
        text = Path(sys.argv[2]).read_text()
        with tempfile.TemporaryDirectory(prefix="refit-schema-") as folder:
            print("refit: ", ask(program, folder, text) or "accepted")
        print("schema:", check(validator, text) or "accepted")
        return 0
    faults = key_faults(schema)
    manifests = candidates(set(schema["definitions"]["entry"]["else"]["properties"]) | {"foreach", "do"})
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda text: compare(program, validator, text), manifests))
    accepted = sum(taken for taken, _ in answers)
    any_fault = set(fuzz_texts()) - set(texts())
    faults += [f"{fault}\n{textwrap.indent(text, '    ')}" for (taken, fault), text in zip(answers, manifests)
               if fault and (taken or text not in any_fault)]
    print("\n\n".join(faults))
    print(f"{len(manifests)} manifests, {accepted} valid; {len(faults)} differences between refit and the schema")
    return 1 if faults or accepted < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
