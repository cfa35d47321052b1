"""What describes the instances of a series, or one: all of them, as they are now."""

from collections.abc import Mapping, Sequence

from service.archive.index.engine.database import Database
from service.archive.index.lookups.metadata import first_metadata
from service.archive.index.schema.stored_json import StoredJson
from service.archive.instance import Located, Target
from service.errors import InstanceGone
from service.imaging.numbers.numeric_frames import check_number_of_frames
from service.scope import Scope


async def described(
    index: Database, scope: Scope, target: Target, instances: Sequence[Located]
) -> Mapping[bytes, StoredJson]:
    """Return the metadata of instances, by digest.

    Args:
        index: that has it.
        scope: of who asks.
        target: whose instances they are.
        instances: all of them.

    Raises:
        ContentTooLarge: they have more frames than numbers are made of.
        InstanceGone: one was deleted or replaced meanwhile.
    """
    check_number_of_frames(sum(located.frames.number_of_frames for located in instances if located.frames))
    metadata = dict(await index.read(first_metadata, scope, target, len(instances)))
    for located in instances:
        if located.instance.digest not in metadata:
            raise InstanceGone(located.instance.uids.instance)
    return metadata
