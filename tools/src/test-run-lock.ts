import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Another name than the usual one keeps a test of the lock apart from the run that it is part of. */
const name = process.env["HOLDFAST_TEST_LOCK"] ?? "holdfast-test-run";

/** Enough for a path. The text comes from the process that holds the lock, which may be any. */
const lineLengthMax = 500;
const retryDelayMs = 50;

/**
 * Waits until no other process of this machine, of any user, holds the lock, and holds it until this one ends. An abstract socket is
 * the lock: the kernel releases it with the process, no file is left over, and a waiting process reads from it who holds it.
 */
export async function holdTestRunLock(): Promise<void> {
  while (!(await listen())) await waitForHolder();
}

async function listen(): Promise<boolean> {
  const self = `process ${process.pid} in ${process.cwd()}, since ${new Date().toLocaleTimeString("sv")}`;
  // A connection stays open for as long as the lock is held, which is how those who wait notice the end.
  const server = createServer((socket) => {
    socket.unref().resume();
    socket.on("error", () => socket.destroy());
    socket.write(`${self}\n`);
  });
  server.unref();
  server.listen(`\0${name}`);
  try {
    await once(server, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
}

async function waitForHolder(): Promise<void> {
  const socket = connect(`\0${name}`);
  let isTold = false;
  socket.on("data", (line) => {
    if (!isTold)
      console.log(`Waiting for another run of the tests: ${line.toString().trim().slice(0, lineLengthMax)}.`);
    isTold = true;
  });
  // An error means that the holder has ended in the meantime, or does not listen yet.
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  await delay(retryDelayMs);
}
