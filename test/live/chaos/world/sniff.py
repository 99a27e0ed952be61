"""Prints requests to engines that make or remove a container, as they leave the switch for the engine.

Usage: sniff.py PORT INTERFACE...   (in the network namespace of the lab's hub)
Each line is JSON: time (Unix milliseconds), source and destination address, sequence number, method and path.
Reads packets only; nothing it does reaches anyone. Ends with its standard input.
"""
import json
import select
import signal
import socket
import sys
import time

PORT, INTERFACES = int(sys.argv[1]), set(sys.argv[2:])
EVERY_PROTOCOL, OUTGOING = 3, 4

signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts the suite means the suite, which ends us
packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
print("ready", flush=True)
while True:
    readable, _, _ = select.select([packets, sys.stdin], [], [])
    if sys.stdin in readable and not sys.stdin.readline():
        break
    if packets not in readable:
        continue
    frame, (interface, _, kind, _, _) = packets.recvfrom(65535)
    if kind != OUTGOING or interface not in INTERFACES or frame[12:14] != b"\x08\x00" or frame[23] != 6:
        continue
    tcp = 14 + (frame[14] & 15) * 4
    if int.from_bytes(frame[tcp + 2 : tcp + 4], "big") != PORT:
        continue
    data = frame[tcp + (frame[tcp + 12] >> 4) * 4 :]
    line = data[:400].split(b"\r\n", 1)[0].decode("latin-1")
    method, _, rest = line.partition(" ")
    path = rest.rpartition(" HTTP/")[0]
    if method == "POST" and "/containers/create" in path or method == "DELETE" and "/containers/" in path:
        print(
            json.dumps(
                {
                    "atMs": time.time() * 1000,
                    "from": socket.inet_ntoa(frame[26:30]),
                    "to": socket.inet_ntoa(frame[30:34]),
                    "sequence": int.from_bytes(frame[tcp + 4 : tcp + 8], "big"),
                    "line": method + " " + path,
                }
            ),
            flush=True,
        )
