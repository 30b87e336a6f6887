# API (the default), dashboard and trainer, from the hashed locks:
#   docker build -t credit-scoring-api .
#   docker build -t credit-scoring-dashboard --target dashboard .
#   docker build -t credit-scoring-trainer --target trainer .
# The tag follows Python's and Debian's security fixes. Renovate adds its digest (renovate.json); by hand:
# --build-arg BASE=python:3.13-slim-trixie@sha256:...
ARG BASE=python:3.13-slim-trixie

# LightGBM runs on GNU's OpenMP, which no wheel of it brings.
FROM ${BASE} AS base
# hadolint ignore=DL3008
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

# The project's wheel, and a uv that installs into environments without an installer of their own.
FROM base AS build
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 PIP_NO_CACHE_DIR=1 PATH=/opt/tools/bin:$PATH
WORKDIR /build
COPY requirements requirements
RUN python3 -m venv /opt/tools && \
    python3 -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt && \
    uv pip install -q --python /opt/tools --require-hashes -r requirements/build.txt && \
    python3 -m venv --without-pip /opt/venv
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN hatchling build --target wheel --directory dist

FROM build AS api-environment
RUN uv pip install -q --python /opt/venv --require-hashes -r requirements/serve.txt -r requirements/postgres.txt && \
    uv pip install -q --python /opt/venv --no-deps --offline dist/*.whl

FROM build AS dashboard-environment
RUN uv pip install -q --python /opt/venv --require-hashes -r requirements/dashboard.txt && \
    uv pip install -q --python /opt/venv --no-deps --offline dist/*.whl

FROM build AS trainer-environment
RUN uv pip install -q --python /opt/venv --require-hashes -r requirements/trainer.txt && \
    uv pip install -q --python /opt/venv --no-deps --offline dist/*.whl

# A champion trained on made-up applications, which are also those that the API finds.
FROM trainer-environment AS demo
ARG DEMO_APPLICATIONS=2000
ENV OMP_WAIT_POLICY=PASSIVE CREDIT_SCORING_HOME=/demo
WORKDIR /demo
RUN /opt/venv/bin/credit-scoring data synth data --applications "${DEMO_APPLICATIONS}" --seed 7 && \
    /opt/venv/bin/credit-scoring train data --folds 2 && \
    /opt/venv/bin/credit-scoring applicants load data && \
    mkdir home && mv models applicants home

# What all images share: a user without a name or a right, a home to mount over, a root that may be read-only.
FROM base AS run
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="credit-scoring" \
      org.opencontainers.image.description="Calibrated probabilities of default, decisions that replay, reasons that cannot lie" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_WAIT_POLICY=PASSIVE \
    HOME=/tmp CREDIT_SCORING_HOME=/data
# Volumes take over these folders' owner when they are first mounted.
RUN install -d -o 10001 -g 10001 -m 750 /data && install -d -o 10001 -g 10001 /keys
WORKDIR /data
USER 10001:10001

FROM run AS trainer
COPY --from=trainer-environment /opt/venv /opt/venv
VOLUME /data
CMD ["credit-scoring", "--help"]

FROM run AS dashboard
COPY --from=dashboard-environment /opt/venv /opt/venv
ENV CREDIT_SCORING_API_URL=http://127.0.0.1:8000
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8501') + '/_stcore/health', timeout=4)"]
CMD ["sh", "-c", "exec credit-scoring dashboard --host 0.0.0.0 --port ${PORT:-8501}"]

FROM run AS api
COPY --from=api-environment /opt/venv /opt/venv
COPY --from=demo --chown=10001:10001 /demo/home /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/health', timeout=4)"]
CMD ["sh", "-c", "exec credit-scoring serve --host 0.0.0.0 --port ${PORT:-8000}"]
