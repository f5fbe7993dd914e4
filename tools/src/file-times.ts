const slowestListed = 40;

export class FileTimes {
  readonly #startedMs = new Map<string, number>();
  readonly #durationMs = new Map<string, number>();

  begin(file: string | undefined): void {
    if (file !== undefined) this.#startedMs.set(file, performance.now());
  }

  end(file: string | undefined): void {
    if (file !== undefined) this.#durationMs.set(file, performance.now() - (this.#startedMs.get(file) ?? 0));
  }

  /** Returns files that started and have not ended. */
  running(): string[] {
    return [...this.#startedMs.keys()].filter((file) => !this.#durationMs.has(file));
  }

  slowest(): string[] {
    if (this.#durationMs.size <= slowestListed) return [];
    const slowest = [...this.#durationMs].toSorted(([, a], [, b]) => b - a).slice(0, slowestListed);
    const lines = slowest.map(([file, durationMs]) => `${(durationMs / 1000).toFixed(1).padStart(7)} s  ${file}`);
    return ["The slowest files:", ...lines];
  }
}
