"""Whatever an argument of a rule has in it, the command gets it as one word, and the shell does nothing with it."""
import json

from harness import equal, expect, Project

RULE = """\
desc: keep words
args:
  word: {type: string, desc: one}
  words: {type: list, desc: several}
  path: {type: path, desc: a path}
  map: {type: map, desc: a map}
stage:
  deps: [keep.py]
  cmd: python3 keep.py ${word} ${words} ${path} ${map}
  outs: [words.json]
  always_changed: true
"""
NASTY = ["a b", "", "it's", '"', "'", "''", "'$(touch pwned)'", "$(touch pwned)", "`touch pwned`", "; touch pwned",
         "\ntouch pwned\n", "&& touch pwned", "| touch pwned", "> pwned", "2", "*", "~", "$HOME", "${HOME}", "\\",
         "\\'", "a\\\nb", "#", "!", "!!", "{a,b}", "[a-z]", "-n", "--", "=", "a=b", "é", "\t", "\r\n", "\x7f", "'\n'",
         "%s", "\\${HOME}", "x" * 10000, "if", "(", ")", "<<E", "\u2028", "\N{GRINNING FACE}"]


def quoted(text):
    """For YAML; within a stage, \\${ is ${."""
    escaped = json.dumps(text.replace("\\${", "${").replace("${", "\\${"), ensure_ascii=False)
    return escaped.replace("\x7f", "\\x7f").replace("\u2028", "\\u2028")


p = Project()
p.write("rules/r.yaml", RULE)
p.write("keep.py", 'import json, sys\njson.dump(sys.argv[1:], open("words.json", "w"))\n')


def words(**arguments):
    lines = "".join(f"      {name}: {text}\n" for name, text in arguments.items())
    p.write("refit.yaml", f"stages:\n  s:\n    use: r\n    with:\n{lines}")
    p.refit("run")
    expect(not p.exists("pwned"), "a command that nobody wrote ran")
    return json.loads(p.read("words.json"))


plain = [text.replace("\\${", "${") for text in NASTY]
for text in plain:
    equal(words(word=quoted(text)), [text], "the word")
equal(words(words="[" + ", ".join(map(quoted, NASTY)) + "]"), plain, "the words")
equal(words(path='"-rf"'), ["./-rf"], "a path that looks like an option")
equal(words(path='"a; touch pwned"'), ["a; touch pwned"], "a path")
value = {"a": "it's $(touch pwned)", "b": [1, 2.5, True, None], "c": {"d": "'\n"}}
equal(json.loads(words(map=json.dumps(value))[0]), value, "the map")
