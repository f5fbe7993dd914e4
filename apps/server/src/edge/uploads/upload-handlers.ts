import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { routes } from "@holdfast/protocol/routes";
import type { z } from "zod";
import type { Committed } from "../../features/uploads/finish-upload.ts";
import { assertOneTarget, type Correction, type UploadRequest } from "../../features/uploads/upload-request.ts";
import type { Uploads } from "../../features/uploads/uploads.ts";
import type { Conditions } from "../exchange/conditions.ts";
import type { Handlers, RequestContext } from "../exchange/handler.ts";
import { attributesOf, placeOf, revisionTag, seenOf, versionOf } from "../files/operation-fields.ts";
import { parseContentRange } from "../../features/uploads/content-range.ts";

export function uploadHandlers({ uploads }: { uploads: Uploads }) {
  return {
    upload: async (context) => {
      const { uploadType, resumable } = context.query;
      await context.charge("uploads", 1);
      const inPieces = uploadType === undefined ? isTrue(resumable) : uploadType === "resumable";
      return inPieces ? startResumable(uploads, context) : uploadAtOnce(uploads, context);
    },
    putUpload: async (context) => putPiece(uploads, context),
    postUpload: async (context) => putPiece(uploads, context),
    getUpload: async ({ caller, params }) => {
      const { durable, total, complete, node } = await uploads.state(caller, params.id);
      return { status: 200, json: { size: durable, total, complete, ...(node === undefined ? {} : { node }) } };
    },
    deleteUpload: async ({ caller, params }) => {
      await uploads.remove(caller, params.id);
      return { status: 204 };
    },
    commitUpload: async ({ caller, params, body = {}, conditions }) =>
      committedAnswer(await uploads.commit(caller, params.id, targetOf(body, conditions()))),
  } satisfies Handlers;
}

const startBody = routes.upload.body;
type StartFields = NonNullable<z.output<typeof startBody>>;

async function startResumable(
  uploads: Uploads,
  { caller, query, readJson, conditions, peer }: RequestContext<"upload">,
) {
  const { size, ...body } = { ...fieldsOf(query), ...(await readJson(startBody)) };
  if (size !== undefined && size > limits.fileBytesMax) {
    throw new HoldfastError("too_large", `A file has at most ${limits.fileBytesMax} bytes.`, { field: "size" });
  }
  const asked = conditions();
  const { id, expiresAt } = await uploads.start(caller, {
    request: requestOf(body, asked),
    sizeBytes: size ?? null,
    key: asked,
  });
  const uploadUrl = `${peer.origin}/api/v1/upload/${id}`;
  return {
    status: 200 as const,
    json: { upload_url: uploadUrl, upload_id: id, expires_at: formatTime(expiresAt) },
    headers: { location: uploadUrl },
  };
}

async function uploadAtOnce(uploads: Uploads, context: RequestContext<"upload">) {
  const { caller, query, headers, stream, conditions } = context;
  const committed = await uploads.media({
    caller,
    request: requestOf(fieldsOf(query), conditions()),
    body: stream,
    contentLengthBytes: bodyLength(context),
    repeatable: headers["idempotency-key"] !== undefined,
    identify: (facts) => {
      const { operationId, requestHash } = conditions(facts);
      return operationId === undefined || requestHash === undefined ? {} : { operationId, requestHash };
    },
  });
  return committedAnswer(committed);
}

async function putPiece(uploads: Uploads, context: RequestContext<"putUpload" | "postUpload">) {
  const { caller, params, headers, stream, conditions } = context;
  const { ifMatch, ifNoneMatch } = conditions();
  const text = headers["content-range"];
  const range = text === undefined ? undefined : parseContentRange(text);
  const ask = {
    range,
    contentLengthBytes: bodyLength(context),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
  const done = await uploads.put(caller, params.id, ask, stream);
  if ("node" in done) return committedAnswer(done);
  return { status: 308 as const, headers: done.durable === 0 ? {} : { range: `bytes=0-${done.durable - 1}` } };
}

function committedAnswer({ node, created }: Committed) {
  const answer = { json: node, headers: revisionTag(node) };
  return created ? { status: 201 as const, ...answer } : { status: 200 as const, ...answer };
}

/** @returns undefined only for a chunked body; without both headers the body is empty */
function bodyLength({ headers, contentLengthBytes }: Pick<RequestContext, "headers" | "contentLengthBytes">) {
  return headers["transfer-encoding"] === undefined ? (contentLengthBytes ?? 0) : undefined;
}

/** A query contains only text. Missing fields stay absent, so that a JSON body can set them. */
function fieldsOf(query: RequestContext<"upload">["query"]): Partial<StartFields> {
  const { base_version: base, executable } = query;
  const names = [
    "parent_id",
    "name",
    "path",
    "file_id",
    "base_revision",
    "size",
    "on_conflict",
    "sha256",
    "modified_at",
  ] as const;
  return {
    ...Object.fromEntries(names.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]]))),
    ...(base === undefined ? {} : { base_version: versionOf(base) }),
    ...(executable === undefined ? {} : { executable: isTrue(executable) }),
    ...(query.private === undefined ? {} : { private: isTrue(query.private) }),
  };
}

function requestOf(fields: Omit<StartFields, "size">, conditions: Conditions): UploadRequest {
  const target = targetOf(fields, conditions);
  return {
    ...target,
    attributes: attributesOf(fields),
    ...(fields.sha256 === undefined ? {} : { sha256: fields.sha256 }),
  };
}

type TargetFields = Pick<
  StartFields,
  "name" | "parent_id" | "path" | "file_id" | "base_version" | "base_revision" | "on_conflict"
>;

function targetOf(fields: TargetFields, { ifMatch, ifNoneMatch }: Conditions): Correction {
  const place = placeOf(fields);
  assertOneTarget(fields.file_id, place);
  return {
    ...(fields.file_id === undefined ? {} : { fileId: fields.file_id }),
    ...(Object.keys(place).length === 0 ? {} : { place }),
    ...seenOf(fields),
    ...(fields.on_conflict === undefined ? {} : { onConflict: fields.on_conflict }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
}

function isTrue(text: string | undefined): boolean {
  return text === "true" || text === "1";
}
