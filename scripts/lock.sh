#!/bin/sh
# Compile the hashed locks from pyproject.toml. Called by `make lock`; --upgrade takes the newest versions.
set -eu
cd "$(dirname "$0")/.."

export UV_PYTHON_DOWNLOADS=never
uv=$(command -v uv || echo .venv/bin/uv)
if ! "$uv" --version >/dev/null 2>&1; then
    echo "lock: needs uv, and it is neither on PATH nor in .venv" >&2
    exit 1
fi

# --no-config: what one machine is set up with must not show in the locks.
compile() {
    out=$1
    shift
    echo "lock: $out"
    "$uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --output-file "$out" "$@"
}

# dev.txt holds everything; the others are constrained by it, so all agree. It alone notes who needs what.
compile requirements/dev.txt "$@" --all-extras --group dev --group docs --group bench pyproject.toml requirements/build.in
compile requirements/full.txt "$@" --no-annotate --constraint requirements/dev.txt --all-extras pyproject.toml
compile requirements/train.txt "$@" --no-annotate --constraint requirements/dev.txt --extra serve --extra dashboard --extra train --extra report --extra notebook pyproject.toml
compile requirements/serve.txt "$@" --no-annotate --constraint requirements/dev.txt --extra serve pyproject.toml
# What the images carry beside these, and what builds the project.
compile requirements/dashboard.txt "$@" --no-annotate --constraint requirements/dev.txt --extra dashboard pyproject.toml
compile requirements/trainer.txt "$@" --no-annotate --constraint requirements/dev.txt --extra serve --extra train --extra database --extra kaggle pyproject.toml
compile requirements/postgres.txt "$@" --no-annotate --constraint requirements/dev.txt requirements/postgres.in
compile requirements/build.txt "$@" --no-annotate --constraint requirements/dev.txt requirements/build.in
# Tools that are never installed beside the project.
compile requirements/bootstrap.txt "$@" requirements/bootstrap.in
compile requirements/delivery.txt "$@" --no-annotate requirements/delivery.in
cp requirements/train.txt requirements.txt
