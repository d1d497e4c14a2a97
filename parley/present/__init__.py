"""Records as wire objects, the same for every viewer."""

from parley.present.bots import *
from parley.present.calls import *
from parley.present.claims import *
from parley.present.contacts import *
from parley.present.conversations import *
from parley.present.desks import *
from parley.present.errors import *
from parley.present.events import *
from parley.present.excerpts import *
from parley.present.exports import *
from parley.present.fields import *
from parley.present.files import *
from parley.present.hooks import *
from parley.present.hosting import *
from parley.present.knocks import *
from parley.present.links import *
from parley.present.messages import *
from parley.present.overview import *
from parley.present.participants import *
from parley.present.pushes import *
from parley.present.readings import *
from parley.present.reports import *
from parley.present.searching import *
