"""Who is at the other end of an association, and what they may do."""

from dataclasses import dataclass

from service.dimse.network.peers import Peer
from service.permissions import Permission
from service.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Visit:
    """An association that somebody has with us.

    Attributes:
        peer: who it is.
        calling: the AE title by which they call themselves.
        called: the AE title by which they call us.
        address: from where they come.
    """

    peer: Peer
    calling: str
    called: str
    address: str

    @property
    def scope(self) -> Scope:
        """The studies that are there for them."""
        return EVERYTHING if self.peer.tenants is None else Scope(self.peer.tenants)

    def may(self, permission: Permission) -> bool:
        """Tell whether they may do what needs this permission."""
        return permission in self.peer.permissions
