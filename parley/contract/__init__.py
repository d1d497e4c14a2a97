"""The wire, declared once: every body, event, reply, error code and limit.

REST and Socket.IO decode with these structs, `docs/protocol.md` and
`GET /openapi.json` are generated from them, and the tests compare. Imports
nothing of ours. Unknown fields from a client are ignored; wrong types are told
with the field's path. Optional fields may be missing or null.
"""

from parley.contract.bots import *
from parley.contract.codes import *
from parley.contract.events import *
from parley.contract.objects import *
from parley.contract.rest.accounts import *
from parley.contract.rest.admin import *
from parley.contract.rest.bots import *
from parley.contract.rest.call import *
from parley.contract.rest.calls import *
from parley.contract.rest.claims import *
from parley.contract.rest.contacts import *
from parley.contract.rest.conversations import *
from parley.contract.rest.desks import *
from parley.contract.rest.door import *
from parley.contract.rest.epochs import *
from parley.contract.rest.exports import *
from parley.contract.rest.files import *
from parley.contract.rest.hooks import *
from parley.contract.rest.imports import *
from parley.contract.rest.invitations import *
from parley.contract.rest.links import *
from parley.contract.rest.mail import *
from parley.contract.rest.messages import *
from parley.contract.rest.overview import *
from parley.contract.rest.people import *
from parley.contract.rest.push import *
from parley.contract.rest.reading import *
from parley.contract.rest.reports import *
from parley.contract.rest.searching import *
from parley.contract.rest.service import *
from parley.contract.rest.streams import *
from parley.contract.rest.table import *
from parley.contract.terms import *
