import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pair, textsOf } from "./scene.ts";

/**
 * Two people change the same files while one is offline. Anna's changes reach the server first, Bert's when he returns.
 */
describe("Concurrent changes on two devices", () => {
  let pair: Pair;
  before(async () => {
    pair = await Pair.open("both-sides");
  });
  after(() => pair.close());

  test("when both rename a folder, the first name wins, with all content", async () => {
    const scene = await pair.scene({ "docs/one": "1", "docs/two": "2" });
    const sight = await scene.apart({
      anna: (place) => place.move("docs", "reports"),
      bert: (place) => place.move("docs", "papers"),
    });
    assert.deepEqual(sight, { reports: null, "reports/one": "1", "reports/two": "2" });
  });

  test("an edit in a folder that the other device renamed is in the renamed folder", async () => {
    const scene = await pair.scene({ "docs/one": "1", "docs/two": "2" });
    const sight = await scene.apart({
      anna: (place) => place.move("docs", "reports"),
      bert: (place) => place.make({ "docs/one": "edited", "docs/three": "3" }),
    });
    assert.deepEqual(sight, { reports: null, "reports/one": "edited", "reports/three": "3", "reports/two": "2" });
  });

  test("renaming a folder in which the other device edited keeps the edit", async () => {
    const scene = await pair.scene({ "docs/one": "1", "docs/two": "2" });
    const sight = await scene.apart({
      anna: (place) => place.make({ "docs/one": "edited", "docs/three": "3" }),
      bert: (place) => place.move("docs", "reports"),
    });
    assert.deepEqual(sight, { reports: null, "reports/one": "edited", "reports/three": "3", "reports/two": "2" });
  });

  test("an edited file survives its deletion on the other device", async () => {
    const scene = await pair.scene({ "by anna": "1", "by bert": "2" });
    const sight = await scene.apart({
      anna: (place) => {
        place.remove("by anna");
        place.make({ "by bert": "edited by anna" });
      },
      bert: (place) => {
        place.remove("by bert");
        place.make({ "by anna": "edited by bert" });
      },
    });
    assert.deepEqual(sight, { "by anna": "edited by bert", "by bert": "edited by anna" });
  });

  test("deleting a folder keeps only the file in it that the other device edited", async () => {
    const scene = await pair.scene({ "docs/one": "1", "docs/deep/two": "2", "docs/deep/three": "3" });
    const sight = await scene.apart({
      anna: (place) => place.remove("docs"),
      bert: (place) => place.make({ "docs/deep/two": "edited" }),
    });
    assert.deepEqual(sight, { docs: null, "docs/deep": null, "docs/deep/two": "edited" });
  });

  test("a file edited in a folder that the other device deletes is the only one to survive", async () => {
    const scene = await pair.scene({ "docs/one": "1", "docs/deep/two": "2", "docs/deep/three": "3" });
    const sight = await scene.apart({
      anna: (place) => place.make({ "docs/deep/two": "edited" }),
      bert: (place) => place.remove("docs"),
    });
    assert.deepEqual(sight, { docs: null, "docs/deep": null, "docs/deep/two": "edited" });
  });

  test("a file moved into a folder that the other device deletes keeps that folder, only for this file", async () => {
    const scene = await pair.scene({ "box/old": "old", "box two/old": "old two", one: "1", two: "2" });
    const sight = await scene.apart({
      anna: (place) => {
        place.remove("box");
        place.move("two", "box two/two");
      },
      bert: (place) => {
        place.move("one", "box/one");
        place.remove("box two");
      },
    });
    assert.deepEqual(sight, { box: null, "box/one": "1", "box two": null, "box two/two": "2" });
  });

  test("a file moved out of a folder that the other device deletes keeps its new place", async () => {
    const scene = await pair.scene({ "box/one": "1", "box/old": "old" });
    const sight = await scene.apart({
      anna: (place) => place.remove("box"),
      bert: (place) => place.move("box/one", "one"),
    });
    assert.deepEqual(sight, { one: "1" });
  });

  test("when each device moves a folder into the other, the first move wins and nothing is lost", async () => {
    const scene = await pair.scene({ "x/in x": "1", "y/in y": "2" });
    const sight = await scene.apart({
      anna: (place) => place.move("x", "y/x"),
      bert: (place) => place.move("y", "x/y"),
    });
    assert.deepEqual(sight, { y: null, "y/in y": "2", "y/x": null, "y/x/in x": "1" });
  });

  test("three folders moved into each other in a ring are all there once", async () => {
    const scene = await pair.scene({ "x/1": "1", "y/2": "2", "z/3": "3" });
    const sight = await scene.apart({
      anna: (place) => place.move("x", "y/x"),
      bert: (place) => {
        place.move("y", "z/y");
        place.move("z", "x/z");
      },
    });
    assert.deepEqual(textsOf(sight), ["1", "2", "3"]);
  });

  test("creating the same content on both devices makes no copy", async () => {
    const scene = await pair.scene();
    const sight = await scene.apart({
      anna: (place) => place.make({ "new.txt": "the same", "folder/anna": "a" }),
      bert: (place) => place.make({ "new.txt": "the same", "folder/bert": "b" }),
    });
    assert.deepEqual(sight, { folder: null, "folder/anna": "a", "folder/bert": "b", "new.txt": "the same" });
  });

  test("when both create a file of one name, the first gets it and the second becomes a conflicted copy", async () => {
    const scene = await pair.scene();
    const sight = await scene.apart({
      anna: (place) => place.make({ "new.txt": "by anna" }),
      bert: (place) => place.make({ "new.txt": "by bert" }),
    });
    assert.deepEqual(sight, { "new.txt": "by anna", "new (bert's conflicted copy DATE).txt": "by bert" });
  });

  test("when one creates a file and the other a folder of one name, the file becomes a conflicted copy", async () => {
    const scene = await pair.scene();
    const sight = await scene.apart({
      anna: (place) => place.make({ one: "file of anna", "two/inside": "folder of anna" }),
      bert: (place) => place.make({ "one/inside": "folder of bert", two: "file of bert" }),
    });
    assert.deepEqual(
      Object.entries(sight).filter(([path]) => !path.includes("conflicted copy")),
      Object.entries({ one: null, "one/inside": "folder of bert", two: null, "two/inside": "folder of anna" }),
    );
    assert.deepEqual(
      textsOf(Object.fromEntries(Object.entries(sight).filter(([path]) => path.includes("conflicted copy")))),
      ["file of anna", "file of bert"],
    );
  });

  test("when both edit a file, the first keeps its name and the second becomes a conflicted copy", async () => {
    const scene = await pair.scene({ "a.tar.gz": "old" });
    const sight = await scene.apart({
      anna: (place) => place.make({ "a.tar.gz": "by anna" }),
      bert: (place) => place.make({ "a.tar.gz": "by bert" }),
    });
    assert.deepEqual(sight, { "a.tar.gz": "by anna", "a.tar (bert's conflicted copy DATE).gz": "by bert" });
  });

  test("editing a conflicted copy on both devices does not nest the new copy's name", async () => {
    const copy = `report (anna's conflicted copy ${new Date().toISOString().slice(0, 10)}).txt`;
    const scene = await pair.scene({ "report.txt": "1", [copy]: "2" });
    const sight = await scene.apart({
      anna: (place) => place.make({ [copy]: "by anna" }),
      bert: (place) => place.make({ [copy]: "by bert" }),
    });
    assert.deepEqual(sight, {
      "report.txt": "1",
      "report (anna's conflicted copy DATE).txt": "by anna",
      "report (bert's conflicted copy DATE).txt": "by bert",
    });
  });

  test("the same edit on both devices makes no copy", async () => {
    const scene = await pair.scene({ "a.txt": "old" });
    const sight = await scene.apart({
      anna: (place) => place.make({ "a.txt": "the same" }),
      bert: (place) => place.make({ "a.txt": "the same" }),
    });
    assert.deepEqual(sight, { "a.txt": "the same" });
  });

  test("an edit of a file that the other device renamed is under the new name", async () => {
    const scene = await pair.scene({ "a.txt": "old", "b.txt": "old too" });
    const sight = await scene.apart({
      anna: (place) => {
        place.make({ "a.txt": "edited by anna" });
        place.move("b.txt", "b renamed.txt");
      },
      bert: (place) => {
        place.move("a.txt", "a renamed.txt");
        place.make({ "b.txt": "edited by bert" });
      },
    });
    assert.deepEqual(sight, { "a renamed.txt": "edited by anna", "b renamed.txt": "edited by bert" });
  });

  test("an edit in one of two folders that the other device swaps stays in its folder", async () => {
    const scene = await pair.scene({ "one/a": "1", "two/b": "2" });
    const sight = await scene.apart({
      anna: (place) => {
        place.move("one", "aside");
        place.move("two", "one");
        place.move("aside", "two");
      },
      bert: (place) => place.make({ "one/a": "1, edited", "one/c": "3" }),
    });
    assert.deepEqual(sight, { one: null, "one/b": "2", two: null, "two/a": "1, edited", "two/c": "3" });
  });

  test("swapping two files while the other device edits one keeps each text once", async () => {
    const scene = await pair.scene({ one: "1", two: "2" });
    const sight = await scene.apart({
      anna: (place) => {
        place.move("one", "aside");
        place.move("two", "one");
        place.move("aside", "two");
      },
      bert: (place) => place.make({ one: "1, edited" }),
    });
    assert.deepEqual(sight, { one: "2", "one (bert's conflicted copy DATE)": "1, edited", two: "1" });
  });

  test("replacing a file by a folder while the other device edits the file keeps both", async () => {
    const scene = await pair.scene({ thing: "file" });
    const sight = await scene.apart({
      anna: (place) => {
        place.remove("thing");
        place.make({ "thing/inside": "folder" });
      },
      bert: (place) => place.make({ thing: "edited" }),
    });
    assert.equal(sight["thing/inside"], "folder");
    assert.ok(Object.values(sight).includes("edited"), JSON.stringify(sight));
  });

  test("a file becomes a folder, a folder a file, and both change back on the other device too", async () => {
    const scene = await pair.scene({ thing: "file", "box/deep/inside": "1", "box/other": "2" });
    scene.anna.remove("thing");
    scene.anna.make({ "thing/inside": "folder" });
    scene.anna.remove("box");
    scene.anna.make({ box: "file" });
    assert.deepEqual(await scene.rest(), { box: "file", thing: null, "thing/inside": "folder" });
    scene.bert.remove("thing");
    scene.bert.make({ thing: "file" });
    scene.bert.remove("box");
    scene.bert.make({ "box/deep/inside": "3" });
    assert.deepEqual(await scene.rest(), { box: null, "box/deep": null, "box/deep/inside": "3", thing: "file" });
  });

  test("deleting the same folder on both devices deletes it without asking", async () => {
    const scene = await pair.scene({ "box/one": "1", keep: "2" });
    const sight = await scene.apart({ anna: (place) => place.remove("box"), bert: (place) => place.remove("box") });
    assert.deepEqual(sight, { keep: "2" });
  });
});
