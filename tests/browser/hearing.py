"""What somebody in a call hears and sees, measured where it arrives."""

from __future__ import annotations

import random
import struct
import time
import wave
from pathlib import Path
from typing import Any

from tests.browser.visitor import Visitor

RATE_HZ = 48_000
NOTE_S = 0.06
TUNE_S = 12
FROM_HZ, TO_HZ = 200, 2_000
LOUD = 12_000

LISTENS = """
globalThis.connections = [];
globalThis.taps = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    connections.push(this);
  }
};
// When each of the others was heard: by whoever speaks, in milliseconds of the machine's clock.
globalThis.heard = [];
let last = new Map();
setInterval(() => {
  for (const [at, connection] of connections.entries()) {
    const [first] = connection.getReceivers?.() ?? [];
    const [source] = first?.getSynchronizationSources?.() ?? [];
    if (!source || !(source.audioLevel > 0.005) || last.get(at) === source.timestamp) continue;
    last.set(at, source.timestamp);
    heard.push([Date.now(), at]);
  }
}, 20);
addEventListener("click", ({ target }) => {
  const button = target.closest?.(".call-before button[type=submit]");
  if (button) taps.push(Date.now());
}, { capture: true });
"""
FIRST_HEARD = "since => heard.find(([when]) => when >= since)?.[0] ?? null"
# The longest time without a sound from then on, up to the last sound.
SILENCE = """since => {
  const times = [since, ...heard.map(([when]) => when).filter(when => when >= since)];
  return Math.max(0, ...times.slice(1).map((when, at) => when - times[at]));
}"""
HEARD_LATELY = "ms => heard.some(([when]) => Date.now() - when < ms)"
# What comes from each of the others, as counted so far.
COUNTED = """async () => {
  const all = [];
  for (const connection of connections) {
    if (connection.connectionState !== "connected") continue;
    const one = { bytes: 0 };
    for (const each of (await connection.getStats()).values()) {
      if (each.type !== "inbound-rtp") continue;
      one.bytes += each.bytesReceived + (each.headerBytesReceived ?? 0);
      if (each.kind === "video" && each.framesDecoded) {
        one.frames = each.framesDecoded;
        [one.width, one.height] = [each.frameWidth, each.frameHeight];
      }
      if (each.kind === "audio" && each.packetsReceived && !one.energy) {
        [one.energy, one.seconds] = [each.totalAudioEnergy, each.totalSamplesDuration];
      }
    }
    all.push(one);
  }
  return all;
}"""
# Of what kind both ends of each way are, and what it goes by to the relay.
WAYS = """async () => {
  const ways = [];
  for (const connection of connections) {
    if (connection.connectionState !== "connected") continue;
    const stats = await connection.getStats();
    for (const each of stats.values()) {
      if (each.type !== "transport" || !each.selectedCandidatePairId) continue;
      const pair = stats.get(each.selectedCandidatePairId);
      const [own, theirs] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
      ways.push([own.candidateType, theirs.candidateType, own.relayProtocol ?? ""]);
    }
  }
  return ways;
}"""
STATES = "() => connections.map(({ connectionState }) => connectionState)"
SENT_AT_MOST = """() => connections.flatMap(connection =>
  connection.connectionState === "connected"
    ? [connection.getTransceivers()[1].sender.getParameters().encodings[0].maxBitrate] : [])"""


def tune(folder: Path) -> Path:
    """A sound that is never silent, and no noise that a microphone would take out."""
    path = folder / "tune.wav"
    notes = random.Random(5)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for _ in range(round(TUNE_S / NOTE_S)):
            period = round(RATE_HZ / notes.uniform(FROM_HZ, TO_HZ))
            count = round(RATE_HZ * NOTE_S)
            samples = [LOUD if at % period < period / 2 else -LOUD for at in range(count)]
            file.writeframes(struct.pack(f"<{count}h", *samples))
    return path


def flags(folder: Path) -> tuple[str, ...]:
    """For a Chromium with a camera, and a microphone that hears a tune all the time."""
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        f"--use-file-for-fake-audio-capture={tune(folder)}",
    )


def now_ms() -> float:
    """As pages tell it."""
    return time.time() * 1000


def waits(who: Visitor, script: str, argument: object, *, within_s: float) -> Any:
    """What it comes to, once that is something. Raises a `TimeoutError` of Playwright's."""
    return who.page.wait_for_function(
        script, arg=argument, timeout=within_s * 1000, polling=50
    ).json_value()


def first_heard_ms(who: Visitor, since_ms: float, *, within_s: float) -> float:
    """How long after that they heard somebody."""
    return float(waits(who, FIRST_HEARD, since_ms, within_s=within_s)) - since_ms
