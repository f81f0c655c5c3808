# The site and its worker; `docker build -t cursor-cost-monitor .`
# Secrets, database and broker come from the environment at run time; data is in /app/var.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.lock
COPY . .
# The key is for this step only; with one in the environment none is made and kept.
RUN SECRET_KEY=only-while-building STATIC_MANIFEST=true /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q . && rm -rf var && mkdir var

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin app
COPY --from=build /venv /venv
COPY --from=build /app /app
RUN chown app: /app/var
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_MANIFEST=true
USER 10001
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz/ready', timeout=4)"]
CMD ["gunicorn", "--config=config/gunicorn.py", "--bind=0.0.0.0:8000", "config.wsgi"]
