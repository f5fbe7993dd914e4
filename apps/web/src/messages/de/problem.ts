import type { problem as english } from "../en/problem.ts";

export const problem: Readonly<Record<keyof typeof english, string>> = {
  "problem.unreachable": "Der Server antwortet nicht. Nichts ist verloren; versuch es gleich noch einmal.",
  "problem.unavailable": "Der Server ist beschäftigt oder startet. Nichts ist verloren; versuch es gleich noch einmal.",
  "problem.rate_limited": "Das war zu viel auf einmal. Warte eine Minute und versuch es noch einmal.",
  "problem.unauthenticated": "Du bist nicht mehr angemeldet. Melde dich an und versuch es noch einmal.",
  "problem.forbidden": "Das darfst du hier nicht. Frag, wem der Ordner gehört.",
  "problem.not_found": "Es ist nicht mehr da oder nicht mit dir geteilt.",
  "problem.exists": "Diesen Namen gibt es hier schon. Wähle einen anderen.",
  "problem.conflict": "Es wurde inzwischen anderswo geändert. Sieh nach, was jetzt da ist, und versuch es noch einmal.",
  "problem.trashed": "Es liegt im Papierkorb. Stelle es zuerst wieder her.",
  "problem.cycle": "Ein Ordner passt nicht in sich selbst.",
  "problem.too_large": "Für diesen Server ist es zu groß.",
  "problem.locked": "Gerade arbeitet etwas anderes damit. Versuch es gleich noch einmal.",
  "problem.store_full": "Die Platte des Servers ist voll. Nichts ist verloren. Ein Administrator muss Platz schaffen.",
  "problem.quota": "Der Platz reicht nicht. Lösch alte Versionen, leer den Papierkorb oder bitte um mehr Platz.",
  "problem.quota_versions":
    "Alte Versionen füllen deinen Speicher. Die größten hat {path}: Lösch dort alte Versionen oder bitte um mehr Platz.",
  "problem.internal":
    "Dem Server ist ein Fehler passiert. Nichts ist verloren; versuch es noch einmal und melde es, wenn es bleibt.",
};
