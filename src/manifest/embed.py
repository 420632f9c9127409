#!/usr/bin/env python3
"""Write the rules that refit ships as a C file, which makes them a part of the program.

    python3 src/manifest/embed.py OUT.c rules/NAME.yaml...
"""
import sys
from pathlib import Path


def literal(line):
    escaped = "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in line)
    return f'     "{escaped}"'


def main():
    target, *names = sys.argv[1:]
    out = ["/* Written by src/manifest/embed.py. */", '#include "refit/rule.h"', "",
           "const struct rule_shipped rules_shipped[] = {"]
    for path in sorted(map(Path, names), key=lambda path: path.stem):
        lines = path.read_bytes().splitlines(keepends=True)
        out += [f'    {{"{path.stem}",', *map(literal, lines or [b""])]
        out[-1] += "},"
    out += ["    {0},", "};", ""]
    Path(target).write_text("\n".join(out))


if __name__ == "__main__":
    main()
