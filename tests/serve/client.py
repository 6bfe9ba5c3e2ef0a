"""client.py MX SUBMISSION POP IMAP CONTROL: what a program with python's own mail libraries does."""
import imaplib
import json
import poplib
import smtplib
import socket
import sys
import time
import urllib.request
from email.message import EmailMessage

mx, submission, pop, imap, control = (int(arg) for arg in sys.argv[1:6])
HOST = "127.0.0.1"
WAIT_S = 60


def ask(path, method="GET", body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://{HOST}:{control}/api/{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def wait(user, count, subject=""):
    found = ask(f"mails?user={user}&count={count}&timeout=30&subject={subject}")
    assert found["enough"], (user, count, subject, found)
    return found["mails"]


def letter(subject, body="Grüße!\n", to="carla@x.example", sender="anna@x.example"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail.set_content(body, cte="8bit" if len(body) < 10000 else None)
    return mail


def smtp(port=None):
    return smtplib.SMTP(HOST, port or submission, local_hostname="laptop", timeout=WAIT_S)


def fails(kind, call, *args):
    try:
        call(*args)
    except kind as error:
        return error
    raise AssertionError(f"{call} does not fail")


def test_smtp():
    for mechanism in ("auth_plain", "auth_login", "auth_cram_md5"):
        with smtp() as client:
            client.ehlo()
            client.user, client.password = "anna", "blue-42"
            code, _ = client.auth(mechanism[5:].upper().replace("_", "-"), getattr(client, mechanism))
            assert code == 235, code
            client.send_message(letter(mechanism))
        assert wait("carla", 1, mechanism)[0]["sender"] == "anna@x.example"
    with smtp() as client:
        error = fails(smtplib.SMTPAuthenticationError, client.login, "anna", "wrong")
        assert error.smtp_code in (535, 421), error  # it tries three ways, and is sent away then
    with smtp() as client:  # the sender is somebody else
        client.login("anna", "blue-42")
        fails(smtplib.SMTPSenderRefused, client.send_message, letter("forged", sender="carla@x.example"))
    with smtp(mx) as client:
        client.send_message(letter("large", "".join(f"line {i} of a large message\n" for i in range(60000))))
        client.send_message(letter("Ümläut: 8 bit"))
        error = fails(smtplib.SMTPRecipientsRefused, client.send_message, letter("no", to="nobody@x.example"))
        assert error.recipients["nobody@x.example"][0] == 550, error.recipients
    large = wait("carla", 1, "large")[0]
    assert large["size_bytes"] > 1500000, large
    assert wait("carla", 1, "%C3%9Cml%C3%A4ut")[0]["subject"] == "Ümläut: 8 bit"
    with smtp(mx) as client:  # over the quota of 20 kB
        client.send_message(letter("first", "x" * 70 + "\n" + "y\n" * 4000, to="tiny@x.example"))
        error = fails(smtplib.SMTPException, client.send_message, letter("second", "y" * 60 + "\n" + "z\n" * 9000, to="tiny@x.example"))
        print("quota:", error)


def test_pipelining():
    with socket.create_connection((HOST, mx), timeout=WAIT_S) as peer:
        lines = peer.makefile("rb")
        assert lines.readline().startswith(b"220 ")
        peer.sendall(b"EHLO laptop\r\n")
        while lines.readline()[3:4] == b"-":
            pass
        peer.sendall(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<anna@x.example>\r\nRCPT TO:<nobody@x.example>\r\nDATA\r\n")
        codes = [lines.readline()[:3] for _ in range(4)]
        assert codes == [b"250", b"250", b"550", b"354"], codes
        peer.sendall(b"Subject: in one go\r\n\r\n..a dot\r\n.\r\nQUIT\r\n")
        codes = [lines.readline()[:3] for _ in range(2)]
        assert codes == [b"250", b"221"], codes
        assert lines.readline() == b""
    mail = wait("anna", 1, "in%20one%20go")[0]
    whole = ask(f"mails/{mail['host']}/anna/{mail['uid']}")
    assert whole["text"] == ".a dot\n", whole


def test_pop():
    client = poplib.POP3(HOST, pop, timeout=WAIT_S)
    client.user("carla")
    fails(poplib.error_proto, client.pass_, "wrong")
    client.close()
    client = poplib.POP3(HOST, pop, timeout=WAIT_S)
    client.apop("carla", "red-17")
    count, size = client.stat()
    assert count >= 5 and size > 1500000, (count, size)
    assert len(client.list()[1]) == count and len(client.uidl()[1]) == count
    text = b"\n".join(client.retr(1)[1])
    assert "Grüße!".encode() in text, text
    assert len(client.top(1, 0)[1]) < len(client.retr(1)[1])
    client.dele(1)
    client.rset()
    client.dele(count)
    client.quit()
    client = poplib.POP3(HOST, pop, timeout=WAIT_S)
    client.user("carla")
    client.pass_("red-17")
    assert client.stat()[0] == count - 1
    client.close()  # a cut session deletes nothing


def test_imap():
    fails(imaplib.IMAP4.error, imaplib.IMAP4(HOST, imap, WAIT_S).login, "carla", "wrong")
    client = imaplib.IMAP4(HOST, imap, WAIT_S)
    client.login_cram_md5("carla", "red-17")
    assert client.list()[0] == "OK"
    assert client.create("Archive/2026")[0] == "OK"
    count = int(client.select("INBOX")[1][0])
    found = client.search(None, "SUBJECT", "large")[1][0].split()
    assert len(found) == 1, found
    _, data = client.fetch(found[0], "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert b"Subject: large" in data[0][1], data
    _, data = client.fetch(found[0], "(BODY[])")
    assert len(data[0][1]) > 1500000
    assert client.store("1", "+FLAGS", r"(\Flagged $Work)")[0] == "OK"
    assert client.search(None, "KEYWORD", "$Work")[1][0] == b"1"
    assert client.copy("1", "Archive/2026")[0] == "OK"
    text = letter("by APPEND").as_bytes().replace(b"\n", b"\r\n")
    assert client.append("INBOX", r"(\Seen)", imaplib.Time2Internaldate(time.time()), text)[0] == "OK"
    assert int(client.select("INBOX")[1][0]) == count + 1
    client.store("1", "+FLAGS", r"(\Deleted)")
    assert client.expunge()[0] == "OK"
    assert int(client.select("INBOX")[1][0]) == count
    assert int(client.select("Archive/2026")[1][0]) == 1
    client.logout()


def test_idle():
    with socket.create_connection((HOST, imap), timeout=WAIT_S) as peer:
        lines = peer.makefile("rb")
        lines.readline()
        peer.sendall(b"a LOGIN anna blue-42\r\nb SELECT INBOX\r\nc IDLE\r\n")
        line = b""
        while not line.startswith(b"+"):
            line = lines.readline()
            assert line, "the server has gone"
        with smtp(mx) as client:
            client.send_message(letter("wake up", to="anna@x.example"))
        line = lines.readline()
        assert b"EXISTS" in line, line
        peer.sendall(b"DONE\r\nd LOGOUT\r\n")
        while not line.startswith(b"d "):
            line = lines.readline()
        assert line.startswith(b"d OK"), line


def test_greylisted():
    with smtp() as client:
        client.login("anna", "blue-42")
        client.send_message(letter("to bob", to="bob@y.example"))
    wait("bob", 1, "to%20bob")


for test in (test_smtp, test_pipelining, test_pop, test_imap, test_idle, test_greylisted):
    begin = time.monotonic()
    test()
    print(f"{test.__name__} {time.monotonic() - begin:.1f} s", flush=True)
