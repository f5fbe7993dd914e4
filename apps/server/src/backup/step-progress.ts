/** Receives how far a backup, a restore or a drill has come. */
export interface StepProgress {
  /** A step begins, such as "copying packs". @param total undefined: nobody knows how much there is */
  begin(name: string, total?: StepTotal): void;
  /** A part of the step is done: one item, and its bytes. */
  done(bytes: number): void;
}

export interface StepTotal {
  readonly packs?: number;
  readonly bytes: number;
}

/** The step's total for some packs. */
export function totalOf(packs: readonly { readonly size: number }[]): StepTotal {
  return { packs: packs.length, bytes: packs.reduce((sum, { size }) => sum + size, 0) };
}
