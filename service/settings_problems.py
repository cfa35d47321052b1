"""Why the service may not start with its settings: who asks has to be known where others reach it."""

from ipaddress import ip_address

from service.settings import NO_ACCESS_CONTROL, OIDC, Settings


def is_loopback(host: str) -> bool:
    """Tell whether only programs of the same machine reach what listens there."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def dimse_problem(settings: Settings) -> str | None:
    """Return why DIMSE may not be served so: who calls has to be known where others can reach it."""
    host = settings.dimse_host or settings.host
    if settings.dimse_peers is None and settings.auth != [NO_ACCESS_CONTROL] and not is_loopback(host):
        return (
            f"{host} can be reached by others, who would see everything: set DICOMWEB_DIMSE_PEERS to the "
            "file of those who may call, or DICOMWEB_AUTH=none to serve all of them"
        )
    if settings.dimse_tls_certificate is None and (settings.dimse_tls_key or settings.dimse_tls_ca):
        return "TLS needs a certificate: set DICOMWEB_DIMSE_TLS_CERTIFICATE"
    return None


def access_problem(settings: Settings) -> str | None:
    """Return why the service may not start so: who asks has to be known where others can reach it."""
    ways = settings.auth or []
    if settings.auth is None and settings.oidc_issuer:
        return "DICOMWEB_OIDC_ISSUER is set, and nobody is asked: set DICOMWEB_AUTH=oidc, or keys,oidc"
    if settings.auth is None and not is_loopback(settings.host):
        return (
            f"{settings.host} can be reached by others, who would see everything: set DICOMWEB_AUTH=keys "
            "(or oidc) to know who asks, or DICOMWEB_AUTH=none to serve all of them"
        )
    if OIDC in ways and settings.oidc_issuer is None:
        return "DICOMWEB_AUTH=oidc needs a provider: set DICOMWEB_OIDC_ISSUER"
    if OIDC in ways and not (settings.oidc_client_id or settings.oidc_audience):
        return (
            "DICOMWEB_AUTH=oidc needs DICOMWEB_OIDC_CLIENT_ID for people, DICOMWEB_OIDC_AUDIENCE for programs"
        )
    return None
