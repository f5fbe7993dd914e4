import { once } from "node:events";
import { createServer } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";

/** Asked before anything is created: a start that must fail shall leave nothing behind. */
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

function toListenError(error: unknown, host: string, port: number): HoldfastError {
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
  return (
    `Cannot listen on ${host}:${port}: the system lets only root have ports below 1024. Have the router pass port ${port} to ` +
    `another port of this machine and say that one with --listen, like 0.0.0.0:8420; or run it as a service of the system ` +
    "(serve --install-service, as root), which may; or allow it: sysctl net.ipv4.ip_unprivileged_port_start=443."
  );
}
