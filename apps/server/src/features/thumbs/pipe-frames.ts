/** Message between server and thumbnail process: a one-letter word, the content's length (u32), the content. */
export interface PipeFrame {
  readonly word: string;
  readonly bytes: Uint8Array;
}

/** Words of the process; the server's words are thumbnail sizes. */
export const words = { ready: "r", made: "+", failed: "-" } as const;

const headBytes = 5;

export function frameHead(word: string, sizeBytes: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.write(word, 0, 1, "latin1");
  head.writeUInt32BE(sizeBytes, 1);
  return head;
}

/** Yields complete frames. @throws Error if a frame is longer than `bytesMax` */
export async function* readFrames(
  stream: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<PipeFrame, void, undefined> {
  const head = Buffer.alloc(headBytes);
  let headLength = 0;
  let body: Buffer | undefined;
  let bodyLength = 0;
  for await (let chunk of stream) {
    while (chunk.length > 0) {
      if (body === undefined) {
        const some = chunk.subarray(0, headBytes - headLength);
        head.set(some, headLength);
        headLength += some.length;
        chunk = chunk.subarray(some.length);
        if (headLength < headBytes) continue;
        const sizeBytes = head.readUInt32BE(1);
        if (sizeBytes > bytesMax) throw new Error(`a frame of ${sizeBytes} bytes`);
        [body, bodyLength] = [Buffer.allocUnsafeSlow(sizeBytes), 0];
      }
      const some = chunk.subarray(0, body.length - bodyLength);
      body.set(some, bodyLength);
      bodyLength += some.length;
      chunk = chunk.subarray(some.length);
      if (bodyLength < body.length) continue;
      const whole = { word: head.toString("latin1", 0, 1), bytes: body };
      [body, headLength] = [undefined, 0];
      yield whole;
    }
  }
}
