import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { HoldfastError } from "@holdfast/core/errors";
import { abandonedError, assertWanted } from "./call-signal.ts";
import { assertKey, assertPrefix, assertRange, isKey, joinBytes, rangeError } from "./object-key.ts";
import type { ByteRange, CallOptions, ObjectStore } from "./object-store.ts";
import { toS3Error } from "./s3-error.ts";
import type { S3Location } from "./s3-location.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3StoreOptions {
  readonly location: S3Location;
  /** undefined: Amazon's chain of providers (the machine's role, …) */
  readonly credentials?: S3Credentials | undefined;
  readonly connectTimeoutMs?: number;
  /** Time from the start of the request to the start of its response. */
  readonly answerTimeoutMs?: number;
  /** Time without a byte in either direction. */
  readonly idleTimeoutMs?: number;
  /** Keys per list response; undefined: the server's default, usually 1000. */
  readonly listPageKeysMax?: number;
}

/**
 * Works with any S3 server. A put is one PUT, atomic by S3's guarantee. Its signature covers the content's SHA-256, so
 * the server rejects corrupted data. Retries are the decorator's task.
 */
export function makeS3Store(options: S3StoreOptions): ObjectStore {
  const { bucket, prefix } = options.location;
  const client = new S3Client(toClientConfig(options));
  const target = (key: string): { Bucket: string; Key: string } => {
    assertKey(key);
    return { Bucket: bucket, Key: prefix + key };
  };

  return {
    async put(key, bytes, call) {
      const command = new PutObjectCommand({ ...target(key), Body: joinBytes(bytes) });
      await attempt(`put ${key}`, call, (http) => client.send(command, http));
    },

    async get(key, call) {
      const range = call?.range;
      const place = target(key);
      assertRange(key, range);
      // HTTP ranges include the last byte.
      const asked = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` };
      const command = new GetObjectCommand({ ...place, ...asked });
      return attempt(`get ${key}`, call, async (http) => {
        const { Body, ContentLength, ContentRange } = await client.send(command, http);
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0);
        assertWhole(key, bytes, { range, contentLength: ContentLength, contentRange: ContentRange });
        return bytes;
      });
    },

    async stat(key, call) {
      const command = new HeadObjectCommand(target(key));
      try {
        const head = await attempt(`look at ${key}`, call, (http) => client.send(command, http));
        return { sizeBytes: head.ContentLength ?? 0, modifiedAtMs: head.LastModified?.getTime() ?? 0 };
      } catch (error) {
        if (error instanceof HoldfastError && error.code === "not_found") return undefined;
        throw error;
      }
    },

    async *list(wanted, call) {
      assertPrefix(wanted);
      let next: string | undefined;
      do {
        const page = next === undefined ? {} : { ContinuationToken: next };
        const command = new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix + wanted,
          MaxKeys: options.listPageKeysMax,
          ...page,
        });
        const listed = await attempt(`list ${wanted}`, call, (http) => client.send(command, http));
        for (const { Key = "", Size = 0, LastModified } of listed.Contents ?? []) {
          const key = Key.slice(prefix.length);
          // Other programs' folder markers are no objects of the store.
          if (isKey(key)) yield { key, sizeBytes: Size, modifiedAtMs: LastModified?.getTime() ?? 0 };
        }
        next = listed.IsTruncated === true ? listed.NextContinuationToken : undefined;
      } while (next !== undefined);
    },

    async delete(key, call) {
      const command = new DeleteObjectCommand(target(key));
      try {
        await attempt(`delete ${key}`, call, (http) => client.send(command, http));
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.code !== "not_found") throw error;
      }
    },
  };
}

function toClientConfig(options: S3StoreOptions): S3ClientConfig {
  const { endpoint, region, pathStyle } = options.location;
  return {
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    maxAttempts: 1,
    // Other servers than Amazon's fail at checksums beyond the signed one.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs ?? 5_000,
      requestTimeout: options.answerTimeoutMs ?? 60_000,
      throwOnRequestTimeout: true,
      socketTimeout: options.idleTimeoutMs ?? 30_000,
    },
  };
}

async function attempt<Result>(
  action: string,
  call: CallOptions | undefined,
  act: (http: { readonly abortSignal?: AbortSignal }) => Promise<Result>,
): Promise<Result> {
  const signal = call?.signal;
  assertWanted(signal);
  try {
    return await act(signal === undefined ? {} : { abortSignal: signal });
  } catch (error) {
    throw signal?.aborted === true ? abandonedError(signal) : toS3Error(error, action);
  }
}

interface Answer {
  readonly range: ByteRange | undefined;
  readonly contentLength: number | undefined;
  readonly contentRange: string | undefined;
}

/** A range that exceeds the object returns fewer bytes without an error. */
function assertWhole(key: string, bytes: Uint8Array, { range, contentLength, contentRange }: Answer): void {
  if (contentLength !== undefined && bytes.length !== contentLength) throw cutError(key);
  if (range === undefined || bytes.length === range.end - range.start) return;
  const totalBytes = Number(contentRange?.split("/")[1]);
  throw totalBytes < range.end ? rangeError(key, range) : cutError(key);
}

function cutError(key: string): HoldfastError {
  return new HoldfastError(
    "unavailable",
    `The S3 store sent a different length of ${key} than it announced. Try again.`,
  );
}
