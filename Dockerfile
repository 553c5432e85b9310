# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements-uv.txt requirements.txt ./
RUN python -m venv /app \
 && /app/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-uv.txt \
 && /app/bin/uv pip install --python /app/bin/python --no-cache --require-hashes --compile-bytecode -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY booking booking
COPY emulator emulator
COPY handlers handlers
COPY storage storage
RUN /app/bin/uv pip install --python /app/bin/python --no-cache --no-deps --no-build-isolation --compile-bytecode . \
 && /app/bin/python -m pip uninstall --yes --quiet uv hatchling editables pip

FROM python:3.11-slim
RUN groupadd --gid 10001 zhenyue \
 && useradd --uid 10001 --gid zhenyue --no-create-home --home-dir /data --shell /usr/sbin/nologin zhenyue \
 && install --directory --owner zhenyue --group zhenyue --mode 0700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ZHENYUE_HOST=0.0.0.0 \
    ZHENYUE_DATA_DIR=/data
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('ZHENYUE_PORT', '8080') + '/readyz', timeout=4)"]
ENTRYPOINT ["zhenyue"]
CMD ["serve"]
