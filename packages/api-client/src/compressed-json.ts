import { constants, createZstdDecompress } from "node:zlib";
import { compressFrame } from "@holdfast/codec/zstd-compress";
import { HoldfastError } from "@holdfast/core/errors";
import type { Transport, TransportAnswer, TransportRequest } from "./transport.ts";

/** What is shorter fits into one packet anyway. */
const compressedBytesMin = 1024;
/** As the server bounds it: a frame of a few bytes may ask for more memory than all that is sent. */
const windowOptions = { params: { [constants.ZSTD_d_windowLogMax]: 24 } };

/**
 * JSON travels compressed in both directions: what a batch says of a file is then 150 bytes and not 800. Blocks of a batch are
 * compressed one by one, and its body is left alone.
 */
export function compressJson(transport: Transport): Transport {
  return {
    close: () => transport.close(),
    send: async (request) => decoded(await transport.send(encoded(request))),
  };
}

function encoded(request: TransportRequest): TransportRequest {
  const headers = { ...request.headers, "accept-encoding": "zstd" };
  const { body } = request;
  if (typeof body !== "string" || body.length < compressedBytesMin) return { ...request, headers };
  const frame = compressFrame(Buffer.from(body), { level: 1 });
  return { ...request, headers: { ...headers, "content-encoding": "zstd" }, body: [frame] };
}

function decoded(answer: TransportAnswer): TransportAnswer {
  if (answer.header("content-encoding") !== "zstd") return answer;
  return { status: answer.status, header: (name) => answer.header(name), body: decompress(answer.body) };
}

async function* decompress(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = createZstdDecompress(windowOptions);
  let failure: { readonly thrown: unknown } | undefined;
  const feeding = feed(body, decoder).catch((thrown: unknown) => {
    failure = { thrown };
    decoder.destroy();
  });
  try {
    for await (const slice of decoder) yield slice as Uint8Array;
  } catch (thrown) {
    if (failure === undefined)
      throw new HoldfastError("unreachable", "The server's response was damaged in transit. Try again.", {
        cause: thrown,
        body: { network: "ECONNRESET" },
      });
  } finally {
    decoder.destroy();
    await feeding;
  }
  if (failure !== undefined) throw failure.thrown;
}

async function feed(body: AsyncIterable<Uint8Array>, decoder: ReturnType<typeof createZstdDecompress>): Promise<void> {
  for await (const slice of body) {
    if (decoder.destroyed) return;
    if (!decoder.write(slice)) await new Promise((resolve) => decoder.once("drain", resolve).once("close", resolve));
  }
  decoder.end();
}
