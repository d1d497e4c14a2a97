#!/usr/bin/env bash
# Makes sure of what the tests need that pip cannot bring: a Chromium, a Firefox and a WebKit with a
# screen to draw on, a Redis, a coturn, and the proxies of docs/proxies.md. Installs Debian's where it may, else says what is missing.
set -euo pipefail

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

# Installs these packages; fails, telling why, where it may not or cannot.
install() {
  command -v apt-get >/dev/null || return 1
  local root log
  root=$(as_root) || return 1
  log=$(mktemp)
  echo "Installing $* …"
  # shellcheck disable=SC2086  # several words on purpose
  if ! { $root apt-get -q update &&
    $root DEBIAN_FRONTEND=noninteractive \
      apt-get -q -y --no-install-recommends install "$@"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

has() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null || return 1
  done
}

# Fails where apt knows what there is and this is not among it: asking again takes its time.
is_offered() {
  ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt-cache show "$1" >/dev/null 2>&1
}

# Installs a browser beside Chromium where there is one to install. The tests in it can be skipped.
want() {
  local browser=$1 program=$2 package=$3
  has "$program" Xvfb setpriv && return
  is_offered "$package" && install "$package" xvfb && has "$program" Xvfb setpriv && return
  echo "There is no $browser, or no Xvfb to show it: the tests in it are skipped" \
    "(Debian: apt-get install $package xvfb)." >&2
}

want Firefox "${FIREFOX:-firefox-esr}" firefox-esr
want WebKit WebKitWebDriver webkit2gtk-driver

# What the examples of the documentation read answers with.
has jq || install jq || echo "There is no jq: some examples of the documentation are not run (Debian: apt-get install jq)." >&2

# Those who have no Redis do without the tests of several processes with it. Debian's package would start one at every
# boot; redis-tools holds the server's program under another name, which is enough for the tests of counting in it.
want_redis() {
  has redis-server || has valkey-server && return
  if [ ! -d /run/systemd/system ] || [ "${CI:-}" = true ]; then
    is_offered redis-server && quietly install redis-server && return
  fi
  has redis-check-rdb || install redis-tools || true
  echo "There is no redis-server: the tests that need one are skipped" \
    "(Debian: apt-get install --no-install-recommends redis-server; the package starts a service)." >&2
}

# Nor do those who have no PostgreSQL run on it. Debian's packages would start one, and a PgBouncer, at every boot.
want_postgresql() {
  local missing=()
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb || missing+=(postgresql)
  PATH=$PATH:/usr/sbin:/usr/local/sbin has pgbouncer || missing+=(pgbouncer)
  [ ${#missing[@]} -eq 0 ] && return
  if [ ! -d /run/systemd/system ] || [ "${CI:-}" = true ]; then
    is_offered "${missing[0]}" && quietly install "${missing[@]}" && return
  fi
  echo "Without ${missing[*]} the tests on them are skipped" \
    "(Debian: apt-get install --no-install-recommends ${missing[*]}; the packages start services)." >&2
}

# Debian's proxies are services: a machine that starts some would start these too, now and at every
# boot. There they are left to whoever looks after it, and the tests that need them are skipped.
want_proxies() {
  local program package missing=()
  for program in nginx:nginx-light haproxy:haproxy apache2:apache2-bin caddy:caddy; do
    package=${program#*:}
    PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "${program%%:*}" >/dev/null || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ ! -d /run/systemd/system ] || [ "${CI:-}" = true ]; then
    for package in "${missing[@]}"; do
      is_offered "$package" && quietly install "$package" && continue
      echo "There is no $package to install: the tests with that proxy are skipped." >&2
    done
    return
  fi
  echo "Without ${missing[*]} the tests with these proxies are skipped" \
    "(Debian: apt-get install --no-install-recommends ${missing[*]}; the package starts a service)." >&2
}

# Nor do those who have no Prometheus have it read our rules. Debian's package would start one at every boot.
want_prometheus() {
  has prometheus promtool && return
  if [ ! -d /run/systemd/system ] || [ "${CI:-}" = true ]; then
    is_offered prometheus && quietly install prometheus && return
  fi
  echo "There is no Prometheus: some tests of the alert rules are skipped" \
    "(Debian: apt-get install --no-install-recommends prometheus; the package starts a service)." >&2
}

# Runs a command while Debian's packages may start no service.
quietly() {
  local policy=/usr/sbin/policy-rc.d root status=0
  root=$(as_root) || return 1
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null && $root chmod 755 "$policy"
  "$@" || status=$?
  $root rm -f "$policy"
  return $status
}

# Nor do those who have no nftables, or aren't root, have networks of their own to call between.
want_networks() {
  PATH=$PATH:/usr/sbin:/sbin has ip nft nsenter unshare && return
  is_offered nftables && install iproute2 nftables util-linux && return
  echo "There is no nftables: calls between networks are not tried" \
    "(Debian: apt-get install iproute2 nftables)." >&2
}

# Nor do those who have no coturn have a TURN server's word on our credentials. Debian's package is a service, too.
want_coturn() {
  has turnserver turnutils_uclient && return
  if [ ! -d /run/systemd/system ] || [ "${CI:-}" = true ]; then
    is_offered coturn && quietly install coturn && return
  fi
  echo "There is no coturn: the tests with a TURN server are skipped" \
    "(Debian: apt-get install --no-install-recommends coturn; the package starts a service)." >&2
}

want_redis
want_coturn
want_networks
want_proxies
want_postgresql
want_prometheus

# The tests do without these fonts, pictures do not: in them an emoji would be an empty box.
FONTS=(fonts-noto-color-emoji fonts-dejavu-core)
if find_chromium; then
  if command -v fc-list >/dev/null && ! fc-list :lang=und-zsye | grep -q .; then
    install "${FONTS[@]}" || true
  fi
  exit 0
fi
if install chromium-headless-shell "${FONTS[@]}" && find_chromium; then
  exit 0
fi
# Other distributions, and older Debians, have only the whole of it.
if install chromium "${FONTS[@]}" && find_chromium; then
  exit 0
fi
echo "The browser tests need Chromium: install it (Debian: apt-get install chromium-headless-shell)," \
  "or set CHROMIUM to a Chrome or Chromium you have." >&2
exit 1
