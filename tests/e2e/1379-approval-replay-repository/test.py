"""An approval for one repository is none for another with the same files."""
import shutil

from approvals import Gated
from harness import equal

p = Gated()
p.approve("ana")
p.policy(repository="corp/letters")
equal((p.judged()[0], p.states()["ana"]), ("needs approval", ("void", "it is for another repository")), "carried over")
p.policy()
equal(p.judged()[0], "approved", "at home")
