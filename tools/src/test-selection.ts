import { existsSync, globSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** Returns the tier's files, or the wanted ones of them. A long-tier file with its full path is always included. */
export function selectTests(root: string, wanted: readonly string[], long: boolean): string[] {
  const isNamed = (file: string) => wanted.some((each) => pathOf(root, each) === file);
  return matchingTests(root, wanted).filter((file) => long || !isLong(file) || isNamed(file));
}

export function isLong(file: string): boolean {
  return /\.(?:long|timing)\.test\.ts$/.test(file);
}

/** Tests of accounts and files, which a whole run of the long tier repeats with the accounts in several databases. */
export function isSharded(file: string): boolean {
  return /^apps\/server\/src\/(?:acceptance|edge|features|roles|tree)\/.*\.pg\.test\.ts$/.test(file);
}

/** Returns all test files, or those that equal, are in, or contain in their path one of `wanted`. */
export function matchingTests(root: string, wanted: readonly string[]): string[] {
  const all = globSync("{packages/*,apps/*,examples/*,bench,tools}/{src,build}/**/*.test.ts", { cwd: root }).toSorted();
  if (wanted.length === 0) return all;
  return all.filter((file) =>
    wanted.some((each) => {
      const path = pathOf(root, each);
      return existsSync(join(root, path))
        ? file === path || file.startsWith(`${path}/`) || path === ""
        : file.includes(each);
    }),
  );
}

function pathOf(root: string, wanted: string): string {
  return relative(root, resolve(process.env["INIT_CWD"] ?? ".", wanted));
}
