import assert from "node:assert/strict";
import { bounded } from "@holdfast/tools/bounded";
import { Api, type ApiAnswer } from "../testing.ts";
import { isPassingFailure } from "../traffic.ts";
import { drawContent, editContent } from "./contents.ts";

export interface PersonParts {
  readonly who: { readonly email: string; readonly password: string };
  readonly url: string;
  readonly draw: () => number;
  /** Resolves when the server seems to be back. */
  readonly served: () => Promise<void>;
  readonly trashMs: number;
  readonly sessionsMs: number;
}

interface LiveFile {
  readonly id: string;
  readonly content: Buffer;
  /** Earlier versions by number, without those whose answer was lost. */
  readonly versions: Map<number, Buffer>;
}

interface TrashedFile {
  readonly id: string;
  readonly content: Buffer;
  /** Earliest possible time of its move there. */
  readonly sinceMs: number;
}

const filesMax = 120;
/** Time for a missing store, a restart and a recovery in sequence, on a busy machine. */
const answerMsMax = 300_000;

export class Person {
  readonly live = new Map<string, LiveFile>();
  readonly #trashed = new Map<string, TrashedFile>();
  readonly #parts: PersonParts;
  #api: Api | undefined;
  #names = 0;
  acts = 0;

  constructor(parts: PersonParts) {
    this.#parts = parts;
  }

  get email(): string {
    return this.#parts.who.email;
  }

  async act(): Promise<void> {
    const acts: readonly [number, () => Promise<void>][] = [
      [5, () => this.#create()],
      [5, () => this.#edit()],
      [4, () => this.#read()],
      [3, () => this.#trash()],
      [2, () => this.#restore()],
      [1, () => this.#purge()],
      [2, () => this.#copy()],
      [2, () => this.#readVersion()],
      [2, () => this.#uploadInPieces()],
    ];
    let drawn = this.#parts.draw() * acts.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, run] of acts) {
      drawn -= weight;
      if (drawn > 0) continue;
      await run();
      this.acts += 1;
      return;
    }
  }

  async verify(): Promise<void> {
    const listed = new Map<string, string>();
    for (let cursor = ""; ;) {
      const { items, next_cursor: next } = await this.#ok("GET", `/folders/root/contents?limit=1000${cursor}`);
      for (const { id, name } of items) listed.set(`/${name}`, id);
      if (next === null) break;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    const expected = new Map([...this.live].map(([path, { id }]) => [path, id]));
    assert.deepEqual(listed, expected, `the files of ${this.email}`);
    for (const [path, { id, content }] of this.live) await this.#assertReads(`/files/${id}/download`, content, path);
  }

  async deleteSome(share: number): Promise<void> {
    for (const path of [...this.live.keys()].slice(0, Math.floor(this.live.size * share))) await this.#trash(path);
  }

  async #create(content = drawContent(this.#parts.draw)): Promise<void> {
    if (this.live.size >= filesMax) return this.#trash();
    await this.#put(`/file ${(this.#names += 1)}`, content);
  }

  async #edit(): Promise<void> {
    const [path, file] = this.#pick(this.live) ?? [];
    if (path === undefined || file === undefined) return this.#create();
    await this.#put(path, editContent(file.content, this.#parts.draw));
  }

  async #put(path: string, content: Buffer): Promise<void> {
    const query = `uploadType=media&path=${encodeURIComponent(path)}&on_conflict=replace`;
    const headers = { "content-type": "application/octet-stream" };
    const body = content as NonNullable<RequestInit["body"]>;
    const { status, body: node } = await this.#ask("POST", `/files/upload?${query}`, undefined, { body, headers });
    assert.ok(status === 200 || status === 201, `${path}: ${status} ${JSON.stringify(node)}`);
    const versions = this.live.get(path)?.versions ?? new Map<number, Buffer>();
    versions.set(node.version, content);
    this.live.set(path, { id: node.id, content, versions });
  }

  async #read(): Promise<void> {
    const [path, file] = this.#pick(this.live) ?? [];
    if (path === undefined || file === undefined) return;
    await this.#assertReads(`/files/${file.id}/download`, file.content, path);
  }

  /** Old versions expire. A listed version that can be fetched has its original content. */
  async #readVersion(): Promise<void> {
    const [path, file] = this.#pick(this.live) ?? [];
    if (path === undefined || file === undefined) return;
    const { items } = await this.#ok("GET", `/files/${file.id}/versions`);
    const [number, content] = [...file.versions].find(([each]) =>
      items.some((item: { version: number }) => item.version === each),
    ) ?? [undefined, undefined];
    if (number === undefined || content === undefined) return;
    const { status, body } = await this.#ask("GET", `/files/${file.id}/download?version=${number}`);
    if (status === 404) return;
    assert.equal(status, 200, `version ${number} of ${path}: ${JSON.stringify(body)}`);
    assert.ok(content.equals(body), `version ${number} of ${path} reads back otherwise`);
  }

  async #trash(path = this.#pick(this.live)?.[0]): Promise<void> {
    const file = path === undefined ? undefined : this.live.get(path);
    if (path === undefined || file === undefined) return;
    const sinceMs = Date.now();
    const { status, body, asked } = await this.#ask("DELETE", `/files/${file.id}`);
    // Unanswered deletions took effect: the file is in the trash or gone.
    const isDone = status === 200 || (asked > 1 && ["not_found", "trashed", "conflict"].includes(body.code));
    assert.ok(isDone, `${path}: ${status} ${JSON.stringify(body)}`);
    this.live.delete(path);
    this.#trashed.set(path, { id: file.id, content: file.content, sinceMs });
  }

  async #restore(): Promise<void> {
    const [path, file] = this.#pick(this.#trashed) ?? [];
    if (path === undefined || file === undefined) return;
    this.#trashed.delete(path);
    const answer = await this.#ask("POST", `/trash/${file.id}/restore`, { on_conflict: "rename" });
    const now = answer.status === 200 ? answer : await this.#ask("GET", `/files/${file.id}`);
    if (now.status === 404) return this.#assertKept(file, path);
    assert.equal(now.status, 200, JSON.stringify(now.body));
    assert.equal(now.body.trashed_at, null, `${path} is not restored: ${JSON.stringify(answer.body)}`);
    this.live.set(now.body.path, { id: file.id, content: file.content, versions: new Map() });
    await this.#assertReads(`/files/${file.id}/download`, file.content, path);
  }

  #assertKept({ sinceMs }: TrashedFile, path: string): void {
    const keptMs = Date.now() - sinceMs;
    assert.ok(keptMs >= this.#parts.trashMs, `${path} has gone from the trash after ${keptMs} ms`);
  }

  async #purge(): Promise<void> {
    const [path, file] = this.#pick(this.#trashed) ?? [];
    if (path === undefined || file === undefined) return;
    this.#trashed.delete(path);
    const { status, body } = await this.#ask("DELETE", `/trash/${file.id}`);
    assert.ok(status === 204 || status === 404, `${path}: ${status} ${JSON.stringify(body)}`);
  }

  async #copy(): Promise<void> {
    const [path, file] = this.#pick(this.live) ?? [];
    if (path === undefined || file === undefined || this.live.size >= filesMax) return;
    const name = `file ${(this.#names += 1)}`;
    const { root_id: parent } = await this.#ok("GET", "/account");
    const { status, body, asked } = await this.#ask("POST", `/files/${file.id}/copy`, { parent_id: parent, name });
    const isDone = status < 300 || (asked > 1 && status === 409);
    assert.ok(isDone, `${path}: ${status} ${JSON.stringify(body)}`);
    const { id } = await this.#ok("GET", `/metadata?path=${encodeURIComponent(`/${name}`)}`);
    this.live.set(`/${name}`, { id, content: file.content, versions: new Map() });
  }

  /** Every third one is abandoned. */
  async #uploadInPieces(): Promise<void> {
    const { draw } = this.#parts;
    const content = Buffer.concat([drawContent(draw), drawContent(draw)]);
    if (content.length < 2 || this.live.size >= filesMax) return;
    const path = `/file ${(this.#names += 1)}`;
    const asked = { path, size: content.length };
    const { upload_id: id } = await this.#ok("POST", "/files/upload?uploadType=resumable", asked);
    const half = Math.ceil(content.length / 2);
    const heardMs = Date.now();
    await this.#sendPiece(id, content, { start: 0, end: half });
    if (draw() < 0.33) return;
    const start = await this.#durable(id, heardMs);
    if (start === undefined) return;
    await this.#sendPiece(id, content, { start, end: content.length });
    // A lost answer proves nothing, nor does that of its repetition.
    const made = await this.#ask("GET", `/metadata?path=${encodeURIComponent(path)}`);
    if (made.status !== 200) return void (await this.#durable(id, heardMs));
    this.live.set(path, { id: made.body.id, content, versions: new Map() });
  }

  async #sendPiece(id: string, content: Buffer, { start, end }: { start: number; end: number }): Promise<void> {
    const range = start === end ? "*" : `${start}-${end - 1}`;
    const headers = { "content-range": `bytes ${range}/${content.length}` };
    const body = content.subarray(start, end) as NonNullable<RequestInit["body"]>;
    const { status, body: said, asked } = await this.#ask("PUT", `/upload/${id}`, undefined, { headers, body });
    assert.ok(status < 400 || asked > 1 || status === 404, `a piece: ${status} ${JSON.stringify(said)}`);
  }

  /** @returns undefined if the upload expired */
  async #durable(id: string, heardMs: number): Promise<number | undefined> {
    const { status, body } = await this.#ask("GET", `/upload/${id}`);
    if (status === 200) return body.size;
    assert.equal(status, 404, JSON.stringify(body));
    const idleMs = Date.now() - heardMs;
    assert.ok(idleMs >= this.#parts.sessionsMs, `an upload is gone after ${idleMs} ms`);
    return undefined;
  }

  async #assertReads(route: string, content: Buffer, path: string): Promise<void> {
    const { status, body } = await this.#ask("GET", route);
    assert.equal(status, 200, `${path} cannot be read: ${JSON.stringify(body)}`);
    assert.ok(content.equals(body), `${path} reads back otherwise`);
  }

  async #ok(...request: Parameters<Api["call"]>): Promise<ApiAnswer["body"]> {
    const { status, body } = await this.#ask(...request);
    assert.ok(status < 300, `${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async #ask(...request: Parameters<Api["call"]>): Promise<ApiAnswer & { readonly asked: number }> {
    const stillInTime = bounded(`an answer to ${request[0]} ${request[1]}`, answerMsMax);
    for (let asked = 1; ; asked += 1) {
      stillInTime();
      try {
        this.#api ??= await Api.signIn(this.#parts.url, this.#parts.who);
        const answer = await this.#api.call(...request);
        if (answer.status === 401) this.#api = undefined;
        else if (!isPassingFailure(answer)) return { ...answer, asked };
      } catch {
        // A lost or refused connection, or a sign-in that must be retried.
      }
      await this.#parts.served();
    }
  }

  #pick<Value>(from: ReadonlyMap<string, Value>): [string, Value] | undefined {
    return [...from][Math.floor(this.#parts.draw() * from.size)];
  }
}
