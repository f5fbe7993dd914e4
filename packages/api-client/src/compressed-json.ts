import { constants, createZstdDecompress } from "node:zlib";
import { compressFrame } from "@holdfast/codec/zstd-compress";
import { HoldfastError } from "@holdfast/core/errors";
import type { Transport, TransportAnswer, TransportRequest } from "./transport.ts";

/** Smaller bodies fit into one packet. */
const compressedBytesMin = 1024;
/** Same limit as the server's: a small frame may request more memory than any body. */
const windowOptions = { params: { [constants.ZSTD_d_windowLogMax]: 24 } };

/**
 * Compresses JSON in both directions: a batch entry has 150 bytes instead of 800. Batches with blocks are excluded,
 * because blocks are already compressed.
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
