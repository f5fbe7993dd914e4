import { once } from "node:events";
import { createServer } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { isLoopback } from "../base/config/loopback.ts";

/** Checked before anything is created, so that a failed start leaves nothing behind. */
export async function assertAddressFree({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<void> {
  const probe = createServer();
  try {
    await once(probe.listen({ host, port }), "listening");
  } catch (error) {
    throw toListenError(error, host, port);
  } finally {
    probe.close();
  }
}

export function toListenError(error: unknown, host: string, port: number): HoldfastError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES" && port < 1024) {
    return new HoldfastError("failed", noRight(host, port), { cause: error });
  }
  const why = code === "EADDRINUSE" ? "another program, or another Holdfast, listens there" : message;
  return new HoldfastError(
    "failed",
    `Cannot listen on ${host}:${port}: ${why}. Choose another address with --listen.`,
    {
      cause: error,
    },
  );
}

function noRight(host: string, port: number): string {
  const otherPort =
    host === "localhost" || isLoopback(host)
      ? "Choose another port with --listen, such as 127.0.0.1:8420"
      : `Have the router forward port ${port} to another port of this machine and name that port with --listen, such as 0.0.0.0:8420`;
  return (
    `Cannot listen on ${host}:${port}: only root may use ports below 1024 here. ${otherPort}; or run Holdfast as a service of the system ` +
    `(serve --install-service, as root), which may use them; or allow this port: sysctl net.ipv4.ip_unprivileged_port_start=${port}.`
  );
}
