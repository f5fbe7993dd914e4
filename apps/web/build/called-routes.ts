import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import type { Plugin } from "vite";

const table = resolve(import.meta.dirname, "../../../packages/protocol/src/route-table.ts");
const client = resolve(import.meta.dirname, "../../../packages/api-client/src");

/**
 * Removes unused routes from the table of routes, which the page loads before its first list. Half of them serve only
 * the CLI and other servers.
 * @param root folder of the app's sources
 */
export function calledRoutes(root: string): Plugin {
  return {
    name: "called-routes",
    enforce: "pre",
    transform: {
      handler(code, id) {
        if (resolve(id) !== table) return undefined;
        return { code: withoutUncalled(code, namesIn([join(root, "src"), client])), map: null };
      },
    },
  };
}

/** Collects every word of the sources, including route names. */
function namesIn(folders: readonly string[]): ReadonlySet<string> {
  const files = folders.flatMap((cwd) =>
    globSync("**/*.{ts,tsx}", { cwd, exclude: ["**/*.test.ts", "**/*.test.tsx"] }).map((file) => join(cwd, file)),
  );
  return new Set(files.flatMap((file) => readFileSync(file, "utf8").match(/[a-z][a-zA-Z]+/g) ?? []));
}

/** @throws HoldfastError if the table does not have the expected format */
export function withoutUncalled(code: string, called: ReadonlySet<string>): string {
  let rows = 0;
  const text = code.replaceAll(/^ {2}(\w+): \{[^}]*\},\n/gm, (row, name: string) => {
    rows += 1;
    return called.has(name) ? row : "";
  });
  if (rows < 100)
    throw new HoldfastError("failed", "The table of routes is not written as it was: see called-routes.ts.");
  return text;
}
