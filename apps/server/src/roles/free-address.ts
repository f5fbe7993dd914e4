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
  const why = code === "EADDRINUSE" ? "another program, or another Holdfast, listens there" : message;
  return new HoldfastError(
    "failed",
    `Cannot listen on ${host}:${port}: ${why}. Choose another address with --listen.`,
    {
      cause: error,
    },
  );
}
