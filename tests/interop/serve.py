"""Serves the application of app.py on the port that it is given."""

import os

from app import app
from werkzeug.serving import make_server

server = make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True)
print("listening", flush=True)
server.serve_forever()
