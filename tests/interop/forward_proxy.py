"""A forward proxy that knows one host: what asks for it is led to a port of this machine, everything else is refused.

usage: forward_proxy.py HOST PORT      prints its own port

Drivers that sign in with OAuth insist on a host name of Databricks and on port 443. With their documented proxy settings
they reach the local warehouse under such a name, and TLS is verified from end to end as ever.
"""

import asyncio
import sys

LONGEST_HEAD = 16 * 1024


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def serve(reader, writer, host, port):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.close()
        return
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if method != "CONNECT" or target != f"{host}:443":
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        return
    from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await writer.drain()
    await asyncio.gather(copy(reader, to_server), copy(from_server, writer))


async def main(host, port):
    server = await asyncio.start_server(
        lambda reader, writer: serve(reader, writer, host, port), "127.0.0.1", 0, limit=LONGEST_HEAD)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
