#!/usr/bin/env bash
# Makes sure of the one thing the tests need that pip cannot bring: a Chromium.
# Installs Debian's where it may, else says what is missing.
set -euo pipefail

# The fonts are for screenshots: without them an emoji is an empty box.
PACKAGES=(chromium-headless-shell fonts-noto-color-emoji fonts-dejavu-core)

find_chromium() {
  local name
  for name in ${CHROMIUM:+"$CHROMIUM"} chromium-headless-shell chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && return
  done
  return 1
}

# Prints the command that makes root of us; fails where none does without asking.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    echo env
  elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
    echo sudo --non-interactive env
  else
    return 1
  fi
}

install() {
  command -v apt-get >/dev/null || return 1
  local root log
  root=$(as_root) || return 1
  log=$(mktemp)
  echo "Installing ${PACKAGES[*]} …"
  # shellcheck disable=SC2086  # several words on purpose
  if ! { $root apt-get -q update &&
    $root DEBIAN_FRONTEND=noninteractive \
      apt-get -q -y --no-install-recommends install "${PACKAGES[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

if find_chromium; then
  # The tests do without the font, pictures do not: no reason to stop.
  if command -v fc-list >/dev/null && ! fc-list :lang=und-zsye | grep -q .; then
    PACKAGES=(fonts-noto-color-emoji)
    install || true
  fi
  exit 0
fi
if install && find_chromium; then
  exit 0
fi
# Other distributions, and older Debians, have only the whole of it.
PACKAGES[0]=chromium
if install && find_chromium; then
  exit 0
fi
echo "The browser tests need Chromium: install it (Debian: apt-get install ${PACKAGES[*]})," \
  "or set CHROMIUM to a Chrome or Chromium you have." >&2
exit 1
