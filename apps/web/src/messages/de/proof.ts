import type { proof as english } from "../en/proof.ts";

export const proof: Readonly<Record<keyof typeof english, string>> = {
  "proof.title": "Bestätige, dass du es bist",
  "proof.about": "Du hast dich vor einer Weile angemeldet. Bestätige, dass du es bist, um fortzufahren.",
  "proof.not": "Nichts wurde geändert: Deine Identität wurde nicht bestätigt.",
  "proof.act": "Weiter",
  "proof.passkey": "Stattdessen einen Passkey verwenden",
  "proof.outside": "Oder melde dich bei {name} neu an. Danach kommst du hierher zurück und wiederholst den Schritt.",
  "proof.none":
    "Dieses Konto hat kein Passwort. Bestätige auf andere Weise, dass du es bist, oder melde dich ab und lass dir ein Passwort schicken. Nach der Anmeldung beim anderen Dienst kommst du hierher zurück und wiederholst den Schritt. Noch wurde nichts geändert.",
  "proof.outsideOnly":
    "Du hast dich vor einer Weile angemeldet. Melde dich bei {name} neu an, um zu bestätigen, dass du es bist. Danach kommst du hierher zurück und wiederholst den Schritt. Noch wurde nichts geändert.",
} as const;
