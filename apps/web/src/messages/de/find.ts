export const find = {
  "find.ask": "Gib oben den Namen einer Datei oder eines Ordners ein.",
  "find.title": "Suche: {q}",
  "find.empty": "Keine Treffer. Versuch es mit weniger oder anderen Wörtern.",
  "find.all": "Alle Ergebnisse für „{q}“",
  "find.results": "Ergebnisse",
  "find.typeAll": "Alles",
  "find.typeFolder": "Ordner",
  "find.typeFile": "Dateien",
  "find.typeImage": "Bilder",
  "find.typeDocument": "Dokumente",
  "find.typeAudio": "Ton",
  "find.typeVideo": "Videos",
} as const;
