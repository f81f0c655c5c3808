"""All settings, read from the environment and `.env`; README.md lists the variables."""

import warnings
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from config.caches import build_caches, redis_name
from config.local.environment import Environment, read_env_file
from config.local.installation import make_var_directory, read_version
from config.local.secret_key import derive_key, load_secret_key
from config.logs import logging_config
from config.openid import google_provider, openid_apps, origins

BASE_DIR = Path(__file__).resolve().parent.parent

read_env_file(BASE_DIR / ".env")
env = Environment()
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"))).absolute()
make_var_directory(VAR_DIR)

# What runs here
VERSION = read_version(BASE_DIR / "CHANGELOG.md")
DEBUG = env.flag("DEBUG", default=False)
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 2)  # processes of gunicorn
AUTH_SECRET = env.secret("AUTH_SECRET")
SHARED_SECRET_KEY = env.secret("SECRET_KEY") or derive_key(AUTH_SECRET)  # the same on every machine
SECRET_KEY = SHARED_SECRET_KEY or load_secret_key(VAR_DIR / "secret_key")
AUTH_URL = env.site("AUTH_URL")
site_url = env.site("DASHBOARD_URL")
SIGN_IN_URL = AUTH_URL or site_url  # where the provider sends people back to; empty: where they are
DASHBOARD_URL = site_url or AUTH_URL or "http://127.0.0.1:8000"
DASHBOARD_URL_IS_SET = bool(SIGN_IN_URL)
SITE_HOSTS = sorted({urlsplit(url).hostname or "" for url in (DASHBOARD_URL, AUTH_URL) if url})
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS") + SITE_HOSTS + ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "config",
    "tracker",
    "incidents",
    "detection",
    "groups",
    "collector",
    "solo",
    "simple_history",
    "axes",
    "django_q",
    "django_htmx",
    "ninja",
    "csp",
    "anymail",
    "chartkick.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "tracker.admin_site.apps.ProductAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "tracker.ops.probes.ProbeMiddleware",
    "tracker.ops.timing.TimingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # above whitenoise: static files that nobody compressed, too
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tracker.api.errors.ApiErrorsMiddleware",  # outside whatever may refuse a request
    "tracker.access.limits.LimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "tracker.access.audit.AuditMiddleware",
    "tracker.access.guard.AccessMiddleware",
    "tracker.views.errors.ConflictsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",  # last, as its documentation asks
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tracker.layout.frame",
            ],
        },
    },
    {  # for what a page repeats hundreds of times, the rows of tables: several times as fast
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"trim_blocks": True, "lstrip_blocks": True},
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # so that `templates/` may replace widgets

# Language and time
LANGUAGE_CODE = "en-us"
USE_I18N = False
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# Database
DATABASE = env.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at BEGIN, where SQLite waits for it; taken later it fails at once.
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASE["CONN_MAX_AGE"] = 600
    DATABASE["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": DATABASE}

REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss"), example="redis://HOST:6379/0")
CACHES = build_caches(REDIS_URL, SECRET_KEY)

# Task queue. The hourly job is given 55 minutes; `retry` above `timeout`, or it would run twice.
Q_CLUSTER = {
    "name": redis_name(SECRET_KEY) if REDIS_URL else "cursor-cost-monitor",
    "workers": 2,
    "timeout": 55 * 60,
    "retry": 60 * 60,
    "max_attempts": 2,
    "catch_up": False,
    "recycle": 100,
    "save_limit": 500,
    "poll": 2,
    "label": "Task queue",
} | ({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"})

# Static files: straight from the apps, or, once `collectstatic` has run, hashed and compressed.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_MANIFEST = env.flag("STATIC_MANIFEST", default=False)
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST
warnings.filterwarnings("ignore", "No directory at: .*staticfiles", UserWarning)  # as it is with finders
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_MANIFEST
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Sign-in: with a provider, or, when none of its variables is set, with a local staff login for the admin.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
SIMPLE_HISTORY_REVERT_DISABLED = True  # an old version saved again would go round the rules
AUTH_GOOGLE_ID = env.text("AUTH_GOOGLE_ID")
AUTH_GOOGLE_SECRET = env.secret("AUTH_GOOGLE_SECRET")
AUTH_OIDC_ISSUER = env.url("AUTH_OIDC_ISSUER", example="https://login.example.com/realms/company")
AUTH_OIDC_ID = env.text("AUTH_OIDC_ID")
AUTH_OIDC_SECRET = env.secret("AUTH_OIDC_SECRET")
AUTH_OIDC_NAME = env.text("AUTH_OIDC_NAME", "single sign-on")
AUTH_OIDC_ROLE_CLAIM = env.text("AUTH_OIDC_ROLE_CLAIM")
AUTH_OIDC_ROLES = env.pairs("AUTH_OIDC_ROLES", ("viewer", "responder", "admin"))
AUTH_ALLOWED_DOMAIN = env.text("AUTH_ALLOWED_DOMAIN").lower()
AUTH_ALLOWED_EMAILS = [email.lower() for email in env.items("AUTH_ALLOWED_EMAILS")]
AUTH_ADMIN_EMAILS = [email.lower() for email in env.items("AUTH_ADMIN_EMAILS")]
AUTH_TRUST_HOST = env.flag("AUTH_TRUST_HOST", default=False)
AUTH_REQUIRE_TOTP = env.flag("AUTH_REQUIRE_TOTP", default=False)
# One of them is enough to close the pages; config.E004 asks for the rest.
HAS_GOOGLE = bool(AUTH_GOOGLE_ID or AUTH_GOOGLE_SECRET)
AUTH_ENABLED = bool(AUTH_SECRET or HAS_GOOGLE or AUTH_OIDC_ISSUER or AUTH_OIDC_ID or AUTH_OIDC_SECRET)
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend"
    if AUTH_ENABLED
    else "django.contrib.auth.backends.ModelBackend",
]
AXES_CLIENT_IP_CALLABLE = "tracker.access.audit.client_network"
SESSION_COOKIE_AGE = 7 * 24 * 3600
ACCOUNT_EMAIL_VERIFICATION = "none"  # the provider has verified it, or it is refused
ACCOUNT_ADAPTER = "tracker.access.codes.SignInStages"
MFA_ADAPTER = "tracker.access.codes.OneTimeCodes"
MFA_FORMS = {"activate_totp": "tracker.access.codes.SetUp", "authenticate": "tracker.access.codes.CodeForm"}
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "tracker.access.adapter.ProviderSignIn"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # a verified address finds the person it belonged to before
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "google": google_provider(AUTH_GOOGLE_ID, AUTH_GOOGLE_SECRET),
    "openid_connect": {"APPS": openid_apps(AUTH_OIDC_ISSUER, AUTH_OIDC_NAME, AUTH_OIDC_ID, AUTH_OIDC_SECRET)},
}
CRON_SECRET = env.key("CRON_SECRET")
METRICS_TOKEN = env.key("METRICS_TOKEN")

# Cursor
CURSOR_ADMIN_API_KEY = env.key("CURSOR_ADMIN_API_KEY")
CURSOR_ANALYTICS_API_KEY = env.key("CURSOR_ANALYTICS_API_KEY", CURSOR_ADMIN_API_KEY)
# "write": administrators set members' spend limits in Cursor from here.
CURSOR_LIMITS = env.choice("CURSOR_LIMITS", ("read", "write"))
CURSOR_AGENTS_API_KEY = env.key("CURSOR_AGENTS_API_KEY")
CURSOR_API_URL = env.url("CURSOR_API_URL", "https://api.cursor.com")
DEMO = env.flag("DEMO", default=False)  # set by `serve` when it starts the sandbox: the pages say so

# Notifications
SLACK_BOT_TOKEN = env.key("SLACK_BOT_TOKEN")
SLACK_CHANNEL_ID = env.text("SLACK_CHANNEL_ID")
SLACK_SIGNING_SECRET = env.secret("SLACK_SIGNING_SECRET")
SLACK_API_URL = env.url("SLACK_API_URL", "https://slack.com/api")
WEBHOOK_URL = env.secret_url("WEBHOOK_URL")
WEBHOOK_SECRET = env.secret("WEBHOOK_SECRET")
PAGERDUTY_EVENTS_URL = env.url("PAGERDUTY_EVENTS_URL", "https://events.pagerduty.com/v2/enqueue")
PAGERDUTY_WEBHOOK_SECRET = env.secret("PAGERDUTY_WEBHOOK_SECRET")
OPSGENIE_API_URL = env.url("OPSGENIE_API_URL", "https://api.opsgenie.com")
OPSGENIE_WEBHOOK_TOKEN = env.key("OPSGENIE_WEBHOOK_TOKEN")
HEARTBEAT_URL = env.secret_url("HEARTBEAT_URL")
RESEND_API_KEY = env.key("RESEND_API_KEY")
RESEND_FROM = env.text("RESEND_FROM")
EMAIL_CONFIGURED = bool((EMAIL_URL := env.secret("EMAIL_URL")) or RESEND_API_KEY)
ALERT_EMAIL_TO = env.items("ALERT_EMAIL_TO")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", RESEND_FROM or "cursor-cost-monitor@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 20  # seconds
vars().update(env.email("EMAIL_URL", "consolemail://"))
if RESEND_API_KEY:
    EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    ANYMAIL = {"RESEND_API_KEY": RESEND_API_KEY, "REQUESTS_TIMEOUT": EMAIL_TIMEOUT}

# Security: what only HTTPS can carry follows from the site's own address.
HTTPS = DASHBOARD_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^metrics$", r"^api/cron$"]  # asked from this machine, past the proxy
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "tracker.access.views.csrf_failed"
CSRF_TRUSTED_ORIGINS = sorted({url for url in (DASHBOARD_URL, AUTH_URL) if url})
if AUTH_TRUST_HOST:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
# Browsers hold the redirect to the provider against form-action too; pictures are those of people signed in.
SIGN_IN_FORMS = [*(["https://accounts.google.com"] if HAS_GOOGLE else []), *origins(AUTH_OIDC_ISSUER)]
GOOGLE_PICTURES = ["https://*.googleusercontent.com"] if AUTH_ENABLED else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", *GOOGLE_PICTURES],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, *SIGN_IN_FORMS],
        "frame-ancestors": [NONE],
    },
}
# Bodies that are not files, and all bodies together with their files: at most a file of groups of 20 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 25_000  # the admin moves whole teams between groups at once
MAX_BODY_BYTES = 21 * 1024**2

# Logs
LOG_FORMAT = env.choice("LOG_FORMAT", ("text", "json"))
LOG_LEVEL = env.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR"))
LOGGING = logging_config(LOG_FORMAT, LOG_LEVEL, secrets=(SECRET_KEY, *env.secrets))
DEFAULT_EXCEPTION_REPORTER_FILTER = "tracker.views.debug_page.HiddenAddresses"

ENVIRONMENT_NAMES, ENVIRONMENT_PROBLEMS = frozenset(env.names), tuple(env.problems)
