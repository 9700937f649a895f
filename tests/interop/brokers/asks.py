"""A broker that asks a terminal a few things, hangs up on it, and asks again: a session to catch.

    asks.py PORT [CA CERT KEY]
"""

import asyncio
import sys

from websockets.asyncio.server import serve

import certified


START = """<TRANSACTION>
  <FUNCTION_TYPE>SESSION</FUNCTION_TYPE>
  <COMMAND>START</COMMAND>
  <INVOICE>123456</INVOICE>
</TRANSACTION>"""
connections = 0
done = asyncio.Event()


def request(function, command, rest=""):
    return (f"<TRANSACTION><FUNCTION_TYPE>{function}</FUNCTION_TYPE><COMMAND>{command}</COMMAND>{rest}</TRANSACTION>")


async def ask(socket, *requests):
    for one in requests:
        await socket.send(one)
        await socket.recv()


async def handle(socket):
    global connections
    connections += 1
    counter = request("ADMIN", "GET_COUNTER")
    if connections == 1:
        await ask(socket, counter, START, request("DEVICE", "VERSION", "<COUNTER>7</COUNTER>"), counter)
        socket.transport.abort()
    else:
        await ask(socket, START, request("SESSION", "FINISH", "<COUNTER>8</COUNTER>"), "no document")
        await socket.ping(b"x")
        await asyncio.sleep(0.3)
        await socket.close(1001, "going")
        done.set()


async def main(port, *files):
    async with serve(handle, "127.0.0.1", int(port), ssl=certified.context(*files), subprotocols=["sci"]):
        print("listening", flush=True)
        await done.wait()
        print("done", flush=True)
        await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
