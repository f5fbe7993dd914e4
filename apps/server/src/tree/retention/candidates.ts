import type { SpaceId } from "@holdfast/core/ids";

export interface CandidateRow {
  readonly space_id: SpaceId;
  readonly hash: Buffer;
  readonly mark: string;
}

/** Rows of one space that seem unreferenced, with the number of lists that still name them. */
export class Candidates {
  /** Keyed by the bytes of the hash. */
  readonly #found: ReadonlyMap<string, Found>;
  #lists = 0;

  constructor(rows: readonly CandidateRow[]) {
    this.#found = new Map(
      rows.map(({ hash, mark }) => [hash.toString("latin1"), { hash, mark, names: 0, lastList: 0 }]),
    );
  }

  /** Counts a list of records that each begin with a hash. A hash counts once per list. */
  countList(records: Buffer, recordBytes: number): void {
    this.#lists += 1;
    for (let at = 0; at < records.length; at += recordBytes) {
      const found = this.#found.get(records.toString("latin1", at, at + 32));
      if (found === undefined || found.lastList === this.#lists) continue;
      found.lastList = this.#lists;
      found.names += 1;
    }
  }

  countHash(hash: Buffer): void {
    const found = this.#found.get(hash.toString("latin1"));
    if (found !== undefined) found.names += 1;
  }

  unnamed(): Found[] {
    return [...this.#found.values()].filter(({ names }) => names === 0);
  }

  named(): Map<number, Found[]> {
    return Map.groupBy(
      [...this.#found.values()].filter(({ names }) => names > 0),
      ({ names }) => names,
    );
  }
}

export interface Found {
  readonly hash: Buffer;
  readonly mark: string;
  names: number;
  lastList: number;
}
