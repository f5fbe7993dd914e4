export const types = {
  "type.image": "{format} image",
  "type.video": "{format} video",
  "type.audio": "{format} audio",
  "type.document": "{format} document",
  "type.text": "{format} text",
  "type.code": "{format} source code",
  "type.table": "{format} spreadsheet",
  "type.slides": "{format} presentation",
  "type.archive": "{format} archive",
  "type.other": "{format} file",
  "type.plain": "Plain text",
} as const;
