"""Conversations that the server cannot read: the format of docs/encryption.md.

    secret = Epoch.derive(LinkKey.parse(fragment))
    sealer = Sealer(secret, room, Person.generate(), user_id)
    envelope = sealer.seal(b"...", client_id="c-1")

`Keyring` does this over changes of the key, with all the keys that somebody was given.
Nothing here is asked of the server, and nothing of it is imported.
"""

from parley.client.encryption.chain import Chain as Chain
from parley.client.encryption.chain import Claim as Claim
from parley.client.encryption.chain import Fault as Fault
from parley.client.encryption.chain import Link as Link
from parley.client.encryption.envelope import Kind as Kind
from parley.client.encryption.envelope import Opened as Opened
from parley.client.encryption.envelope import Opener as Opener
from parley.client.encryption.envelope import Sealer as Sealer
from parley.client.encryption.envelope import digest as digest
from parley.client.encryption.epochs import Admitted as Admitted
from parley.client.encryption.epochs import admit as admit
from parley.client.encryption.epochs import begin as begin
from parley.client.encryption.epochs import history as history
from parley.client.encryption.errors import Unreadable as Unreadable
from parley.client.encryption.files import FileOpener as FileOpener
from parley.client.encryption.files import FileSealer as FileSealer
from parley.client.encryption.keyring import Keyring as Keyring
from parley.client.encryption.keys import Epoch as Epoch
from parley.client.encryption.keys import LinkKey as LinkKey
from parley.client.encryption.people import Person as Person
from parley.client.encryption.people import PublicKeys as PublicKeys
