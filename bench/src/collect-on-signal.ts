/**
 * Loaded into both servers that `held-polls.ts` compares: collects garbage when told to. V8 does so by itself too, but when
 * it likes, and then the same server would seem to need half as much again or as little.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
process.on("SIGUSR2", () => collect());
