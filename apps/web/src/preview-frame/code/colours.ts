import { type StreamParser, StringStream } from "@codemirror/streamparser";

export interface Coloured {
  readonly text: string;
  readonly look: Look | undefined;
}

export type Look = "keyword" | "string" | "comment" | "number" | "name" | "mark" | "added" | "removed";

/** Called line by line. */
export interface Colours {
  readonly colour: (line: string) => Coloured[];
  /** Returns an independent copy. */
  readonly copy: () => Colours;
}

const indentUnit = 2;
const tabSize = 4;
/** A parser may consume nothing to change its state, but not endlessly. */
const idleTurnsMax = 10;

/** @throws Error of a confused parser */
export function makeColours(parser: StreamParser<unknown>, state = parser.startState?.(indentUnit)): Colours {
  return {
    colour: (line) => {
      if (line === "") {
        parser.blankLine?.(state, indentUnit);
        return [];
      }
      const stream = new StringStream(line, tabSize, indentUnit);
      const pieces: Coloured[] = [];
      while (!stream.eol()) {
        const look = lookOf(readToken(parser, stream, state));
        const text = stream.current();
        const last = pieces.at(-1);
        if (last !== undefined && last.look === look) pieces[pieces.length - 1] = { text: last.text + text, look };
        else pieces.push({ text, look });
      }
      return pieces;
    },
    copy: () => makeColours(parser, parser.copyState?.(state) ?? copyFields(state)),
  };
}

function readToken(parser: StreamParser<unknown>, stream: StringStream, state: unknown): string | null {
  stream.start = stream.pos;
  for (let turn = 0; turn < idleTurnsMax; turn += 1) {
    const style = parser.token(stream, state);
    if (stream.pos > stream.start) return style;
  }
  throw new Error("The language made no progress.");
}

function copyFields(state: unknown): unknown {
  if (typeof state !== "object" || state === null) return state;
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [name, Array.isArray(value) ? [...(value as unknown[])] : value]),
  );
}

const looks: Readonly<Record<Look, string>> = {
  keyword:
    "keyword controlKeyword operatorKeyword definitionKeyword moduleKeyword modifier self header heading processingInstruction",
  string: "string character regexp escape special",
  comment: "comment quote documentMeta",
  number: "number integer float unit atom bool null literal color",
  name: "def type typeName className tag tagName builtin namespace qualifier macroName function standard definition link",
  mark: "meta attribute attributeName property propertyName labelName strong",
  added: "inserted positive",
  removed: "deleted negative invalid error",
};

const lookByWord = new Map(
  Object.entries(looks).flatMap(([look, words]) => words.split(" ").map((word) => [word, look as Look] as const)),
);

/** The last part is the most specific: `variableName.definition`. */
function lookOf(style: string | null): Look | undefined {
  return style
    ?.split(/[ .]/)
    .map((word) => lookByWord.get(word))
    .findLast((look) => look !== undefined);
}
