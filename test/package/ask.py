#!/usr/bin/python3
"""One control call of a sandbox that listens on port 8443 of this network namespace: ask.py CA_FILE CALL [BODY]."""

import http.client
import ssl
import sys

ca_file, call, body = sys.argv[1:4]
connection = http.client.HTTPSConnection("localhost", 8443, context=ssl.create_default_context(cafile=ca_file), timeout=20)
connection.request("POST" if body else "GET", f"/sandbox/{call}", body or None)
reply = connection.getresponse()
text = reply.read().decode()
if reply.status != 200:
    sys.exit(f"{call}: {reply.status}: {text}")
print(text)
