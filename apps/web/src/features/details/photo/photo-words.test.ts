import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFormats } from "../../../messages/formats.ts";
import { exposureWords, mapPlace } from "./photo-words.ts";
import type { Exif } from "./read-exif.ts";

const unknown: Exif = {
  isTurned: false,
  size: undefined,
  takenAt: undefined,
  camera: undefined,
  lens: undefined,
  exposureSeconds: undefined,
  fNumber: undefined,
  focalLengthMm: undefined,
  iso: undefined,
  place: undefined,
};

test("an exposure uses camera notation and the decimal mark of the language", () => {
  const facts = { ...unknown, exposureSeconds: 1 / 120, fNumber: 1.7799999713897705, focalLengthMm: 6.9, iso: 100 };
  assert.equal(exposureWords(facts, makeFormats("en-GB")), "1/120\u00A0s · f/1.78 · 6.9\u00A0mm · ISO\u00A0100");
  assert.equal(exposureWords(facts, makeFormats("de-DE")), "1/120\u00A0s · f/1,78 · 6,9\u00A0mm · ISO\u00A0100");
  assert.equal(exposureWords({ ...unknown, exposureSeconds: 2.5 }, makeFormats("en-GB")), "2.5\u00A0s");
  const fast = { ...unknown, exposureSeconds: 1 / 8000, iso: 12_800 };
  assert.equal(exposureWords(fast, makeFormats("en-GB")), "1/8000\u00A0s · ISO\u00A012800");
  assert.equal(exposureWords(unknown, makeFormats("en-GB")), undefined);
});

test("coordinates are shown to the meter, and their link opens the map there", () => {
  assert.deepEqual(mapPlace({ latitude: 52.5200066, longitude: -13.4 }), {
    coordinates: "52.52001, -13.40000",
    address: "https://www.openstreetmap.org/?mlat=52.52001&mlon=-13.40000#map=15/52.52001/-13.40000",
  });
});
