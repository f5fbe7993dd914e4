export const clash = {
  "clash.title": { one: "Der Name ist vergeben", other: "{count} Namen sind vergeben" },
  "clash.text": "In {folder} gibt es schon etwas namens {name}.",
  "clash.keep": "Beide behalten",
  "clash.keepHint": "Das neue bekommt eine Nummer",
  "clash.replace": "Ersetzen",
  "clash.replaceHint": "Was da ist, bleibt als ältere Version oder im Papierkorb",
  "clash.skip": "Überspringen",
  "clash.skipHint": "Nichts ändert sich",
  "clash.all": { one: "Auch für {count} weiteres", other: "Auch für {count} weitere" },
} as const;
