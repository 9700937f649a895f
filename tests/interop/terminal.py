"""A terminal that is not ours: a client core of some forty lines on Python `websockets`, which knows sessions and the
counter and nothing else of what a terminal does.      terminal.py URL [CA CERT KEY] [PINPAD]"""
import asyncio
import os
import ssl
import sys
import xml.etree.ElementTree as ET

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

counter, session = 1, False


def answer(text):
    global counter, session
    try:
        root = ET.fromstring(text)
        ask = (root.findtext("FUNCTION_TYPE"), root.findtext("COMMAND")) if root.tag == "TRANSACTION" else None
    except (ET.ParseError, ValueError):
        ask = None
    count = root.findtext("COUNTER") if ask else None
    counter = int(count) if count and ask != ("ADMIN", "GET_COUNTER") else counter
    told = {
        ("ADMIN", "GET_COUNTER"): ("Operation Successful", "OK", -1),
        ("DEVICE", "VERSION"): ("Version Information Captured", "OK", -1),
        ("SECONDARYPORT", "STATUS"): ("Status", "OK", -1),
        ("SESSION", "START"): ("SESSION in progress", "BUSY", 59003) if session else ("Session Started", "OK", -1),
        ("SESSION", "FINISH"): ("Session finished", "OK", -1) if session else ("No session", "ERROR", 59004),
        None: ("XML Format Incorrect", "ERROR", -2),
    }.get(ask, ("Unknown Command or error", "ERROR", 0))
    session = (session or ask[1] == "START") and ask[1] != "FINISH" if ask and ask[0] == "SESSION" else session
    fields = dict(zip(("RESPONSE_TEXT", "RESULT", "RESULT_CODE"), map(str, told)))
    fields["TERMINATION_STATUS"] = "SUCCESS" if told[1] == "OK" else "FAILURE"
    if ask == ("ADMIN", "GET_COUNTER"):
        count = str(counter + (os.environ.get("DEFECT") == "counter"))
    fields |= {"COUNTER": count} if count else {}
    fields |= {"VERSION_INFO": "APP=PY"} if ask == ("DEVICE", "VERSION") else {}
    fields |= {"SERIAL_NUMBER": "1"} if ask == ("SECONDARYPORT", "STATUS") else {}
    fields |= {"TRAINING_MODE": "OFF"} if told[0] == "Session Started" else {}
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
