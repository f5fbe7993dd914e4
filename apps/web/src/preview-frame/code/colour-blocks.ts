import { type Coloured, type Colours, makeColours } from "./colours.ts";
import { type LanguageName, languages } from "./languages.ts";
import { paintLine } from "./paint-line.ts";
import { linesOf, type TextBlock, type TextLine } from "./text-lines.ts";

/** Limit per block, which usually takes a few milliseconds. A slower parser is confused by the text. */
const patienceMs = 250;

interface Drawing {
  readonly text: string;
  readonly blocks: readonly TextBlock[];
  readonly places: readonly HTMLElement[];
  /** Undefined: no colors. */
  readonly language: LanguageName | undefined;
}

/** Splits a block into lines when it comes near the view, and colors them after all earlier blocks. */
export function colourWhenNear(drawing: Drawing): void {
  const { text, blocks, places, language } = drawing;
  const painter = language === undefined ? undefined : makePainter(drawing, language);
  const indexes = new Map<Element, number>(places.map((place, index) => [place, index]));
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const index = indexes.get(target);
        const block = index === undefined ? undefined : blocks[index];
        if (!isIntersecting || index === undefined || block === undefined) continue;
        observer.unobserve(target);
        target.replaceChildren(...linesOf(text, block).map(makeLine));
        painter?.want(index);
      }
    },
    { rootMargin: "100% 0px" },
  );
  for (const place of places) observer.observe(place);
}

function makeLine({ text, number }: TextLine): HTMLElement {
  const line = document.createElement("div");
  line.className = "line";
  if (number !== undefined) line.dataset["number"] = String(number);
  line.textContent = text;
  return line;
}

function makePainter({ text, blocks, places }: Drawing, language: LanguageName) {
  const starts: Colours[] = [];
  const wanted = new Set<number>();
  let isRunning = false;
  const read = (index: number): Coloured[][] => {
    const reader = starts[index]?.copy();
    const block = blocks[index];
    if (reader === undefined || block === undefined) return [];
    const began = performance.now();
    const lines = linesOf(text, block).map((line) => {
      if (performance.now() - began > patienceMs) throw new Error("Highlighting took too long.");
      return reader.colour(line.text);
    });
    starts[index + 1] ??= reader;
    return lines;
  };
  const run = async () => {
    starts[0] ??= makeColours(await languages[language].load());
    while (wanted.size > 0) {
      const index = [...wanted].find((each) => starts[each] !== undefined) ?? starts.length - 1;
      const lines = read(index);
      if (wanted.delete(index)) paint(places[index], lines);
      // Keeps scrolling smooth.
      await new Promise((resolve) => setTimeout(resolve));
    }
    isRunning = false;
  };
  return {
    want: (index: number) => {
      wanted.add(index);
      if (isRunning) return;
      isRunning = true;
      // The text stays uncolored. `isRunning` stays true, so the parser does not run again.
      run().catch(() => {});
    },
  };
}

function paint(place: HTMLElement | undefined, lines: readonly Coloured[][]): void {
  for (const [index, pieces] of lines.entries()) place?.children[index]?.replaceChildren(...paintLine(pieces));
}
