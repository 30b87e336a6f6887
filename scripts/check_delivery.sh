#!/usr/bin/env bash
# Check what is delivered beside the code: containers, manifests, workflow, texts, secrets, and that sdist and wheel build.
# Usage: scripts/check_delivery.sh SCRATCH; the tools come from requirements/delivery.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$1
python=$PWD/.venv/bin/python
tools=$scratch/tools/bin
uv=$PWD/.venv/bin/uv
[ -x "$uv" ] || uv=$(command -v uv || true)

install_tools() {
    "$python" -m venv "$scratch/tools"
    if [ -n "$uv" ]; then
        "$uv" pip install --quiet --python "$tools/python" --require-hashes -r requirements/delivery.txt
    else
        "$tools/python" -m pip install -qq --require-hashes -r requirements/delivery.txt
    fi
}

check() { # check WHAT COMMAND...; tells what passed, and everything of what did not
    local what=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then
        echo "delivery: $what"
    else
        cat "$scratch/said"
        echo "delivery: FAILED: $what"
        return 1
    fi
}

check_rules() {
    if ! command -v promtool >/dev/null; then
        { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null; } || {
            echo "delivery: skipped: there is no promtool, and apt-get cannot install it here"
            return 0
        }
    fi
    check "Prometheus' rules" promtool check rules deploy/prometheus/alerts.yaml
}

# An sdist and the wheel that is built from it; what installs from the wheel is checked by the step "minimal install".
build_distributions() {
    rm -rf "$scratch/dist" && mkdir -p "$scratch/unpacked"
    "$python" -m hatchling build --target sdist --directory "$scratch/dist"
    tar -xzf "$scratch"/dist/*.tar.gz -C "$scratch/unpacked" --strip-components=1
    (cd "$scratch/unpacked" && "$python" -m hatchling build --target wheel --directory "$scratch/dist")
    "$python" -m hatchling build --target wheel --directory "$scratch/direct"
    cmp "$scratch"/dist/*.whl "$scratch"/direct/*.whl
}

install_tools
export PATH=$tools:$PATH
mapfile -t shell < <(git ls-files '*.sh' .ci/run)
mapfile -t texts < <(git ls-files '*.md' | grep -v '^docs/reference/')
mapfile -t manifests < <(git ls-files 'deploy/kubernetes/*.yaml' | grep -v kustomization)

check "Dockerfile" hadolint Dockerfile
check "shell scripts" shellcheck --severity=warning "${shell[@]}"
check "compose.yaml, by its schema" check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
check "workflow, by its schema" check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
check "every job has a time limit" check-jsonschema --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml
check "renovate.json, by its schema" check-jsonschema --builtin-schema vendor.renovate renovate.json
check "CITATION.cff, by its schema" check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
check "workflow, by actionlint's rules" jactionlint --ignore 'is pinned by a tag, which can be moved'
check "workflow, by zizmor" zizmor --offline --quiet .github/workflows
check "Kubernetes manifests, by their schemas" kubernetes-validate --strict "${manifests[@]}"
check_rules
check "spelling of ${#texts[@]} documents" codespell --ignore-words .codespellignore -- "${texts[@]}"
check "links and anchors" "$python" scripts/check_links.py "${texts[@]}"
git clone --quiet --no-local . "$scratch/clone" # without what is installed, built here or belongs to no branch
check "no secret in any file or commit" kingfisher scan --no-validate --no-update-check --quiet "$scratch/clone"
check "sdist, and one wheel from it and from the checkout" build_distributions
