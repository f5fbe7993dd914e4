import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "./ports.ts";
import { blockOf, rejects, Scene } from "./server-conformance.ts";
import type { TestedShares } from "./server-conformance-shares.ts";

export function testServerChangers(name: string, open: () => Promise<TestedShares>): void {
  const check = (what: string, body: (changers: ChangersScene) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => body(await ChangersScene.make(await open())));
  };

  check("12: the author of each version is named, and the account that last placed the file", async (changers) => {
    const { file, tested } = changers;
    assert.deepEqual(await changers.of(file), ["owner", "owner, latest"]);
    const edited = await changers.put("another", tested.guest);
    assert.deepEqual(await changers.of(edited), ["guest", "owner, and changed since"]);
    assert.deepEqual(await changers.of({ ...edited, version_id: file.version_id }), [
      "owner",
      "owner, and changed since",
    ]);
    await changers.commit(tested.guest, { op: "move", file_id: file.id, parent_id: changers.folderId, name: "moved" });
    assert.deepEqual(await changers.of(edited), ["guest", "guest, latest"]);
    await rejects(tested.one.changersOf(file.id as NodeId, tested.makeNodeId()), "unavailable");
  });

  check("12: the account that trashed a file is named", async (changers) => {
    const { file, tested } = changers;
    await changers.commit(tested.guest, { op: "delete", file_id: file.id });
    assert.deepEqual(await changers.of({ ...file, version_id: null }), ["none", "guest, latest"]);
  });

  check("12: the account that moved a file is named, even after its new folder was deleted", async (changers) => {
    const { file, tested, folderId } = changers;
    const place = { parent_id: folderId, name: "to be deleted" };
    const folder = await changers.commit(tested.one, { op: "mkdir", id: tested.makeNodeId(), ...place });
    await changers.commit(tested.guest, { op: "move", file_id: file.id, parent_id: folder.id, name: "moved" });
    await changers.commit(tested.one, { op: "delete", file_id: folder.id });
    assert.deepEqual(await changers.of({ ...file, version_id: null }), ["none", "guest, latest"]);
  });

  check("12: no account counts as the last to place a file that a rewind trashed", async (changers) => {
    const { tested, folderId } = changers;
    const moment = await tested.people.moment();
    const place = { parent_id: folderId, name: "newer" };
    const newer = await changers.commit(tested.one, {
      op: "put",
      id: tested.makeNodeId(),
      ...place,
      size: 0,
      blocks: [],
    });
    await tested.people.rewind(folderId, moment);
    assert.deepEqual(await changers.of(newer), ["owner", "owner, and changed since"]);
  });

  check("12: no account counts as the last to place a file that a rewind restored", async (changers) => {
    const { file, tested } = changers;
    const moment = await tested.people.moment();
    await changers.commit(tested.one, { op: "delete", file_id: file.id });
    await tested.people.rewind(changers.folderId, moment);
    assert.deepEqual(await changers.of(file), ["owner", "owner, and changed since"]);
  });
}

/** The owner's folder with a file, which the guest may edit. */
class ChangersScene {
  readonly tested: TestedShares;
  readonly folderId: string;
  readonly #people: ReadonlyMap<string, string>;
  file: NodeJson = undefined as never;

  private constructor(tested: TestedShares, folderId: string, people: ReadonlyMap<string, string>) {
    this.tested = tested;
    this.folderId = folderId;
    this.#people = people;
  }

  static async make(tested: TestedShares): Promise<ChangersScene> {
    const scene = await Scene.make(tested);
    await tested.people.share(scene.folderId, "editor");
    await tested.people.mount(scene.folderId, randomBytes(6).toString("hex"));
    const owner = (await tested.one.whoAnswers()).accountId;
    const guest = (await tested.guest.whoAnswers()).accountId;
    const people = new Map([
      [owner, "owner"],
      [guest, "guest"],
    ]);
    const changers = new ChangersScene(tested, scene.folderId, people);
    changers.file = await changers.put("one", tested.one);
    return changers;
  }

  put(text: string, by: Server): Promise<NodeJson> {
    const block = blockOf(text);
    const blocks = [{ hash: block.hash, size: block.bytes.length }];
    const place =
      this.file === undefined
        ? { id: this.tested.makeNodeId(), parent_id: this.folderId, name: "file" }
        : { file_id: this.file.id, base_version: this.file.version_id ?? "" };
    return this.commit(by, { op: "put", ...place, size: block.bytes.length, blocks }, [block]);
  }

  async commit(by: Server, draft: object, blocks: Parameters<Server["commit"]>[2] = []): Promise<NodeJson> {
    const { epoch } = await by.snapshot(undefined);
    const operation = { ...draft, operation_id: randomBytes(16).toString("hex") } as never;
    const [result] = (await by.commit(epoch, [operation], blocks)).results;
    assert.equal(result?.status, "committed", JSON.stringify(result));
    return result.node as NodeJson;
  }

  async of({ id, version_id: versionId }: Pick<NodeJson, "id" | "version_id">): Promise<readonly [string, string]> {
    const { version, placed } = await this.tested.one.changersOf(id as NodeId, versionId);
    const nameOf = (accountId = ""): string => this.#people.get(accountId) ?? "none";
    const since = placed?.isLatest === true ? "latest" : "and changed since";
    return [nameOf(version?.accountId), `${nameOf(placed?.accountId)}, ${since}`];
  }
}
