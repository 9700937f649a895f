"""A broker on `aiohttp`: terminals at /, and a POS for each at /pos/PINPAD-ID.

    on_aiohttp.py PORT [CA CERT KEY]
"""

import asyncio
import sys

import aiohttp
from aiohttp import web

import certified

terminals, tills = {}, {}


async def terminal(request):
    socket = web.WebSocketResponse(protocols=("sci",))
    await socket.prepare(request)
    pinpad = request.headers.get("x-vfi-pinpad-id", "")
    terminals[pinpad] = socket
    async for message in socket:
        if message.type == aiohttp.WSMsgType.TEXT:
            for till in list(tills.get(pinpad, ())):
                await till.send_str(message.data)
    if terminals.get(pinpad) is socket:
        del terminals[pinpad]
    return socket


async def till(request):
    socket = web.WebSocketResponse(protocols=("sci",))
    await socket.prepare(request)
    pinpad = request.match_info["pinpad"]
    tills.setdefault(pinpad, set()).add(socket)
    async for message in socket:
        if pinpad in terminals and message.type == aiohttp.WSMsgType.TEXT:
            await terminals[pinpad].send_str(message.data)
    tills[pinpad].discard(socket)
    return socket


async def main(port, *files):
    app = web.Application()
    app.add_routes([web.get("/", terminal), web.get("/pos/{pinpad}", till)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port), ssl_context=certified.context(*files)).start()
    print(f"listening: aiohttp {aiohttp.__version__}", flush=True)
    await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
