/** Generated while it is sent, so that little of it is in memory. */
export class StreamedJson {
  readonly texts: AsyncGenerator<string, void, undefined>;

  constructor(texts: AsyncGenerator<string, void, undefined>) {
    this.texts = texts;
  }
}

const pieceCharacters = 64 * 1024;

/**
 * @returns the whole text if it is short, otherwise pieces of at least 64 KiB, except the last
 * @throws the first error of `texts` before that size is reached
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
