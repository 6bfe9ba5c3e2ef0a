"""load.py MX CONTROL PID MAILS: many clients at once, and clients that vanish."""
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

mx, control, pid, mail_count = (int(arg) for arg in sys.argv[1:5])
CLIENTS = 500
HOST = "127.0.0.1"


def ask(path, method="GET"):
    request = urllib.request.Request(f"http://{HOST}:{control}/api/{path}", method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def memory_kb():
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


async def expect(reader, code):
    while True:
        line = await asyncio.wait_for(reader.readline(), 120)
        assert line[:3] == code, (code, line)
        if line[3:4] != b"-":
            return


async def client(number, taken):
    """Sends its share of the mails over one connection."""
    reader, writer = await asyncio.open_connection(HOST, mx)
    await expect(reader, b"220")
    taken["open"] += 1
    while taken["open"] < CLIENTS:  # all of them are there at once
        await asyncio.sleep(0.01)
    writer.write(b"EHLO laptop\r\n")
    await expect(reader, b"250")
    for i in range(number, mail_count, CLIENTS):
        writer.write(b"MAIL FROM:<load@b.example>\r\nRCPT TO:<anna@x.example>\r\nDATA\r\n")
        for code in (b"250", b"250", b"354"):
            await expect(reader, code)
        writer.write(b"Subject: number %d\r\n\r\n%s\r\n.\r\n" % (i, b"x" * 60))
        await expect(reader, b"250")
        taken["mails"].add(i)
    writer.write(b"QUIT\r\n")
    await expect(reader, b"221")
    writer.close()


async def all_clients():
    taken = {"open": 0, "mails": set()}
    await asyncio.gather(*(client(i, taken) for i in range(CLIENTS)))
    return len(taken["mails"])


def load(what):
    begin = time.monotonic()
    assert asyncio.run(all_clients()) == mail_count
    arrived = ask("mails?user=anna&limit=0")["count"]
    assert arrived == mail_count, arrived
    ask("mails?user=anna", "DELETE")
    print(f"{what}: {CLIENTS} connections at a time, {mail_count} mails in {time.monotonic() - begin:.1f} s, memory {memory_kb()} kB", flush=True)


VANISHING = """
import socket, sys, time
peers = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(50)]
for peer in peers:
    peer.sendall(b"EHLO laptop\\r\\nMAIL FROM:<a@b.example>\\r\\nRCPT TO:<anna@x.example>\\r\\nDATA\\r\\nSubject: half")
print("there", flush=True)
time.sleep(60)
"""


def vanish():
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", VANISHING, str(mx)], stdout=subprocess.PIPE) as victim:
            assert victim.stdout.readline() == b"there\n"
            os.kill(victim.pid, signal.SIGKILL)
    for _ in range(600):
        left = ask("connections")["connections"]
        if not left:
            break
        time.sleep(0.1)
    assert not left, left
    assert ask("mails?user=anna&limit=0")["count"] == 0  # half a mail is none


begin_kb = memory_kb()
print(f"at first: memory {begin_kb} kB")
load("once")
load("again")
again_kb = memory_kb()
load("once more")
vanish()
vanish()
print(f"400 clients killed in the middle of a mail: memory {memory_kb()} kB")
# what has gone is remembered for a while (RFC 7162), so the first rounds cost something; sanitizers keep what was freed
if os.environ.get("MAILSIM_SANITIZED") != "1":
    assert memory_kb() - again_kb < 4096, (begin_kb, again_kb, memory_kb())
