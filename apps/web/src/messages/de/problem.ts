import type { problem as english } from "../en/problem.ts";

export const problem: Readonly<Record<keyof typeof english, string>> = {
  "problem.unreachable": "Der Server ist nicht erreichbar. Versuch es gleich noch einmal.",
  "problem.away": "Der Server ist nicht erreichbar. Es wurde nichts geändert.",
  "problem.unavailable": "Der Server ist beschäftigt oder startet. Versuch es gleich noch einmal.",
  "problem.rate_limited": "Zu viele Anfragen. Warte eine Minute und versuch es noch einmal.",
  "problem.unauthenticated": "Du bist nicht mehr angemeldet. Melde dich an und versuch es noch einmal.",
  "problem.forbidden": "Dafür hast du keine Berechtigung. Frag den Besitzer.",
  "problem.not_found": "Das existiert nicht mehr oder ist nicht mehr mit dir geteilt.",
  "problem.exists": "Diesen Namen gibt es hier schon. Wähle einen anderen.",
  "problem.conflict": "Es wurde anderswo geändert. Sieh dir den neuesten Stand an und versuch es noch einmal.",
  "problem.trashed": "Es liegt im Papierkorb. Stelle es zuerst wieder her.",
  "problem.cycle": "Ein Ordner lässt sich nicht in sich selbst verschieben.",
  "problem.too_large": "Für diesen Server ist es zu groß.",
  "problem.locked": "Es wird gerade benutzt. Versuch es gleich noch einmal.",
  "problem.store_full":
    "Die Platte des Servers ist voll. Ein Administrator muss Platz schaffen (Verwaltung, Speicher).",
  "problem.quota":
    "Nicht genug Speicher. Lösch alte Versionen oder leer den Papierkorb. Ein Administrator kann die Grenze erhöhen.",
  "problem.quota_versions":
    "Alte Versionen füllen deinen Speicher. Die größten sind in {path}: Lösch dort alte Versionen. Ein Administrator kann die Grenze erhöhen.",
  "problem.internal":
    "Auf dem Server ist ein Fehler aufgetreten. Versuch es noch einmal; wenn es so bleibt, steht der Grund im Protokoll des Servers.",
};
