import { createInterface } from "node:readline";
import { startTestDatabases, urlOf } from "./testing.ts";

/** Process that answers each input line with the URL of a new migrated database, until the end of its input. */
const stops: (() => Promise<void>)[] = [];
for await (const _line of createInterface({ input: process.stdin })) {
  const { connection, stop } = await startTestDatabases();
  stops.push(stop);
  console.log(urlOf(connection));
}
for (const stop of stops) await stop();
