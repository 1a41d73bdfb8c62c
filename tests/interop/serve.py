"""Serves the application of app.py on the port of its own address."""

import os

from app import app
from werkzeug.serving import make_server

port = int(os.environ["APP"].rsplit(":")[-1])
server = make_server("127.0.0.1", port, app, threaded=True)
print("listening", flush=True)
server.serve_forever()
