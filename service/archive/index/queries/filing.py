"""How values of attributes are filed: of series and studies that have changed since, one after the other."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from service.archive.index.engine.dialects import one_transaction
from service.archive.index.engine.locks import locking
from service.archive.index.queries.filed import is_fresh, owner_of
from service.archive.index.queries.projection import OTHERS, read
from service.archive.index.schema.filed_tables import filed_states, filed_values
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import documents, instances
from service.dicom.query.filed import Filed, FiledAttribute
from service.dicom.query.levels import Level
from service.dicom_json import DicomJson

_ROWS_AT_ONCE = 64


class Owner(NamedTuple):
    """A study or series, and the revision that it is of."""

    id: int
    revision: int


def unfiled(connection: sa.Connection, attributes: Sequence[FiledAttribute], limit: int) -> list[Owner]:
    """Return some studies or series of which an attribute is not filed; all attributes are of one level."""
    owner, names = owner_of(attributes[0].level), [attribute.name for attribute in attributes]
    query = sa.select(owner.c.id, owner.c.revision).where(~is_fresh(owner, names)).limit(limit)
    return [Owner(*row) for row in connection.execute(query)]


def values_of(
    connection: sa.Connection, attributes: Sequence[FiledAttribute], owner: Owner
) -> dict[str, set[Filed]]:
    """Return the values of attributes of one level, by the names under which they are filed."""
    values: dict[str, set[Filed]] = {attribute.name: set() for attribute in attributes}
    for data_set in _data_sets(connection, attributes[0].level, owner.id):
        for attribute in attributes:
            values[attribute.name] |= attribute.values([data_set])
    return values


def _data_sets(connection: sa.Connection, level: Level, owner: int) -> Iterator[DicomJson]:
    """Yield the data sets of a level that belong to a study or series, as searches compare them."""
    table = owner_of(level)
    rows: sa.FromClause = table
    columns = table.c.id, OTHERS[level], table.c.attributes
    condition = table.c.id == owner
    if level is Level.INSTANCE:
        rows = instances.join(documents, documents.c.instance == instances.c.id)
        columns = instances.c.id, OTHERS[level], instances.c.attributes
        condition = instances.c.series == owner
    query = sa.select(*columns).select_from(rows).where(condition)
    with one_transaction(connection):  # a cursor lives no longer
        for _, others, attributes in connection.execute(
            query, execution_options={"yield_per": _ROWS_AT_ONCE}
        ):
            yield read(OTHERS[level], others) | StoredJson(attributes).parsed()


@locking(lambda _: ["filed values"])
def file_values(connection: sa.Connection, values: Mapping[Owner, Mapping[str, Collection[Filed]]]) -> None:
    """File the values of some studies or series, in place of those that were filed before."""
    for owner, of_owner in values.items():
        _remove(connection, filed_states.c.owner == owner.id, filed_values.c.owner == owner.id, of_owner)
    states = [
        {"attribute": name, "owner": owner.id, "revision": owner.revision}
        for owner, of_owner in values.items()
        for name in of_owner
    ]
    rows = [
        {"attribute": name, "owner": owner.id, **value._asdict()}
        for owner, of_owner in values.items()
        for name, own in of_owner.items()
        for value in own
    ]
    if states:
        connection.execute(sa.insert(filed_states), states)
    if rows:
        connection.execute(sa.insert(filed_values), rows)


def _remove(
    connection: sa.Connection,
    of_states: sa.ColumnElement[bool],
    of_values: sa.ColumnElement[bool],
    names: Collection[str],
) -> None:
    connection.execute(sa.delete(filed_states).where(of_states, filed_states.c.attribute.in_(names)))
    connection.execute(sa.delete(filed_values).where(of_values, filed_values.c.attribute.in_(names)))


@locking(lambda _: ["filed values"])
def forget_others(connection: sa.Connection, attributes: Collection[FiledAttribute]) -> None:
    """Forget the values of all other attributes, and those of studies and series that are gone."""
    names = [attribute.name for attribute in attributes]
    for table in (filed_states, filed_values):
        connection.execute(sa.delete(table).where(table.c.attribute.not_in(names)))
        for attribute in attributes:
            here = sa.select(owner_of(attribute.level).c.id)
            of_attribute = table.c.attribute == attribute.name
            connection.execute(sa.delete(table).where(of_attribute, table.c.owner.not_in(here)))
