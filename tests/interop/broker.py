"""A broker such as the source's sample shows: Python websockets 10.2, over ws, or over wss with client certificates.

It asks every terminal that connects for a session and for its counter, writes what it hears to standard output, one
JSON object a line, and ends on SIGTERM without a word to anybody, as a broker that is restarted does.
"""

import argparse
import asyncio
import json
import ssl
import sys

import websockets

START = """<TRANSACTION>
  <FUNCTION_TYPE>SESSION</FUNCTION_TYPE>
  <COMMAND>START</COMMAND>
  <BUSINESSDATE>20210709</BUSINESSDATE>
  <SWIPE_AHEAD>1</SWIPE_AHEAD>
  <TRAINING_MODE>0</TRAINING_MODE>
  <INVOICE>123456</INVOICE>
</TRANSACTION>"""
COUNTER = "<TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE><COMMAND>GET_COUNTER</COMMAND></TRANSACTION>"
VERSION = (
    "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND>"
    "<COUNTER>41</COUNTER></TRANSACTION>"
)


def say(**what):
    print(json.dumps(what), flush=True)


async def serve_terminal(socket, path):
    say(event="connected", path=path, headers=list(socket.request_headers.raw_items()), subprotocol=socket.subprotocol)
    try:
        for request in (START, COUNTER, VERSION, COUNTER, "this is no document"):
            await socket.send(request)
            say(event="answer", text=await asyncio.wait_for(socket.recv(), 10))
        pong = await socket.ping()
        await asyncio.wait_for(pong, 10)
        say(event="pong")
        await socket.wait_closed()
    except websockets.ConnectionClosed:
        pass
    say(event="closed", code=socket.close_code)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certs", help="folder made by `sca-sim certs`; wss with client certificates")
    parser.add_argument("--subprotocol", action="store_true", help="echo the subprotocol, which the sample does not")
    arguments = parser.parse_args()
    context = None
    if arguments.certs:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{arguments.certs}/broker.pem", f"{arguments.certs}/broker.key")
        context.load_verify_locations(f"{arguments.certs}/authority.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    subprotocols = ["sci"] if arguments.subprotocol else None
    async with websockets.serve(serve_terminal, "127.0.0.1", arguments.port, ssl=context, subprotocols=subprotocols):
        say(event="listening", version=websockets.version.version, python=sys.version.split()[0])
        await asyncio.Future()


asyncio.run(main())
