import { makeColours } from "../code/colours.ts";
import { languageCalled } from "../code/language-of.ts";
import { languages } from "../code/languages.ts";
import { colouredCharactersMax } from "../code/text-lines.ts";
import { paintLine } from "../code/paint-line.ts";

/** Longer blocks get no colors. */
const charactersMax = 20_000;
const blocksMax = 200;

export function colourCode(root: Element): void {
  const blocks = [...root.querySelectorAll<HTMLElement>("code[data-language]")].slice(0, blocksMax);
  // Failed blocks stay uncolored.
  for (const block of blocks) colour(block).catch(() => {});
}

async function colour(block: HTMLElement): Promise<void> {
  const language = languageCalled(block.dataset["language"] ?? "");
  const text = block.textContent;
  const lines = text.split("\n");
  if (language === undefined || text.length > charactersMax) return;
  if (lines.some(({ length }) => length > colouredCharactersMax)) return;
  const colours = makeColours(await languages[language].load());
  const painted = lines.flatMap((line) => [paintLine(colours.colour(line)), "\n"]);
  block.replaceChildren(...painted.slice(0, -1).flat());
}
