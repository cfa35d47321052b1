"""What settings make, for the application and for commands: files, decoder, audit, how callers are known."""

from pathlib import Path

from service.access.access import Access
from service.access.claims import Places
from service.access.code_flow import Client, CodeFlow
from service.access.keys import Keys
from service.access.links import Links
from service.access.provider import Provider
from service.access.requests import Requests
from service.access.seal import Seal, kept_secret
from service.access.sessions import Sessions
from service.access.tokens import Rules, Tokens
from service.archive import Archive, open_archive
from service.archive.files import rights
from service.archive.files.blobs import Blobs
from service.archive.files.opening import open_blobs
from service.archive.index.engine.database import Database
from service.audit.audit import Audit
from service.audit.opening import TlsFiles, open_audit
from service.imaging.decoder import Decoder
from service.pixels.workers.pool import PixelWorkers
from service.settings import KEYS, NO_ACCESS_CONTROL, OIDC, Settings, blobs_url, roles_of
from service.threads import Threads

_CODEC_FACTOR = 8  # OpenJPEG has four bytes for each of a frame, and a result besides


def decoder_of(settings: Settings, blobs: Blobs) -> Decoder:
    """Return how frames are decoded, for one event loop."""
    return Decoder(
        blobs,
        PixelWorkers(
            settings.codec_processes, settings.codec_seconds, 2**30 + _CODEC_FACTOR * settings.max_frame_bytes
        ),
        Threads(settings.render_threads),
        settings.pixel_cache_bytes,
        settings.max_frame_bytes,
    )


def blobs_of(settings: Settings) -> Blobs:
    """Return the stored files.

    Raises:
        DicomwebError: the object store cannot be used, or what it takes is not installed.
        OSError: the folder cannot be made.
    """
    return open_blobs(settings.data, settings.blobs, settings.cache_bytes)


def archive_of(settings: Settings, blobs: Blobs) -> Archive:
    """Return the archive, on a database that has been migrated; the caller closes it."""
    return open_archive(
        settings.index_url,
        blobs,
        replace=settings.on_conflict == "replace",
        connections=settings.database_connections,
    )


def copied_to(settings: Settings, place: str) -> Blobs:
    """Return where files are to be copied to: a folder, or an object store.

    Raises:
        DicomwebError: it cannot be used.
        OSError: the folder cannot be made.
    """
    if "://" in place:
        return open_blobs(settings.data, blobs_url(place))
    rights.open_folder(Path(place))
    return open_blobs(Path(place))


def audit_of(settings: Settings, index: Database) -> Audit | None:
    """Return the audit; None if there is to be none.

    Raises:
        OSError: a file of TLS cannot be used.
    """
    return open_audit(
        index,
        settings.audit,
        settings.audit_source,
        tls_files_of(settings),
        settings.audit_seconds,
        settings.audit_keep_days,
    )


def tls_files_of(settings: Settings) -> TlsFiles:
    """Return the files for connections to a syslog server."""
    return TlsFiles(settings.audit_tls_ca, settings.audit_tls_certificate, settings.audit_tls_key)


def access_of(settings: Settings, archive: Archive) -> Access:
    """Return how callers are known."""
    ways, roles, links = settings.auth or [NO_ACCESS_CONTROL], roles_of(settings), Links(archive.index)
    if ways == [NO_ACCESS_CONTROL]:
        return Access(links)
    keys = Keys(archive.index, roles) if KEYS in ways else None
    tokens = _tokens(settings) if OIDC in ways else None
    seal = Seal(settings.cookie_secrets or [kept_secret(settings.data)])
    people = tokens if settings.oidc_client_id else None
    sessions = Sessions(
        seal, roles, settings.session_seconds, keys, people.provider.issuer if people else None
    )
    return Access(links, keys, tokens, sessions, _code_flow(settings, people, seal) if people else None)


def _tokens(settings: Settings) -> Tokens:
    """Return how tokens of the provider are verified, and what they say."""
    audiences = settings.oidc_audience or filter(None, [settings.oidc_client_id])
    return Tokens(
        Provider(str(settings.oidc_issuer), Requests()),
        Rules(frozenset(audiences), frozenset(settings.oidc_algorithms)),
        Places(settings.oidc_roles_claim, settings.oidc_tenants_claim, settings.oidc_name_claim),
        roles_of(settings),
    )


def _code_flow(settings: Settings, tokens: Tokens, seal: Seal) -> CodeFlow:
    """Return how people sign in at the provider."""
    assert settings.oidc_client_id is not None
    client = Client(settings.oidc_client_id, settings.oidc_client_secret, tuple(settings.oidc_scopes))
    return CodeFlow(tokens.provider, tokens, client, seal)
