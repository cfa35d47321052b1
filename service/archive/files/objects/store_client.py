"""How an object store is spoken to: its kind, where it is, and for how long it is waited for.

A store that says nothing is given up after some seconds; what fails at once is tried again first, as stores
ask for. Endpoints, regions and credentials are in the environment, as each kind of store has it.
"""

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig
    from obstore.store import ObjectStore as Store

SILENCE = timedelta(seconds=7)  # after which a store that says nothing is given up
_CONNECT = timedelta(seconds=3)
_WHOLE_CALL = timedelta(seconds=120)
_RETRIES = 4
_RETRY_TIME = timedelta(seconds=5)  # since the first attempt, beyond which there is no other
_UNSIGNED = "AWS_UNSIGNED_PAYLOAD"
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
}


def store_of(url: str) -> "Store":
    """Return the store that a URL names.

    Raises:
        BaseError, ValueError: of obstore: it cannot be used.
    """
    from obstore.store import AzureStore, GCSStore, S3Store  # noqa: PLC0415

    parts = urlsplit(url)
    stores: dict[str, Any] = {"s3": S3Store, "az": AzureStore, "gs": GCSStore}
    store: Store = stores[parts.scheme](
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=_config(parts.scheme),
        client_options=_client_options(parts.scheme),
        retry_config=_retry_config(),
    )
    return store


def _config(scheme: str) -> dict[str, Any]:
    """Return what no variable says: TLS proves content to be whole, so that S3 needs no SHA-256 of it."""
    is_told = _UNSIGNED in os.environ
    return {"unsigned_payload": True} if scheme == "s3" and not is_told and not _is_plain(scheme) else {}


def _is_plain(scheme: str) -> bool:
    """Tell whether the store is spoken to in plain HTTP."""
    endpoint = next(filter(None, map(os.environ.get, _ENDPOINTS[scheme])), "")
    return endpoint.startswith("http://") or "AZURE_STORAGE_USE_EMULATOR" in os.environ


def _client_options(scheme: str) -> "ClientConfig":
    return {
        "allow_http": _is_plain(scheme),
        "connect_timeout": _CONNECT,
        "read_timeout": SILENCE,
        "timeout": _WHOLE_CALL,
    }


def _retry_config() -> "RetryConfig":
    return {
        "max_retries": _RETRIES,
        "retry_timeout": _RETRY_TIME,
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=1),
            "base": 2,
        },
    }
