"""A network path in front of a server on this machine: so many bytes a second for all connections together, a delay, and a
window per connection, so that it takes a number of connections to fill it and more of them only share. Only what is sent to the
server is narrow; the replies, which are small, are only late.
"""

import asyncio
import collections
import socket
import threading

PIECE = 16 * 1024


class NarrowPath:
    """`fill`: as many connections as it takes to use `rate` bytes a second with a one-way delay of `delay` seconds."""

    def __init__(self, server_port, rate, delay, fill):
        self.server_port, self.rate, self.delay = server_port, rate, delay
        self.window = max(PIECE, round(rate * delay / fill))
        self.free_at = 0.0  # when the line has sent what it was given
        self.connections = 0
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        # The kernel would take a whole upload before a byte of it went on.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        self.port = listener.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self.thread.start()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def _run(self, listener):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self._serve, sock=listener, limit=PIECE))
        self.loop.run_forever()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    async def _serve(self, reader, writer):
        self.connections += 1
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self.server_port)
        ways = [asyncio.ensure_future(self._up(reader, upstream)), asyncio.ensure_future(self._down(upstream_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for each in (writer, upstream):
            each.close()

    async def _up(self, reader, writer):
        """What is under way of one connection is at most its window; a piece leaves the window when it arrives."""
        under_way, room = collections.deque(), asyncio.Event()

        def arrived():
            piece = under_way.popleft()  # timers of nearly the same time may come in any order, pieces may not
            room.set()
            if not writer.is_closing():
                writer.write(piece)

        try:
            while piece := await reader.read(PIECE):
                while sum(map(len, under_way)) >= self.window:
                    room.clear()
                    await room.wait()
                under_way.append(piece)
                self.free_at = max(self.free_at, self.loop.time()) + len(piece) / self.rate
                self.loop.call_at(self.free_at + self.delay, arrived)
            await asyncio.sleep(self.delay)
        except OSError:
            pass

    async def _down(self, reader, writer):
        under_way = collections.deque()

        def arrived():
            piece = under_way.popleft()
            if not writer.is_closing():
                writer.write(piece)

        try:
            while piece := await reader.read(65536):
                under_way.append(piece)
                self.loop.call_later(self.delay, arrived)
            await asyncio.sleep(2 * self.delay)
        except OSError:
            pass
