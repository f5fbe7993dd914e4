import { splitName, withSuffix } from "@holdfast/core/name-suffix";
import { ignoreFileName, nameKey, nameProblem, repositoryName } from "@holdfast/core/names";

/** Names of files from another app, made valid and distinct. An upload has each path once. */
export function receivedNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    const valid = validName(name);
    let free = valid;
    for (let number = 2; used.has(nameKey(free)); number += 1) free = withSuffix(splitName(valid), ` (${number})`);
    used.add(nameKey(free));
    return free;
  });
}

/** Synced folders run or obey files with these names. */
const unsafeNames: ReadonlySet<string> = new Set([ignoreFileName, repositoryName]);

function validName(name: string): string {
  const short = withSuffix(splitName(name), "");
  if (unsafeNames.has(short.toLowerCase())) return "file";
  return nameProblem(short) === undefined ? short : `file${/\.\w{1,16}$/.exec(name)?.[0] ?? ""}`;
}
