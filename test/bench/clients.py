"""Programs that are run to their end and measured, and the three that send load to the scripted API without being kycd."""

import collections
import json
import os
import re
import subprocess
import sys
import time

from scripted_api import pinned

# seconds: by the clock; processor: user and system seconds of all threads; peak_kb: resident memory at its highest.
Cost = collections.namedtuple("Cost", "seconds processor peak_kb told")

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

IMAGE = 320 * 1024  # bytes; a case has three of them


def peak_kb(pid, before=0):
    """VmHWM. What wait4 tells is no use: a child begins with the memory of the Python that started it."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), before)
    except OSError:
        return before


def cost(command, core=None, env=None, accept=(0,)):
    """Runs it to its end."""
    began = time.monotonic()
    with subprocess.Popen([*pinned(core), *command], stdout=subprocess.PIPE, text=True, env=env) as process:
        peak, done = 0, 0
        while done == 0:
            peak = peak_kb(process.pid, peak)
            time.sleep(0.02)
            done, status, used = os.wait4(process.pid, os.WNOHANG)
        seconds = time.monotonic() - began
        told = process.stdout.read()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accept:
        sys.exit(f"bench: {command[0]} ended with {process.returncode}: {told}")
    return Cost(seconds, used.ru_utime + used.ru_stime, peak, told)


class Load:
    """The same uploads and polls by whoever is asked. With `image` 0 there are polls alone."""

    def __init__(self, read, api, top, cases, connections, image=IMAGE, core=None):
        self.read, self.api, self.cases, self.connections, self.core = read, api, cases, connections, core
        self.words = [str(api.port), str(api.ca_file), str(cases), str(connections), str(image)]
        self.script = top / "wrk.lua"
        self.script.write_text(WRK.format(size=3 * image))

    def kycd_transport(self, threads=1):
        """Cost, and what it tells; with several threads on all cores."""
        found = cost([self.read.transport, *self.words, str(threads)], self.core if threads == 1 else None)
        return found, json.loads(found.told)

    def libcurl(self):
        return cost([self.read.curl_transport, *self.words], self.core)

    def wrk(self, seconds):
        """Cost and cases; it runs for a time and not for a number."""
        found = cost(["wrk", "-t1", f"-c{self.connections}", f"-d{max(2, round(seconds))}s", "-s", str(self.script),
                      f"https://localhost:{self.api.port}"], self.core)
        requests, took = re.search(r"(\d+) requests in ([\d.]+)s", found.told).groups()
        return found._replace(seconds=float(took)), int(requests) / 2
