export const clash = {
  "clash.title": { one: "The name is taken", other: "{count} names are taken" },
  "clash.text": "In {folder} there is already something called {name}.",
  "clash.keep": "Keep both",
  "clash.keepHint": "The new one gets a number",
  "clash.replace": "Replace",
  "clash.replaceHint": "What is there stays as an older version or in the trash",
  "clash.skip": "Skip",
  "clash.skipHint": "Nothing changes",
  "clash.all": { one: "Do so for {count} more", other: "Do so for {count} more" },
} as const;
