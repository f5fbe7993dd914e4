import { limits } from "@holdfast/core/limits";
import { z } from "zod";

/** Parts of the settings by which somebody elsewhere is believed. */
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
