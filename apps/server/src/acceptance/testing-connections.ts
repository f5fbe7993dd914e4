import { get } from "node:http";
import { setInterval } from "node:timers/promises";

/**
 * Process that makes a new connection to the URL of its argument every 20 ms, and prints the start of each (by a
 * monotonic clock) with 1 for a response 200 in time, or 0.
 */
const everyMs = 20;
/** Lost packets are sent again only after a second. */
const timeoutMs = 500;

for await (const _ of setInterval(everyMs)) void connect(process.argv[2]!);

async function connect(url: string): Promise<void> {
  const startMs = performance.now();
  const status = await new Promise<number | undefined>((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
      response.once("error", () => resolve(undefined));
    });
    request.once("error", () => resolve(undefined));
  });
  console.log(`${startMs} ${status === 200 ? 1 : 0}`);
}
