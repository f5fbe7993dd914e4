export const types = {
  "type.image": "{format}-Bild",
  "type.video": "{format}-Video",
  "type.audio": "{format}-Audio",
  "type.document": "{format}-Dokument",
  "type.text": "{format}-Text",
  "type.code": "{format}-Quelltext",
  "type.table": "{format}-Tabelle",
  "type.slides": "{format}-Präsentation",
  "type.archive": "{format}-Archiv",
  "type.other": "{format}-Datei",
  "type.plain": "Einfacher Text",
} as const;
