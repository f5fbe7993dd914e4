import { limits } from "@holdfast/core/limits";
import { z } from "zod";

/** Shared formats of settings that trust external sources. */
export const word = z.string().min(1).max(1024);

const domain = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.string().regex(/^(?!-)[^\s@/*]{1,253}$/, "must be domains like example.org, the part after the @"));

export const domains = z.union([z.literal("off").transform(() => []), z.array(domain).max(limits.outsideMappingsMax)]);

export const mapping = z
  .record(word, word)
  .refine(
    (map) => Object.keys(map).length <= limits.outsideMappingsMax,
    `must name at most ${limits.outsideMappingsMax} values`,
  );
