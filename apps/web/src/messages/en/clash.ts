export const clash = {
  "clash.title": { one: "This name already exists", other: "{count} names already exist" },
  "clash.text": "{folder} already contains {name}.",
  "clash.keep": "Keep both",
  "clash.keepHint": "Adds a number to the new name",
  "clash.replace": "Replace",
  "clash.replaceHint": "Keeps the existing one as an earlier version or in the trash",
  "clash.skip": "Skip",
  "clash.skipHint": "Changes nothing",
  "clash.all": { one: "Do the same for {count} more", other: "Do the same for {count} more" },
} as const;
