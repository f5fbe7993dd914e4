/** Receives the progress of a backup, restore or drill. */
export interface StepProgress {
  /** Called when a step begins, such as "copying packs". @param total undefined: unknown */
  begin(name: string, total?: StepTotal): void;
  /** Called when one item of the step is done, with its bytes. */
  done(bytes: number): void;
}

export interface StepTotal {
  readonly packs?: number;
  readonly bytes: number;
}

export function totalOf(packs: readonly { readonly size: number }[]): StepTotal {
  return { packs: packs.length, bytes: packs.reduce((sum, { size }) => sum + size, 0) };
}
