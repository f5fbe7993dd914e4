import { HoldfastError } from "./errors.ts";
import { bytesToHex } from "./hex.ts";

/**
 * Ids are UUIDs of version 8 (RFC 9562, 5.8): 48 bits of Unix milliseconds, the version, 12 bits of the owner's bucket,
 * the variant, 62 random bits. Ids therefore sort by time, and any instance finds the shard of an id without a lookup:
 * the third group is `8bbb`, where bbb is the bucket in hex.
 */
type Branded<Name extends string> = string & { readonly __brand: Name };

export type UserId = Branded<"UserId">;
export type SpaceId = Branded<"SpaceId">;
export type NodeId = Branded<"NodeId">;
export type VersionId = Branded<"VersionId">;
export type UploadId = Branded<"UploadId">;
export type DeviceId = Branded<"DeviceId">;
export type SessionId = Branded<"SessionId">;
export type TokenId = Branded<"TokenId">;
export type PasskeyId = Branded<"PasskeyId">;
export type OutsideIdentityId = Branded<"OutsideIdentityId">;
/** Id of a permission. A link is its own grantee, so its id replaces an account's id as an actor. */
export type GrantId = Branded<"GrantId">;
export type ReportId = Branded<"ReportId">;
export type RewindId = Branded<"RewindId">;
export type TransferId = Branded<"TransferId">;
export type GroupId = Branded<"GroupId">;
export type MessageId = Branded<"MessageId">;
/** Equals the id of the task's message. */
export type TaskId = MessageId;
export type CommentId = Branded<"CommentId">;
export type EventId = Branded<"EventId">;
export type NotificationId = Branded<"NotificationId">;
export type MailId = Branded<"MailId">;
/** Id of a program; its `client_id`. */
export type OauthClientId = Branded<"OauthClientId">;
export type WebhookId = Branded<"WebhookId">;
export type ZipListId = Branded<"ZipListId">;
type AnyId = Branded<`${string}Id`>;

/** 0 to 4095: the slice of all owners to which a row belongs. The configuration maps slices to shards. */
export type Bucket = number & { readonly __brand: "Bucket" };
export const bucketCount = 4096;

/** A SHA-256 in 64 lower-case hex digits. */
export type HashHex = Branded<"HashHex">;

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const hashPattern = /^[0-9a-f]{64}$/;

/** @param random exactly 8 random bytes; @param nowMs Unix milliseconds */
export function makeId<Id extends AnyId>(bucket: Bucket, nowMs: number, random: Uint8Array): Id {
  if (random.length !== 8) throw new HoldfastError("internal", "An id takes 8 random bytes.");
  const time = Math.trunc(nowMs).toString(16).padStart(12, "0").slice(-12);
  const tail = Uint8Array.from(random);
  tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80;
  const hex = bytesToHex(tail);
  const group3 = `8${bucket.toString(16).padStart(3, "0")}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${group3}-${hex.slice(0, 4)}-${hex.slice(4)}` as Id;
}

export function isId(text: string): boolean {
  return idPattern.test(text);
}

/** @param id valid for `isId` */
export function bucketOf(id: AnyId): Bucket {
  return Number.parseInt(id.slice(15, 18), 16) as Bucket;
}

export function toBucket(value: number): Bucket {
  if (!Number.isInteger(value) || value < 0 || value >= bucketCount) {
    throw new HoldfastError("internal", `A bucket is a whole number from 0 to ${bucketCount - 1}, not ${value}.`);
  }
  return value as Bucket;
}

export function isHashHex(text: string): text is HashHex {
  return hashPattern.test(text);
}

/** Bucket of an e-mail address's directory row: the first 12 bits of the SHA-256 of its normal form. */
export function bucketOfHash(hash: HashHex): Bucket {
  return Number.parseInt(hash.slice(0, 3), 16) as Bucket;
}
