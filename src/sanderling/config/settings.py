"""Every setting, in one place; values come from SANDERLING_* variables (see docs/reference)."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sanderling.config.environment import (
    InvalidSetting,
    env_bool,
    env_int,
    env_list,
    env_secret,
    env_server,
    env_text,
    kept_secret,
)
from sanderling.core.deadlines.rules import PAYER_TYPES
from sanderling.core.followup.grace import parse_grace
from sanderling.postgres.home import home_folder, private_folder, socket_folder
from sanderling.postgres.making import DATABASE, OWNER, PORT

SANDERLING_HOME = home_folder()
DEBUG = env_bool("SANDERLING_DEBUG", default=False)
SECRET_KEY = env_secret("SANDERLING_SECRET_KEY") or kept_secret(
    private_folder(SANDERLING_HOME, "keys") / "secret_key"
)
ALLOWED_HOSTS = env_list("SANDERLING_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env_list("SANDERLING_ORIGINS", [])
# Originals are encrypted at rest when this is set; keep it apart from the backups.
FILE_KEY = env_secret("SANDERLING_FILE_KEY") or ""
# Documents that clients upload are always encrypted: with a key of their own, else with that of the
# originals, else with one that this installation makes. The first serves for new ones.
DOCUMENT_KEYS = [key for key in (env_secret("SANDERLING_DOCUMENT_KEY"), FILE_KEY) if key]
_OWN_DOCUMENT_KEY = private_folder(SANDERLING_HOME, "keys") / "document_key"
if not DOCUMENT_KEYS or _OWN_DOCUMENT_KEY.exists():
    DOCUMENT_KEYS.append(kept_secret(_OWN_DOCUMENT_KEY))
# Where ClamAV's daemon is: unix:/path or tcp:host:port; auto: the usual sockets; off: none.
CLAMD = env_text("SANDERLING_CLAMD", "auto")
if not re.fullmatch(r"auto|off|unix:/.+|tcp:.+:\d+", CLAMD):
    raise InvalidSetting("SANDERLING_CLAMD must be auto, off, unix:/path or tcp:host:port")
HTTPS = env_bool("SANDERLING_HTTPS", default=False)
# Folders, separated by semicolons, whose files the worker takes in; they stay where they are.
WATCH_FOLDERS = [
    part.strip() for part in env_text("SANDERLING_WATCH", "").split(";") if part.strip()
]
# An insurer's balance of at most so much is not worth a call: its next action is a write-off.
SMALL_BALANCE_CENTS = env_int("SANDERLING_SMALL_BALANCE_CENTS", 0, minimum=0, maximum=100_000)
# What a payer paid short on a claim and wrote down itself is worth a touch of its own from here on.
UNDERPAID_CLAIM_CENTS = env_int(
    "SANDERLING_UNDERPAID_CLAIM_CENTS", 500, minimum=1, maximum=10_000_000
)
# The hour (UTC) at which the analytics mirror is refreshed every night, before all that reads it.
MIRROR_HOUR = env_int("SANDERLING_MIRROR_HOUR", 1, minimum=0, maximum=23)
# What one API token (or one person's session) may ask in a minute.
API_RATE_PER_MINUTE = env_int("SANDERLING_API_RATE", 600, minimum=1, maximum=100_000)
# How many days after its day a promised payment may still come, by type of payer: medicaid=14;*=5.
try:
    PROMISE_GRACE_DAYS = parse_grace(
        env_text("SANDERLING_PROMISE_GRACE_DAYS", ""), known=frozenset(PAYER_TYPES)
    )
except ValueError as error:
    raise InvalidSetting(f"SANDERLING_PROMISE_GRACE_DAYS: {error}") from None
# How long a turn of the demonstration's clearinghouse and payers takes.
DEMO_TURN_SECONDS = env_int("SANDERLING_DEMO_TURN_SECONDS", 15, minimum=1, maximum=86_400)
# How many claims a person is to touch in a day; the worklist shows how far one is.
TOUCHES_A_DAY = env_int("SANDERLING_TOUCHES_A_DAY", 60, minimum=1, maximum=1_000)
# Systemic issues: fewer claims since the onset are none, less money held back is none, and how many
# issues of nothing at all a client may be told of in a week (thousandths).
ISSUE_CLAIMS_MIN = env_int("SANDERLING_ISSUE_CLAIMS_MIN", 5, minimum=3, maximum=1_000)
ISSUE_DOLLARS_MIN = env_int("SANDERLING_ISSUE_DOLLARS_MIN", 500, minimum=0, maximum=1_000_000)
ISSUE_FALSE_PER_MILLE = env_int("SANDERLING_ISSUE_FALSE_PER_MILLE", 20, minimum=1, maximum=250)
# Webhooks may go to this machine itself, also by plain http: for tests and trials only.
WEBHOOKS_MAY_BE_LOCAL = env_bool("SANDERLING_WEBHOOKS_LOCAL", default=False)
# One upload by the web page, all its files together.
UPLOAD_BYTES_MAX = 2**20 * env_int("SANDERLING_UPLOAD_MB", 512, minimum=1, maximum=10_240)
# The browser that looks claims up in payers' portals; empty: the one on the path.
CHROMIUM = env_text("SANDERLING_CHROMIUM", "")

INSTALLED_APPS = [
    "sanderling.web",  # first: its templates take the place of allauth's
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "procrastinate.contrib.django",
    "sanderling.accounts",
    "sanderling.audit",
    "sanderling.clients",
    "sanderling.payers",
    "sanderling.codes",
    "sanderling.news",
    "sanderling.mail",
    "sanderling.links",
    "sanderling.agreements",
    "sanderling.files",
    "sanderling.claims",
    "sanderling.outbox",
    "sanderling.remits",
    "sanderling.ledger",
    "sanderling.contracts",
    "sanderling.pricing",
    "sanderling.proofs",
    "sanderling.followup",
    "sanderling.tasks",
    "sanderling.writeoffs",
    "sanderling.transfers",
    "sanderling.refunds",
    "sanderling.barriers",
    "sanderling.flags",
    "sanderling.worklists",
    "sanderling.inquiries",
    "sanderling.resubmission",
    "sanderling.appeals",
    "sanderling.portals",
    "sanderling.document_requests",
    "sanderling.workload",
    "sanderling.mirror",
    "sanderling.underpayments",
    "sanderling.kpis",
    "sanderling.forecast",
    "sanderling.evaluation",
    "sanderling.automation",
    "sanderling.issues",
    "sanderling.prevention",
    "sanderling.receivables",
    "sanderling.intake",
    "sanderling.exchange",
    "sanderling.keyaccounts",
    "sanderling.reports",
    "sanderling.compliance",
    "sanderling.reviews",
    "sanderling.client_portal",
    "sanderling.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sanderling.accounts.idle.KeepsSession",
    "sanderling.api.middleware.ApiDoor",
    "sanderling.accounts.middleware.ClientIsolation",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "sanderling.config.urls"
WSGI_APPLICATION = "sanderling.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sanderling.web.navigation.navigation",
                "sanderling.news.bell.bell",
                "sanderling.accounts.break_glass.broken_glass",
            ],
            "builtins": ["sanderling.web.templatetags.sanderling"],
        },
    }
]


def database_from_url(url: str) -> dict[str, Any]:
    """Return Django's database settings for a postgresql:// address.

    Raises:
        InvalidSetting: another scheme, or no database name.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not name:
        raise InvalidSetting("DATABASE_URL must look like postgresql://user@host:5432/database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": query,
    }


def embedded_database() -> dict[str, Any]:
    """Return Django's database settings for the embedded PostgreSQL of this home."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": OWNER,
        "HOST": str(socket_folder(SANDERLING_HOME)),
        "PORT": str(PORT),
        "OPTIONS": {},
    }


# Whether the embedded database serves; the command line starts it then.
DATABASE_IS_EMBEDDED = not os.environ.get("DATABASE_URL", "").strip()
DATABASES = {
    "default": (
        embedded_database()
        if DATABASE_IS_EMBEDDED
        else database_from_url(os.environ["DATABASE_URL"].strip())
    )
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
}
# The web application works under this role, which row-level security binds (`up` sets it);
# unset: the owner, who sees everything (command line and worker).
DATABASE_ROLE = env_text("SANDERLING_DATABASE_ROLE", "")
if DATABASE_ROLE not in {"", "sanderling_app"}:
    raise InvalidSetting("SANDERLING_DATABASE_ROLE must be unset or sanderling_app")
if DATABASE_ROLE:
    # At log-in, by the server: a connection that may not take the role does not come about.
    _options = DATABASES["default"]["OPTIONS"]
    _options["options"] = f"{_options.get('options', '')} -c role={DATABASE_ROLE}".strip()
# Who acts on each new connection until somebody else is named (`up` sets "worker").
SESSION_ACTOR = env_text("SANDERLING_ACTOR", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # Shared by all workers, so that rate limits hold; a table, since PostgreSQL is all we run.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
    }
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = SANDERLING_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
# What is being uploaded is patient data: it never lies in a folder that others can list.
FILE_UPLOAD_TEMP_DIR = private_folder(SANDERLING_HOME, "uploads")
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FILES = 1_000

# People.

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "sanderling.accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "sanderling.accounts.adapter.SocialAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
# Single sign-on by OpenID Connect: for people whom an administrator has made already, by their
# e-mail address as the provider has verified it.
SSO_SERVER, SSO_ORIGIN = env_server("SANDERLING_SSO_SERVER")
SSO_NAME = env_text("SANDERLING_SSO_NAME", "single sign-on")
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if SSO_SERVER:
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": SSO_NAME,
                    "client_id": env_text("SANDERLING_SSO_CLIENT_ID", "sanderling"),
                    "secret": env_secret("SANDERLING_SSO_SECRET", length_min=1) or "",
                    "settings": {"server_url": SSO_SERVER},
                }
            ],
        }
    }
SOCIALACCOUNT_STORE_TOKENS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Sanderling"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
# Idle time-out: each request renews the session for this long.
SESSION_COOKIE_AGE = 60 * env_int("SANDERLING_IDLE_MINUTES", 15, minimum=1, maximum=720)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = False  # htmx sends it back as a header
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# No inline script or style anywhere; assets are our own files.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        # Logging in by another server begins with a form that leads there.
        "form-action": ["'self'", SSO_ORIGIN] if SSO_ORIGIN else ["'self'"],
        "object-src": ["'none'"],
    }
}

# Mail goes out by this server; unset: it is kept in files of the data directory.
EMAIL_HOST = env_text("SANDERLING_SMTP_HOST", "")
EMAIL_PORT = env_int("SANDERLING_SMTP_PORT", 587, minimum=1, maximum=65_535)
EMAIL_HOST_USER = env_text("SANDERLING_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env_secret("SANDERLING_SMTP_PASSWORD", length_min=1) or ""
_SMTP_SECURITY = env_text("SANDERLING_SMTP_SECURITY", "starttls")
if _SMTP_SECURITY not in {"starttls", "tls", "none"}:
    raise InvalidSetting("SANDERLING_SMTP_SECURITY must be starttls, tls or none")
EMAIL_USE_TLS = _SMTP_SECURITY == "starttls"
EMAIL_USE_SSL = _SMTP_SECURITY == "tls"
EMAIL_TIMEOUT = 30
EMAIL_BACKEND = env_text(
    "SANDERLING_EMAIL_BACKEND",
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend",
)
EMAIL_FILE_PATH = SANDERLING_HOME / "mail"
# Where people reach the pages: the beginning of links in mails and messages.
PUBLIC_URL = env_text("SANDERLING_URL", "http://127.0.0.1:8000")
DEFAULT_FROM_EMAIL = env_text("SANDERLING_EMAIL_FROM", "sanderling@localhost")

# Logs carry ids, never names, dates of birth, member ids or segments.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "sanderling.config.logs.PlacesOnly",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["stderr"], "level": env_text("SANDERLING_LOG_LEVEL", "WARNING")},
}
