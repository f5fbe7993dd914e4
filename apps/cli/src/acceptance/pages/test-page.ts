import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type PageCommand, readCommands } from "./page-commands.ts";
import { Scene, type Script } from "./scene.ts";

/** Uses one home folder. Call once per test file. */
export function testPage(page: string, script: Script): void {
  describe(`the commands of ${page}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await Scene.open();
      if (page === "README.md") return;
      const { output } = await scene.begin("exec holdfast serve", /holdfast ready at/, true);
      assert.match(output, /ready/);
    });
    after(() => scene.close());

    for (const each of readCommands(page)) {
      const reason = script.notRun?.[each.text];
      if (reason === undefined) test(`${page}:${each.line}: ${each.text}`, () => say(scene, script, each));
    }

    test("every tested command is on the page", () => {
      const there = new Set(readCommands(page).map(({ text }) => text));
      const { before: prepared = {}, endless = {}, codes = {}, notRun = {} } = script;
      const named = [prepared, endless, codes, notRun].flatMap((table) => Object.keys(table));
      assert.deepEqual(
        named.filter((text) => !there.has(text)),
        [],
      );
      const words = script.standIns.map(([word]) => word);
      assert.deepEqual(
        words.filter((word) => ![...there].some((text) => text.includes(word))),
        [],
      );
    });
  });
}

async function say(scene: Scene, script: Script, { text }: PageCommand): Promise<void> {
  const first = script.before?.[text];
  if (first !== undefined) {
    const { code, output } = await scene.say(`set -e\n${first}`);
    assert.equal(code, 0, `${first}\n${output}`);
  }
  const here = script.standIns.reduce((line, [word, instead]) => line.replaceAll(word, () => instead), text);
  const endless = script.endless?.[text];
  const { code, output } =
    endless === undefined ? await scene.say(here) : await scene.begin(here, endless.shows, endless.stays);
  assert.equal(code, script.codes?.[text] ?? 0, `${here}\n${output}`);
}
