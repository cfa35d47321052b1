"""Where an index and its files are, as a process is told of it."""

from service.settings import Settings


def environment_of(place: Settings) -> dict[str, str]:
    """Return the settings that lead a process to a place, but for its folder."""
    named = {"DICOMWEB_DATABASE_URL": place.database_url, "DICOMWEB_BLOBS": place.blobs}
    return {name: value for name, value in named.items() if value is not None}
