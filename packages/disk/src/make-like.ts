import { fchmodSync, fchownSync, fstatSync } from "node:fs";
import { ownErrnoOf } from "./disk-error.ts";
import { nativeBytes } from "./native-name.ts";
import type { Native } from "./native.ts";
import { modeWithoutAcl, withoutOwningGroup } from "./posix-acl.ts";

type Calls = Pick<Native, "attributeNames" | "getAttribute" | "setAttribute" | "removeAttribute">;

/** Limit for the sum of one file's values. */
const userBytesMax = 1_048_576;
const userPrefix = Buffer.from("user.");
const aclName = nativeBytes("system.posix_acl_access");

/**
 * Copies everything but the bytes from another file to a new one that nobody else can open yet: owner, group, mode,
 * POSIX ACL and the attributes `user.*`. Anything that cannot be copied reduces others' permissions, never extends
 * them.
 * @param descriptor new file with mode 0600
 * @param model descriptor of the other file, which need not be readable
 * @param calls undefined on a system without them
 * @param modeOf changes the mode bits
 */
export function makeLike(
  descriptor: number,
  model: number,
  calls: Calls | undefined,
  modeOf: (mode: number) => number,
): void {
  // First, because the later owner and mode may forbid it.
  if (calls !== undefined) copyUserAttributes(calls, model, descriptor);
  const modelStat = fstatSync(model, { bigint: true });
  const isInGroup = takeOwner(descriptor, modelStat);
  const acl = calls === undefined ? undefined : readAclOf(calls, model);
  const kept = acl === undefined || isInGroup ? acl : withoutOwningGroup(acl);
  if (calls !== undefined && kept !== undefined && setAcl(calls, descriptor, kept)) {
    return fchmodSync(descriptor, modeOf(fstatSync(descriptor).mode & 0o777));
  }
  let mode = Number(modelStat.mode) & 0o777;
  if (acl !== undefined) mode = modeWithoutAcl(acl, mode);
  // Members of its old group now count as others.
  if (!isInGroup) mode &= 0o700 | ((mode & 0o070) >> 3);
  // If the folder's default ACL cannot be removed, the group bits are its mask and grant rights to its users.
  if (calls !== undefined && !clearAcl(calls, descriptor)) mode &= 0o707;
  fchmodSync(descriptor, modeOf(mode));
}

/** @returns true if the new file has the other's group */
function takeOwner(descriptor: number, other: { readonly uid: bigint; readonly gid: bigint }): boolean {
  const mine = fstatSync(descriptor, { bigint: true });
  if (mine.uid === other.uid && mine.gid === other.gid) return true;
  try {
    fchownSync(descriptor, Number(other.uid), Number(other.gid));
    return true;
  } catch (thrown) {
    if (ownErrnoOf(thrown) !== "EPERM") throw thrown;
    return mine.gid === other.gid;
  }
}

/** @returns undefined if the file has no list; empty bytes, which are no list, if that is unknown */
function readAclOf(calls: Calls, model: number): Uint8Array | undefined {
  const read = attempt(() => calls.getAttribute(model, aclName));
  return read.ok ? read.result : new Uint8Array(0);
}

/** An empty value would remove the list. */
function setAcl(calls: Calls, descriptor: number, acl: Uint8Array): boolean {
  return acl.length > 0 && attempt(() => calls.setAttribute(descriptor, aclName, acl)).ok;
}

/** Removes a list inherited from the folder. @returns true if the file has none now */
function clearAcl(calls: Calls, descriptor: number): boolean {
  attempt(() => calls.removeAttribute(descriptor, aclName));
  const left = attempt(() => calls.getAttribute(descriptor, aclName));
  return left.ok && left.result === undefined;
}

function copyUserAttributes(calls: Calls, model: number, descriptor: number): void {
  const names = attempt(() => calls.attributeNames(model));
  let leftBytes = userBytesMax;
  for (const name of names.ok ? names.result : []) {
    if (userPrefix.compare(name, 0, userPrefix.length) !== 0) continue;
    const read = attempt(() => calls.getAttribute(model, name));
    if (!read.ok || read.result === undefined || read.result.length > leftBytes) continue;
    leftBytes -= read.result.length;
    const value = read.result;
    attempt(() => calls.setAttribute(descriptor, name, value));
  }
}

type Attempt<Result> = { readonly ok: true; readonly result: Result } | { readonly ok: false };

function attempt<Result>(call: () => Result): Attempt<Result> {
  try {
    return { ok: true, result: call() };
  } catch (thrown) {
    if (ownErrnoOf(thrown) === undefined) throw thrown;
    return { ok: false };
  }
}
