"""Which studies a caller may see, as the index asks for it.

Whatever lies outside a scope is not there: it is found, counted, opened and deleted by nobody who has that
scope. `archive.index.scoped` makes SQL conditions of it, and is the only place where it is decided.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """All studies, or those of some tenants and some others besides.

    Attributes:
        tenants: whose studies; None for those of all tenants and of none.
        studies: UIDs of studies besides.
    """

    tenants: frozenset[str] | None = None
    studies: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether no study lies outside."""
        return self.tenants is None


EVERYTHING = Scope()
