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
