# docker build -t pivotal-sandbox . && docker run --rm -p 127.0.0.1:8400:8400 pivotal-sandbox
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY sandbox sandbox
COPY fixtures fixtures
COPY receiver_templates receiver_templates
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /data sandbox
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PIVOTAL_SANDBOX_HOST=0.0.0.0
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8400
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8400/healthz', timeout=2)"]
# Beyond its own loopback the API asks for a token: PIVOTAL_SANDBOX_TOKEN, or the one it prints.
ENTRYPOINT ["pivotal-sandbox"]
CMD ["up"]
