import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes, filesApp } from "../../../testing/files-app.ts";

const drive = filesApp();
const { app, fill, openFolder, shownNames } = drive;

test("a folder is prefetched when the pointer rests on it, but not when it only passes", async () => {
  await fill("a/", "a/in a.txt", "b/", "b/in b.txt", "c.txt");
  const { page, files } = await openFolder();
  const [a, b] = [await app.api.idOf(`${drive.folder}/a`), await app.api.idOf(`${drive.folder}/b`)];
  const asked: string[] = [];
  page.on("request", (request) => {
    const id = /\/folders\/([^/]+)\/contents/.exec(request.url())?.[1];
    if (id !== undefined) asked.push(id);
  });
  const read = page.waitForResponse((answer) => answer.url().includes(`/folders/${b}/contents`));
  await files.row("b").waitFor();
  // A single task, so that the pointer never rests on the first row.
  await files.list().evaluate(
    (list, ids) => {
      for (const id of ids) {
        const over = new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" });
        list.querySelector(`[data-id="${CSS.escape(id)}"]`)?.dispatchEvent(over);
      }
    },
    [a, b],
  );
  await files.row("b").hover();
  await read;
  assert.deepEqual(asked, [b], `${a} was only passed`);
  await files.row("b").dblclick();
  await becomes(shownNames, ["in b.txt"]);
  assert.deepEqual(asked, [b], "what was read is not read again");
});
