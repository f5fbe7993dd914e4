export const clash = {
  "clash.title": { one: "Der Name existiert schon", other: "{count} Namen existieren schon" },
  "clash.text": "{folder} enthält {name} schon.",
  "clash.keep": "Beide behalten",
  "clash.keepHint": "Der neue Name bekommt eine Nummer",
  "clash.replace": "Ersetzen",
  "clash.replaceHint": "Das Vorhandene bleibt als frühere Version oder im Papierkorb",
  "clash.skip": "Überspringen",
  "clash.skipHint": "Nichts ändert sich",
  "clash.all": { one: "Auch für {count} weiteres", other: "Auch für {count} weitere" },
} as const;
