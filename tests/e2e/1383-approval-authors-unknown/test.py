"""Where it cannot be known who wrote it, nobody's approval counts: in a shallow clone, or without git."""
import shutil

from approvals import Gated
from harness import contains, equal

p = Gated(not_author=True)
outcome, message = "", p.approve("ana")["message"]
contains(message, "this is no git repository with a commit, so its authors are not known")
p.start_git("cy", signed="cy")
p.write("code.py", "1")
p.commit("cy", signed="cy")
equal(p.judged()[0], "approved", "a whole repository")

other = p.base / "clone"
p.git("clone", "-q", "--depth", "1", f"file://{p.root}", str(other))
answer = p.refit("approvals", "--json", "-C", str(other)).json
contains(answer["gates"][0]["message"], "needs 1 approval", "this clone is shallow")
p.git("fetch", "-q", "--unshallow", cwd=other)
equal(p.refit("approvals", "--json", "-C", str(other)).json["gates"][0]["outcome"], "approved", "with all commits")
