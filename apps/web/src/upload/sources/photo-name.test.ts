import assert from "node:assert/strict";
import { test } from "node:test";
import { photoName } from "./photo-name.ts";

const takenAt = new Date(2026, 0, 9, 8, 5, 7);

test("a photo without a name of its own is named by its time", () => {
  assert.equal(photoName("image.jpg", takenAt), "IMG_20260109_080507.jpg");
  assert.equal(photoName("Image.HEIC", takenAt), "IMG_20260109_080507.HEIC");
});

test("a photo that the camera named keeps its name", () => {
  for (const name of ["PXL_20260109.jpg", "image", "image (2).jpg", "my image.jpg"])
    assert.equal(photoName(name, takenAt), name);
});
