import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import {
  indicesIn,
  mountedRange,
  offsetShowing,
  placeOf,
  rowTopPx,
  scrolledHeightPx,
  scrolledTo,
} from "./row-window.ts";

const viewPx = 600;
const list = (total: number, lineHeightPx = 44) => ({ total, columns: 1, lineHeightPx });

test("a folder of 100,000 rows scrolls at its real height, one of 1,000,000 within the browsers' height limit", () => {
  assert.equal(scrolledHeightPx(list(100_000)), 4_400_000);
  assert.equal(scrolledHeightPx(list(1_000_000)), 8_000_000);
  const place = { scrollPx: 100, offsetPx: 100 };
  assert.deepEqual(scrolledTo(list(100_000), viewPx, place, 7_000), {
    scrollPx: 7_000,
    offsetPx: 7_000,
    isMoved: false,
  });
});

test("in a mapped range the wheel scrolls by pixels, and the scroll bar by proportion", () => {
  const layout = list(1_000_000);
  const middle = placeOf(layout, viewPx, 22_000_000);
  const turned = scrolledTo(layout, viewPx, middle, middle.scrollPx + 100);
  assert.equal(turned.offsetPx, 22_000_100);
  assert.equal(rowTopPx(layout, turned, 500_003) - turned.scrollPx, 500_003 * 44 - 22_000_100);
  const dragged = scrolledTo(layout, viewPx, middle, 8_000_000 - viewPx);
  assert.equal(dragged.offsetPx, 44_000_000 - viewPx);
});

test("any scrolling reaches both ends of the rows, and the element never ends before them (random)", () => {
  const layout = list(1_000_000);
  const [lastScroll, lastOffset] = [8_000_000 - viewPx, 44_000_000 - viewPx];
  const step = fc.oneof(
    fc.integer({ min: -viewPx, max: viewPx }),
    fc.integer({ min: -8_000_000, max: 8_000_000 }),
    fc.constantFrom(-viewPx, viewPx),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: lastOffset }), fc.array(step, { maxLength: 60 }), (start, steps) => {
      let place = placeOf(layout, viewPx, start);
      for (const by of steps) {
        const scrollPx = Math.min(lastScroll, Math.max(0, place.scrollPx + by));
        place = scrolledTo(layout, viewPx, place, scrollPx);
        assert.ok(place.scrollPx >= 0 && place.scrollPx <= lastScroll);
        assert.equal(place.scrollPx === 0, place.offsetPx === 0, JSON.stringify(place));
        assert.equal(place.scrollPx === lastScroll, place.offsetPx === lastOffset, JSON.stringify(place));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("the mounted rows are the view plus half a view on each side, within the list", () => {
  assert.deepEqual(mountedRange(list(100_000), viewPx, 44_000), { from: 993, to: 1_021 });
  assert.deepEqual(mountedRange(list(5), viewPx, 0), { from: 0, to: 5 });
  assert.deepEqual(mountedRange({ total: 50, columns: 4, lineHeightPx: 200 }, viewPx, 0), { from: 0, to: 20 });
});

test("a row is scrolled into view by the shortest distance", () => {
  assert.equal(offsetShowing(list(100), viewPx, 0, 3), 0);
  assert.equal(offsetShowing(list(100), viewPx, 0, 20), 21 * 44 - viewPx);
  assert.equal(offsetShowing(list(100), viewPx, 2_000, 2), 88);
});

test("a rectangle selects the rows and tiles that it crosses", () => {
  assert.deepEqual(indicesIn(list(10), { left: 0, right: 5, top: 50, bottom: 140 }, 800), [1, 2, 3]);
  const tiles = { total: 10, columns: 4, lineHeightPx: 100 };
  assert.deepEqual(indicesIn(tiles, { left: 250, right: 700, top: 90, bottom: 250 }, 800), [1, 2, 3, 5, 6, 7, 9]);
});
