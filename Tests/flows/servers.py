"""Small wrong servers on loopback: what glue and agent-exec may meet instead of the right one."""

import base64
import http.server
import json
import os
import ssl
import subprocess
import threading

from bench import check


def serve(reply, certificate=None):
    """Starts a server whose `reply(path)` gives status, headers and body; returns its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = reply(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        # A client that hangs up in the handshake is what these cases are about: no stack trace for it.
        server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"


def page(status, text, **headers):
    """A fixed reply to everything."""
    return lambda path: (status, {"Content-Type": "text/html", **headers}, text.encode())


def old_server(version):
    """A ClearML server of this API version: its token says so."""
    payload = base64.urlsafe_b64encode(json.dumps({
        "auth_type": "Bearer", "identity": {"user": "u", "company": "c"}, "api_version": version, "server_version": "1.0.0",
        "exp": 4102444800, "iat": 1700000000, "env": "",
    }).encode()).decode().rstrip("=")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")

    def reply(path):
        meta = {"id": "0" * 32, "trx": "0" * 32, "endpoint": {"name": path.strip("/"), "requested_version": version,
                "actual_version": version}, "result_code": 200, "result_subcode": 0, "result_msg": "OK", "error_stack": ""}
        body = {"meta": meta, "data": {"token": f"{header}.{payload}.c2lnbmF0dXJl"}}
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    return reply


def certificate(folder, name, times=("-days", "2"), issuer=None):
    """A certificate for 127.0.0.1 and its key, self-signed or by `issuer` (such a pair); `times` as openssl ca has them."""
    place = os.path.join(folder, f"certificate-{name}")
    os.makedirs(place)
    config = os.path.join(place, "openssl.cnf")
    with open(config, "w") as file:
        file.write(
            f"[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = {name}\n"
            f"[ext]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = critical,CA:{'FALSE' if issuer else 'TRUE'}\n"
            f"[ca]\ndefault_ca = here\n[here]\ndatabase = {place}/index\nnew_certs_dir = {place}\nserial = {place}/serial\n"
            "default_md = sha256\npolicy = any\nx509_extensions = ext\n[any]\ncommonName = supplied\n"
        )
    open(os.path.join(place, "index"), "w").close()
    with open(os.path.join(place, "serial"), "w") as file:
        file.write("01\n")
    key, request, pem = (os.path.join(place, kind) for kind in ("key.pem", "request.pem", "certificate.pem"))

    def openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=30)
        check(done.returncode == 0, "openssl made no certificate", done.stderr)

    make_key = ["-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
    openssl("req", *make_key, "-config", config, "-out", request)
    signer = ["-cert", issuer[0], "-keyfile", issuer[1]] if issuer else ["-selfsign", "-keyfile", key]
    openssl("ca", "-batch", "-config", config, "-in", request, "-out", pem, "-notext", *signer, *times)
    return pem, key


LONG_AGO = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
