"""A recording proxy that can kill or stop the client of one exchange at an exact point.

It forwards HTTP/1.1 (plain or TLS on either side), one upstream connection a client connection, and keeps a record of
every exchange. Armed with a `Strike`, it waits for the k-th exchange of one kind by one sort of client and sends a
signal to the process at the other end of the connection:

    before        the request has arrived, the server never sees it
    after-commit  the server has answered, the client never sees it
    after-reply   the answer has been delivered

A client stopped by SIGSTOP at `before` has its request on a slow network: it reaches the server when the strike is
released, or, if it is `lost`, never. And a watch can be held up, so that its client's view grows stale.
"""

import asyncio
import json
import os
import re
import signal
import ssl
from dataclasses import dataclass, field

POSITIONS = ("before", "after-commit", "after-reply")
READS = re.compile(r"selfsubjectaccessreviews$|\.(get_all|get_all_ex|get_by_id|get_task_log|peek_task|get_num_entries|ping|login)$")
HEX = re.compile(r"[0-9a-f]{32}")


@dataclass
class Exchange:
    """One request: by whom, of which kind, and what came of it."""

    who: str
    kind: str
    pid: int
    status: int = 0


@dataclass
class Strike:
    """Hit the process that sends the `occurrence`-th exchange of `kind` (from 1), at `position`."""

    who: str
    kind: str
    occurrence: int
    position: str
    signal: int = signal.SIGKILL
    lost: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)
    seen: int = 0
    done: bool = False
    victim: int = 0

    def matches(self, exchange):
        if self.done or (exchange.who, exchange.kind) != (self.who, self.kind):
            return False
        self.seen += 1
        self.done = self.seen == self.occurrence
        return self.done

    def hit(self, exchange):
        self.victim = exchange.pid
        _send(exchange.pid, self.signal)

    def release(self):
        """The stopped process goes on, and so does its request."""
        self.released.set()
        if self.victim:
            _send(self.victim, signal.SIGCONT)


def _send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


@dataclass
class StaleWatch:
    """A process's watch that shows the first event in which `needle` stands, and then nothing until `fresh` is set."""

    pid: int
    kind: str
    needle: bytes
    fresh: asyncio.Event = field(default_factory=asyncio.Event)
    seen: bool = False

    def cut(self, chunk):
        """What is shown of a chunk, and what is held up. An event is a line, whole; several may share a chunk."""
        if self.seen:
            return b"", chunk
        shown = b""
        for line in chunk.splitlines(keepends=True):
            shown += line
            if self.needle in line:
                self.seen = True
                break
        return shown, chunk[len(shown) :]


@dataclass
class Proxy:
    """Listens on loopback, forwards to `upstream`; `exchanges` is the record, `strikes` what is armed."""

    upstream: tuple
    upstream_tls: ssl.SSLContext = None
    listen_tls: ssl.SSLContext = None
    exchanges: list = field(default_factory=list)
    strikes: list = field(default_factory=list)
    stale: StaleWatch = None
    port: int = 0
    connections: set = field(default_factory=set)

    async def start(self):
        self.server = await asyncio.start_server(self._client, "127.0.0.1", 0, ssl=self.listen_tls, limit=1 << 26)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self.server.close()
        for task in list(self.connections):
            task.cancel()

    async def _client(self, reader, writer):
        task = asyncio.current_task()
        self.connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, OSError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self.connections.discard(task)
            writer.close()

    async def _serve(self, reader, writer):
        peer, pid = writer.get_extra_info("peername"), 0
        if peer is None:  # gone already
            return
        for _ in range(50):  # a process that is just starting may not show its descriptor yet
            pid = _owner(peer[1], self.port)
            if pid:
                break
            await asyncio.sleep(0.01)
        who = _program(pid)
        up_reader = up_writer = None
        try:
            while True:
                request = await _head(reader)
                if request is None:
                    return
                body = await _body(reader, request)
                method, path = request[0].split(b" ")[:2]
                exchange = Exchange(who, _kind(method.decode(), path.decode(), body), pid)
                strike = next((s for s in self.strikes if s.matches(exchange)), None)
                if not is_read(exchange.kind):
                    self.exchanges.append(exchange)
                if strike and strike.position == "before":
                    strike.hit(exchange)
                    if strike.signal == signal.SIGKILL:
                        return
                    await strike.released.wait()
                    if strike.lost:
                        return
                if up_writer is None:
                    up_reader, up_writer = await asyncio.open_connection(
                        *self.upstream, ssl=self.upstream_tls, limit=1 << 26
                    )
                up_writer.write(b"\r\n".join(request) + b"\r\n\r\n" + body)
                await up_writer.drain()
                head = await _head(up_reader)
                if head is None:
                    return
                exchange.status = int(head[0].split(b" ")[1])
                fields = _fields(head)
                streams = fields.get(b"transfer-encoding") == b"chunked"
                answer = b"" if streams else await _body(up_reader, head, method == b"HEAD")
                if strike and strike.position == "after-commit":
                    strike.hit(exchange)
                    if strike.signal == signal.SIGKILL:
                        return
                writer.write(b"\r\n".join(head) + b"\r\n\r\n" + answer)
                await writer.drain()
                if streams:
                    await self._stream(exchange, reader, up_reader, writer)
                if strike and strike.position == "after-reply":
                    strike.hit(exchange)
        finally:
            if up_writer:
                up_writer.close()

    async def _stream(self, exchange, reader, up_reader, writer):
        """Chunks as they come, until the last one, or until the client leaves."""
        while True:
            line = await up_reader.readline()
            if not line:
                raise ConnectionResetError
            size = int(line.split(b";")[0], 16)
            chunk = await up_reader.readexactly(size + 2)
            stale = self.stale
            if stale and (stale.pid, stale.kind) == (exchange.pid, exchange.kind) and size > 0:
                shown, held = stale.cut(chunk[:-2])
                if held:
                    if shown:
                        writer.write(b"%x\r\n%s\r\n" % (len(shown), shown))
                        await writer.drain()
                    await stale.fresh.wait()
                    line, chunk = b"%x\r\n" % len(held), held + b"\r\n"
            if writer.is_closing() or reader.at_eof():
                raise ConnectionResetError
            writer.write(line + chunk)
            await writer.drain()
            if size == 0:
                return


def is_read(kind):
    """Whether an exchange of this kind changes nothing."""
    return kind.startswith("GET ") or bool(READS.search(kind))


def _kind(method, path, body):
    """The sort of request: names and ids taken out, what is changed kept."""
    path = path.split("?")[0]
    if path.startswith(("/api/", "/apis/", "/version", "/readyz", "/livez")):
        plain = HEX.sub("ID", re.sub(r"clearml-id-[0-9a-z-]+", "NAME", path))
        detail = ""
        if method == "PATCH":
            text = body.decode(errors="replace")
            detail = " release" if '"parallelism"' in text else " finalizers" if '"finalizers"' in text else ""
        return f"{method} {plain}{detail}"
    action = re.sub(r"^v\d+(\.\d+)?/", "", path.strip("/"))
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        return action
    detail = ""
    if action == "tasks.edit_runtime":
        detail = " " + "+".join(sorted(fields.get("add_or_update", {})))
    elif isinstance(fields.get("new_status"), str):
        detail = " " + fields["new_status"]
    return action + detail


def _fields(head):
    return {k.strip().lower(): v.strip() for k, _, v in (line.partition(b":") for line in head[1:])}


async def _head(reader):
    lines = []
    while True:
        line = await reader.readline()
        if not line:
            return None
        line = line.rstrip(b"\r\n")
        if line:
            lines.append(line)
        elif lines:
            return lines


async def _body(reader, head, empty=False):
    fields = _fields(head)
    if empty or head[0].split(b" ")[1] in (b"204", b"304"):
        return b""
    if fields.get(b"transfer-encoding") == b"chunked":
        whole = b""
        while True:
            line = await reader.readline()
            size = int(line.split(b";")[0], 16)
            chunk = await reader.readexactly(size + 2)
            whole += line + chunk
            if size == 0:
                return whole
    return await reader.readexactly(int(fields.get(b"content-length", 0)))


def _owner(port, server_port):
    """The process whose socket is bound to `port` on loopback and talks to `server_port`."""
    local, remote = f"0100007F:{port:04X}", f"0100007F:{server_port:04X}"
    inode = None
    with open("/proc/net/tcp") as table:
        for line in table:
            parts = line.split()
            if parts[1] == local and parts[2] == remote:
                inode = f"socket:[{parts[9]}]"
    if inode is None:
        return 0
    for pid in sorted((p for p in os.listdir("/proc") if p.isdigit()), key=int, reverse=True):
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}") == inode:
                    return int(pid)
        except OSError:
            continue
    return 0


def _program(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return "unknown"
