"""nginx as the API: tokens, a task id of its own for each upload, and SUCCESS for every poll. Nothing is stored or judged, so that
what is measured is the client's cost and not the API's; the sandbox is for what is right, this is for what is fast.
"""

import base64
import collections
import json
import os
import pathlib
import subprocess
import time

REQUESTS = "$msec $request_time $request_method $connection $connection_requests $ssl_session_reused $status"

NGINX = """
daemon off; worker_processes 1; pid {top}/pid; error_log {top}/error.log warn; {user}
events {{ worker_connections 2048; }}
http {{
  log_format requests '{format}';
  access_log {log}; keepalive_requests {keepalive_requests}; keepalive_timeout 300s; client_max_body_size 0;
  client_body_temp_path {top}/body; proxy_temp_path {top}/proxy; fastcgi_temp_path {top}/f; uwsgi_temp_path {top}/u; scgi_temp_path {top}/s;
  ssl_protocols TLSv1.3; ssl_session_cache shared:all:1m;
  map $request_id $task {{ "~^(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})$" "$1-$2-$3-$4-$5"; }}
  server {{
    listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate {certificate}; ssl_certificate_key {key};
    default_type application/json;
    location /api/v3/accounts/token/ {{ return 200 '{tokens}'; }}
    location /api/v3/services/task/ {{ return 200 '{answer}'; }}
    location /api/v3/services/ {{ return 200 '{{"id": "$task"}}'; }}
  }}
}}
"""

# As documented for kyc_card; what face_liveness looks for is in it too.
ANSWER = {"document": {"is_valid": True, "is_expired": False, "full_name": "ERIKA MUSTERMANN", "date_of_birth": "1983-08-12",
                       "card_number": "L01XM00CH", "country": "Germany", "gender": "", "marital_status": "", "occupation": "",
                       "religion": "", "portrait": "images/services/ocr_card/1700000000.jpg",
                       "portrait_url": "https://localhost/media/images/services/ocr_card/1700000000.jpg"},
          "compare": True, "liveness": True}
LIVENESS = {"id": 1, "status": "SUCCESS", "result": {"status": 200, "data": {"liveness": {
    "result": True, "data": {"score": 2.59, "quality": 0.82, "probability": 0.93}}}}}
ANSWERS = {"kyc_card": ANSWER, "face_liveness": LIVENESS}

Request = collections.namedtuple("Request", "began ended method connection number resumed status")


def token(kind, lifetime=86_400):
    """A JWT of this kind that nobody checks; a client reads when it ends. `lifetime`: in seconds."""
    def part(what):
        return base64.urlsafe_b64encode(json.dumps(what).encode()).rstrip(b"=").decode()
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'token_type': kind, 'exp': int(time.time()) + lifetime})}.c2lnbmVk"


class ScriptedApi:
    """Runs until close(). `core`: the only one that it uses; `log`: requests() can tell what came."""

    def __init__(self, top, service="kyc_card", core=None, keepalive_requests=1_000_000, log=False):
        from peers import PATHS, free_port, listens
        from tls_peer import Authority
        from world import wait_for
        top = pathlib.Path(top)
        top.mkdir(parents=True, exist_ok=True)
        authority = Authority(top / "authority")
        certificate, key = authority.issue()
        self.ca_file, self.port, self.log_file = authority.certificate, free_port(), top / "requests"
        config = top / "nginx.conf"
        config.write_text(NGINX.format(
            top=top, port=self.port, certificate=certificate, key=key, keepalive_requests=keepalive_requests, format=REQUESTS,
            log=f"{self.log_file} requests buffer=64k" if log else "off", user="user root;" if os.geteuid() == 0 else "",
            tokens=json.dumps({"refresh": token("refresh"), "access": token("access")}), answer=json.dumps(ANSWERS[service])))
        self.process = subprocess.Popen([*pinned(core), "setpriv", "--pdeathsig", "TERM", "nginx", "-e", f"{top}/error.log", "-c",
                                         str(config)], env={**os.environ, "PATH": PATHS})
        wait_for(lambda: listens(self.port), "nginx to listen")

    @property
    def base_url(self):
        return f"https://localhost:{self.port}/api/v3"

    def close(self):
        self.process.terminate()
        self.process.wait()

    def requests(self):
        """After close(): every request, in the order of its end. Times are seconds since 1970, exact to 1 ms."""
        found = []
        for line in self.log_file.read_text().splitlines():
            ended, took, method, connection, number, resumed, status = line.split()
            found.append(Request(float(ended) - float(took), float(ended), method, int(connection), int(number), resumed == "r",
                                 int(status)))
        return found


def pinned(core):
    """The words that keep a command on one core, if there are two."""
    return ["taskset", "-c", core] if core is not None and os.cpu_count() > 1 else []
