import type { KeptFile } from "./kept-index.ts";

export interface KeptPlan {
  /** Files with their current names. Files with newer content keep the old entry until that is fetched. */
  readonly stay: readonly KeptFile[];
  readonly load: readonly KeptFile[];
}

/** @param wanted current files on the server; others are removed */
export function planKept(wanted: readonly KeptFile[], present: readonly KeptFile[]): KeptPlan {
  const here = new Map(present.map((file) => [file.id, file]));
  const stay: KeptFile[] = [];
  const load: KeptFile[] = [];
  for (const file of wanted) {
    const old = here.get(file.id);
    if (old?.contentId === file.contentId) {
      stay.push(file);
      continue;
    }
    load.push(file);
    if (old !== undefined) stay.push(old);
  }
  return { stay, load };
}
