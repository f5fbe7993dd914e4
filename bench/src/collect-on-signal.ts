/**
 * Loaded into both servers that `held-polls.ts` compares: collects garbage on a signal. V8's own timing would make the
 * same server seem to need half as much again or as little.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
process.on("SIGUSR2", () => collect());
