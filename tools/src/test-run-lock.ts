import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Another name separates a test of the lock from its own run. */
const name = process.env["HOLDFAST_TEST_LOCK"] ?? "holdfast-test-run";

/** Enough for a path. The text comes from the lock's holder, which may be any process. */
const lineLengthMax = 500;
const retryDelayMs = 50;

/**
 * Waits until no process of any user holds the lock, and holds it until this process ends. The lock is an abstract
 * socket: the kernel releases it with the process, no file remains, and waiting processes read the holder's name from
 * it.
 */
export async function holdTestRunLock(): Promise<void> {
  while (!(await listen())) await waitForHolder();
}

async function listen(): Promise<boolean> {
  const self = `process ${process.pid} in ${process.cwd()}, since ${new Date().toLocaleTimeString("sv")}`;
  // Connections stay open while the lock is held, so waiting processes notice its end.
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
  let hasPrinted = false;
  socket.on("data", (line) => {
    if (!hasPrinted)
      console.log(`Waiting for another run of the tests: ${line.toString().trim().slice(0, lineLengthMax)}.`);
    hasPrinted = true;
  });
  // The holder has ended or does not listen yet.
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  await delay(retryDelayMs);
}
