"""The completion scripts are valid, and stage names come from a cheap list."""
import shutil
import subprocess

from harness import contains, equal, pipeline, REFIT

p = pipeline()
equal(p.refit("graph", "--names").stdout.split(), ["split", "train", "evaluate"], "names")
for shell in ("bash", "zsh", "fish"):
    script = p.write(f"completion.{shell}", p.refit("completion", shell).stdout)
    contains(script.read_text(), "refit")
    if shutil.which(shell):
        subprocess.run([shell, "-n", script], check=True)
p.refit("completion", "cmd.exe", exit=2)
if shutil.which("bash"):
    answer = subprocess.run(["bash", "-c", "source completion.bash; complete -p refit"], cwd=p.root, check=True,
                            capture_output=True, text=True)
    contains(answer.stdout, "refit")
    answer = subprocess.run(["bash", "-c", "source completion.bash; COMP_WORDS=($REFIT rules data.s); COMP_CWORD=2; "
                             "_refit; echo ${COMPREPLY[@]}"], cwd=p.root, check=True, capture_output=True, text=True,
                            env={**p.environment, "REFIT": REFIT})
    equal(answer.stdout, "data.sample data.split\n", "what is offered")

    # Names with what bash takes words apart at.
    p.remove("refit.yaml")
    p.write("dvc.yaml", "stages:\n  prepare@x: {cmd: a}\n  prepare@y: {cmd: a}\n")
    p.write("sub/dvc.yaml", "stages: {train: {cmd: a}, test: {cmd: a}, other: {cmd: a}}\n")

    def offered(line):
        script = f"""source completion.bash
            COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:'
            read -ra COMP_WORDS <<< "${{COMP_LINE//[:@]/ & }}"
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_WORDS[0]={REFIT}
            _refit; printf '%s\\n' "${{COMPREPLY[@]}}" """
        return subprocess.run(["bash", "-c", script], cwd=p.root, check=True, capture_output=True, text=True,
                              env=p.environment).stdout.split()

    equal(offered("refit run sub/dvc.yaml:t"), ["train", "test"], "behind a colon")
    equal(offered("refit why prepare@"), ["x", "y"], "behind an @")
    equal(offered("refit why prep"), ["prepare", "prepare@x", "prepare@y"], "before one")
