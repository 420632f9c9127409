"""Projects of DVC, as people write them: their files, and what makes each worth trying. `outs` come from POSIX tools
alone, so that DVC and refit make the same bytes."""

PROJECTS = {
    "plain": {
        "dvc.yaml": """\
            # Data in, model out.
            stages:
              prepare:
                cmd: sort data/raw.csv > data/sorted.csv
                deps: [data/raw.csv]
                outs: [data/sorted.csv]
              train:
                cmd: >-
                  mkdir -p model &&
                  wc -l data/sorted.csv > model/weights &&
                  echo '{"acc": 0.5}' > metrics.json
                deps: [data/sorted.csv, src]
                params: [train.lr, layers.0]
                outs:
                  - model
                metrics:
                  - metrics.json:
                      cache: false
            """,
        "data/raw.csv": "b\na\n",
        "src/train.py": "print()\n",
        "params.yaml": "train: {lr: 0.1, other: 1}\nlayers: [1, 2]\n",
    },
    "pointers": {
        "add": ["data/raw.csv", "images"],
        "dvc.yaml": """\
            stages:
              count: {cmd: ls -R images/a > list.txt, deps: [images/a], outs: [list.txt]}
              copy: {cmd: cat data/raw.csv images/b > copy, deps: [data/raw.csv, images/b], outs: [copy]}
            """,
        "data/raw.csv": "1\n2\n",
        "images/a/one": "1",
        "images/a/zw\u00f6lf": "12",
        "images/b": "b",
    },
    "several": {
        "dvc.yaml": """\
            stages:
              all: {cmd: cat a/out b/c/out > all, deps: [a/out, b/c], outs: [all]}
            metrics: [top.json]
            """,
        "a/dvc.yaml": """\
            stages:
              make:
                cmd: cat in ../shared/x > out; echo $DVC_STAGE >> out
                deps: [in, ../shared/x]
                outs: [out]
              after:
                wdir: ../b
                cmd: cat ../all > after
                deps: [../all]
                outs: [after]
            """,
        "b/c/dvc.yaml": """\
            stages:
              make: {cmd: echo $(basename $DVC_ROOT | wc -l) > out, outs: [out]}
            """,
        "a/in": "in\n",
        "shared/x": "x\n",
        "top.json": "{}\n",
        "b/.keep": "",
    },
    "flags": {
        "dvc.yaml": """\
            stages:
              keep: {cmd: echo x >> log, deps: [in], outs: [log: {persist: true}]}
              big: {cmd: echo big > big, deps: [in], outs: [big: {cache: false}]}
              lines:
                cmd: |
                  cd sub
                  cat in > lines

                  echo $SHELL_NOT >> lines
                deps: [in]
                outs: [lines]
              items:
                cmd: [cp in items, "echo \\"a b\\" >> items"]
                deps: [in]
                outs: [items]
                plots: []
                desc: text
                meta: {a: 1}
              only: {cmd: echo only > only, outs: [only]}
              stuck: {cmd: cp in stuck, deps: [in], outs: [stuck], frozen: true}
            plots: [items, {loss: {x: a, y: b}}]
            artifacts: {m: {path: items, type: model}}
            """,
        "in": "in\n",
        "stuck": "as it is\n",
        "sub/.keep": "",
    },
    "parameters": {
        "dvc.yaml": """\
            stages:
              toml: {cmd: echo t > t, params: [{conf.toml: [a.b, list]}], outs: [t]}
              py: {cmd: echo p > p, params: [{conf.py: [LR, Net.width, D.k]}], outs: [p]}
              json: {cmd: echo j > j, params: [{conf.json: [x.0.y]}], outs: [j]}
              whole: {cmd: echo w > w, params: [{conf.toml: , conf.py: , params.yaml: , conf.json: }], outs: [w]}
            """,
        "conf.toml": "list = [1, 2.5]\n[a]\nb = 'x'\n",
        "conf.py": "LR = 1e-3\nD = {'k': [1, None]}\nclass Net:\n    def __init__(self):\n        self.width = 3\n",
        "conf.json": '{"x": [{"y": true}]}',
        "params.yaml": "one: 1\ntwo: {three: null}\n",
    },
    "anchors": {
        "dvc.yaml": """\
            stages:
              one: &base
                cmd: cp in one
                deps: [in]
                outs: [one]
              two:
                <<: *base
                cmd: cp in two
                outs: [two]
            """,
        "in": "in\n",
    },
    "ignored": {
        "dvc.yaml": """\
            stages:
              a: {cmd: cat data/in/one > a, deps: [data/in], outs: [a]}
            """,
        ".dvcignore": "*.tmp\n/data/in/old\n",
        "data/.dvcignore": "!keep.tmp\n/in/local\n",
        "data/in/one": "1\n",
        "data/in/x.tmp": "x",
        "data/in/sub/keep.tmp": "k",
        "data/in/old/x": "x",
        "data/in/local": "x",
        "data/in/sub/local": "y",
        "data/in/__pycache__/x.pyc": "compiled",
    },
}

# These need variables.
PROJECTS |= {
    "variables": {
        "dvc.yaml": """\
            vars:
              - conf.yaml
              - inline: {name: n, list: [a, b]}
            stages:
              use: {cmd: "echo ${inline.name} ${seed} ${deep.x} > ${out}", deps: [in], outs: ["${out}"]}
              unpack: {cmd: 'echo ${deep} > unpacked', params: [seed], outs: [unpacked]}
            """,
        "conf.yaml": "out: made\ndeep: {x: 1.50, flag: true, off: false, words: [p, q r]}\n",
        "params.yaml": "seed: 1_000\n",
        "in": "in\n",
    },
    "foreach": {
        "dvc.yaml": """\
            stages:
              each:
                foreach: &list [a, b]
                do: {cmd: "echo ${item} > ${item}.txt", outs: ["${item}.txt"]}
              dict:
                foreach: {x: {n: 1}, y: {n: 2}}
                do:
                  cmd: cat a.txt > ${key}; echo ${item.n} >> ${key}
                  deps: [a.txt]
                  outs: ["${key}"]
              again:
                foreach: *list
                do: {cmd: "cp ${item}.txt ${item}.copy", deps: ["${item}.txt"], outs: ["${item}.copy"]}
            """,
    },
    "matrix": {
        "dvc.yaml": """\
            stages:
              train:
                matrix: {model: [cnn, {deep: 3}], lr: [0.1, 1e-3], flag: [true]}
                cmd: echo "${item.model}" ${item.lr} ${item.flag} > ${key}.out
                outs: ["${key}.out"]
            """,
    },
    "variables-below": {
        "dvc.yaml": """\
            stages:
              root: {cmd: "echo ${x} > root", outs: [root]}
            """,
        "params.yaml": "x: of the root\n",
        "sub/dvc.yaml": """\
            vars: [{y: here}]
            stages:
              below: {cmd: "cat ../root > below; echo ${x} ${y} >> below", deps: [../root], outs: [below]}
              many:
                foreach: [1, 2]
                do: {cmd: "echo ${item} ${x} > f${item}", outs: ["f${item}"]}
            """,
        "sub/params.yaml": "x: of the folder\n",
    },
}
