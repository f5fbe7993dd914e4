import { spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";

/** Runs its arguments on a pseudo-terminal with a number of columns, and forwards input and output. */
const script = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
typed = [0]
while True:
    ready, _, _ = select.select([fd, *typed], [], [])
    if 0 in ready:
        keys = os.read(0, 4096)
        if keys: os.write(fd, keys)
        else: typed = []
    if fd in ready:
        try: shown = os.read(fd, 65536)
        except OSError: break
        if not shown: break
        os.write(1, shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
`;

export interface TerminalOptions {
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A program on its own terminal. Needs python3: see `requireComponent`. */
export interface PseudoTerminal {
  /** Complete output, including control sequences. */
  raw(): string;
  /** Visible lines without colors; for overwritten ones, the last state. */
  lines(): string[];
  type(keys: string): void;
  /** Simulates closing the window. */
  hangUp(): void;
  /** @returns the exit code */
  readonly ended: Promise<number>;
}

export function onTerminal(command: readonly string[], { columns = 80, env }: TerminalOptions = {}): PseudoTerminal {
  // They may be set in the tests' environment; with CI no terminal has colors.
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_DISABLE_COLORS: ___, CI: ____, ...own } = process.env;
  const child = spawn("python3", ["-c", script, String(columns), ...command], {
    env: { ...own, TERM: "xterm-256color", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let raw = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (raw += text));
  const closed = once(child, "close");
  return {
    raw: () => raw,
    lines: () => linesOf(raw),
    type: (keys) => void child.stdin.write(keys),
    hangUp: () => void child.kill("SIGKILL"),
    ended: closed.then(([code]) => Number(code)),
  };
}

function linesOf(raw: string): string[] {
  const lines = raw
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.slice(line.lastIndexOf("\r") + 1));
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => stripVTControlCharacters(line));
}
