import assert from "node:assert/strict";
import { test } from "node:test";
import { modeWithoutAcl, readAcl, withoutOwningGroup } from "./posix-acl.ts";

const tags = { owner: 1, user: 2, owningGroup: 4, group: 8, mask: 16, other: 32 } as const;

/** Returns the kernel's format; nobody is `0xffffffff`. */
function aclOf(...entries: readonly (readonly [keyof typeof tags, number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + 8 * entries.length));
  view.setUint32(0, 2, true);
  for (const [index, [tag, rights]] of entries.entries()) {
    view.setUint16(4 + 8 * index, tags[tag], true);
    view.setUint16(6 + 8 * index, rights, true);
    view.setUint32(8 + 8 * index, 0xffff_ffff, true);
  }
  return new Uint8Array(view.buffer);
}

const rightsOf = (bytes: Uint8Array) => readAcl(bytes)?.map(({ rights }) => rights);

test("an ACL under another group gives that group nothing, and members of the old group no more than before", () => {
  const acl = aclOf(["owner", 6], ["user", 7], ["owningGroup", 6], ["mask", 4], ["other", 7]);
  assert.deepEqual(rightsOf(withoutOwningGroup(acl)), [6, 7, 0, 4, 4]);
  assert.deepEqual(rightsOf(acl), [6, 7, 6, 4, 7], "the list itself stays");
});

test("the mode without the ACL gives the group and others only rights that the ACL gave all of them", () => {
  for (const [acl, mode, expected] of [
    [aclOf(["owner", 6], ["owningGroup", 6], ["other", 4]), 0o664, 0o664],
    [aclOf(["owner", 6], ["user", 6], ["owningGroup", 4], ["mask", 6], ["other", 4]), 0o664, 0o644],
    [aclOf(["owner", 7], ["user", 7], ["owningGroup", 7], ["mask", 4], ["other", 7]), 0o747, 0o744],
    [aclOf(["owner", 6], ["group", 0], ["owningGroup", 6], ["mask", 6], ["other", 6]), 0o666, 0o600],
    [aclOf(["owner", 6], ["user", 2], ["group", 6], ["owningGroup", 6], ["mask", 6], ["other", 6]), 0o666, 0o622],
  ] as const) {
    assert.equal(modeWithoutAcl(acl, mode).toString(8), expected.toString(8));
  }
});

test("an invalid ACL denies everything except to the owner", () => {
  const whole = aclOf(["owner", 6], ["owningGroup", 6], ["other", 4]);
  const later = whole.slice();
  later[0] = 3;
  for (const bytes of [new Uint8Array(0), whole.subarray(0, 11), later]) {
    assert.equal(readAcl(bytes), undefined);
    assert.equal(modeWithoutAcl(bytes, 0o777), 0o700);
  }
});
