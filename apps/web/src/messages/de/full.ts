import type { full as english } from "../en/full.ts";

export const full: Readonly<Record<keyof typeof english, string>> = {
  "full.almost": "{percent} voll",
  "full.almostNext":
    "Nur noch {left} frei. Lösch Dateien und leer den Papierkorb. Ein Administrator kann die Grenze erhöhen.",
  "full.storedAlmost":
    "Alte Versionen und der Papierkorb füllen deinen Speicher. Die Einstellungen zeigen, wie viel sie belegen.",
  "full.title": "Dein Speicher ist voll",
  "full.next":
    "Es lässt sich nichts mehr hochladen. Lösch Dateien und leer den Papierkorb. Ein Administrator kann die Grenze erhöhen.",
};
