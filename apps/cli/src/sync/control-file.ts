import { z } from "zod";

/** In the sync's folder while its client runs: how the other commands reach it. Whoever can read it can steer the client. */
export const controlFile = z.object({ pid: z.int(), root: z.string(), url: z.string(), token: z.string() });
export type ControlFile = z.infer<typeof controlFile>;
export const controlName = "control.json";
