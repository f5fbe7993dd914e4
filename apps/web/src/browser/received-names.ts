import { splitName, withSuffix } from "@holdfast/core/name-suffix";
import { nameKey, nameProblem } from "@holdfast/core/names";

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

function validName(name: string): string {
  const short = withSuffix(splitName(name), "");
  return nameProblem(short) === undefined ? short : `file${/\.\w{1,16}$/.exec(name)?.[0] ?? ""}`;
}
