#!/usr/bin/env bash
#
# Installs brokers for the interop suite, each from the registry of its own language or from Debian:
#
#   bash spec/interop/install.sh NAME…     (without a name: what is there, and where it comes from)
#
# What is installed already is left alone. All but Debian's packages goes into one cache folder:
# $MQTTREP_INTEROP_CACHE, or mqttrep-interop in the user's cache. Debian's packages, also those of the tools that
# Maven and PyPI are reached with, need root; their services are not started.

set -euo pipefail

cache="${MQTTREP_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mqttrep-interop}"

# name   how     what
brokers='
mosquitto  debian  mosquitto mosquitto-clients openssl
rabbitmq   debian  rabbitmq-server
nats       debian  nats-server
ejabberd   debian  ejabberd
activemq   maven   org.apache.activemq:activemq-broker:6.1.7 org.apache.activemq:activemq-mqtt:6.1.7 org.apache.activemq:activemq-kahadb-store:6.1.7 org.apache.activemq:activemq-console:6.1.7 org.slf4j:slf4j-simple:2.0.16
artemis    maven   org.apache.activemq:artemis-server:2.42.0 org.apache.activemq:artemis-mqtt-protocol:2.42.0 org.slf4j:slf4j-simple:2.0.16
hivemq     maven   com.hivemq:hivemq-community-edition-embedded:2025.5
moquette   maven   io.moquette:moquette-broker:0.17
amqtt      pip     amqtt==0.12.1
aedes      none    comes-with-mqttrep
mosca      npm     mosca@2.8.3 jsonschema@1.2.4
mochi      go      github.com/mochi-mqtt/server/v2/cmd@v2.7.9
rumqttd    cargo   rumqttd@0.20.0
'

main() {
  if (($# == 0)); then
    list
    return
  fi
  for name in "$@"; do
    install "$name"
  done
}

list() {
  awk 'NF { how = $2; $1 = sprintf("%-10s", $1); $2 = sprintf("%-7s", how); print }' <<<"$brokers"
}

install() {
  local name="$1" how what
  read -r how what < <(awk -v name="$name" '$1 == name { $1 = ""; print }' <<<"$brokers") || {
    echo "install.sh: unknown broker «$name»; known: $(awk 'NF { printf "%s ", $1 }' <<<"$brokers")" >&2
    return 64
  }
  if [[ "$how" == none ]] || is_installed "$name" "$how" "$what"; then
    echo "$name: installed already"
    return
  fi
  echo "$name: installing $what"
  if [[ "$how" == debian ]]; then
    by_debian "$what"
    return
  fi
  local folder="$cache/$name"
  rm -rf "$folder"
  mkdir -p "$folder"
  "by_$how" "$folder" "$what"
  # Written last: a folder without it is half of an installation.
  echo "$what" >"$folder/.installed"
}

is_installed() {
  local name="$1" how="$2" what="$3"
  if [[ "$how" == debian ]]; then
    # shellcheck disable=SC2086 — a list of packages
    dpkg-query -W -f '${Status}\n' $what 2>/dev/null | grep -c '^install ok installed' |
      grep -qx "$(wc -w <<<"$what")"
  else
    [[ "$(cat "$cache/$name/.installed" 2>/dev/null)" == "$what" ]]
  fi
}

by_debian() {
  if ((EUID != 0)); then
    echo "install.sh: Debian's packages need root: sudo apt-get install --no-install-recommends $1" >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  # With this run level none of the packages starts its service.
  # shellcheck disable=SC2086 — a list of packages
  RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $1 >/dev/null ||
    { apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $1 >/dev/null; }
}

# Debian's packages for a tool that is not there: it is, if the command says so.
needs() {
  local packages="$1"
  shift
  "$@" >/dev/null 2>&1 || by_debian "$packages"
}

has() {
  local tool
  for tool in "$@"; do
    command -v "$tool" || return 1
  done
}

by_maven() {
  local folder="$1" group artifact version
  needs 'maven default-jdk-headless' has mvn java javac
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>mqttrep</groupId><artifactId>interop</artifactId><version>1</version><packaging>pom</packaging>'
    echo '<dependencies>'
    for dependency in $2; do
      IFS=: read -r group artifact version <<<"$dependency"
      echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$folder/pom.xml"
  mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder/lib" -DincludeScope=runtime
}

by_pip() {
  needs python3-venv python3 -c 'import ensurepip'
  python3 -m venv "$1/venv"
  "$1/venv/bin/pip" install --quiet --disable-pip-version-check "$2"
}

by_npm() {
  echo '{ "private": true }' >"$1/package.json"
  # shellcheck disable=SC2086 — a list of packages
  npm install --prefix "$1" --no-audit --no-fund --loglevel=error $2
}

by_go() {
  GOBIN="$1/bin" go install "$2"
}

# Without --locked: its own lock file holds a version of a dependency that today's compiler refuses.
by_cargo() {
  cargo install --quiet --root "$1" "$2"
}

main "$@"
