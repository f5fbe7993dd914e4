import type { Page } from "@holdfast/tools/testing-browser";
import { filesPage } from "./files-page.ts";

export const walkedFolders = ["first", "second", "third"] as const;

export async function walkAbout(
  page: Page,
  navigations: number,
  each?: (done: number) => Promise<void>,
): Promise<void> {
  const { row, seen } = filesPage(page);
  const navigation = page.getByRole("navigation").first();
  const legs: (() => Promise<void>)[] = [
    ...walkedFolders.map((name) => async () => {
      await row(name).dblclick();
      await seen(`in ${name} 0.txt`);
    }),
    ...["Starred", "Recent", "Trash"].map((place) => async () => {
      await navigation.getByRole("link", { name: place }).click();
      await page.getByRole("heading", { level: 1, name: place }).waitFor({ state: "attached" });
    }),
  ];
  for (let done = 0; done < navigations; done += 2) {
    await legs[(done / 2) % legs.length]?.();
    await navigation.getByRole("link", { name: "Files" }).click();
    await seen(walkedFolders[0]);
    await each?.(done + 2);
  }
}
