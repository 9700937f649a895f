"""A terminal that is not ours: a client core of some forty lines on Python `websockets`, which knows sessions and the
counter and nothing else of what a terminal does.      terminal.py URL [CA CERT KEY] [PINPAD]"""
import asyncio
import os
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from device import Device

device = Device()


def answer(text):
    ask, fields = device.answer(text)
    if ask == ("ADMIN", "GET_COUNTER") and os.environ.get("DEFECT") == "counter":
        fields["COUNTER"] = str(device.counter + 1)
    return "<RESPONSE>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "</RESPONSE>"


async def main(url, ca=None, cert=None, key=None, pinpad="1"):
    context = ssl.create_default_context(cafile=ca) if url.startswith("wss") else None
    if context and cert:
        context.load_cert_chain(cert, key)
    headers = {"x-vfi-pinpad-id": pinpad, "Pragma": "no-cache", "Cache-Control": "no-cache"}
    options = {"ssl": context, "additional_headers": headers, "subprotocols": ["sci"], "origin": "http" + url[2:]}
    pause = 0.5
    while True:
        try:
            async with connect(url, ping_interval=20, open_timeout=5, proxy=None, **options) as socket:
                pause = 0.5
                async for message in socket:
                    await socket.send(answer(message if isinstance(message, str) else ""))
        except (OSError, WebSocketException, asyncio.TimeoutError) as why:
            print(f"lost: {why!r}", flush=True)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5)


asyncio.run(main(*sys.argv[1:]))
