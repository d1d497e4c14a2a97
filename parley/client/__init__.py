"""For programs that take part in conversations. Imports nothing of the server.

async with Client("https://talk.example.org/conversation/…", name="Echo") as talk:
    async for message in talk:
        await talk.send(message.message)
"""

from parley.client.errors import BadLink as BadLink
from parley.client.errors import ClientError as ClientError
from parley.client.errors import Over as Over
from parley.client.errors import Refused as Refused
from parley.client.errors import Unreachable as Unreachable
from parley.client.feed import Happened as Happened
from parley.client.knocking import Waiting as Waiting
from parley.client.knocking import knock as knock
from parley.client.starting import Started as Started
from parley.client.starting import start as start
from parley.client.talk import Client as Client
