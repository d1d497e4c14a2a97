"""Writes the vectors: `python -m tests.encryption.making`. They change with the version alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from parley.client.encryption import (
    Chain,
    Claim,
    Epoch,
    FileSealer,
    Kind,
    Link,
    LinkKey,
    Opener,
    Sealer,
    begin,
)
from parley.client.encryption.files import _Chunks
from parley.client.encryption.octets import from_base64url, to_base64url
from parley.client.encryption.streams import NONCE_BYTES, STREAM_BYTES
from tests.encryption.fixed import VECTORS, FixedPerson, FixedStream

KEY = bytes(range(32))
ALICE = (0xA11CE, 0xA11CE2)
BOB = (0xB0B, 0xB0B2)
STREAM = bytes(range(100, 100 + STREAM_BYTES))
NONCE = bytes(range(200, 200 + NONCE_BYTES))


def main() -> None:
    for name, made in (
        ("keys", keys()),
        ("envelopes", envelopes()),
        ("refused", refused()),
        ("chain", chain()),
        ("epochs", epochs()),
        ("files", files()),
    ):
        (VECTORS / f"{name}.json").write_text(json.dumps(made, indent=1) + "\n")


def keys() -> Any:
    passphrase = "Ｃorrect horse é"  # noqa: RUF001 (NFKC changes its first letter)
    made = []
    for link, words in (
        (LinkKey(KEY), ""),
        (LinkKey(KEY, 600_000), passphrase),
        (LinkKey(bytes(reversed(KEY)), 0, bytes(range(16))), ""),
    ):
        stretched = link.stretched(words) if words else b""
        epoch = Epoch.derive(link.key, stretched=stretched)
        made.append(
            {
                "fragment": link.fragment(),
                "passphrase": words,
                "stretched": stretched.hex(),
                "secret": epoch.secret.hex(),
                "proof": epoch.proof.hex(),
                "proof_hash": epoch.proof_hash.hex(),
                "room": epoch.room.hex(),
                "commitment": epoch.commitment.hex(),
            }
        )
    people = []
    for name, numbers in (("Alice", ALICE), ("Bob", BOB)):
        public = FixedPerson(*numbers).public
        people.append(
            {
                "name": name,
                "signing_private": f"{numbers[0]:064x}",
                "exchange_private": f"{numbers[1]:064x}",
                "signing": public.signing.hex(),
                "exchange": public.exchange.hex(),
                "id": public.id.hex(),
                "safety_number": public.safety_number(Epoch.derive(KEY).room),
            }
        )
    return {"keys": made, "people": people}


def envelopes() -> Any:
    epoch = Epoch.derive(KEY)
    made = []
    target = bytes(range(50, 82))
    for kind, about, user_id, client_id, claim, body in (
        (Kind.MESSAGE, None, "alice", "c-1", Claim(0, bytes(32)), b'{"text":"Hello"}'),
        (
            Kind.MESSAGE,
            target,
            "alice",
            "c-2",
            Claim(7, KEY),
            '{"text":"Ça va ? 你好 🙂"}'.encode(),
        ),
        (Kind.EDIT, target, "é🙂", "c-3", Claim(2**53 - 1, KEY), b'{"text":"Hello again"}'),
        (Kind.INTRODUCTION, None, "alice", "c-4", Claim(9, KEY), b'{"name":"Alice"}'),
        (Kind.REACTION, target, "alice", "c-5", Claim(9, KEY), b""),
        (Kind.MESSAGE, None, "alice", "c-6", Claim(0, bytes(32)), b"x" * 148),
        (Kind.MESSAGE, None, "alice", "c-7", Claim(0, bytes(32)), b"x" * 149),
        (Kind.MESSAGE, None, "alice", "c-8", Claim(0, bytes(32)), b"y" * 4_000),
    ):
        person = FixedPerson(*ALICE)
        sealer = Sealer(epoch, epoch.room, person, user_id, FixedStream(STREAM, [NONCE]))
        sealed = sealer.seal(body, client_id=client_id, kind=kind, target=about, claim=claim)
        opened = Opener(epoch.room, epoch).open(sealed, user_id=user_id, client_id=client_id)
        made.append(
            {
                "kind": kind.name.lower(),
                "target": about.hex() if about else None,
                "user_id": user_id,
                "client_id": client_id,
                "claim": {"seq": claim.seq, "hash": claim.hash.hex()},
                "body": body.hex(),
                "envelope": sealed,
                "digest": opened.digest.hex(),
            }
        )
    return {
        "key": KEY.hex(),
        "signing_private": f"{ALICE[0]:064x}",
        "stream": STREAM.hex(),
        "nonce": NONCE.hex(),
        "envelopes": made,
    }


def refused() -> Any:
    """Each is the first good one, with one thing wrong."""
    good = envelopes()["envelopes"][0]
    octets = from_base64url(good["envelope"])

    def with_octet(at: int, octet: int) -> str:
        return to_base64url(octets[:at] + bytes((octet,)) + octets[at + 1 :])

    rows = [
        ("version 2", with_octet(0, 2), {}, "unknown_version"),
        ("kind 0", with_octet(1, 0), {}, "unknown_version"),
        ("an edit of nothing", with_octet(1, 2), {}, "not_authentic"),
        ("another kind", with_octet(1, 3), {}, "not_authentic"),
        ("an epoch nobody has", with_octet(5, 1), {}, "unknown_epoch"),
        ("another sender", with_octet(10, octets[10] ^ 1), {}, "not_authentic"),
        ("another stream", with_octet(70, octets[70] ^ 1), {}, "not_authentic"),
        ("another nonce", with_octet(86, octets[86] ^ 1), {}, "not_authentic"),
        ("another commitment", with_octet(98, octets[98] ^ 1), {}, "not_authentic"),
        ("a target it had not", with_octet(130, 1), {}, "not_authentic"),
        ("another ciphertext", with_octet(162, octets[162] ^ 1), {}, "not_authentic"),
        ("another tag", with_octet(-1 % len(octets), octets[-1] ^ 1), {}, "not_authentic"),
        ("an octet less", to_base64url(octets[:-1]), {}, "malformed"),
        ("an octet more", to_base64url(octets + b"\0"), {}, "malformed"),
        ("half of it", to_base64url(octets[:160]), {}, "malformed"),
        ("nothing", "", {}, "malformed"),
        ("padded base64", good["envelope"] + "=", {}, "malformed"),
        ("other base64", good["envelope"][:-1] + "+", {}, "malformed"),
        ("another user_id", good["envelope"], {"user_id": "bob"}, "not_authentic"),
        ("another client_id", good["envelope"], {"client_id": "c-2"}, "not_authentic"),
        (
            "moved between the ids",
            good["envelope"],
            {"user_id": "alic", "client_id": "ec-1"},
            "not_authentic",
        ),
    ]
    ids = {"user_id": good["user_id"], "client_id": good["client_id"]}
    return {
        "key": KEY.hex(),
        "refused": [
            {"what": what, "envelope": envelope, **ids, **changed, "reason": reason}
            for what, envelope, changed, reason in rows
        ],
    }


def chain() -> Any:
    log = Chain(from_beginning=True)
    links = []
    for seq in (1, 2, 5, 8):
        digest = bytes((seq,)) * 32
        before = log.claim()
        log.take(Link(seq, digest, before))
        after = log.claim()
        links.append({"seq": seq, "digest": digest.hex(), "hash_after": after.hash.hex()})
    return {"links": links, "shown": shown(log_of(6))}


def log_of(length: int) -> list[Link]:
    """As honest people make it, of whom each had seen all."""
    whole, links = Chain(from_beginning=True), []
    for at in range(length):
        links.append(Link(3 * at + 1, bytes((at,)) * 32, whole.claim()))
        whole.take(links[-1])
    return links


def shown(log: list[Link]) -> Any:
    """What a server shows of it, and what is found wrong with that."""
    swapped = [replace(log[2], seq=log[1].seq), replace(log[1], seq=log[2].seq)]
    lie = replace(log[3], claim=Claim(log[2].seq, b"\xff" * 32))
    cases = [
        ("all of it", True, log),
        ("its end", False, log[2:]),
        ("without its second", True, [log[0], *log[2:]]),
        ("its end, without one", False, [log[1], *log[3:]]),
        ("two of it swapped", True, [log[0], *swapped, *log[3:]]),
        ("one of it again", True, [*log, replace(log[0], seq=99)]),
        ("one of it where it was", True, [*log, log[1]]),
        ("something false in it", True, [*log[:3], lie, *log[4:]]),
        ("beginning with something false", False, [log[2], lie, *log[4:]]),
        ("something deleted in it", True, [*log[:3], replace(log[3], claim=None), *log[4:]]),
        ("nothing", True, []),
        ("a claim about itself", True, [replace(log[1], claim=Claim(log[1].seq, KEY))]),
        ("later ones under later keys", True, under(log, 0, 0, 1, None, 1, 2)),
        ("one under an older key", True, under(log, 0, 1, 0, 1, None, 1)),
        ("its end, with some under older keys", False, under(log[2:], 3, 2, 1, 3)),
    ]
    made = []
    for what, from_beginning, links in cases:
        reader = Chain(from_beginning=from_beginning)
        faults = reader.take_all(links)
        made.append(
            {
                "what": what,
                "from_beginning": from_beginning,
                "log": [
                    {
                        "seq": link.seq,
                        "digest": link.digest.hex(),
                        "claim": claimed(link.claim),
                        **({} if link.epoch is None else {"epoch": link.epoch}),
                    }
                    for link in links
                ],
                "faults": [{"what": fault.what, "seq": fault.seq} for fault in faults],
                "claim": claimed(reader.claim()),
            }
        )
    return made


def under(log: list[Link], *epochs: int | None) -> list[Link]:
    return [replace(link, epoch=epoch) for link, epoch in zip(log, epochs, strict=True)]


def claimed(claim: Claim | None) -> Any:
    return None if claim is None else {"seq": claim.seq, "hash": claim.hash.hex()}


def epochs() -> Any:
    """The record is not made again byte for byte, as its ephemeral key is fresh: it is opened."""
    alice, bob = FixedPerson(*ALICE), FixedPerson(*BOB)
    first = Epoch.derive(KEY)
    made = []
    for with_history, stretched in ((True, b""), (False, bytes(range(32, 64)))):
        epoch, record = begin(
            alice, first, first.room, [bob.public], stretched=stretched, with_history=with_history
        )
        made.append(
            {
                "record": record.hex(),
                "room": first.room.hex(),
                "key": epoch.key.hex(),
                "stretched": stretched.hex(),
                "before": KEY.hex() if with_history else None,
            }
        )
    return {
        "maker": alice.public.signing.hex(),
        "signing_private": f"{BOB[0]:064x}",
        "exchange_private": f"{BOB[1]:064x}",
        "records": made,
    }


def files() -> Any:
    made = []
    for pieces in ([b""], [b"A short file."]):
        sealer = FileSealer()
        sealer.key = KEY
        sealer._chunks = _Chunks(KEY)
        sealed = [
            sealer.seal(piece, is_last=at == len(pieces) - 1) for at, piece in enumerate(pieces)
        ]
        made.append(
            {
                "key": KEY.hex(),
                "plain": b"".join(pieces).hex(),
                "sealed": (sealer._chunks.header + b"".join(sealed)).hex(),
            }
        )
    return {"files": made}


if __name__ == "__main__":
    main()
