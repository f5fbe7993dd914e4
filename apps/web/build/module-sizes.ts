import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Modules of each script, with the number of characters that each takes in it. */
export const moduleSizesName = ".vite/modules.json";

export function writeModuleSizes(outFolder: string, name = moduleSizesName): Plugin {
  return {
    name: "holdfast-module-sizes",
    writeBundle(_options, bundle) {
      const sizes = Object.values(bundle).flatMap((chunk) =>
        chunk.type === "chunk"
          ? [[chunk.fileName, Object.entries(chunk.modules).map(([id, { renderedLength }]) => [id, renderedLength])]]
          : [],
      );
      writeFileSync(join(outFolder, name), JSON.stringify(Object.fromEntries(sizes)));
    },
  };
}
