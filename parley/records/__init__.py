"""The nouns, and what can happen to them, as frozen structs: cheap to make, one a message.

The ground floor: imports nothing of ours. Storage takes and gives these, the
domain decides on them, the bus carries the events, `present` turns them into
wire objects. Times are timezone-aware and in UTC.
"""

from parley.records.accounts import *
from parley.records.bots import *
from parley.records.calls import *
from parley.records.claims import *
from parley.records.contacts import *
from parley.records.conversations import *
from parley.records.desks import *
from parley.records.epochs import *
from parley.records.events import *
from parley.records.files import *
from parley.records.hooks import *
from parley.records.host import *
from parley.records.invitations import *
from parley.records.knocks import *
from parley.records.links import *
from parley.records.mail import *
from parley.records.messages import *
from parley.records.notifying import *
from parley.records.overview import *
from parley.records.participants import *
from parley.records.readings import *
from parley.records.reports import *
from parley.records.searching import *
from parley.records.sessions import *
from parley.records.states import *
