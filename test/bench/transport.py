#!/usr/bin/python3
"""What sending costs: uploads (three images, 0.96 MB) and one poll each, by kycd's transport alone, by libcurl's multi
interface and by wrk, one after the other in each round, to an nginx that has a core for itself. TLS 1.3, kept connections.
With --threads N kycd's transport goes once more in each round, with N threads and on all cores, nginx's too.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import bench

IMAGE = 320 * 1024
CLIENT, SERVER = "0", "1"  # cores

NGINX = """
daemon off; worker_processes 1; pid {top}/pid; error_log {top}/error.log warn; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000; keepalive_timeout 300s; client_max_body_size 0;
  client_body_temp_path {top}/body; proxy_temp_path {top}/proxy; fastcgi_temp_path {top}/f; uwsgi_temp_path {top}/u; scgi_temp_path {top}/s;
  ssl_protocols TLSv1.3; ssl_session_cache shared:all:1m;
  server {{
    listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate {certificate}; ssl_certificate_key {key};
    default_type application/json;
    location /api/v3/services/task/ {{ return 200 '{{"state": "SUCCESS", "result": {{"status": 200, "data": {{"liveness": true}}}}}}'; }}
    location /api/v3/services/ {{ return 201 '{{"id": "5f0c8d4e-0c6b-4b57-9a05-2d6c1c6b7c1a"}}'; }}
  }}
}}
"""

WRK = """
local upload, poll
local uploading = false
init = function()
  upload = wrk.format("POST", "/api/v3/services/kyc_card/", {{["Content-Type"] = "multipart/form-data; boundary=x"}},
                      string.rep("x", {size}))
  poll = wrk.format("GET", "/api/v3/services/task/?id=1")
end
request = function()
  uploading = not uploading
  return uploading and upload or poll
end
"""


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=4000, help="of each client in each round; wrk gets as long as kycd took")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1, help="of kycd's transport, beside the run with one")


class Server:
    def __init__(self, top):
        from peers import free_port, listens
        from tls_peer import Authority
        from world import wait_for
        authority = Authority(top / "authority")
        self.ca_file, self.port = authority.certificate, free_port()
        certificate, key = authority.issue()
        config = top / "nginx.conf"
        config.write_text(NGINX.format(top=top, port=self.port, certificate=certificate, key=key,
                                       user="user root;" if os.geteuid() == 0 else ""))
        self.process = subprocess.Popen(pinned(SERVER, "nginx", "-e", f"{top}/error.log", "-c", str(config)),
                                        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        wait_for(lambda: listens(self.port), "nginx to listen")

    def close(self):
        self.process.terminate()
        self.process.wait()


def pinned(core, *command):
    return ["taskset", "-c", core, *command] if os.cpu_count() > 1 else list(command)


def cost(command, cores=CLIENT):
    """Seconds, seconds of the processor, and what it printed."""
    began = time.monotonic()
    with subprocess.Popen(pinned(cores, *command), stdout=subprocess.PIPE, text=True) as process:
        told = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with {process.returncode}: {told}")
    return time.monotonic() - began, used.ru_utime + used.ru_stime, told


def measure(read, top):
    server = Server(top)
    script = top / "wrk.lua"
    script.write_text(WRK.format(size=3 * IMAGE))
    load = [str(server.port), str(server.ca_file), str(read.cases), str(read.connections), str(IMAGE)]
    several = [f"kycd, {read.threads} threads"] if read.threads > 1 else []
    found = {name: {"ms of processor per case": [], "cases per second": []} for name in ("kycd", *several, "libcurl", "wrk")}
    busiest = {name: [] for name in ("kycd", *several)}
    handshakes = 0

    def note(name, cases, seconds, processor):
        found[name]["ms of processor per case"].append(1000 * processor / cases)
        found[name]["cases per second"].append(cases / seconds)

    try:
        for _ in range(read.rounds):
            seconds, processor, told = cost([read.transport, *load])
            handshakes = json.loads(told)["handshakes"]
            note("kycd", read.cases, seconds, processor)
            busiest["kycd"].append(json.loads(told)["busiest_thread_ms"] / read.cases)
            for name in several:
                *used, told = cost([read.transport, *load, str(read.threads)], f"0-{os.cpu_count() - 1}")
                note(name, read.cases, *used)
                busiest[name].append(json.loads(told)["busiest_thread_ms"] / read.cases)
            note("libcurl", read.cases, *cost([read.curl_transport, *load])[:2])
            duration = max(2, round(seconds))
            _, processor, told = cost(["wrk", "-t1", f"-c{read.connections}", f"-d{duration}s", "-s", str(script),
                                             f"https://localhost:{server.port}"])
            requests, took = re.search(r"(\d+) requests in ([\d.]+)s", told).groups()
            note("wrk", int(requests) / 2, float(took), processor)
    finally:
        server.close()
    spreads = {name: {what: bench.spread(numbers) for what, numbers in each.items()} for name, each in found.items()}
    for name, numbers in busiest.items():
        spreads[name]["ms of its busiest thread"] = bench.spread(numbers)
    return spreads, handshakes


def main():
    read = bench.arguments(__doc__, own_arguments)
    with tempfile.TemporaryDirectory(dir=read.folder) as top:
        found, handshakes = measure(read, pathlib.Path(top))
    machine = bench.machine(read.folder)
    print(", ".join(f"{name}: {value}" for name, value in machine.items()))
    rows = []
    for name, each in found.items():
        processor, speed = each["ms of processor per case"], each["cases per second"]
        rows.append([name, "{median:.2f} ({least:.2f}-{most:.2f})".format(**processor),
                     f"{processor['median'] / found['wrk']['ms of processor per case']['median']:.2f}",
                     "{median:.0f} ({least:.0f}-{most:.0f})".format(**speed),
                     f"{speed['median'] / found['wrk']['cases per second']['median']:.2f}",
                     f"{each['ms of its busiest thread']['median']:.2f}" if "ms of its busiest thread" in each else "-"])
    bench.table(rows, ["client", "ms of CPU a case", "/ wrk", "cases/s", "/ wrk", "busiest thread"])
    print(f"kycd's TLS handshakes: {handshakes} with {read.connections} connections")
    bench.write_json(read.json, {"bench": "transport", "machine": machine, "rounds": read.rounds, "cases": read.cases,
                                 "connections": read.connections, "handshakes": handshakes, "clients": found})


if __name__ == "__main__":
    main()
