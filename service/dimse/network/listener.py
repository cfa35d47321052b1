"""Connections as they come in: each becomes an association with a thread of its own."""

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from pynetdicom.ae import ApplicationEntity
from pynetdicom.transport import AssociationServer, AssociationSocket, RequestHandler

from service.dimse.network.association import Association

_Open = Callable[[], Association]


class Listener(AssociationServer):
    """Accepts connections.

    Args:
        entity: ours.
        listening: a socket that listens; other processes may have it too.
        opening: makes an association.
        tls: for connections; None for none. Hands are shaken in the association's thread.
        handlers: of what is asked.
    """

    def __init__(
        self,
        entity: ApplicationEntity,
        listening: socket.socket,
        opening: _Open,
        tls: ssl.SSLContext | None,
        handlers: Sequence[tuple[Any, Callable[..., Any]]],
    ) -> None:
        self.open = opening
        self.handlers = handlers
        self._listening = listening
        super().__init__(entity, listening.getsockname()[:2], entity.ae_title, [], tls, [], _Connection)
        servers: list[Any] = entity._servers
        servers.append(self)

    def server_bind(self) -> None:
        """Take the socket; where another process accepts a connection first, nobody waits for the next."""
        assert self.socket is not None
        self.socket.close()
        self.socket = self._listening
        self.socket.setblocking(False)

    def server_activate(self) -> None:
        """Do nothing: it listens."""

    def server_close(self) -> None:
        """Close the socket here, and leave it to others as it is."""
        self._listening.close()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Return a connection and where it comes from."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        connection.settimeout(self.ae.network_timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.ssl_context:
            connection = self.ssl_context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Forget a connection that fails before it is an association."""

    def service_actions(self) -> None:
        """Do nothing besides."""


class _Connection(RequestHandler):
    """Makes an association of a connection."""

    server: Listener

    def handle(self) -> None:
        """Start an association."""
        association = self.server.open()
        self._configure(association)
        association.start()

    def _configure(self, association: Association) -> None:
        association._server = self.server
        association.name = "AcceptorThread"
        association.set_socket(AssociationSocket(association, client_socket=self.request))
        acceptor, entity = association.acceptor, self.ae
        acceptor.maximum_length = entity.maximum_pdu_size
        acceptor.ae_title = entity.ae_title
        acceptor.address_info = self.local
        acceptor.implementation_class_uid = entity.implementation_class_uid
        acceptor.implementation_version_name = entity.implementation_version_name
        association.requestor.address_info = self.remote
        for event, handler in self.server.handlers:
            association.bind(event, handler)
