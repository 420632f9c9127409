"""`gpus` hands out devices: stages that run at the same time never share one."""
from harness import equal, expect, Project

MEET = "touch at.{0}; until [ -e at.{1} ]; do sleep 0.02; done; echo $CUDA_VISIBLE_DEVICES > {0}.txt"
p = Project(f"""\
    stages:
      a:
        cmd: {MEET.format('a', 'b')}
        outs: [a.txt]
        resources: {{gpus: 1}}
        timeout: 50s
      b:
        cmd: {MEET.format('b', 'a')}
        outs: [b.txt]
        resources: {{gpus: 1}}
        timeout: 50s
      both:
        cmd: echo $CUDA_VISIBLE_DEVICES > both.txt
        outs: [both.txt]
        resources: {{gpus: 2}}
        needs: [a, b]
    """)
p.write("refit.config.yaml", "resources: {gpus: 2}\n")
p.run("-j4", ran=3)
equal({p.read("a.txt"), p.read("b.txt")}, {"0\n", "1\n"}, "devices")
equal(p.read("both.txt"), "0,1\n", "devices of the one that has both")
expect("gpus" not in p.read("refit.lock"), "resources are not in the key")
