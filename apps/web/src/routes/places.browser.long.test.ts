import { test } from "node:test";
import { testPlaces } from "../testing/places.ts";
import { testApp } from "../testing/test-app.ts";

const places = testPlaces(testApp());

for (const look of [
  { colorScheme: "light", size: "desktop" },
  { colorScheme: "dark", size: "desktop" },
  { colorScheme: "light", size: "phone" },
  { colorScheme: "dark", size: "phone" },
] as const) {
  test(`axe finds nothing on any place in ${look.colorScheme} mode on ${look.size}`, () =>
    places.assertAccessible(look));
}
