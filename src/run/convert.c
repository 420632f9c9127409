/*
 * Parameter files that Python reads: .toml, and the literals of a .py file. What it made of a file is kept in the state
 * under the file's path, with the digest of the bytes that it is of, so that Python is started once for each content.
 */
#include <string.h>

#include "run/run.h"

/* To be raised whenever the script gives something else than before. */
#define CONVERT_FORMAT "1"

/* Reads the file on stdin, prints `V` and its value as YAML, or `E LINE COLUMN MESSAGE`. All but plain ASCII is
 * escaped. Sets are lists in the order of how they are written; what YAML has no word for is a string. */
static const char script[] =
    "import sys\n"
    "class Fault(Exception):\n"
    "    pass\n"
    "def quote(text):\n"
    "    plain = lambda c: ' ' <= c <= '~' and c not in '\"\\\\'\n"
    "    return '\"' + ''.join(c if plain(c) else '\\\\U%08x' % ord(c) for c in text) + '\"'\n"
    "def show(value):\n"
    "    if value is None or isinstance(value, bool):\n"
    "        return {None: 'null', True: 'true', False: 'false'}[value]\n"
    "    if isinstance(value, int):\n"
    "        return str(value)\n"
    "    if isinstance(value, float):\n"
    "        return {'inf': '.inf', '-inf': '-.inf', 'nan': '.nan'}.get(repr(value), repr(value))\n"
    "    if isinstance(value, dict):\n"
    "        pairs = ('? %s : %s' % (quote(str(k)), show(v)) for k, v in value.items())\n"
    "        return '{' + ', '.join(pairs) + '}'\n"
    "    if isinstance(value, (set, frozenset)):\n"
    "        value = sorted(value, key=repr)\n"
    "    if isinstance(value, (list, tuple)):\n"
    "        return '[' + ', '.join(map(show, value)) + ']'\n"
    "    return quote(repr(value) if isinstance(value, (bytes, complex)) else str(value))\n"
    "def toml(data):\n"
    "    try:\n"
    "        import tomllib\n"
    "    except ImportError:\n"
    "        try:\n"
    "            import tomli as tomllib\n"
    "        except ImportError:\n"
    "            raise Fault(0, 0, 'TOML needs Python 3.11, or the package tomli; python3 is %d.%d' %\n"
    "                        sys.version_info[:2])\n"
    "    import re\n"
    "    text = data.decode()\n"
    "    try:\n"
    "        return tomllib.loads(text)\n"
    "    except tomllib.TOMLDecodeError as fault:\n"
    "        at = re.search(r' \\(at line (\\d+), column (\\d+)\\)$', str(fault))\n"
    "        last = re.search(r' \\(at end of document\\)$', str(fault))\n"
    "        words = str(fault)[:at.start()] if at else str(fault)\n"
    "        raise Fault(at[1] if at else text.count('\\n') + 1 if last else 0, at[2] if at else 1, words)\n"
    "def py(data):\n"
    "    import ast\n"
    "    def name_of(target, of_self):\n"
    "        if isinstance(target, ast.Name) and not of_self:\n"
    "            return target.id\n"
    "        of = getattr(target, 'value', None)\n"
    "        if isinstance(target, ast.Attribute) and isinstance(of, ast.Name) and of.id == 'self':\n"
    "            return target.attr\n"
    "    def literals(body, of_self=False):\n"
    "        found = {}\n"
    "        for node in body:\n"
    "            if isinstance(node, ast.ClassDef):\n"
    "                found[node.name] = literals(node.body)\n"
    "            elif isinstance(node, ast.FunctionDef) and node.name == '__init__':\n"
    "                found.update(literals(node.body, True))\n"
    "            elif isinstance(node, (ast.Assign, ast.AnnAssign)):\n"
    "                targets = node.targets if isinstance(node, ast.Assign) else [node.target]\n"
    "                name = name_of(targets[0], of_self) if len(targets) == 1 else None\n"
    "                try:\n"
    "                    if name is not None and node.value is not None:\n"
    "                        found[name] = ast.literal_eval(node.value)\n"
    "                except (ValueError, TypeError):\n"
    "                    pass\n"
    "        return found\n"
    "    try:\n"
    "        return literals(ast.parse(data).body)\n"
    "    except SyntaxError as fault:\n"
    "        raise Fault(fault.lineno or 0, fault.offset or 1, fault.msg)\n"
    "try:\n"
    "    answer = 'V' + show({'toml': toml, 'py': py}[sys.argv[1]](sys.stdin.buffer.read()))\n"
    "except Fault as fault:\n"
    "    answer = 'E %s %s %s' % fault.args\n"
    "except UnicodeDecodeError as fault:\n"
    "    answer = 'E 0 0 it is not UTF-8'\n"
    "except ValueError as fault:\n"
    "    answer = 'E 0 0 %s' % fault\n"
    "except (RecursionError, MemoryError):\n"
    "    answer = 'E 0 0 it is nested too deeply'\n"
    "sys.stdout.buffer.write(answer.encode('utf-8', 'backslashreplace'))\n";

static uint32_t take_number(struct str *text)
{
    uint32_t number = 0;
    *text = str_trim(*text);
    while (text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9' && number < 100000000) {
        number = number * 10 + (uint32_t)(text->ptr[0] - '0');
        *text = str_slice(*text, 1, text->len);
    }
    return number;
}

static enum status read_answer(struct arena *arena, const char *file, struct str answer, struct str complaint, int code,
                               struct str *yaml, struct error *err)
{
    if (code == 0 && str_starts(answer, STR("V"))) {
        *yaml = str_dup(arena, str_slice(answer, 1, answer.len));
        return STATUS_OK;
    }
    if (code == 0 && str_starts(answer, STR("E "))) {
        answer = str_slice(answer, 2, answer.len);
        uint32_t line = take_number(&answer), column = take_number(&answer);
        struct str words = str_printable(arena, str_trim(answer));
        return error_at(err, STATUS_MANIFEST, file, line, column, STR_FMT, STR_ARG(words));
    }
    complaint = str_trim(complaint);
    size_t last = complaint.len;
    while (last > 0 && complaint.ptr[last - 1] != '\n')
        last--;
    struct str words = str_printable(arena, str_slice(complaint, last, complaint.len));
    return error_at(err, STATUS_MANIFEST, file, 0, 0, "python3 could not read it: " STR_FMT,
                    STR_ARG(words.len > 0 ? words : STR("it was killed")));
}

static enum status ask_python(struct arena *arena, struct str path, struct str text, struct str *yaml,
                              struct error *err)
{
    const char *file = str_terminated(arena, path);
    const char *const arguments[] = {"python3", "-I", "-c", script, str_ends(path, STR(".py")) ? "py" : "toml", NULL};
    struct buf output = {0}, complaint = {0};
    int code = 0;
    enum status status = helper_run(arguments, text, &output, &complaint, &code, err);
    if (status == STATUS_NOT_FOUND)
        status = error_at(err, STATUS_MANIFEST, file, 0, 0,
                          "python3, which reads .toml and .py files, is not in PATH; install it");
    else if (status == STATUS_OK)
        status = read_answer(arena, file, buf_view(&output), buf_view(&complaint), code, yaml, err);
    buf_finish(&output);
    buf_finish(&complaint);
    return status;
}

static struct digest content_digest(struct str text)
{
    struct buf all = {0};
    buf_lstr(&all, STR(CONVERT_FORMAT));
    buf_lstr(&all, text);
    struct digest digest = digest_of(all.ptr, all.len);
    buf_finish(&all);
    return digest;
}

enum status convert_params(void *ctx, struct arena *arena, struct str path, struct str text, struct str *yaml,
                           struct error *err)
{
    struct project *p = ctx;
    struct digest digest = content_digest(text);
    struct str content = {(const char *)digest.bytes, DIGEST_SIZE}, kept;
    struct str name = str_format(arena, "converted:" STR_FMT, STR_ARG(path));
    bool found = false;
    enum status status = state_get_value(p->state, name, arena, &kept, &found, err);
    if (status == STATUS_OK && found && str_starts(kept, content)) {
        *yaml = str_slice(kept, DIGEST_SIZE, kept.len);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = ask_python(arena, path, text, yaml, err);
    if (status == STATUS_OK && p->writer) {
        struct buf value = {0};
        buf_str(&value, content);
        buf_str(&value, *yaml);
        state_set_value(p->state, name, buf_view(&value));
        buf_finish(&value);
    }
    return status;
}
