import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { Attributes, Operation, OperationBase, Place, Seen } from "../../tree/commit/operation.ts";

/** Target and conditions of an upload; stored as JSON in the session's row. */
export interface UploadRequest extends Pick<OperationBase, "onConflict" | "ifMatch" | "ifNoneMatch">, Seen {
  /** Either this file or `place`. */
  readonly fileId?: string;
  readonly place?: Place;
  readonly attributes: Attributes;
  readonly sha256?: HashHex;
}

export type Correction = Omit<UploadRequest, "attributes" | "sha256">;

export type PutOperation = Extract<Operation, { op: "put" }>;

export function putOperation(
  { fileId, place, baseVersion, baseRevision, attributes, onConflict, ifMatch, ifNoneMatch }: UploadRequest,
  entries: readonly ManifestEntry[],
  sizeBytes: number,
): PutOperation {
  const target = fileId === undefined ? { place: place ?? {} } : { fileId };
  return {
    op: "put",
    ...target,
    ...attributes,
    ...(baseVersion === undefined ? {} : { baseVersion }),
    ...(baseRevision === undefined ? {} : { baseRevision }),
    ...(onConflict === undefined ? {} : { onConflict }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    content: { sizeBytes, blocks: entries },
  };
}

/**
 * Request of the next attempt. A non-empty correction is a new decision about conflicts, so it drops base and
 * conditions of the first request, which refer to an earlier state.
 * @throws HoldfastError invalid_field
 */
export function correct(request: UploadRequest, correction: Correction): UploadRequest {
  if (Object.keys(correction).length === 0) return request;
  const { fileId, place, attributes, sha256, onConflict } = request;
  const { fileId: newFileId, place: newPlace, ...rest } = correction;
  const target =
    newFileId === undefined && newPlace === undefined
      ? { ...(fileId === undefined ? {} : { fileId }), ...(place === undefined ? {} : { place }) }
      : correctTarget(place, newFileId, newPlace);
  return {
    attributes,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(onConflict === undefined ? {} : { onConflict }),
    ...target,
    ...rest,
  };
}

function correctTarget(
  old: Place | undefined,
  fileId: string | undefined,
  place: Place | undefined,
): Pick<UploadRequest, "fileId" | "place"> {
  assertOneTarget(fileId, place);
  if (place === undefined) return fileId === undefined ? {} : { fileId };
  return { place: mergePlace(old ?? {}, place) };
}

function mergePlace(old: Place, place: Place): Place {
  if (place.path !== undefined || (place.name !== undefined && place.parentId !== undefined)) return place;
  if (old.path === undefined) return { ...old, ...place };
  const names = old.path.split("/").filter((name) => name !== "");
  const oldName = names.pop();
  if (place.name !== undefined) return { path: `/${[...names, place.name].join("/")}` };
  return { ...place, ...(oldName === undefined ? {} : { name: oldName }) };
}

/** @throws HoldfastError invalid_field */
export function assertOneTarget(fileId: string | undefined, place: Place | undefined): void {
  if (fileId === undefined || place === undefined || Object.keys(place).length === 0) return;
  throw new HoldfastError("invalid_field", "Specify a file_id or a location for the file, not both.", {
    field: "file_id",
  });
}
