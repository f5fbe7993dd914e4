import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { FolderIndex } from "./folder-index.ts";
import { compareBy, type SortOrder, sortOrders } from "./row-order.ts";
import type { Row } from "./row.ts";
import { testRow } from "./testing.ts";

const names = [
  "a",
  "B",
  "b2",
  "b10",
  "Übung",
  "ubung",
  "z",
  "photo 1",
  "photo 02",
  "photo 10",
  "ß",
  "0",
  "x.txt",
  "X.txt",
];

function rowWith(number: number, name: string, seq: number, more: Partial<Row> = {}): Row {
  return testRow(`${name} ${number % 7}`, {
    id: `id-${String(number).padStart(4, "0")}`,
    kind: number % 3 === 0 ? "folder" : "file",
    sizeBytes: number % 5,
    modifiedMs: seq % 4,
    revision: `r${seq}`,
    seq,
    ...more,
  });
}

class Model {
  readonly compare: ReturnType<typeof compareBy>;
  readonly server = new Map<string, Row>();
  readonly overlay = new Map<string, Row | null>();
  readonly index: FolderIndex;
  seq = 0;
  readonly #cursors: { first: Row | undefined; last: Row | undefined } = { first: undefined, last: undefined };
  readonly unheard: { id: string; seq: number; row: Row | undefined; isNew: boolean }[] = [];
  /** Pages that the server has read and the index has not received. */
  readonly #underWay = new Map<"first" | "last", () => void>();
  hasStarted = false;
  isQuiet = true;
  readonly ids = new Set<string>();

  constructor(order: SortOrder) {
    this.compare = compareBy(order);
    this.index = new FolderIndex(order, (id, server) => {
      const own = this.overlay.get(id);
      if (own === undefined) return server;
      return own === null ? undefined : { ...own, seq: server?.seq ?? 0 };
    });
  }

  /** Reads now; `arrive` delivers the page. */
  readPage(from: "first" | "last", size: number): void {
    if (this.#underWay.has(from) || (from === "last" && !this.hasStarted)) return;
    const direction = from === "first" ? 1 : -1;
    const cursor = this.#cursors[from];
    const beyond = [...this.server.values()]
      .toSorted((left, right) => direction * this.compare(left, right))
      .filter((row) => cursor === undefined || direction * this.compare(row, cursor) > 0);
    const rows = beyond.slice(0, size);
    const total = from === "first" && cursor === undefined ? this.server.size : undefined;
    this.#underWay.set(from, () => {
      this.#cursors[from] = rows.at(-1) ?? cursor;
      this.hasStarted = true;
      this.index.addPage({ from, rows, isEnd: beyond.length === rows.length, total });
    });
  }

  arrive(from: "first" | "last"): void {
    this.#underWay.get(from)?.();
    this.#underWay.delete(from);
  }

  write(number: number, name: string | undefined): void {
    this.isQuiet = false;
    this.seq += 1;
    const row = name === undefined ? undefined : rowWith(number, name, this.seq);
    const { id } = rowWith(number, "", 0);
    this.ids.add(id);
    if (row === undefined && !this.server.has(id)) return;
    const isNew = !this.server.has(id);
    if (row === undefined) this.server.delete(id);
    else this.server.set(id, row);
    this.unheard.push({ id, seq: this.seq, row, isNew });
  }

  hear(count: number): void {
    this.index.applyChanges(this.unheard.splice(0, count));
  }

  act(number: number, name: string | undefined): void {
    const { id } = rowWith(number, "", 0);
    this.isQuiet = false;
    this.ids.add(id);
    if (this.overlay.has(id)) this.overlay.delete(id);
    else this.overlay.set(id, name === undefined ? null : rowWith(number, name, 0));
    this.index.overlayChanged([id]);
  }

  expected(): Row[] {
    const ids = new Set([...this.server.keys(), ...this.overlay.keys()]);
    return [...ids]
      .flatMap((id) => {
        const own = this.overlay.get(id);
        const server = this.server.get(id);
        if (own === undefined) return server ?? [];
        return own === null ? [] : Object.assign({}, own, { seq: server?.seq ?? 0 });
      })
      .toSorted(this.compare);
  }
}

function shown(index: FolderIndex): (Row | undefined)[] {
  return Array.from({ length: index.getSnapshot().total }, (_, at) => index.rowAt(at));
}

function assertSound(model: Model): void {
  const rows = shown(model.index);
  const known = rows.filter((row) => row !== undefined);
  assert.equal(new Set(known.map(({ id }) => id)).size, known.length, "a row stands twice");
  const away = [...model.ids].filter((id) => model.index.rowOf(id) !== undefined && model.index.indexOf(id) < 0);
  assert.ok(away.length <= model.index.getSnapshot().waitingCount, `${away.join(", ")} are known and do not show`);
  if (model.isQuiet && model.hasStarted)
    assert.equal(rows.length, model.server.size, "the total is not what the server counted");
  for (const [at, row] of rows.entries()) if (row !== undefined) assert.equal(model.index.indexOf(row.id), at, row.id);
}

const anyEnd = fc.constantFrom("first" as const, "last" as const);
const anyNumber = fc.nat({ max: 14 });
const anyName = fc.option(fc.constantFrom(...names), { nil: undefined });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("read" as const), from: anyEnd, size: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("arrive" as const), from: anyEnd }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("write" as const), number: anyNumber, name: anyName }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("hear" as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("act" as const), number: anyNumber, name: anyName }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("hold" as const, "release" as const) }) },
);

test("a row that disappears while the order is held and returns with a page is found once, at its place", () => {
  for (const wasShown of [false, true]) {
    const model = new Model("natural");
    model.write(0, "b");
    model.write(11, "a");
    if (wasShown) model.hear(2);
    model.index.hold();
    model.write(11, undefined);
    model.hear(model.unheard.length);
    model.write(11, "a");
    model.readPage("first", 5);
    model.arrive("first");
    assertSound(model);
    assert.equal(shown(model.index).filter((row) => row?.id === "id-0011").length, 1);
    model.hear(model.unheard.length);
    model.index.release();
    assert.deepEqual(shown(model.index), model.expected());
  }
});

test("any sequence of events leaves the list equal to the server's with own changes applied (random)", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...sortOrders),
      fc.array(fc.tuple(anyNumber, fc.constantFrom(...names)), { maxLength: 25 }),
      fc.array(step, { minLength: 10, maxLength: 80 }),
      (order, initial, steps) => {
        const model = new Model(order);
        for (const [number, name] of initial) model.write(number, name);
        model.unheard.length = 0;
        model.isQuiet = true;
        let held: (string | undefined)[] | undefined;
        for (const each of steps) {
          const moves = each.do === "arrive" || each.do === "act" || each.do === "release";
          if (each.do === "read") model.readPage(each.from, each.size);
          else if (each.do === "arrive") model.arrive(each.from);
          else if (each.do === "write") model.write(each.number, each.name);
          else if (each.do === "hear") model.hear(each.count);
          else if (each.do === "act") model.act(each.number, each.name);
          else if (each.do === "hold") model.index.hold();
          else model.index.release();
          assertSound(model);
          const ids = shown(model.index).map((row) => row?.id);
          if (held !== undefined && !moves)
            assert.deepEqual(ids.filter(Boolean), held.filter(Boolean), "a change moved what is held");
          if (each.do === "hold" || (held !== undefined && moves)) held = ids;
          if (each.do === "release") held = undefined;
        }
        for (let round = 0; round < 100 && !model.index.getSnapshot().isComplete; round += 1) {
          const from = round % 2 === 0 ? "first" : "last";
          model.readPage(from, 3);
          model.arrive(from);
        }
        model.hear(model.unheard.length);
        model.index.release();
        assert.deepEqual(shown(model.index), model.expected());
        assert.deepEqual(model.index.getSnapshot(), {
          total: model.expected().length,
          isComplete: true,
          waitingCount: 0,
        });
        assertSound(model);
      },
    ),
    { numRuns: 3000 },
  );
});

test("both ends show immediately, and pages are read only until they meet", () => {
  const rows = Array.from({ length: 100 }, (_, at) =>
    rowWith(1, `${at} of`, 1, { id: `id-${String(at).padStart(3, "0")}`, name: `${at}` }),
  );
  const index = new FolderIndex();
  index.addPage({ from: "first", rows: rows.slice(0, 20), isEnd: false, total: 100 });
  index.addPage({ from: "last", rows: rows.slice(70).toReversed(), isEnd: false, total: undefined });
  assert.deepEqual(index.getSnapshot(), { total: 100, isComplete: false, waitingCount: 0 });
  assert.deepEqual(
    [0, 19, 20, 69, 70, 99].map((at) => index.rowAt(at)?.name),
    ["0", "19", undefined, undefined, "70", "99"],
  );
  assert.equal(index.indexOf("id-099"), 99);
  index.addPage({ from: "first", rows: rows.slice(20, 60), isEnd: false, total: undefined });
  assert.equal(index.getSnapshot().isComplete, false);
  index.addPage({ from: "last", rows: rows.slice(50, 70).toReversed(), isEnd: false, total: undefined });
  assert.deepEqual(index.getSnapshot(), { total: 100, isComplete: true, waitingCount: 0 });
  assert.deepEqual(shown(index), rows);
});

test("values change in place while the order is held, and waiting changes show when it is released", () => {
  const [ant, bee, cow] = ["ant", "bee", "cow"].map((name, at) =>
    rowWith(1, name, 1, { id: name, name, sizeBytes: at }),
  ) as [Row, Row, Row];
  const index = new FolderIndex();
  index.addPage({ from: "first", rows: [ant, bee, cow], isEnd: true, total: 3 });
  index.hold();
  const changed = [
    { ...ant, name: "zebra", seq: 2 },
    { ...bee, sizeBytes: 99, seq: 3 },
    rowWith(1, "", 4, { id: "new", name: "aardvark" }),
  ];
  index.applyChanges([
    ...changed.map((row) => ({ id: row.id, seq: row.seq, row, isNew: row.id === "new" })),
    { id: "cow", seq: 5, row: undefined, isNew: false },
  ]);
  assert.deepEqual(
    shown(index).map((row) => row?.name),
    ["zebra", "bee", "cow"],
  );
  assert.deepEqual(
    [index.rowOf("bee")?.sizeBytes, index.isGone("cow"), index.getSnapshot().waitingCount],
    [99, true, 3],
  );
  index.release();
  assert.deepEqual(
    shown(index).map((row) => row?.name),
    ["aardvark", "bee", "zebra"],
  );
  assert.deepEqual([index.isGone("cow"), index.getSnapshot().waitingCount], [false, 0]);
});

test("the last of several simultaneous changes of one row is shown", () => {
  const index = new FolderIndex();
  index.addPage({ from: "first", rows: [testRow("a"), testRow("b")], isEnd: true, total: 2 });
  const moved = testRow("z", { id: "a", seq: 2 });
  const grown = { ...moved, sizeBytes: 5, seq: 3 };
  index.applyChanges([moved, grown].map((row) => ({ id: "a", seq: row.seq, row, isNew: false })));
  assert.deepEqual(shown(index), [testRow("b"), grown]);
});

test("rereading shows only the differences, and keeps changes that arrived meanwhile", () => {
  const row = (name: string, seq: number) => rowWith(1, name, seq, { id: name, name });
  const index = new FolderIndex();
  index.addPage({ from: "first", rows: [row("a", 1), row("b", 2), row("c", 3)], isEnd: true, total: 3 });
  index.beginReading();
  const read = [row("a", 1), row("c", 9), row("d", 10), row("e", 11)];
  const kept = index.rowOf("a");
  index.applyChanges([
    { id: "c", seq: 12, row: row("c", 12), isNew: false },
    { id: "d", seq: 13, row: undefined, isNew: false },
  ]);
  index.replaceAll(read);
  assert.deepEqual(
    shown(index).map((each) => `${each?.name} ${each?.seq}`),
    ["a 1", "c 12", "e 11"],
  );
  assert.equal(index.rowOf("a"), kept, "a row that is the same is the same object");
});
