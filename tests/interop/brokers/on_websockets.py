"""A broker on Python `websockets`, of 2022 and of today: terminals at /, and a POS for each at /pos/PINPAD-ID.

    on_websockets.py PORT [CA CERT KEY]
"""

import asyncio
import sys

import websockets

try:
    from websockets.asyncio.server import serve
except ImportError:
    from websockets import serve

import certified

terminals, tills = {}, {}


async def handle(socket):
    # That of 2022 has the request's parts in the connection itself.
    request = getattr(socket, "request", None)
    headers, path = (request.headers, request.path) if request else (socket.request_headers, socket.path)
    pinpad = path.removeprefix("/pos/") if path.startswith("/pos/") else headers.get("x-vfi-pinpad-id", "")
    try:
        if path.startswith("/pos/"):
            tills.setdefault(pinpad, set()).add(socket)
            async for message in socket:
                if pinpad in terminals:
                    await terminals[pinpad].send(message)
        else:
            terminals[pinpad] = socket
            async for message in socket:
                for till in list(tills.get(pinpad, ())):
                    await till.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        tills.get(pinpad, set()).discard(socket)
        if terminals.get(pinpad) is socket:
            del terminals[pinpad]


async def main(port, *files):
    async with serve(handle, "127.0.0.1", int(port), ssl=certified.context(*files), subprotocols=["sci"]):
        print(f"listening: Python {sys.version.split()[0]}, websockets {websockets.version.version}", flush=True)
        await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
