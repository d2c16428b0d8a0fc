"""HTTP as bytes on a socket, for requests that no library would send."""
import base64
import socket
import ssl

PATH = "/Microsoft-Server-ActiveSync"


def basic(user, password="secret", encoding="utf-8"):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode(encoding)).decode()


class Closed(Exception):
    """The server closed the connection before an answer was complete; args[0] is what had come."""


class Response:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.code = int(lines[0].split()[1])
        self.line = lines[0]
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        self.body = b""


class Http:
    """One connection to the listener."""

    def __init__(self, dovecot, tls=False, timeout=20, source=None, tls_version=None):
        port = dovecot.ports["https" if tls else "http"]
        self.socket = socket.create_connection(("127.0.0.1", port), timeout, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl._create_unverified_context()
            if tls_version:
                context.minimum_version = context.maximum_version = tls_version
            self.socket = context.wrap_socket(self.socket)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _receive(self):
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            raise Closed(self.buffer)
        return data

    def _read(self):
        self.buffer += self._receive()

    def _until(self, end):
        while end not in self.buffer:
            self._read()
        data, self.buffer = self.buffer.split(end, 1)
        return data

    def _take(self, size):
        # added up once: the server waits for a slow client a limited time only
        parts, have = [self.buffer], len(self.buffer)
        while have < size:
            parts.append(self._receive())
            have += len(parts[-1])
        data = b"".join(parts)
        data, self.buffer = data[:size], data[size:]
        return data

    def response(self, method="POST"):
        """The next answer."""
        response = Response(self._until(b"\r\n\r\n"))
        if response.code == 100 or response.code in (204, 304) or method == "HEAD":
            return response
        if response.headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                response.body += self._take(size)
                self._until(b"\r\n")
            self._until(b"\r\n")
        else:
            response.body = self._take(int(response.headers["content-length"]))
        return response

    def closed(self, seconds=5):
        """Whether the server closes the connection within this time, without another byte."""
        self.socket.settimeout(seconds)
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    @staticmethod
    def request(method="POST", path=PATH + "?Cmd=Ping", body=b"", auth=None, version="1.1", **headers):
        """The bytes of a request; header names are written with _ for -."""
        lines = [f"{method} {path} HTTP/{version}", "Host: mail.example.test"]
        if auth:
            lines.append(f"Authorization: {auth}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if (body or method == "POST") and "Transfer_Encoding" not in headers and "Content_Length" not in headers:
            lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body

    def ask(self, method="POST", **arguments):
        """Sends a request and returns its answer."""
        self.send(self.request(method, **arguments))
        return self.response(method)
