"""Where this folder is on the path, every start of Python has no package that only tests need:
as in an installation, and sooner done.
"""

from tests import lean

lean.leave_out(*lean.ONLY_FOR_TESTS)
