import type { Page } from "@holdfast/tools/testing-browser";
import { drop } from "@holdfast/web/testing/drop";

/** Drops it on the list, and waits until the tray says that all of it is on the server. */
export async function uploadAll(page: Page, path: string, files: number): Promise<void> {
  await drop(page, [path]);
  const words = files === 1 ? "1 file uploaded" : `${new Intl.NumberFormat("en-GB").format(files)} files uploaded`;
  await page.getByText(words).first().waitFor({ timeout: uploadTimeoutMs });
}

/** No upload that is measured takes that long. */
const uploadTimeoutMs = 10 * 60_000;
