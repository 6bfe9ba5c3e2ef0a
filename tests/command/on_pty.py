# on_pty.py COLUMNS ROWS KEYS COMMAND...: runs a command on a pseudo terminal of that size and writes what it wrote to
# standard output, with ^ for ESC, "@" on a line of its own where the screen is cleared, and a line for each place that the
# cursor is sent to. KEYS (with Python's escapes) are typed one at a time, each when the terminal has been quiet for a moment;
# in angle brackets the name of a signal, which is sent instead: "nn<SIGINT>". Ends as the command does, with 128 + the
# number of the signal that ended it; with 99 when the terminal is not as it was before.
import codecs, fcntl, os, pty, re, select, signal, struct, sys, termios

QUIET, LONG = 0.05, 30.0


def main():
    columns, rows = int(sys.argv[1]), int(sys.argv[2])
    keys = re.findall(r"<SIG\w+>|\x1b[\[O].|.", codecs.decode(sys.argv[3], "unicode_escape"), re.S)
    command = sys.argv[4:]
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    before = termios.tcgetattr(slave)
    child = os.fork()
    if child == 0:
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in 0, 1, 2:
            os.dup2(slave, fd)
        os.execvp(command[0], command)
    out, idle, waited = b"", 0.0, None
    while idle < LONG:
        ready, _, _ = select.select([master], [], [], QUIET)
        if ready:
            out += os.read(master, 65536)
            idle = 0.0
            continue
        if waited is not None:
            break
        idle += QUIET
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid != 0:
            waited = status
        elif keys and out:
            key = keys.pop(0)
            if key.startswith("<SIG"):
                os.kill(child, getattr(signal, key[1:-1]))
            else:
                os.write(master, key.encode())
    after = termios.tcgetattr(slave)
    if waited is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sys.exit("it did not end")
    text = out.replace(b"\r", b"").replace(b"\x1b[H\x1b[J", b"\n@\n")
    sys.stdout.buffer.write(re.sub(rb"\x1b\[\d+;1H", b"\n", text).replace(b"\x1b", b"^"))
    sys.stdout.flush()
    if after != before:
        sys.exit(99)
    sys.exit(os.WEXITSTATUS(waited) if os.WIFEXITED(waited) else 128 + os.WTERMSIG(waited))


main()
