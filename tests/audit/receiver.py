"""A syslog server: over TLS with octet counting (RFC 5425), or UDP; and an authority that vouches for it."""

import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from queue import Queue
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.audit.messages import Received, received
from tests.waiting import PATIENCE


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in a file, with its key in the same file.

    Attributes:
        path: of certificate and key.
        certificate: itself.
        key: itself.
    """

    path: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def certificate(path: Path, name: str, issuer: Certificate | None = None) -> Certificate:
    """Make a certificate for this machine: by an authority, or one of an authority."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    addresses = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key() if issuer else public),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=issuer is None,
                crl_sign=issuer is None,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    made = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + secret)
    return Certificate(path, made, key)


@dataclass(frozen=True, slots=True)
class Receiver:
    """What a syslog server has received.

    Attributes:
        port: that it listens on.
        contents: messages without their frames.
    """

    port: int
    contents: "Queue[bytes]" = field(default_factory=Queue)

    def next(self) -> Received:
        """Wait for the next message, and return it."""
        return received(self.contents.get(timeout=PATIENCE))

    def until(self, condition: Callable[[Received], bool]) -> list[Received]:
        """Return all messages up to the first that meets the condition."""
        messages = [self.next()]
        while not condition(messages[-1]):
            messages.append(self.next())
        return messages


@contextmanager
def tls_receiver(own: Certificate, clients: Certificate | None = None, port: int = 0) -> Iterator[Receiver]:
    """Run a server that takes messages over TLS.

    Args:
        own: certificate.
        clients: whose clients it takes; None for all.
        port: to listen on; 0 for a free one.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.path)
    if clients:
        context.load_verify_locations(clients.path)
        context.verify_mode = ssl.CERT_REQUIRED
    messages: Queue[bytes] = Queue()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                with context.wrap_socket(self.request, server_side=True) as connection:
                    _take(connection, messages)
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        connections: list[socket.socket] = []  # noqa: RUF012

        def process_request(self, request: object, client_address: object) -> None:
            assert isinstance(request, socket.socket)
            self.connections.append(request.dup())
            super().process_request(request, client_address)

    server = Server(("127.0.0.1", port), Handler)
    server.connections = []
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield Receiver(server.server_address[1], messages)
    finally:
        server.shutdown()
        server.server_close()
        for connection in server.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def _take(connection: ssl.SSLSocket, messages: "Queue[bytes]") -> None:
    """Take messages off a connection: a length in decimal digits, a blank, and as many bytes."""
    with connection.makefile("rb") as stream:
        while True:
            digits = b""
            while (sign := stream.read(1)) not in (b" ", b""):
                assert sign.isdigit(), "octet counting expected"
                digits += sign
            if not sign:
                return
            messages.put(stream.read(int(digits)))


@contextmanager
def udp_receiver() -> Iterator[Receiver]:
    """Run a server that takes messages over UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        receiver = Receiver(listening.getsockname()[1])

        def take() -> None:
            try:
                while content := listening.recv(2**16):
                    receiver.contents.put(content)
            except OSError:
                return

        thread = Thread(target=take, daemon=True)
        thread.start()
        yield receiver
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", ("127.0.0.1", receiver.port))
        thread.join()
