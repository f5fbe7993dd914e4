export interface StepProgress {
  /** Called when a step begins, such as "copying packs". @param total undefined: unknown */
  begin(name: string, total?: StepTotal): void;
  done(bytes: number): void;
}

export interface StepTotal {
  readonly packs?: number;
  readonly bytes: number;
}

export function totalOf(packs: readonly { readonly size: number }[]): StepTotal {
  return { packs: packs.length, bytes: packs.reduce((sum, { size }) => sum + size, 0) };
}
