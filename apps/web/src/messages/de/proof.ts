import type { proof as english } from "../en/proof.ts";

export const proof: Readonly<Record<keyof typeof english, string>> = {
  "proof.title": "Zeig, dass du es bist",
  "proof.about":
    "Du hast dich vor einer Weile angemeldet, und inzwischen könnte jemand anderes hier sitzen. Danach geht es von selbst weiter.",
  "proof.not": "Nichts ist geschehen: Es hat sich nicht gezeigt, dass du es bist.",
  "proof.act": "Weiter",
  "proof.passkey": "Stattdessen einen Passkey verwenden",
  "proof.outside": "Oder melde dich bei {name} neu an: Dann kommst du hierher zurück und tust es noch einmal.",
  "proof.none":
    "Dieses Konto hat kein Passwort: Zeig anders, dass du es bist, oder melde dich ab und lass dir ein Passwort schicken. Wer zum anderen Dienst geht, kommt hierher zurück und tut es noch einmal. Noch ist nichts geschehen.",
  "proof.outsideOnly":
    "Du hast dich vor einer Weile angemeldet, und inzwischen könnte jemand anderes hier sitzen. Bei {name} meldest du dich neu an; dann kommst du hierher zurück und tust es noch einmal. Noch ist nichts geschehen.",
} as const;
