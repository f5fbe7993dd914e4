import { eventually } from "@holdfast/server/acceptance/testing";
import type { Locator } from "@holdfast/tools/testing-browser";

/** Waits until the image has loaded. The element exists before. */
export async function isLoaded(image: Locator, widthPx: number): Promise<void> {
  await eventually(`a picture of ${widthPx} pixels is there`, 30_000, async () =>
    (await image.evaluate((element) => (element as HTMLImageElement).naturalWidth)) === widthPx ? true : undefined,
  );
}
