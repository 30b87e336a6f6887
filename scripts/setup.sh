#!/bin/sh
# Build .venv from requirements/dev.txt and install the project in it. Called by `make setup`.
# Usage: scripts/setup.sh [PYTHON]
set -eu
cd "$(dirname "$0")/.."

export UV_PYTHON_DOWNLOADS=never PIP_DISABLE_PIP_VERSION_CHECK=1
venv=.venv
lock=requirements/dev.txt
bootstrap=requirements/bootstrap.txt

version() { "$1" -c 'import sys; print(*sys.version_info[:3], sep=".")' 2>/dev/null; }

# A shim can exist and fail, so a Python counts only when it runs.
supported() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

pip() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
    "$venv/bin/python" -m pip -qq "$@"
}

install_with_uv() {
    "$uv" --version >/dev/null 2>&1 || return 1
    echo "setup: installing $lock with $("$uv" --version)"
    # A bootstrapped uv lives in .venv and must survive its own sync.
    locks=$lock
    [ "$uv" != "$venv/bin/uv" ] || locks="$lock $bootstrap"
    # shellcheck disable=SC2086
    "$uv" pip sync --quiet --python "$venv/bin/python" --require-hashes $locks &&
        "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
}

install_with_pip() {
    echo "setup: uv does not work here; installing $lock with pip, which takes a minute or more"
    pip install --require-hashes -r "$lock"
    pip install --no-deps --no-build-isolation --editable .
}

asked=${1:-}
python=
for candidate in ${asked:-python3.13 python3.12 python3.11 python3}; do
    if supported "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "setup: credit-scoring needs Python 3.11 or newer, and ${asked:-python3} is older or does not run." \
        "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2
    exit 1
fi

# Keep an environment that runs, unless another Python was asked for.
if ! supported "$venv/bin/python" ||
    { [ -n "$asked" ] && [ "$(version "$venv/bin/python")" != "$(version "$python")" ]; }; then
    rm -rf "$venv"
fi
rm -f "$venv"/.stamp*

uv=$(command -v uv || true)
if [ ! -d "$venv" ]; then
    echo "setup: Python $(version "$python") in $venv"
    if ! { [ -n "$uv" ] && "$uv" venv --quiet --python "$(command -v "$python")" "$venv"; } &&
        ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "setup: $python cannot make an environment with pip; on Debian, install python3-venv" >&2
        exit 1
    fi
fi
if [ -z "$uv" ]; then
    uv=$venv/bin/uv
    pip install --require-hashes -r "$bootstrap" || true
fi
install_with_uv || install_with_pip
