"""No command has a terminal that could stop it, whether refit leads its session or not; Ctrl-C there ends the run."""
import os
import pty
import signal
import time

from harness import equal, Project, REFIT

STAGES = """\
    stages:
      ask:
        cmd: if (exec < /dev/tty) 2> /dev/null; then echo some; else echo none; fi > terminal.txt
        outs: [terminal.txt]
      wait:
        cmd: cut -d ' ' -f 6 /proc/$$/stat > session.txt; touch going; sleep 300
        deps: [terminal.txt]
        outs: [session.txt]
    """


def run_on_terminal(leads):
    """Both stages in a terminal; Ctrl-C once the second one runs. Its session, and the terminal's."""
    p = Project(STAGES)
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.chdir(p.root)
            command = [REFIT, "run", "-j1"]
            environment = {**p.environment, "TERM": "dumb"}
            if leads:
                os.execve(REFIT, command, environment)
            signal.signal(signal.SIGINT, lambda number, frame: None)
            status = os.spawnve(os.P_WAIT, REFIT, command, environment)
            os._exit(status)
        finally:
            os._exit(99)
    while not p.exists("going"):
        time.sleep(0.02)
    os.write(terminal, b"\x03")
    shown = b""
    try:
        while piece := os.read(terminal, 65536):
            shown += piece
    except OSError:  # the other end is closed
        pass
    _, status = os.waitpid(child, 0)
    equal(os.waitstatus_to_exitcode(status), 130, shown.decode())
    equal(p.read("terminal.txt"), "none\n", "the command's terminal")
    return int(p.read(".refit/attempts/wait/session.txt")), child


session, terminal_session = run_on_terminal(leads=False)
equal(session, terminal_session, "one session for refit and its commands")
run_on_terminal(leads=True)
