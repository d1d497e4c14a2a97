"""The wire, declared once: every body, event, reply, error code and limit.

REST and Socket.IO decode with these structs, `docs/protocol.md` and
`GET /openapi.json` are generated from them, and the tests compare. Imports
nothing of ours. Unknown fields from a client are ignored; wrong types are told
with the field's path. Optional fields may be missing or null.
"""

from parley.contract.codes import *
from parley.contract.events import *
from parley.contract.objects import *
from parley.contract.rest import *
from parley.contract.terms import *
