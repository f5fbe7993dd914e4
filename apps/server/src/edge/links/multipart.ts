import { HoldfastError } from "@holdfast/core/errors";

/** One field of a form, which is not buffered. */
export interface FormPart {
  readonly name: string;
  /** File name without folders, as the client sent it. Empty if no file was chosen. */
  readonly fileName: string | undefined;
  /** Must be read before the next part. The unread rest is skipped. */
  readonly body: AsyncGenerator<Uint8Array>;
}

const headBytesMax = 16 * 1024;

/** @throws HoldfastError unsupported_media_type */
export function boundaryOf(contentType: string | undefined): string {
  const match = /^multipart\/form-data;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType ?? "");
  const boundary = match?.[1] ?? match?.[2];
  if (boundary !== undefined) return boundary;
  throw new HoldfastError("unsupported_media_type", "Send a form: multipart/form-data with its boundary.", {
    field: "Content-Type",
  });
}

/**
 * RFC 7578. Only one piece of the stream and a possible start of a boundary are in memory.
 * @throws HoldfastError bad_request
 */
export async function* readForm(stream: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<FormPart> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const form = new FormStream(stream);
  // Skips the text before the first part.
  for await (const _ of form.until(delimiter));
  for (;;) {
    const after = (await form.take(2)).toString("latin1");
    if (after === "--") return;
    if (after !== "\r\n") throw broken();
    const head = await headOf(form);
    const body = form.until(delimiter);
    yield { ...head, body };
    for await (const _ of body);
  }
}

async function headOf(form: FormStream): Promise<Pick<FormPart, "name" | "fileName">> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of form.until(Buffer.from("\r\n\r\n"))) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes > headBytesMax) throw broken();
  }
  const text = Buffer.concat(pieces).toString();
  const disposition = /^content-disposition: *form-data(;.*)$/im.exec(text)?.[1] ?? "";
  const fileName = parameterOf(disposition, "filename");
  return {
    name: parameterOf(disposition, "name") ?? "",
    fileName: fileName?.slice(Math.max(fileName.lastIndexOf("/"), fileName.lastIndexOf("\\")) + 1),
  };
}

/** Browsers percent-encode only quotes and line ends. */
function parameterOf(disposition: string, name: string): string | undefined {
  const text = new RegExp(`; *${name}="([^"]*)"`, "i").exec(disposition)?.[1];
  return text?.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

function broken(): HoldfastError {
  return new HoldfastError("bad_request", "The form is incomplete or is not a valid form.");
}

class FormStream {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** Starts with a line end, so that the first boundary looks like the others. */
  #held: Buffer = Buffer.from("\r\n");

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  async take(lengthBytes: number): Promise<Buffer> {
    while (this.#held.length < lengthBytes) await this.#more();
    const taken = this.#held.subarray(0, lengthBytes);
    this.#held = this.#held.subarray(lengthBytes);
    return taken;
  }

  /** Yields the bytes before the mark, and skips the mark. */
  async *until(mark: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const end = this.#held.indexOf(mark);
      const safe = end === -1 ? Math.max(0, this.#held.length - mark.length + 1) : end;
      const before = this.#held.subarray(0, safe);
      this.#held = this.#held.subarray(end === -1 ? safe : end + mark.length);
      if (before.length > 0) yield before;
      if (end !== -1) return;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const piece: IteratorResult<Uint8Array, unknown> = await this.#pieces.next();
    if (piece.done === true) throw broken();
    this.#held = Buffer.concat([this.#held, piece.value]);
  }
}
