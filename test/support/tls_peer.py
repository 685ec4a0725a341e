"""A certificate authority of a test's own, and a TLS server in front of the sandbox whose moods change while kycd runs.

What the server could decrypt is the oracle for "nothing was sent": a request that it never took is not in `received`.
"""

import datetime
import pathlib
import select
import socket
import ssl
import subprocess
import threading
import warnings

CA_CONFIG = """
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


def _days_from_now(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


class Authority:
    """Issues certificates with whatever is wrong with them; certificates and keys are paths of PEM files."""

    def __init__(self, folder, name="a test's authority"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        (self.folder / "index").touch()
        (self.folder / "config").write_text(CA_CONFIG)
        self.certificate = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        self.issued = 0
        self._openssl("req", "-x509", "-config", "config", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-days", "30", "-keyout", self.key, "-out", self.certificate)

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def issue(self, names="DNS:localhost, IP:127.0.0.1", first_day=-1, last_day=30, self_signed=False, usage="serverAuth"):
        """(certificate, key), good from and until so many days from now."""
        self.issued += 1
        stem = self.folder / f"issued-{self.issued}"
        certificate, key, request, extensions = (stem.with_suffix(end) for end in (".pem", ".key", ".csr", ".ext"))
        extensions.write_text(f"subjectAltName = {names}\nextendedKeyUsage = {usage}\nbasicConstraints = CA:FALSE\n")
        self._openssl("req", "-new", "-config", "config", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/CN=issued by a test", "-keyout", key, "-out", request)
        signer = ["-selfsign", "-keyfile", key] if self_signed else ["-cert", self.certificate, "-keyfile", self.key]
        self._openssl("ca", "-batch", "-notext", "-config", "config", *signer, "-in", request, "-out", certificate,
                      "-extfile", extensions, "-startdate", _days_from_now(first_day), "-enddate", _days_from_now(last_day))
        key.chmod(0o600)
        certificate.chmod(0o600)
        return certificate, key


def mood(own, oldest=None, newest=None, client_authority=None):
    """A server's context: its certificate, the versions it speaks, and whose client certificates it demands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if newest is not None and newest < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
        if oldest is not None:
            context.minimum_version = oldest
        if newest is not None:
            context.maximum_version = newest
    if client_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_authority.certificate)
    return context


class Front:
    """Accepts with the context of the hour and passes on to the sandbox what it could decrypt. Without a context it is silent."""

    def __init__(self, upstream_port, context):
        self.upstream_port = upstream_port
        self.context = context
        self.received = 0     # bytes of requests, decrypted
        self.connections = 0  # TCP
        self.refused = []     # what handshakes failed of
        self._open = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def change(self, context):
        """Another mood; what was open is closed, so that everything begins anew in it."""
        self.context = context
        self.hang_up()

    def hang_up(self):
        with self._lock:
            for each in self._open:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self._listener.close()
        self.hang_up()

    def _accept(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        with self._lock:
            self._open.add(plain)
            self.connections += 1
        try:
            plain.settimeout(60)
            if self.context is None:
                while plain.recv(4096):
                    pass
                return
            try:
                client = self.context.wrap_socket(plain, server_side=True)
            except (ssl.SSLError, OSError) as error:
                self.refused.append(error)
                return
            with self._lock:
                self._open.discard(plain)
                self._open.add(client)
            try:
                self._relay(client)
            finally:
                with self._lock:
                    self._open.discard(client)
                client.close()
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(plain)
            plain.close()

    def _relay(self, client):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.upstream_port)) as plain, context.wrap_socket(plain) as server:
            for end in (client, server):
                end.setblocking(False)
            while True:
                select.select([client, server], [], [])
                for source, sink in ((client, server), (server, client)):
                    while True:
                        try:
                            part = source.recv(65536)
                        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                            break
                        if not part:
                            return
                        if source is client:
                            self.received += len(part)
                        self._send(sink, part)

    @staticmethod
    def _send(sink, part):
        sink.setblocking(True)
        sink.sendall(part)
        sink.setblocking(False)
