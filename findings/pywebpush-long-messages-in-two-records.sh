#!/bin/sh
# pywebpush 2.5.0: a message that is too long for one push is encrypted into two records, without a word.
#
# RFC 8291 (section 4) allows exactly one record, and push services need take no more than 4,096 bytes (RFC 8030,
# section 7.2). So 3,993 bytes of text are the most. One would expect an error for more. The library gives a longer
# body, and from 4,080 bytes of text on one of two records. A service that takes it hands it to a browser that drops
# it, and nothing tells the sender.
#
# Seen: 3,993 bytes made a body of 4,096 bytes, 3,994 one of 4,097, and 4,080 two records. Another reader of the coding
# (http-ece, which pywebpush rests on) reads all of them, so a test that decrypts does not notice, either.
# Parley counts bytes, cuts what was said to fit, and encrypts by itself (parley/push/encryption.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install \
  "pywebpush==2.5.0" "http-ece==1.2.1" "setuptools<81"
"$folder/venv/bin/python" - <<'PY'
import base64
import os

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pywebpush import WebPusher


def text_of(value):
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
browser = {
    "endpoint": "https://push.example/a",
    "keys": {"p256dh": text_of(point), "auth": text_of(auth)},
}
HEAD = 16 + 4 + 1 + 65
for length, body_length, records in ((3993, 4096, 1), (3994, 4097, 1), (4080, None, 2)):
    body = WebPusher(browser).encode(b"x" * length, content_encoding="aes128gcm")["body"]
    record_size = int.from_bytes(body[16:20], "big")
    found = -(-(len(body) - HEAD) // record_size)
    read = http_ece.decrypt(body, private_key=key, auth_secret=auth, version="aes128gcm")
    print(f"{length} bytes: a body of {len(body)}, records of at most {record_size}: {found}")
    assert read == b"x" * length
    assert body_length in (None, len(body)), "this has changed"
    assert found == records, "this has changed"
PY
echo "As described."
