import type { NewlyHidden } from "@holdfast/sync/rules/newly-hidden";
import { printable } from "@holdfast/core/printable";
import { count, formatNumber } from "../output/text.ts";

const groupsShown = 3;

export function hiddenLine({ files, groups }: NewlyHidden): string {
  const shown = groups
    .slice(0, groupsShown)
    .map((group) =>
      group.kind === "folder" ? `${printable(group.path)}/ (${formatNumber(group.files)})` : printable(group.path),
    );
  const more = groups.length > groupsShown ? [`and ${formatNumber(groups.length - groupsShown)} more`] : [];
  const names = [...shown, ...more].join(", ");
  return `the rules now exclude ${count(files, "file")}: ${names}; no files are deleted, here or on the server`;
}
