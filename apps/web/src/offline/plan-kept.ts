import type { KeptFile } from "./kept-index.ts";

export interface KeptPlan {
  /** What stays, as it is called now. A file of which there is newer content stays as it was until that is here. */
  readonly stay: readonly KeptFile[];
  /** Whose bytes are to be fetched. */
  readonly load: readonly KeptFile[];
}

/** @param wanted as the server tells of them now; what is not among them goes */
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
