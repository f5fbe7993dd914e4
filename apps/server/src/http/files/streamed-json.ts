/** An answer in JSON that is made while it is sent, so that however long it becomes little of it is in memory. */
export class StreamedJson {
  /** Texts that are JSON together. */
  readonly texts: AsyncGenerator<string, void, undefined>;

  constructor(texts: AsyncGenerator<string, void, undefined>) {
    this.texts = texts;
  }
}

/** In a piece of a streamed answer; shorter ones are joined. */
const pieceCharacters = 64 * 1024;

/**
 * @returns all of it where it is short, else pieces of at least 64 KiB, the last one aside
 * @throws whatever stood in the way of the beginning
 */
export async function gatherTexts({ texts }: StreamedJson): Promise<string | AsyncGenerator<Uint8Array>> {
  let begin = "";
  while (begin.length < pieceCharacters) {
    const next = await texts.next();
    if (next.done === true) return begin;
    begin += next.value;
  }
  return piecesOf(begin, texts);
}

async function* piecesOf(begin: string, texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(begin);
  let gathered = "";
  for await (const text of texts) {
    gathered += text;
    if (gathered.length < pieceCharacters) continue;
    yield Buffer.from(gathered);
    gathered = "";
  }
  if (gathered !== "") yield Buffer.from(gathered);
}
