"""An API in Python that notes when things reach it, for latencies: slow, but on the same clock as who drops and who reads.

A time is taken when the request's first bytes have been decrypted, some 0.1 ms after they came. All times are of time.monotonic().
"""

import json
import re
import socket
import threading
import time
import uuid

from scripted_api import ANSWERS, token
from tls_peer import Authority, mood


class TimingPeer:
    """Answers the `service` alone. `answer_after(task number)`: seconds from the receipt on."""

    def __init__(self, folder, service, answer_after):
        self.authority = Authority(folder)
        self.ca_file = self.authority.certificate
        self.service, self.answer_after = service, answer_after
        self.context = mood(self.authority.issue())
        self.uploads = []  # when the first byte of each came
        self.ready = {}  # task: when its answer was there
        self.answered = {}  # task: when the poll that it was given to came
        self.polls = 0
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self):
        return f"https://localhost:{self.port}/api/v3"

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        self.connections += 1
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with self.context.wrap_socket(plain, server_side=True) as client:
                while self._one_request(client):
                    pass
        except OSError:
            pass

    def _one_request(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(65536)
            if not part:
                return False
            if not head:
                came = time.monotonic()
            head += part
        head, body = head.split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        left = int(length.group(1)) - len(body) if length else 0
        while left > 0:
            left -= len(client.recv(min(left, 1 << 20)))
        reply = json.dumps(self._reply(head.split(b" ", 2)[1].decode(), came)).encode()
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply)
        return True

    def _reply(self, target, came):
        if "/token/" in target:
            return {"refresh": token("refresh"), "access": token("access")}
        if "/task/" not in target:
            self.uploads.append(came)
            task = str(uuid.uuid4())
            self.ready[task] = time.monotonic() + self.answer_after(len(self.uploads))
            return {"id": task}
        self.polls += 1
        task = target.partition("id=")[2]
        if came < self.ready[task]:
            return {"id": 1, "status": "PENDING", "result": None}
        self.answered[task] = came
        return ANSWERS[self.service]
