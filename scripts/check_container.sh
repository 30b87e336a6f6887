#!/usr/bin/env bash
# Build the Dockerfile without a Docker engine, run the API's image as its user on a read-only root, and ask it.
# Usage: scripts/check_container.sh SCRATCH [compare]. Needs root and Debian's apt-get; skips with a reason without them.
# compare: tell the size of an environment of requirements.txt too.
#
# The base is a stand-in made of Debian's packages; what the registry's base would add is Python's own build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skip() {
    echo "skipped: $*"
    exit 0
}

[ "$(id -u)" -eq 0 ] || skip "building images without a Docker engine needs root here"
if ! command -v buildah mmdebstrap ip >/dev/null; then
    command -v apt-get >/dev/null || skip "there is no buildah, and no apt-get to install it with"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        buildah mmdebstrap iproute2 >/dev/null; } || skip "apt-get cannot install buildah here"
fi

scratch=$1
python=$PWD/.venv/bin/python
export BUILDAH_ISOLATION=chroot
mkdir -p "$scratch/mounts" "$scratch/home" "$scratch/tmp"
in_store() { buildah --storage-driver "$driver" --root "$scratch/store" --runroot "$scratch/runroot" "$@"; }
driver=overlay # vfs copies each layer whole, and works everywhere
in_store from scratch >/dev/null 2>&1 || { driver=vfs && rm -rf "$scratch/store" "$scratch/runroot"; }
release() { # the store mounts itself, and could not be removed else
    in_store umount --all >/dev/null 2>&1 || true
    umount "$scratch/store/overlay" 2>/dev/null || true
}
trap release EXIT
took() { # took WHAT COMMAND...
    local what=$1 began=$SECONDS
    shift
    "$@"
    echo "container: $what: $((SECONDS - began)) s"
}
megabytes() { du -sm --apparent-size "$1" | cut -f 1; }

# The host's own release, so that wheels which `make setup` has fetched for the same Python serve again.
make_base() {
    local release container
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io --include=python3,python3-venv,ca-certificates \
        "$release" "$scratch/base.tar" 2>"$scratch/base.log" || { cat "$scratch/base.log"; return 1; }
    container=$(in_store from scratch)
    in_store add --quiet "$container" "$scratch/base.tar" >/dev/null
    in_store commit --quiet --rm "$container" localhost/base >/dev/null
}

# Installers inside see the host's certificates, its pip configuration and uv's cache, by mounts: none is in the image.
mounts() {
    local uv=$PWD/.venv/bin/uv
    [ -x "$uv" ] || uv=$(command -v uv || true)
    echo "system-certs = true" >"$scratch/mounts/uv.toml"
    "$python" -m pip config list | sed -n "s/^global\.\(index-url\|extra-index-url\|trusted-host\)='\(http.*\)'$/\1 = \2/p" |
        cat <(printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n') - >"$scratch/mounts/pip.conf"
    echo --volume /etc/ssl/certs:/etc/ssl/certs:ro
    echo --volume "$scratch/mounts/pip.conf:/etc/pip.conf:ro"
    echo --volume "$scratch/mounts/uv.toml:/etc/uv/uv.toml:ro"
    [ -z "$uv" ] || echo --volume "$("$uv" cache dir):/root/.cache/uv"
}

build() {
    # shellcheck disable=SC2046
    in_store build --format docker --build-arg BASE=localhost/base $(mounts) --tag credit-scoring-api . \
        >"$scratch/build.log" 2>&1 || { tail -n 60 "$scratch/build.log"; return 1; }
}

took "stand-in base of Debian's packages" make_base
took "build of the Dockerfile, demonstration model trained in it" build

container=$(in_store from credit-scoring-api)
root=$(in_store mount "$container")
in_store inspect --type image credit-scoring-api >"$scratch/image.json"
cp -a "$root/data/." "$scratch/home" # what a first mount of a volume does
chown 10001:10001 "$scratch/home"
unshare --mount --net --pid --fork --kill-child "$python" scripts/run_image.py "$root" "$scratch"
echo "container: serving environment $(megabytes "$root/opt/venv") MB, home with the demonstration model" \
    "$(megabytes "$root/data") MB, the whole root $(megabytes "$root") MB"

# What an image that installs requirements.txt as a whole would hold.
if [ "${2:-}" = compare ] && [ -x .venv/bin/uv ]; then
    "$python" -m venv --without-pip "$scratch/whole"
    .venv/bin/uv pip install --quiet --python "$scratch/whole" --compile-bytecode --require-hashes -r requirements.txt
    echo "container: an environment of requirements.txt $(megabytes "$scratch/whole") MB"
fi
