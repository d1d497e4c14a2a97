"""nginx, serving a folder into which files can be put: one process, with sendfile."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

CONFIG = """\
daemon off;
master_process off;
pid {scratch}/nginx.pid;
error_log {scratch}/errors.log;
events {{ }}
http {{
  access_log off;
  sendfile on;
  client_max_body_size 0;
  client_body_temp_path {scratch}/body;
  proxy_temp_path {scratch}/proxy;
  fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi;
  scgi_temp_path {scratch}/scgi;
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    root {scratch}/files;
    dav_methods PUT;
    dav_access user:rw;
  }}
}}
"""


def main() -> None:
    scratch = Path(sys.argv[1])
    (scratch / "files").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as plug:
        port = plug.getsockname()[1]
    config = scratch / "nginx.conf"
    config.write_text(CONFIG.format(scratch=scratch, port=port), encoding="utf-8")
    print(f"nginx is at http://127.0.0.1:{port}", flush=True)  # or will be, in an instant
    os.execvp("nginx", ["nginx", "-c", str(config), "-e", str(scratch / "errors.log")])


if __name__ == "__main__":
    main()
