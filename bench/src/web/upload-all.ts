import type { Page } from "@holdfast/tools/testing-browser";
import { drop } from "@holdfast/web/testing/drop";

/** Drops the files on the list and waits until the tray reports all of them uploaded. */
export async function uploadAll(page: Page, path: string, files: number): Promise<void> {
  await drop(page, [path]);
  const words = files === 1 ? "1 file uploaded" : `${new Intl.NumberFormat("en-GB").format(files)} files uploaded`;
  await page.getByText(words).first().waitFor({ timeout: uploadTimeoutMs });
}

/** Longer than any measured upload. */
const uploadTimeoutMs = 10 * 60_000;
