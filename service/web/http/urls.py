"""The URLs of what is stored, as answers name it."""

from service.archive.instance import Instance


def instance_url(base_url: str, instance: Instance) -> str:
    """Return the URL of an instance."""
    uids = instance.uids
    return f"{base_url}/studies/{uids.study}/series/{uids.series}/instances/{uids.instance}"


def bulkdata_url(base_url: str, instance: Instance, path: str) -> str:
    """Return the Bulkdata URI that the metadata give a value."""
    return f"{instance_url(base_url, instance)}/bulkdata/{path}"
