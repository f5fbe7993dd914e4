import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { fitted, movedBy, zoomedBy } from "./zoom.ts";

const screen = { width: 800, height: 600 };
const picture = { width: 800, height: 400 };

test("zooming keeps the point under the pointer in place while the picture covers the screen there", () => {
  const zoom = zoomedBy(fitted, 4, { x: 100, y: 50 }, screen, picture);
  assert.deepEqual(zoom, { scale: 4, x: -300, y: -150 });
});

test("a picture never becomes smaller than the fitted size, and is then centered", () => {
  const zoom = zoomedBy(fitted, 4, { x: 100, y: 50 }, screen, picture);
  assert.deepEqual(zoomedBy(zoom, 0.01, { x: 0, y: 0 }, screen, picture), fitted);
  assert.deepEqual(movedBy(fitted, 500, 500, screen, picture), fitted);
});

test("no zoom or move shows an edge of a picture within the screen that it covers (random)", () => {
  const step = fc.record({
    factor: fc.double({ min: 0.2, max: 5, noNaN: true }),
    x: fc.integer({ min: -400, max: 400 }),
    y: fc.integer({ min: -300, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let zoom = fitted;
      for (const { factor, x, y } of steps) {
        zoom = movedBy(zoomedBy(zoom, factor, { x, y }, screen, picture), x, y, screen, picture);
      }
      const across = (picture.width * zoom.scale) / 2;
      const down = (picture.height * zoom.scale) / 2;
      assert.ok(Math.abs(zoom.x) <= Math.max(0, across - screen.width / 2) + 1e-6);
      assert.ok(Math.abs(zoom.y) <= Math.max(0, down - screen.height / 2) + 1e-6);
    }),
  );
});
