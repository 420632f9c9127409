"""What templates, variables and generators come to: a manifest, the files beside it, and its stages, or what is wrong.

A stage is given by its command, or by a dict of `cmd`, `wdir`, `deps`, `outs` and `params`; what is left out of a dict
is not compared. Both refit and DVC are held to these (e2e/1210 and 1211; against_dvc.py here). `differs` says
why DVC does otherwise; `fails` has words of refit's message, and DVC must refuse too unless `differs` says why not.
"""

CASES = []


def case(name, manifest, stages=None, fails=None, differs=None, **files):
    """Names of files have `__` for `/` and `_` for `.`."""
    named = {key.replace("__", "/").replace("_", "."): text for key, text in files.items()}
    CASES.append({"name": name, "manifest": manifest, "stages": stages, "fails": fails, "differs": differs,
                  "files": named})


def value(name, yaml, text, differs=None):
    """A value of params.yaml within a string."""
    case(f"value: {name}", "stages:\n  s: {cmd: 'x ${v} y'}\n", {"s": f"x {text} y"}, differs=differs,
         params_yaml=f"v: {yaml}\n")


def options(name, yaml, text, differs=None):
    """A map of params.yaml as options of a command."""
    case(f"options: {name}", "stages:\n  s: {cmd: 'x ${v}'}\n", {"s": f"x {text}".rstrip(" ") if text else "x "},
         differs=differs, params_yaml=f"v: {yaml}\n")


def command(name, params, cmd, text, differs=None):
    """A command, and what it comes to."""
    case(f"command: {name}", "stages:\n  s:\n    cmd: " + cmd + "\n", {"s": text}, differs=differs, params_yaml=params)


def wrong(name, params, cmd, words, differs=None):
    case(f"wrong: {name}", "stages:\n  s:\n    cmd: " + cmd + "\n", fails=words, differs=differs, params_yaml=params)


# ---- how values read ----

value("a string", "abc", "abc")
value("a string with spaces", "'a  b '", "a  b ")
value("a quoted number", "'1.0'", "1.0")
value("an empty string", "''", "")
value("an integer", "5", "5")
value("a negative integer", "-3", "-3")
value("zero with a sign", "-0", "0")
value("a plus", "+5", "5")
value("underscores", "1_000", "1000")
value("leading zeros", "017", "17")
value("octal", "0o17", "15")
value("hexadecimal", "0x1F", "31")
value("beyond 64 bits", "123456789012345678901234567890", "123456789012345678901234567890")
value("beyond 64 bits, negative", "-9223372036854775809", "-9223372036854775809")
value("the largest of 64 bits", "9223372036854775807", "9223372036854775807")
value("hexadecimal beyond 64 bits", "0xffffffffffffffffffff", "1208925819614629174706175")
value("a float", "0.1", "0.1")
value("a whole float", "1.0", "1.0")
value("a float without digits behind", "5.", "5.0")
value("a float without digits before", ".5", "0.5")
value("a small float", "0.0001", "0.0001")
value("a smaller float", "0.00001", "1e-05")
value("an exponent", "1e-5", "1e-05")
value("an exponent with digits", "1.25e-7", "1.25e-07")
value("a large exponent", "1e3", "1000.0")
value("1e15", "1e15", "1000000000000000.0")
value("1e16", "1e16", "1e+16")
value("1.5e22", "1.5E+22", "1.5e+22")
value("seventeen digits", "0.30000000000000004", "0.30000000000000004")
value("more digits than there are", "123456789.123456789", "123456789.12345679")
value("negative zero", "-0.0", "-0.0")
value("infinity", ".inf", "inf")
value("negative infinity", "-.inf", "-inf")
value("not a number", ".nan", "nan")
value("true", "true", "true")
value("True", "True", "true")
value("false", "FALSE", "false")
value("null", "null", "None")
value("a tilde", "~", "None")
value("nothing", "", "None")
value("yes", "yes", "yes")
value("off", "off", "off")
value("a time of day", "1:30", "1:30")
value("a date", "2020-01-01", "2020-01-01", differs="DVC cannot use a file with a date in it; YAML 1.2 has no dates")
value("binary", "0b11", "0b11", differs="YAML 1.2 has no binary integers; DVC's parser has")
value("a folded string", ">-\n  a\n  b", "a b")
value("a tagged string", "!!str 5", "5")
value("a value that looks like a template", "'a$b{c}'", "a$b{c}")

# ---- a value that is the whole string ----

case("whole: a string", "vars: [{n: abc}]\nstages:\n  s: {cmd: '${n}'}\n", {"s": "abc"})
case("whole: a number as a command", "vars: [{n: 5}]\nstages:\n  s: {cmd: '${n}'}\n", {"s": "5"},
     differs="DVC's command is then the number 5, which it cannot run")
case("whole: a number as a dep", "vars: [{n: 5}]\nstages:\n  s: {cmd: x, deps: ['${n}']}\n",
     {"s": {"deps": ["5"]}}, differs="DVC ends with a Python error: a path must be a string")
case("whole: an option of the stage", "vars: [{n: true}]\nstages:\n  s: {cmd: x, always_changed: '${n}'}\n", {"s": "x"},
     differs="DVC checks types before it resolves templates, so that this is a string to it")
case("whole: a flag of an out", "vars: [{n: false}]\nstages:\n  s: {cmd: x, outs: [{a: {cache: '${n}'}}]}\n",
     {"s": {"outs": ["a"]}}, differs="DVC checks types before it resolves templates, so that this is a string to it")
case("whole: a flag of the wrong type", "vars: [{n: 1}]\nstages:\n  s: {cmd: x, outs: [{a: {cache: '${n}'}}]}\n",
     fails="`cache` of an out in stage `s` must be true or false, not an integer")
case("whole: escapes stay", "vars: [{n: '\\${q}'}]\nstages:\n  s: {cmd: x, deps: ['${n}', 'p${n}']}\n",
     {"s": {"deps": ["\\${q}", "p${q}"]}})
case("whole: null as a command", "vars: [{n: null}]\nstages:\n  s: {cmd: '${n}'}\n", fails="`cmd`",
     differs="DVC makes a stage without a command of it")

# ---- paths ----

PATHS = "a: {b: {c: 1}, l: [x, {y: z}, [p, q]], 'd e': 2, 'f-g': 3, '7': 4, ü: 5}\n"
command("a dotted path", PATHS, "x ${a.b.c}", "x 1")
command("an index", PATHS, "x ${a.l[0]}", "x x")
command("an index by a dot", PATHS, "x ${a.l.0}", "x x")
command("an index and a name", PATHS, "x ${a.l[1].y}", "x z")
command("two indexes", PATHS, "x ${a.l[2][1]}", "x q")
command("an index from the end", PATHS, "x ${a.l[-2].y}", "x z")
command("an index with a plus", PATHS, "x ${a.l[+0]}", "x x")
command("an index with zeros", PATHS, "x ${a.l[00]}", "x x")
command("a name in brackets", PATHS, "x ${a[b][c]}", "x 1")
command("spaces around", PATHS, "x ${ a.b.c }", "x 1")
command("spaces between", PATHS, "x ${ a . b . c }", "x 1")
command("spaces in brackets", PATHS, "x ${a.l[ 0 ]}", "x x")
command("a space behind brackets", PATHS, "x ${a.l[0] }", "x x")
command("a space before brackets", PATHS, "x ${a.l [0]}", "x x")
command("a name with a space", PATHS, "x ${a.d e}", "x 2")
command("a name with a minus", PATHS, "x ${a.f-g}", "x 3")
command("a name of digits", PATHS, "x ${a.7}", "x 4")
command("a name that is not ASCII", PATHS, "x ${a.ü}", "x 5")
wrong("a missing name", PATHS, "x ${b}", "no variable is called `b` in stage `s`")
wrong("a missing part", PATHS, "x ${a.b.d}", "no variable is called `a.b.d` in stage `s`")
wrong("a part that is misspelled", "train: {rate: 1}\n", "x ${train.rtae}", "did you mean `train.rate`?")
wrong("a map that is misspelled", "train: {rate: 1}\n", "x ${trian.rate}", "did you mean `train.rate`?")
wrong("a missing item", PATHS, "x ${a.l[3]}", "that list has 3 items")
wrong("a missing item from the end", PATHS, "x ${a.l[-4]}", "that list has 3 items")
wrong("an item of a list by name", PATHS, "x ${a.l.y}", "that list has 3 items")
wrong("a part of a scalar", PATHS, "x ${a.b.c.d}", "what stands before `d` is an integer, not a map")
wrong("a name with a dot", "a.b: 1\n", "x ${a.b}", "no variable is called `a.b`")
wrong("a quoted name", PATHS, "x ${a[\"b\"]}", "no variable is called `a[\"b\"]`")
wrong("nothing in it", PATHS, "x ${}", "cannot be read")
wrong("a space in it", PATHS, "x ${ }", "no variable is called")
wrong("two dots", PATHS, "x ${a..b}", "cannot be read")
wrong("a dot first", PATHS, "x ${.a}", "cannot be read")
wrong("a dot last", PATHS, "x ${a.}", "cannot be read")
wrong("an open bracket", PATHS, "x ${a.l[0}", "cannot be read")
wrong("a closing bracket", PATHS, "x ${a.l]}", "cannot be read")
wrong("an empty bracket", PATHS, "x ${a.l[]}", "cannot be read")
wrong("a dot in brackets", PATHS, "x ${a[b.c]}", "cannot be read")
wrong("a name behind brackets", PATHS, "x ${a.l[0]b}", "cannot be read")
wrong("a default as in the shell", PATHS, "x ${HOME:-y}", "no variable is called `HOME:-y`")
wrong("a length as in the shell", PATHS, "x ${#a}", "no variable is called `#a`")
wrong("no variables at all", "", "x ${HOME}", "define it, or write $NAME")

# ---- escapes, and what is no template ----

command("an escape", "a: 1\n", "'x \\${a} ${a}'", "x ${a} 1")
command("two backslashes", "a: 1\n", "'x \\\\${a}'", "x \\${a}")
command("an escape alone", "a: 1\n", "'\\${a}'", "${a}")
command("an escape without an end", "a: 1\n", "'\\${a ${a}'", "${a 1")
command("two dollars", "a: 1\n", "x $${a}", "x $1")
command("a variable of the shell", "a: 1\n", "x $a $(b) ${a}", "x $a $(b) 1")
command("no end", "a: 1\n", "'x ${a'", "x ${a")
command("no end in its line", "a: 1\n", "|\n      x ${a\n      }", ["x ${a", "}"])
command("a brace behind", "a: 1\n", "x ${a}}", "x 1}")
command("one beside the other", "a: 1\nb: 2\n", "x${a}${b}y", "x12y")
command("values are not resolved again", "a: b\nb: c\nv: '$'\n", "x ${v}{a}", "x ${a}")
command("an escape in a value", "a: 'x\\${b}'\n", "y ${a}", "y x${b}")
command("a backslash of a value before a value", "a: '\\'\nb: '${'\n", "y ${a}${b}c}", "y ${c}")
wrong("a template in a template", "a: 1\n", "x ${a${a}}", "no variable is called `a${a`")

# ---- commands in all forms ----

command("a list", "a: 1\n", "\n    - x ${a}\n    - y ${a}", ["x 1", "y 1"])
command("lines", "a: 1\n", "|\n      x ${a}\n      y ${a}", ["x 1", "y 1"])
command("a folded scalar", "a: 1\n", ">-\n      x ${a}\n      y ${a}", "x 1 y 1")
command("a plain scalar of two lines", "a: 1\n", "x ${a}\n      y ${a}", "x 1 y 1")
command("double quotes", "a: 1\n", "\"x\\t${a} \\\"${a}\\\"\"", "x\t1 \"1\"")
command("an escape of YAML makes a template", "a: 1\n", "\"x \\x24{a}\"", "x 1")

# ---- a map as options ----

options("numbers and strings", "{a: 1, b: x, c: 1.5}", "--a 1 --b x --c 1.5")
options("in the order of the file", "{z: 1, a: 2}", "--z 1 --a 2")
options("true and false", "{a: true, b: false, c: true}", "--a --c")
options("null", "{a: null, b: 1}", "--a None --b 1")
options("nested", "{a: {b: {c: 1}, d: 2}, e: 3}", "--a.b.c 1 --a.d 2 --e 3")
options("dots in names", "{a.b: {c.d: 1}}", "--a.b.c.d 1")
options("words that need quotes", "{a: 'x y', b: \"it's\", c: '', d: '~', e: '$HOME', f: 'ü'}",
        "--a 'x y' --b 'it'\"'\"'s' --c '' --d '~' --e '$HOME' --f 'ü'")
options("words that need none", "{a: 'x=y', b: 'a/b-c_d.e:f@g%h+i,j'}", "--a x=y --b a/b-c_d.e:f@g%h+i,j")
options("a list", "{a: [1, 2.0, x y, true, null], b: 3}", "--a 1 2.0 'x y' True None --b 3")
options("an empty list", "{a: [], b: 1}", "--b 1")
options("an empty map inside", "{a: {}, b: 1}", "--b 1")
options("floats", "{a: 1e-5, b: 1_000}", "--a 1e-05 --b 1000")
options("keys that are numbers", "{1: x, b: 2}", "--1 x --b 2", differs="DVC leaves out keys that are no strings")
case("options: nothing", "vars: [{v: {}}]\nstages:\n  s: {cmd: 'x ${v} y'}\n", {"s": "x  y"})
case("options: all false", "vars: [{v: {a: false}}]\nstages:\n  s: {cmd: 'x ${v}.'}\n", {"s": "x ."})
case("options: in a list of commands", "vars: [{v: {a: 1}}]\nstages:\n  s: {cmd: ['x ${v}', 'y ${v.a}']}\n",
     {"s": ["x --a 1", "y 1"]})
case("options: twice", "vars: [{v: {a: 1}}]\nstages:\n  s: {cmd: '${v} x ${v}'}\n", {"s": "--a 1 x --a 1"})
case("options: a whole string", "vars: [{v: {a: 1}}]\nstages:\n  s: {cmd: '${v}'}\n", {"s": "--a 1"},
     differs="DVC's command is then a map, which it cannot run")
case("options: a map of a merge", "vars: [{x: &x {p: 1, q: 2}, v: {q: 3, <<: *x, r: 4}}]\n"
     "stages:\n  s: {cmd: 'x ${v}'}\n", {"s": "x --p 1 --q 3 --r 4"})
case("options: a map of two merges", "vars: [{x: &x {a: 1, b: 1}, y: &y {b: 2, c: 2}, v: {z: 0, <<: [*x, *y], b: 9}}]\n"
     "stages:\n  s: {cmd: 'x ${v}'}\n", {"s": "x --b 9 --c 2 --a 1 --z 0"})
wrong("a list in a list", "v: {a: [[1]]}\n", "x ${v}", "is a list of lists or maps")
wrong("a map in a list", "v: {a: {b: [{c: 1}]}}\n", "x ${v}", "`a.b` in the options `${v}`")
wrong("a list in a command", "v: [1, 2]\n", "x ${v}", "`${v}` in stage `s` is a list")
wrong("a list as a command", "v: [x, y]\n", "${v}", "`${v}` in stage `s` is a list")
case("options: not in deps", "vars: [{v: {a: 1}}]\nstages:\n  s: {cmd: x, deps: ['a${v}']}\n", fails="is a map")
case("options: not in desc", "vars: [{v: {a: 1}}]\nstages:\n  s: {cmd: x, desc: '${v}'}\n", fails="is a map")

# ---- where templates may stand ----

VARS = "vars: [{v: w, n: 3, l: [a, b]}]\n"
case("field: deps", VARS + "stages:\n  s: {cmd: x, deps: ['${v}', 'a/${v}.${n}', '../${v}']}\n",
     {"s": {"deps": ["w", "a/w.3", "../w"]}})
case("field: outs", VARS + "stages:\n  s: {cmd: x, outs: ['${v}', 'a/${v}']}\n", {"s": {"outs": ["w", "a/w"]}})
case("field: keys of outs", VARS + "stages:\n"
     "  s: {cmd: x, outs: [{'${v}': {cache: false}}, {'b${v}': {persist: true}}]}\n",
     {"s": {"outs": ["w", "bw"]}})
case("field: metrics and plots", VARS + "stages:\n  s: {cmd: x, metrics: ['m${v}', {'n${v}': {cache: false}}], "
     "plots: [{'p${v}': {x: '${v}', y: 'y${v}'}}]}\n", {"s": {"outs": ["mw", "nw", "pw"]}})
case("field: params", VARS + "stages:\n"
     "  s: {cmd: x, params: ['${v}.a', {'${v}.yaml': ['b.${v}', '${v}']}, {'all${n}.json': }]}\n",
     {"s": {"params": {"params.yaml": ["w.a"], "w.yaml": ["b.w", "w"], "all3.json": None}}})
case("field: wdir", VARS + "stages:\n  s: {cmd: x, wdir: 'd/${v}', deps: [a, '../q${v}'], outs: ['${v}/o']}\n",
     {"s": {"wdir": "d/w", "deps": ["d/w/a", "d/qw"], "outs": ["d/w/w/o"]}}, d__w__x="")
case("field: desc and meta", VARS + "stages:\n  s: {cmd: x, desc: 'd ${v}', meta: {'${v}': ['${n}', '${v}']}}\n",
     {"s": "x"})
case("field: not the names of stages", VARS + "stages:\n  s${v}: {cmd: x}\n", fails="cannot name a stage",
     differs="DVC calls the stage `s${v}`")
case("field: not the keys of a stage", VARS + "stages:\n  s: {cmd: x, '${v}': y}\n", fails="unknown key `${v}`")
case("field: a list for a list", VARS + "stages:\n  s: {cmd: x, deps: '${l}'}\n", fails="`${l}` in stage `s` is a list")
case("field: a list in a list", VARS + "stages:\n  s: {cmd: x, deps: ['${l}']}\n",
     fails="`${l}` in stage `s` is a list")
case("field: a list in meta", VARS + "stages:\n  s: {cmd: x, meta: '${l}'}\n", fails="`${l}` in stage `s` is a list")
case("field: two keys that are one", VARS + "stages:\n  s: {cmd: x, outs: [{'${v}': {}, w: {}}]}\n",
     fails="the key `w` in stage `s` is there twice", differs="DVC takes the last of them")
case("field: an alias", VARS +
     "stages:\n  s: {cmd: &c 'x ${v}', deps: &d ['${v}']}\n  t: {cmd: *c, deps: *d}\n",
     {"s": {"cmd": "x w", "deps": ["w"]}, "t": {"cmd": "x w", "deps": ["w"]}})
case("field: a merge", VARS + "stages:\n  s: &s {cmd: 'x ${v}', deps: ['${v}']}\n  t: {<<: *s, cmd: 'y ${n}'}\n",
     {"s": {"cmd": "x w", "deps": ["w"]}, "t": {"cmd": "y 3", "deps": ["w"]}})

# ---- variables ----

case("vars: inline", "vars:\n- a: 1\n- b: {c: 2}\nstages:\n  s: {cmd: 'x ${a} ${b.c}'}\n", {"s": "x 1 2"})
case("vars: params.yaml by itself", "stages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"}, params_yaml="a: 1\n")
case("vars: params.yaml named too", "vars: [params.yaml]\nstages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"},
     params_yaml="a: 1\n")
case("vars: an empty params.yaml", "vars: [{a: 1}]\nstages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"}, params_yaml="\n")
case("vars: a file", "vars: [v.yaml]\nstages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"}, v_yaml="a: 1\n")
case("vars: a file in a folder", "vars: [c/v.yaml]\nstages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"}, c__v_yaml="a: 1\n")
case("vars: a file of JSON", "vars: [v.json]\nstages:\n  s: {cmd: 'x ${a} ${b} ${c}'}\n", {"s": "x 1.0 true 2"},
     v_json='{"a": 1.0, "b": true, "c": 2}')
case("vars: a file of TOML", "vars: [v.toml]\nstages:\n  s: {cmd: 'x ${a} ${t.b} ${t.c} ${d}'}\n",
     {"s": "x 1 true 1.0 1e-05"},
     v_toml="a = 1\nd = 1e-5\n[t]\nb = true\nc = 1.0\n")
case("vars: a file of Python", "vars: [v.py]\nstages:\n  s: {cmd: 'x ${a} ${t.b} ${t.c} ${N.d}'}\n",
     {"s": "x 1 true y 2.5"},
     v_py="a = 1\nt = {'b': True, 'c': 'y'}\nclass N:\n    d = 2.5\n")
case("vars: keys of a file of TOML", "vars: ['v.toml:t']\nstages:\n  s: {cmd: 'x ${t}'}\n", {"s": "x --b --c 1 2"},
     v_toml="a = 1\n[t]\nb = true\nc = [1, 2]\n")
case("vars: a file twice", "vars: [v.yaml, ./v.yaml]\nstages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"}, v_yaml="a: 1\n")
case("vars: keys of a file", "vars: ['v.yaml:a,c']\nstages:\n  s: {cmd: 'x ${a} ${c}'}\n", {"s": "x 1 3"},
     v_yaml="a: 1\nb: 2\nc: 3\n")
case("vars: a key that was not taken", "vars: ['v.yaml:a']\nstages:\n  s: {cmd: 'x ${b}'}\n",
     fails="no variable is called `b`", v_yaml="a: 1\nb: 2\n")
case("vars: more keys of a file", "vars: ['v.yaml:a', 'v.yaml:b']\nstages:\n  s: {cmd: 'x ${a} ${b}'}\n",
     {"s": "x 1 2"},
     v_yaml="a: 1\nb: 2\n")
case("vars: a colon and no keys", "vars: ['v.yaml:']\nstages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"}, v_yaml="a: 1\n")
case("vars: commas without keys", "vars: ['v.yaml:,a,,']\nstages:\n  s: {cmd: 'x ${a}'}\n", {"s": "x 1"},
     v_yaml="a: 1\n")
case("vars: an empty file", "vars: [v.yaml]\nstages:\n  s: {cmd: x}\n", {"s": "x"}, v_yaml="# nothing\n")
case("vars: maps merge", "vars: [v.yaml, {a: {c: {e: 3}}}]\nstages:\n  s: {cmd: 'x ${a}'}\n",
     {"s": "x --b 1 --c.d 2 --c.e 3"}, v_yaml="a: {b: 1, c: {d: 2}}\n")
case("vars: a map goes on from params.yaml", "vars: [{a: {c: 2}}]\nstages:\n  s: {cmd: 'x ${a}'}\n",
     {"s": "x --b 1 --c 2"},
     params_yaml="a: {b: 1}\n")
case("vars: empty maps merge", "vars: [{a: {}}, {a: {}}, {a: {b: 1}}]\nstages:\n  s: {cmd: 'x ${a}'}\n",
     {"s": "x --b 1"})
case("vars: an item with nothing", "vars: [{}]\nstages:\n  s: {cmd: x}\n", {"s": "x"})
case("vars: none", "vars: []\nstages:\n  s: {cmd: x}\n", {"s": "x"})
case("vars: not used", "vars: [{a: 1}]\nstages:\n  s: {cmd: x}\n", {"s": "x"})
case("vars: anchors", "vars: [{a: &a {p: 1}, b: *a, c: {<<: *a, q: 2}}]\nstages:\n"
     "  s: {cmd: 'x ${b.p} ${c.p} ${c.q}'}\n",
     {"s": "x 1 1 2"})
case("vars: the same again", "vars: [{a: 1}, {a: 1}]\nstages:\n  s: {cmd: x}\n",
     fails="the variable `a` is there already")
case("vars: again below", "vars: [{a: {b: 1}}, {a: {b: 2}}]\nstages:\n  s: {cmd: x}\n",
     fails="the variable `a.b` is there already (refit.yaml:1:13)")
case("vars: a scalar for a map", "vars: [{a: {b: 1}}, {a: 2}]\nstages:\n  s: {cmd: x}\n", fails="`a` is there already")
case("vars: lists do not merge", "vars: [{a: [1]}, {a: [2]}]\nstages:\n  s: {cmd: x}\n", fails="`a` is there already")
case("vars: what params.yaml has", "vars: [{a: 1}]\nstages:\n  s: {cmd: x}\n",
     fails="the variable `a` is there already (params.yaml:1:1)", params_yaml="a: 1\n")
case("vars: two files", "vars: [v.yaml, w.yaml]\nstages:\n  s: {cmd: x}\n",
     fails="the variable `a` is there already (v.yaml:1:1)", v_yaml="a: 1\n", w_yaml="a: 1\n")
case("vars: keys after the whole", "vars: [v.yaml, 'v.yaml:a']\nstages:\n  s: {cmd: x}\n",
     fails="all of `v.yaml` is loaded already", v_yaml="a: 1\n")
case("vars: keys of params.yaml", "vars: ['params.yaml:a']\nstages:\n  s: {cmd: x}\n",
     fails="all of `params.yaml` is loaded already", params_yaml="a: 1\n")
case("vars: the whole after keys", "vars: ['v.yaml:a', v.yaml]\nstages:\n  s: {cmd: x}\n",
     fails="keys of `v.yaml` are loaded already", v_yaml="a: 1\n")
case("vars: a key twice", "vars: ['v.yaml:a', 'v.yaml:b,a']\nstages:\n  s: {cmd: x}\n",
     fails="`a` of `v.yaml` is loaded already", v_yaml="a: 1\nb: 2\n")
case("vars: a missing key", "vars: ['v.yaml:b']\nstages:\n  s: {cmd: x}\n", fails="`v.yaml` has no key `b`",
     v_yaml="a: 1\n")
case("vars: keys are not paths", "vars: ['v.yaml:a.b']\nstages:\n  s: {cmd: x}\n", fails="has no key `a.b`",
     v_yaml="a: {b: 1}\n")
case("vars: keys with spaces", "vars: ['v.yaml:a, b']\nstages:\n  s: {cmd: x}\n", fails="has no key ` b`",
     v_yaml="a: 1\nb: 2\n")
case("vars: a missing file", "vars: [v.yaml]\nstages:\n  s: {cmd: x}\n", fails="there is no `v.yaml`")
case("vars: a list in a file", "vars: [v.yaml]\nstages:\n  s: {cmd: x}\n", fails="must be a map of names to values",
     v_yaml="- a\n")
case("vars: a folder", "vars: [v]\nstages:\n  s: {cmd: x}\n", fails="v", v__w_yaml="a: 1\n")
case("vars: broken YAML", "vars: [v.yaml]\nstages:\n  s: {cmd: x}\n", fails="broken YAML", v_yaml="a: [\n")
case("vars: a template in a value", "vars: [{a: 1}, {b: '${a}'}]\nstages:\n  s: {cmd: x}\n",
     fails="cannot contain templates")
case("vars: a template in a key", "vars: [{'${a}': 1}]\nstages:\n  s: {cmd: x}\n", fails="cannot contain templates")
case("vars: a template in a file's name", "vars: ['${a}.yaml']\nstages:\n  s: {cmd: x}\n",
     fails="cannot contain templates")
case("vars: a map", "vars: {a: 1}\nstages:\n  s: {cmd: x}\n", fails="`vars` must be a list")
case("vars: a number in the list", "vars: [3]\nstages:\n  s: {cmd: x}\n", fails="an item of `vars`")
case("vars: a file's values are no templates", "vars: [v.yaml]\nstages:\n  s: {cmd: 'x ${b}'}\n", {"s": "x ${a}"},
     v_yaml="a: 1\nb: '${a}'\n")

# ---- variables of a stage ----

case("stage vars: inline", "stages:\n  s: {cmd: 'x ${a}', vars: [{a: 1}]}\n", {"s": "x 1"})
case("stage vars: of one stage alone", "stages:\n  s: {cmd: x, vars: [{a: 1}]}\n  t: {cmd: 'x ${a}'}\n",
     fails="no variable is called `a` in stage `t`")
case("stage vars: two stages", "stages:\n  s: {cmd: 'x ${a}', vars: [{a: 1}]}\n  t: {cmd: 'x ${a}', vars: [{a: 2}]}\n",
     {"s": "x 1", "t": "x 2"})
case("stage vars: a map goes on", "vars: [{a: {b: 1}}]\nstages:\n  s: {cmd: 'x ${a}', vars: [{a: {c: 2}}]}\n"
     "  t: {cmd: 'x ${a}'}\n",
     {"s": "x --b 1 --c 2", "t": "x --b 1"})
case("stage vars: again", "vars: [{a: 1}]\nstages:\n  s: {cmd: x, vars: [{a: 1}]}\n",
     fails="the variable `a` is there already (refit.yaml:1:9)")
case("stage vars: again below", "vars: [{a: {b: 1}}]\nstages:\n  s: {cmd: x, vars: [{a: {b: 1}}]}\n",
     fails="the variable `a.b` is there already")
case("stage vars: twice in one stage", "stages:\n  s: {cmd: x, vars: [{a: 1}, {a: 2}]}\n", fails="`a` is there already")
case("stage vars: a file", "stages:\n  s: {cmd: 'x ${a}', vars: [v.yaml]}\n", {"s": "x 1"}, v_yaml="a: 1\n")
case("stage vars: a file of the whole", "vars: [v.yaml]\nstages:\n  s: {cmd: 'x ${a}', vars: [v.yaml]}\n", {"s": "x 1"},
     v_yaml="a: 1\n")
case("stage vars: keys of a file of the whole", "vars: [v.yaml]\nstages:\n  s: {cmd: x, vars: ['v.yaml:a']}\n",
     fails="all of `v.yaml` is loaded already", v_yaml="a: 1\n")
case("stage vars: more keys of a file", "vars: ['v.yaml:a']\nstages:\n  s: {cmd: 'x ${a} ${b}', vars: ['v.yaml:b']}\n",
     {"s": "x 1 2"}, v_yaml="a: 1\nb: 2\n")
case("stage vars: a file in wdir", "stages:\n  s: {cmd: 'x ${a}', wdir: w, vars: [v.yaml]}\n",
     {"s": {"cmd": "x 1", "wdir": "w"}},
     w__v_yaml="a: 1\n")
case("stage vars: a file above wdir", "stages:\n  s: {cmd: 'x ${a}', wdir: w, vars: [../v.yaml]}\n", {"s": "x 1"},
     v_yaml="a: 1\n", w__x="")
case("stage vars: wdir is templated first", "vars: [{d: w}]\nstages:\n"
     "  s: {cmd: 'x ${a}', wdir: '${d}', vars: [v.yaml]}\n",
     {"s": "x 1"}, w__v_yaml="a: 1\n")
case("stage vars: not for wdir", "stages:\n  s: {cmd: x, wdir: '${d}', vars: [{d: w}]}\n",
     fails="no variable is called `d`",
     w__x="")
case("stage vars: params.yaml of wdir is no file of variables", "stages:\n  s: {cmd: 'x ${a}', wdir: w}\n",
     fails="no variable is called `a`", w__params_yaml="a: 1\n")
case("stage vars: params.yaml of wdir when named", "stages:\n  s: {cmd: 'x ${a}', wdir: w, vars: [params.yaml]}\n",
     {"s": "x 1"},
     w__params_yaml="a: 1\n")
case("stage vars: a template", "vars: [{a: 1}]\nstages:\n  s: {cmd: x, vars: [{b: '${a}'}]}\n",
     fails="cannot contain templates")
case("stage vars: a template in a file's name", "vars: [{a: v}]\nstages:\n  s: {cmd: x, vars: ['${a}.yaml']}\n",
     fails="cannot contain templates", v_yaml="b: 1\n")
case("stage vars: a missing file", "stages:\n  s: {cmd: x, vars: [v.yaml]}\n", fails="there is no `v.yaml`")

# ---- foreach ----

case("foreach: a list", "stages:\n  g:\n    foreach: [a, b]\n    do: {cmd: 'x ${item}', outs: ['o/${item}']}\n",
     {"g@a": {"cmd": "x a", "outs": ["o/a"]}, "g@b": {"cmd": "x b", "outs": ["o/b"]}})
case("foreach: in the order that is written", "stages:\n  g: {foreach: [c, a, b], do: {cmd: 'x ${item}'}}\n"
     "  h: {cmd: y}\n",
     {"g@c": "x c", "g@a": "x a", "g@b": "x b", "h": "y"})
case("foreach: numbers", "stages:\n  g: {foreach: [1, 1.0, 1e-5, 1_000, 0x10], do: {cmd: 'x ${item}'}}\n",
     {"g@1": "x 1", "g@1.0": "x 1.0", "g@1e-05": "x 1e-05", "g@1000": "x 1000", "g@16": "x 16"})
case("foreach: booleans and nothing", "stages:\n  g: {foreach: [true, false, null], do: {cmd: 'x ${item}'}}\n",
     {"g@true": "x true", "g@false": "x false", "g@None": "x None"})
case("foreach: booleans of a variable", "vars: [{l: [true, false]}]\nstages:\n"
     "  g: {foreach: '${l}', do: {cmd: 'x ${item}'}}\n",
     {"g@True": "x true", "g@False": "x false"})
case("foreach: a template among the items", "vars: [{a: true, b: x}]\n"
     "stages:\n  g: {foreach: ['${a}', true, 'p${a}', '${b}'], do: {cmd: 'x ${item}'}}\n",
     {"g@True": "x true", "g@true": "x true", "g@ptrue": "x ptrue", "g@x": "x x"})
case("foreach: paths and spaces", "stages:\n  g: {foreach: [a/b.csv, 'x y', ../z], do: {cmd: \"x '${item}'\"}}\n",
     {"g@a/b.csv": "x 'a/b.csv'", "g@x y": "x 'x y'", "g@../z": "x '../z'"})
case("foreach: the same twice", "stages:\n  g: {foreach: [a, b, a], do: {cmd: 'x ${item}'}}\n",
     {"g@a": "x a", "g@b": "x b"})
case("foreach: the same in two types", "stages:\n"
     "  g: {foreach: [1, b, '1'], do: {cmd: 'x ${item}', deps: ['d${item}']}}\n",
     {"g@1": {"cmd": "x 1", "deps": ["d1"]}, "g@b": {"cmd": "x b", "deps": ["db"]}})
case("foreach: a list of maps", "stages:\n"
     "  g: {foreach: [{n: a, k: 1}, {n: b, k: 2}], do: {cmd: 'x ${item.n} ${item.k}'}}\n",
     {"g@0": "x a 1", "g@1": "x b 2"})
case("foreach: maps and scalars", "stages:\n  g: {foreach: [a, {n: b}, [c, d]], do: {cmd: y}}\n",
     {"g@0": "y", "g@1": "y", "g@2": "y"})
case("foreach: a list of lists", "stages:\n  g: {foreach: [[a, b], [c, d]], do: {cmd: 'x ${item[0]} ${item[1]}'}}\n",
     {"g@0": "x a b", "g@1": "x c d"})
case("foreach: a map", "stages:\n  g:\n    foreach:\n      us: {lr: 0.1}\n      uk: {lr: 0.2}\n"
     "    do: {cmd: 'x ${key} ${item.lr}', deps: ['${key}.csv']}\n",
     {"g@us": {"cmd": "x us 0.1", "deps": ["us.csv"]}, "g@uk": {"cmd": "x uk 0.2", "deps": ["uk.csv"]}})
case("foreach: a map of scalars", "stages:\n  g: {foreach: {a: 1, b: 2}, do: {cmd: 'x ${key} ${item}'}}\n",
     {"g@a": "x a 1", "g@b": "x b 2"})
case("foreach: items as options", "stages:\n  g: {foreach: {a: {p: 1, q: x}}, do: {cmd: 'x ${item}'}}\n",
     {"g@a": "x --p 1 --q x"})
case("foreach: keys that are numbers", "stages:\n  g: {foreach: {2020: a, 2021: b}, do: {cmd: 'x ${key} ${item}'}}\n",
     {"g@2020": "x 2020 a", "g@2021": "x 2021 b"})
case("foreach: keys that are numbers, of a variable", "vars: [{m: {1: a, x: b}}]\n"
     "stages:\n  g: {foreach: '${m}', do: {cmd: 'x ${key} ${item}'}}\n", {"g@1": "x 1 a", "g@x": "x x b"},
     differs="DVC leaves out keys that are no strings")
case("foreach: a variable", "stages:\n  g: {foreach: '${l}', do: {cmd: 'x ${item}'}}\n", {"g@a": "x a", "g@b": "x b"},
     params_yaml="l: [a, b]\n")
case("foreach: a part of a variable", "stages:\n  g: {foreach: '${a.b[1]}', do: {cmd: 'x ${item}'}}\n",
     {"g@p": "x p", "g@q": "x q"},
     params_yaml="a: {b: [0, [p, q]]}\n")
case("foreach: a map of a variable", "stages:\n  g: {foreach: '${m}', do: {cmd: 'x ${key} ${item.n}'}}\n",
     {"g@a": "x a 1"},
     params_yaml="m: {a: {n: 1}}\n")
case("foreach: lists of variables", "vars: [{l: [a], m: {q: 1}}]\nstages:\n"
     "  g: {foreach: ['${l}', '${m}'], do: {cmd: y}}\n",
     {"g@0": "y", "g@1": "y"})
case("foreach: an anchor", "stages:\n  g: {foreach: &l [a, b], do: {cmd: 'x ${item}'}}\n"
     "  h: {foreach: *l, do: {cmd: 'y ${item}'}}\n",
     {"g@a": "x a", "g@b": "x b", "h@a": "y a", "h@b": "y b"})
case("foreach: an anchor for what is done", "stages:\n  g: {foreach: [a], do: &d {cmd: 'x ${item}'}}\n"
     "  h: {foreach: [b], do: *d}\n",
     {"g@a": "x a", "h@b": "x b"})
case("foreach: a merge in what is done", "stages:\n  g: {foreach: [a], do: &d {cmd: 'x ${item}', deps: ['${item}']}}\n"
     "  h: {foreach: [b], do: {<<: *d, cmd: y}}\n",
     {"g@a": {"cmd": "x a", "deps": ["a"]}, "h@b": {"cmd": "y", "deps": ["b"]}})
case("foreach: a merge in what is gone through", "stages:\n"
     "  g: {foreach: {<<: {a: 1}, b: 2}, do: {cmd: 'x ${key} ${item}'}}\n",
     {"g@a": "x a 1", "g@b": "x b 2"})
case("foreach: variables beside", "vars: [{v: w}]\nstages:\n  g: {foreach: [a], do: {cmd: 'x ${item} ${v}'}}\n",
     {"g@a": "x a w"})
case("foreach: item hides a variable", "vars: [{item: {z: 1}, key: K}]\n"
     "stages:\n  g: {foreach: [a], do: {cmd: 'x ${item} ${key}'}}\n  h: {cmd: 'y ${item.z}'}\n",
     {"g@a": "x a K", "h": "y 1"})
case("foreach: key hides a variable", "vars: [{key: K}]\nstages:\n  g: {foreach: {a: 1}, do: {cmd: 'x ${key}'}}\n",
     {"g@a": "x a"})
case("foreach: in fields of all kinds", "stages:\n  g:\n    foreach: [a]\n    do:\n      cmd: x\n"
     "      wdir: 'w${item}'\n"
     "      deps: ['d${item}']\n      outs: [{'o${item}': {persist: true}}]\n      metrics: ['m${item}']\n"
     "      params: ['p.${item}', {'${item}.json': [q]}]\n",
     {"g@a": {"wdir": "wa", "deps": ["wa/da"], "outs": ["wa/oa", "wa/ma"],
              "params": {"wa/params.yaml": ["p.a"], "wa/a.json": ["q"]}}}, wa__x="")
case("foreach: variables of the stage", "stages:\n"
     "  g: {foreach: [a, b], do: {cmd: 'x ${item} ${v}', vars: [{v: 1}]}}\n",
     {"g@a": "x a 1", "g@b": "x b 1"})
case("foreach: files of the stage", "stages:\n"
     "  g: {foreach: [a, b], do: {cmd: 'x ${v}', wdir: '${item}', vars: [v.yaml]}}\n",
     {"g@a": "x 1", "g@b": "x 2"}, a__v_yaml="v: 1\n", b__v_yaml="v: 2\n")
case("foreach: nothing", "stages:\n  g: {foreach: [], do: {cmd: x}}\n  h: {foreach: {}, do: {cmd: x}}\n"
     "  t: {cmd: y}\n", {"t": "y"})
case("foreach: item again", "stages:\n  g: {foreach: [a], do: {cmd: x, vars: [{item: 1}]}}\n",
     fails="`item` is what `foreach` or `matrix` goes through")
case("foreach: key again", "stages:\n  g: {foreach: {a: 1}, do: {cmd: x, vars: [{key: 1}]}}\n",
     fails="`key` is what `foreach` or `matrix` goes through")
case("foreach: key that is not there", "stages:\n  g: {foreach: [a], do: {cmd: 'x ${key}'}}\n",
     fails="no variable is called `key` in stage `g@a`")
case("foreach: key as a variable of the stage", "stages:\n"
     "  g: {foreach: [a], do: {cmd: 'x ${key}', vars: [{key: 1}]}}\n",
     {"g@a": "x 1"})
case("foreach: a string", "stages:\n  g: {foreach: abc, do: {cmd: x}}\n",
     fails="goes through a list or a map, not a string")
case("foreach: a variable that is a string", "vars: [{v: w}]\nstages:\n  g: {foreach: '${v}', do: {cmd: x}}\n",
     fails="goes through a list or a map, not a string")
case("foreach: a missing variable", "stages:\n  g: {foreach: '${v}', do: {cmd: x}}\n",
     fails="no variable is called `v`")
case("foreach: without do", "stages:\n  g: {foreach: [a]}\n", fails="`foreach` in `g` needs `do`")
case("foreach: do without it", "stages:\n  g: {do: {cmd: x}}\n", fails="`g` has `do` without `foreach`")
case("foreach: keys beside it", "stages:\n  g: {foreach: [a], do: {cmd: x}, deps: [b]}\n",
     fails="`deps` stands beside `foreach`")
case("foreach: in foreach", "stages:\n  g: {foreach: [a], do: {foreach: [b], do: {cmd: x}}}\n",
     fails="`foreach` inside the `do`")
case("foreach: with matrix", "stages:\n  g: {foreach: [a], matrix: {b: [1]}, do: {cmd: x}}\n",
     fails="`matrix` stands beside `foreach`")
case("foreach: matrix in it", "stages:\n  g: {foreach: [a], do: {matrix: {b: [1]}, cmd: x}}\n",
     fails="`matrix` inside the `do`",
     differs="DVC ignores a matrix in `do`")
case("foreach: a list in a string of it", "vars: [{l: [a]}]\nstages:\n  g: {foreach: ['x ${l}'], do: {cmd: y}}\n",
     fails="is a list",
     differs="DVC puts Python's text of the list there")
case("foreach: no cmd", "stages:\n  g: {foreach: [a], do: {deps: [x]}}\n", fails="stage `g@a` has no `cmd`")
case("foreach: an unknown key", "stages:\n  g: {foreach: [a], do: {cmd: x, dep: [x]}}\n",
     fails="unknown key `dep` in stage `g@a`")
case("foreach: an item that cannot end a name", "stages:\n  g: {foreach: [\"a\\nb\"], do: {cmd: x}}\n",
     fails="cannot name a stage",
     differs="DVC's names may have line breaks")
case("foreach: an at sign", "stages:\n  g: {foreach: [a@b], do: {cmd: x}}\n", {"g@a@b": "x"},
     differs="DVC does not find such a stage")
case("foreach: the name of a stage", "stages:\n  g@a: {cmd: y}\n  g: {foreach: [a], do: {cmd: x}}\n",
     fails="the stage `g@a` is there already", differs="DVC does not see the stage `g@a` that is written out")

# ---- matrix ----

case("matrix: two lists", "stages:\n  g: {matrix: {a: [x, y], b: [1, 2]}, cmd: 'z ${item.a} ${item.b}'}\n",
     {"g@x-1": "z x 1", "g@x-2": "z x 2", "g@y-1": "z y 1", "g@y-2": "z y 2"})
case("matrix: in the order that is written", "stages:\n  g: {matrix: {b: [1, 2], a: [x, y]}, cmd: 'z ${key}'}\n",
     {"g@1-x": "z 1-x", "g@1-y": "z 1-y", "g@2-x": "z 2-x", "g@2-y": "z 2-y"})
case("matrix: one list", "stages:\n  g: {matrix: {a: [x, y]}, cmd: 'z ${item.a}'}\n", {"g@x": "z x", "g@y": "z y"})
case("matrix: three lists", "stages:\n  g: {matrix: {a: [1], b: [2, 3], c: [4]}, cmd: 'z ${key}'}\n",
     {"g@1-2-4": "z 1-2-4", "g@1-3-4": "z 1-3-4"})
case("matrix: booleans, floats, nothing", "stages:\n  g: {matrix: {a: [true, 1e-5, null, 1.0]}, cmd: 'z ${item.a}'}\n",
     {"g@true": "z true", "g@1e-05": "z 1e-05", "g@None": "z None", "g@1.0": "z 1.0"})
case("matrix: booleans of a variable", "vars: [{l: [true, [1]], t: true}]\n"
     "stages:\n  g: {matrix: {a: '${l}', b: ['${t}', true, 'q${t}']}, cmd: 'z ${key}'}\n",
     {f"g@{a}-{b}": f"z {a}-{b}" for a in ("True", "a1") for b in ("True", "true", "qtrue")})
case("matrix: maps and lists", "stages:\n"
     "  g: {matrix: {m: [{n: 1}, {n: 2}], l: [[p, q], r]}, cmd: 'z ${item.m.n} ${key}'}\n",
     {"g@m0-l0": "z 1 m0-l0", "g@m0-r": "z 1 m0-r", "g@m1-l0": "z 2 m1-l0", "g@m1-r": "z 2 m1-r"})
case("matrix: items as options", "stages:\n  g: {matrix: {a: [1], b: [{p: x}]}, cmd: 'z ${item}'}\n",
     {"g@1-b0": "z --a 1 --b.p x"})
case("matrix: variables", "stages:\n  g: {matrix: {a: '${l}', b: '${m.n}'}, cmd: 'z ${item.a} ${item.b}'}\n",
     {"g@1-3": "z 1 3", "g@2-3": "z 2 3"}, params_yaml="l: [1, 2]\nm: {n: [3]}\n")
case("matrix: keys of a map", "vars: [{m: {x: 1, y: 2}}]\nstages:\n  g: {matrix: {a: '${m}'}, cmd: 'z ${item.a}'}\n",
     {"g@x": "z x", "g@y": "z y"})
case("matrix: keys beside it", "vars: [{v: w}]\nstages:\n  g:\n    matrix: {a: [1]}\n    cmd: x\n"
     "    wdir: '${v}${item.a}'\n"
     "    deps: ['${key}']\n    outs: ['o${item.a}']\n    vars: [{u: 1}]\n    desc: '${u}'\n",
     {"g@1": {"wdir": "w1", "deps": ["w1/1"], "outs": ["w1/o1"]}}, w1__x="")
case("matrix: the same twice", "stages:\n  g: {matrix: {a: [1, 1], b: [x]}, cmd: 'z ${key}'}\n", {"g@1-x": "z 1-x"})
case("matrix: two that read the same", "stages:\n"
     "  g: {matrix: {a: [x-y, x], b: [z, y-z]}, cmd: 'c ${item.a} ${item.b}'}\n",
     {"g@x-y-z": "c x y-z", "g@x-y-y-z": "c x-y y-z", "g@x-z": "c x z"})
case("matrix: an empty list", "stages:\n  g: {matrix: {a: [], b: [1]}, cmd: x}\n  t: {cmd: y}\n", {"t": "y"})
case("matrix: paths", "stages:\n  g: {matrix: {a: [d/x.csv], b: [1]}, cmd: 'z ${item.a}'}\n",
     {"g@d/x.csv-1": "z d/x.csv"})
case("matrix: an anchor", "stages:\n  g: {matrix: &m {a: [1]}, cmd: 'x ${item.a}'}\n"
     "  h: {matrix: *m, cmd: 'y ${item.a}'}\n",
     {"g@1": "x 1", "h@1": "y 1"})
case("matrix: a merge", "stages:\n  g: {matrix: {b: [2], <<: {a: [1]}}, cmd: 'x ${key}'}\n", {"g@1-2": "x 1-2"})
case("matrix: item and key hide variables", "vars: [{item: 1, key: 2}]\nstages:\n"
     "  g: {matrix: {a: [3]}, cmd: 'x ${item.a} ${key}'}\n",
     {"g@3": "x 3 3"})
case("matrix: item again", "stages:\n  g: {matrix: {a: [1]}, cmd: x, vars: [{item: 1}]}\n",
     fails="`item` is what `foreach` or")
case("matrix: a missing list", "stages:\n  g: {matrix: {a: [1]}, cmd: 'x ${item.b}'}\n",
     fails="no variable is called `item.b` in stage `g@1`")
case("matrix: a missing variable", "stages:\n  g: {matrix: {a: '${l}'}, cmd: x}\n", fails="no variable is called `l`")
case("matrix: a string", "stages:\n  g: {matrix: {a: xyz}, cmd: x}\n",
     fails="`a` in the `matrix` of `g` must be a list, not a string",
     differs="DVC goes through the letters of a string")
case("matrix: a number of a variable", "vars: [{n: 3}]\nstages:\n  g: {matrix: {a: '${n}'}, cmd: x}\n",
     fails="must be a list, not an integer")
case("matrix: a map that is written out", "stages:\n  g: {matrix: {a: {x: 1}}, cmd: x}\n",
     fails="must be a list, not a map")
case("matrix: empty", "stages:\n  g: {matrix: {}, cmd: x}\n", fails="not an empty one")
case("matrix: a list", "stages:\n  g: {matrix: [a, b], cmd: x}\n", fails="`matrix` in `g` must be a map")
case("matrix: no cmd", "stages:\n  g: {matrix: {a: [1]}, deps: [x]}\n", fails="has no `cmd`")
