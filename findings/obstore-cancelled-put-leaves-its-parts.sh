#!/bin/sh
# obstore 0.12.1: a put_async that is cancelled leaves the parts it has sent in the bucket, where nobody sees them.
#
# What is large goes to S3 in parts. Where the source of a put raises, obstore takes back what it has sent (it asks
# the store to abort the upload) and raises the same. Where the put itself is cancelled, as asyncio cancels whatever
# runs when a program stops or a client hangs up, it just stops: the upload stays begun. Its parts are in no listing
# of the bucket, are paid for, and are still there when the file itself was deleted. The documentation warns of
# "aborted multipart uploads" in general (https://developmentseed.org/obstore/latest/api/put/); one would expect a
# cancelled put to clean up as one that fails does.
#
# Seen with moto's server 5.2.5 (and SeaweedFS 4.48): after a source that raised, no upload is left; after a
# cancellation, one.
# Parley never cancels a put: it has the source raise, and waits (parley/files/bucket.py; held by
# tests/files/test_bucket.py, test_a_put_that_is_called_off_leaves_nothing).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install "obstore==0.12.1" "moto[s3]==5.2.5" \
    "flask==3.1.3" "flask-cors==6.0.5"
"$folder/venv/bin/python" - <<'PY'
import asyncio
import logging

import boto3
import obstore
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

MB = 1024 * 1024
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
endpoint = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **KEYS)
client.create_bucket(Bucket="parley")
store = S3Store(
    "parley",
    endpoint=endpoint,
    access_key_id="a",
    secret_access_key="b",
    client_options={"allow_http": True},
)


def left():
    return [each["Key"] for each in client.list_multipart_uploads(Bucket="parley").get("Uploads", ())]


async def pieces(then):
    for _ in range(12):
        yield bytes(MB)
    await then()


async def main():
    async def fails():
        raise RuntimeError("the source has failed")

    try:
        await obstore.put_async(store, "failed", pieces(fails), chunk_size=5 * MB)
    except RuntimeError as error:
        print(f"{error}: {left()} left")
    assert left() == [], "this has changed"

    is_sent, is_over = asyncio.Event(), asyncio.Event()

    async def waits():
        is_sent.set()
        await is_over.wait()

    putting = asyncio.ensure_future(
        obstore.put_async(store, "cancelled", pieces(waits), chunk_size=5 * MB, max_concurrency=1)
    )
    await is_sent.wait()
    putting.cancel()
    try:
        await putting
    except asyncio.CancelledError:
        pass
    is_over.set()
    await asyncio.sleep(2)  # whatever it still has to do
    print(f"the put was cancelled: {left()} left")
    assert left() == ["cancelled"], "this has changed"
    assert client.list_objects_v2(Bucket="parley")["KeyCount"] == 0


asyncio.run(main())
server.stop()
PY
echo "As described."
