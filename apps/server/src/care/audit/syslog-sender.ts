import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, isIPv6, type Socket } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import type { SyslogTarget } from "../../base/config/syslog-target.ts";

export interface SyslogSender {
  /** Resolves when the system has accepted all lines. @throws HoldfastError unavailable; some may have been accepted */
  send(lines: readonly Buffer[]): Promise<void>;
  close(): void;
}

/** Connects on demand, and again after a failure. */
export function openSyslogSender(target: SyslogTarget): SyslogSender {
  return target.protocol === "udp" ? new UdpSender(target) : new TcpSender(target);
}

const sendTimeoutMs = 10_000;

/** RFC 5426: one datagram per message. */
class UdpSender implements SyslogSender {
  readonly #target: SyslogTarget;
  readonly #socket: UdpSocket;

  constructor(target: SyslogTarget) {
    this.#target = target;
    this.#socket = createSocket(isIPv6(target.host) ? "udp6" : "udp4");
    this.#socket.on("error", () => {});
    this.#socket.unref();
  }

  async send(lines: readonly Buffer[]): Promise<void> {
    const { host, port } = this.#target;
    for (const line of lines) {
      await new Promise<void>((resolve, reject) => {
        this.#socket.send(line, port, host, (error) =>
          error === null ? resolve() : reject(away(this.#target, error)),
        );
      });
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** RFC 6587 with octet counting. */
class TcpSender implements SyslogSender {
  readonly #target: SyslogTarget;
  #socket: Socket | undefined;

  constructor(target: SyslogTarget) {
    this.#target = target;
  }

  async send(lines: readonly Buffer[]): Promise<void> {
    const frames = Buffer.concat(lines.flatMap((line) => [Buffer.from(`${line.length} `), line]));
    const socket = (this.#socket ??= this.#connect());
    const clock = setTimeout(() => socket.destroy(new Error("the server accepts no data")), sendTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        const gone = (error?: Error | null) => reject(away(this.#target, error));
        socket.once("close", gone);
        socket.once("error", gone);
        socket.write(frames, (error) => {
          socket.off("close", gone);
          socket.off("error", gone);
          if (error === undefined || error === null) resolve();
          else gone(error);
        });
      });
    } finally {
      clearTimeout(clock);
    }
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const { host, port } = this.#target;
    const socket = connect({ host, port, keepAlive: true });
    socket.on("error", () => {});
    socket.once("close", () => (this.#socket = undefined));
    // Syslog servers send nothing, but reading detects the end of the connection.
    socket.resume();
    socket.unref();
    return socket;
  }
}

function away({ protocol, host, port }: SyslogTarget, cause: unknown): HoldfastError {
  const reason = cause instanceof Error ? cause.message : "the connection ended";
  return new HoldfastError(
    "unavailable",
    `The syslog server ${protocol}://${host}:${port} does not accept entries: ${reason}.`,
  );
}
