import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { useTwoPeople } from "../../commands/testing-signed-in.ts";

describe("Dry runs that fail like the run", () => {
  const people = useTwoPeople("dry-run-agrees");
  const { owner, guest, ann, done, folder } = people;
  const [file, link, tree] = ["file", "link", "tree"].map((name) => join(folder, name)) as [string, string, string];
  let alone = "";

  before(async () => {
    writeFileSync(file, "content");
    symlinkSync("target", link);
    mkdirSync(join(tree, "below"), { recursive: true });
    for (const path of ["/shown", "/open"]) {
      await done(owner, ["mkdir", path]);
      await done(owner, ["put", "-", `${path}/a`], "first");
      await done(owner, ["put", "-", `${path}/a`], "second");
    }
    await done(owner, ["put", "-", "/shown/edited"], "first");
    await done(owner, ["put", "-", "/open/viewed"], "first");
    await done(owner, ["put", "-", "/alone"], "first");
    for (const [path, role] of [
      ["/shown", "viewer"],
      ["/shown/edited", "editor"],
      ["/open", "editor"],
      ["/open/viewed", "viewer"],
      ["/alone", "editor"],
    ] as const) {
      await done(owner, ["share", path, "--with", ann.email, "--role", role]);
    }
    alone = await eventually("the shares are listed", 60_000, async () => {
      const { items } = JSON.parse(await done(guest, ["shared", "--json"]));
      const found = items.find(({ node }: { node: { name: string } }) => node.name === "alone");
      return items.length === 5 ? (found.node.id as string) : undefined;
    });
    for (const name of ["shown", "open"]) await done(guest, ["mount", name]);
  });

  async function both(...args: readonly string[]) {
    const [dry, real] = [await guest([...args, "--dry-run"]), await guest(args)];
    assert.deepEqual([dry.code, dry.stderr], [real.code, real.stderr], args.join(" "));
    return { code: real.code, message: real.stderr };
  }

  test("put to a path below a file or a link", async () => {
    await done(guest, ["put", link, "/open/link"]);
    await done(guest, ["put", "-", "/own"], "first");
    const places = [
      ["/open/a/b", "/open/a is a file"],
      ["/open/a/b/c", "/open/a is a file"],
      ["/open/a/b/c/", "/open/a is a file"],
      ["/open/link/b/c", "/open/link is a symlink"],
      ["/shown/a/b/c", "/shown/a is a file"],
      ["/own/b/c", "/own is a file"],
    ] as const;
    for (const source of [file, link, tree]) {
      for (const [path, taken] of places) {
        const { code, message } = await both("put", source, path);
        assert.deepEqual([code, message], [5, `holdfast: ${taken} on the server, not a folder.\n`]);
      }
    }
    const piped = await guest(["put", "-", "/open/a/b/c"], "x");
    assert.deepEqual([piped.code, piped.stderr], [5, "holdfast: /open/a is a file on the server, not a folder.\n"]);
  });

  test("put of a link in place of a file, which needs more than a new version does", async () => {
    const cases = [
      ["/shown/edited", "You are a viewer of /shown, and viewers cannot upload."],
      ["/open/viewed", "You are a viewer of /open/viewed, and viewers cannot upload."],
      [alone, "alone is shared with you as a file: only its owner can replace it with a symlink."],
    ] as const;
    for (const [place, why] of cases) {
      const { code, message } = await both("put", link, place);
      assert.deepEqual([code, message], [3, `holdfast: ${link}: ${why}\n`]);
    }
    for (const path of ["/shown/edited", "/alone"]) assert.equal(await done(owner, ["cat", path]), "first");
    assert.equal((await both("put", file, "/shown/edited")).code, 0);
    assert.equal((await both("put", file, alone)).code, 0);
    assert.equal((await both("put", link, "/open/a")).code, 0);
  });

  test("put of a tree with a link in place of a file", async () => {
    const exchanging = join(folder, "exchanging");
    mkdirSync(exchanging);
    for (const name of ["edited", "viewed"]) symlinkSync("target", join(exchanging, name));
    assert.equal((await both("put", exchanging, "/shown")).code, 3);
    const { code, message } = await both("put", exchanging, "/open");
    assert.equal(code, 1);
    assert.match(message, /exchanging\/viewed: You are a viewer of \/open\/viewed, and viewers cannot upload\.\n/);
  });

  test("restore of a version with read permission only", async () => {
    for (const version of ["1", "9"]) {
      const { code, message } = await both("restore", "/shown/a", "--version", version);
      assert.deepEqual(
        [code, message],
        [3, "holdfast: You are a viewer of /shown/a, and viewers cannot restore versions.\n"],
      );
    }
    assert.equal((await both("restore", "/open/viewed", "--version", "9")).code, 3);
    await done(owner, ["put", "-", "/open/b"], "first");
    assert.equal((await both("restore", "/open/b", "--version", "9")).code, 4);
    assert.equal(await done(owner, ["cat", "/shown/a"]), "second");
  });
});
