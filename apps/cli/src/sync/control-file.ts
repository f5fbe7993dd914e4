import { z } from "zod";

/**
 * Access to a running client for other commands, in the folder of the sync. Anyone who can read it can control the
 * client.
 */
export const controlFile = z.object({ pid: z.int(), root: z.string(), url: z.string(), token: z.string() });
export type ControlFile = z.infer<typeof controlFile>;
export const controlName = "control.json";
