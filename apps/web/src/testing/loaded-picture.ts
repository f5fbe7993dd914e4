import { eventually } from "@holdfast/server/acceptance/testing";
import type { Locator } from "@holdfast/tools/testing-browser";

/** The element exists before its image has loaded. */
export async function isLoaded(image: Locator, widthPx: number): Promise<void> {
  await eventually(`a picture of ${widthPx} pixels is there`, 30_000, async () =>
    (await image.evaluate((element) => (element as HTMLImageElement).naturalWidth)) === widthPx ? true : undefined,
  );
}
