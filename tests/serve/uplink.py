"""uplink.py PORTFILE: a real SMTP server for one simulated relay: refuses the first mail for now, takes the others, and
prints what it has got when two are there."""
import socket
import sys

listener = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
    file.write(str(listener.getsockname()[1]))
import os

os.rename(sys.argv[1] + ".new", sys.argv[1])
listener.settimeout(60)
mails, refused = [], False


def serve(peer):
    global refused
    lines = peer.makefile("rb")
    peer.sendall(b"220 real.example\r\n")
    while line := lines.readline():
        verb = line[:4].upper()
        if verb == b"DATA":
            peer.sendall(b"354 go on\r\n")
            text = b""
            while (line := lines.readline()) != b".\r\n":
                text += line[1:] if line.startswith(b".") else line
            if not refused:
                refused = True
                peer.sendall(b"451 4.3.0 not now\r\n")
                continue
            mails.append(text)
            peer.sendall(b"250 taken\r\n")
        elif verb == b"EHLO":
            peer.sendall(b"250-real.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
        elif verb == b"QUIT":
            peer.sendall(b"221 bye\r\n")
            break
        else:
            peer.sendall(b"250 ok\r\n")
    peer.close()


while len(mails) < 2:
    connection, _ = listener.accept()
    connection.settimeout(60)
    serve(connection)
whole = b"\n".join(sorted(mails, key=len))
assert refused
assert "An einen echten Server.\r\n.und ein Punkt\r\n".encode() in whole, whole[:2000]
assert max(len(mail) for mail in mails) >= 300000
print(f"a real server has got {len(mails)} mails, {len(whole)} bytes")
