import { z } from "zod";

/** Anyone who can read this file can control the client. */
export const controlFile = z.object({ pid: z.int(), root: z.string(), url: z.string(), token: z.string() });
export type ControlFile = z.infer<typeof controlFile>;
export const controlName = "control.json";
