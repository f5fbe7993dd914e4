import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { parseSync } from "oxc-parser";
import { HoldfastError } from "@holdfast/core/errors";

export interface Import {
  /** Literal text: "./frame.ts", "@holdfast/core/errors", "#sha256", "node:fs"; undefined for a computed `import()`. */
  readonly specifier: string | undefined;
  /** "static" for import and export-from, "dynamic" for import(), "url" for the new URL(…, import.meta.url) of a worker. */
  readonly kind: "static" | "dynamic" | "url";
  /** Imports types only, so it does not exist at run time. */
  readonly isType: boolean;
  /** Imported file relative to the root with '/', if it is a source of this tree. */
  readonly target: string | undefined;
  /** Platform if package.json selects one of two files by platform. */
  readonly platform: "browser" | "node" | undefined;
  readonly line: number;
}

export interface Source {
  /** Relative to the root, with '/'. */
  readonly path: string;
  /** Workspace: "packages/core", "apps/server", "tools". */
  readonly part: string;
  /**
   * Tests and test-only files: `x.test.ts`, `testing.ts`, `testing-….ts`, a folder `testing` or `acceptance`, a
   * conformance suite.
   */
  readonly isTest: boolean;
  readonly imports: readonly Import[];
}

export function readSourceTree(root: string): Source[] {
  const packageFiles = globSync(
    [
      "packages/*/package.json",
      "apps/*/package.json",
      "examples/*/package.json",
      "tools/package.json",
      "bench/package.json",
    ],
    {
      cwd: root,
    },
  );
  const folderOfName = new Map(packageFiles.map((file) => [nameOf(join(root, file)), toPosix(dirname(file))]));
  return packageFiles
    .map((file) => toPosix(dirname(file)))
    .toSorted()
    .flatMap((part) =>
      globSync(`${part}/{src,build}/**/*.{ts,tsx}`, { cwd: root })
        .toSorted()
        .map((file) => readSource(root, part, toPosix(file), folderOfName)),
    );
}

function readSource(root: string, part: string, path: string, folderOfName: ReadonlyMap<string, string>): Source {
  const text = readFileSync(join(root, path), "utf8");
  const imports = readImports(path, text).flatMap(({ offset, ...raw }) => {
    const line = text.slice(0, offset).split("\n").length;
    return resolve({ root, part, path }, raw.specifier, folderOfName).map((found) =>
      Object.assign(found, raw, { line }),
    );
  });
  const isTest = /\.test\.tsx?$|\/testing(?:\/|\.ts$|-[^/]*\.ts$)|\/acceptance\/|conformance[^/]*\.ts$/.test(path);
  return { path, part, isTest, imports };
}

/** @returns errors that prevent loading a module, including duplicate declarations */
export function findSyntaxErrors(path: string, text: string): string[] {
  return parseSync(path, text, { showSemanticErrors: true }).errors.map(({ message }) => message);
}

interface RawImport {
  specifier: string | undefined;
  kind: Import["kind"];
  isType: boolean;
  offset: number;
}

function readImports(path: string, text: string): RawImport[] {
  const parsed = parseSync(path, text);
  const [error] = parsed.errors;
  if (error !== undefined) throw new HoldfastError("failed", `${path} does not parse: ${error.message}`);
  const found: RawImport[] = [];
  for (const { moduleRequest, entries, start } of parsed.module.staticImports) {
    const isType = entries.length > 0 && entries.every((entry) => entry.isType);
    found.push({ specifier: moduleRequest.value, kind: "static", isType, offset: start });
  }
  for (const { entries, start } of parsed.module.staticExports) {
    const isType = entries.every((entry) => entry.isType);
    const specifiers = new Set(entries.flatMap((entry) => entry.moduleRequest?.value ?? []));
    for (const specifier of specifiers) found.push({ specifier, kind: "static", isType, offset: start });
  }
  for (const { moduleRequest, start } of parsed.module.dynamicImports) {
    const literal = /^(["'`])([^"'`$]+)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    found.push({ specifier: literal?.[2], kind: "dynamic", isType: false, offset: start });
  }
  for (const match of text.matchAll(/new URL\(\s*"(\.[^"]+\.ts)",\s*import\.meta\.url/g)) {
    found.push({ specifier: match[1], kind: "url", isType: false, offset: match.index });
  }
  return found;
}

type Found = Pick<Import, "target" | "platform">;

/** Returns one target, or one per platform. */
function resolve(
  { root, part, path }: { readonly root: string; readonly part: string; readonly path: string },
  specifier: string | undefined,
  folderOfName: ReadonlyMap<string, string>,
): Found[] {
  if (specifier?.startsWith("#") === true) return resolveByPlatform(root, part, specifier);
  const target = specifier === undefined ? undefined : resolvePath(root, path, specifier, folderOfName);
  return [{ target, platform: undefined }];
}

function resolveByPlatform(root: string, part: string, specifier: string): Found[] {
  const { imports = {} } = JSON.parse(readFileSync(join(root, part, "package.json"), "utf8")) as {
    readonly imports?: Readonly<Record<string, { readonly browser: string; readonly default: string }>>;
  };
  const places = imports[specifier];
  if (places === undefined) throw new HoldfastError("failed", `${part}/package.json says nothing of ${specifier}.`);
  return [
    { target: posix.join(part, places.browser), platform: "browser" },
    { target: posix.join(part, places.default), platform: "node" },
  ];
}

function resolvePath(
  root: string,
  from: string,
  specifier: string,
  folderOfName: ReadonlyMap<string, string>,
): string | undefined {
  // A query after `?` states how the web app uses it: as a worker or URL.
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier.replace(/\?.*$/, ""));
  for (const [name, folder] of folderOfName) {
    if (!specifier.startsWith(`${name}/`)) continue;
    const rest = specifier.slice(name.length + 1);
    const path = rest.startsWith("build/") ? `${folder}/${rest}` : `${folder}/src/${rest}`;
    return existsSync(join(root, `${path}.tsx`)) ? `${path}.tsx` : `${path}.ts`;
  }
  return undefined;
}

function nameOf(packageFile: string): string {
  const manifest: unknown = JSON.parse(readFileSync(packageFile, "utf8"));
  if (typeof manifest === "object" && manifest !== null && "name" in manifest && typeof manifest.name === "string") {
    return manifest.name;
  }
  throw new HoldfastError("failed", `${packageFile} has no name.`);
}

function toPosix(path: string): string {
  return path.split(sep).join("/");
}
