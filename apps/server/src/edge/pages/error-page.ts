import type { Language } from "@holdfast/protocol/account-settings";
import type { ProblemJson } from "@holdfast/protocol/values";
import { escapeHtml } from "../../features/mail/mail-text.ts";
import { type Page, writePage } from "./page-template.ts";

interface Words {
  readonly title: string;
  readonly text: string;
}

/** The texts contain nothing from the request. */
const english = {
  401: {
    title: "Sign in to continue",
    text: "You need to be signed in to see this page. Open the drive, sign in, then open this address again.",
  },
  403: {
    title: "No permission",
    text: "Your account does not have permission for this. Ask the owner.",
  },
  404: {
    title: "Page not found",
    text: "Check the address. The file or folder may have been moved or deleted, or is no longer shared.",
  },
  405: { title: "This page cannot be opened", text: "This address is for programs only." },
  410: { title: "No longer available", text: "This page has been removed permanently." },
  413: { title: "Too large", text: "The upload is larger than the server allows. Nothing was saved." },
  429: { title: "Too many requests", text: "Wait a minute, then reload this page." },
  500: {
    title: "Server error",
    text: "Something went wrong on the server. Try again later. Administrators find the number below in the server’s log.",
  },
  503: {
    title: "Not available right now",
    text: "The server is busy or starting. Reload this page in a minute.",
  },
  507: { title: "Not enough storage", text: "The account’s storage is full." },
  other: { title: "Something went wrong", text: "The server could not process the request." },
} as const satisfies Readonly<Record<string, Words>>;

const german: Readonly<Record<keyof typeof english, Words>> = {
  401: {
    title: "Melde dich an, um fortzufahren",
    text: "Für diese Seite musst du angemeldet sein. Öffne das Laufwerk, melde dich an und öffne diese Adresse dann noch einmal.",
  },
  403: {
    title: "Keine Berechtigung",
    text: "Dein Konto hat dafür keine Berechtigung. Frag den Besitzer.",
  },
  404: {
    title: "Seite nicht gefunden",
    text: "Prüf die Adresse. Vielleicht wurde die Datei oder der Ordner verschoben oder gelöscht oder ist nicht mehr geteilt.",
  },
  405: { title: "Das lässt sich nicht öffnen", text: "Diese Adresse ist nur für Programme." },
  410: { title: "Nicht mehr verfügbar", text: "Diese Seite wurde endgültig entfernt." },
  413: {
    title: "Zu groß",
    text: "Der Upload ist größer, als der Server erlaubt. Nichts wurde gespeichert.",
  },
  429: { title: "Zu viele Anfragen", text: "Warte eine Minute und lade diese Seite dann neu." },
  500: {
    title: "Fehler auf dem Server",
    text: "Auf dem Server ist ein Fehler aufgetreten. Versuch es später noch einmal. Administratoren finden die Nummer unten im Protokoll des Servers.",
  },
  503: {
    title: "Gerade nicht verfügbar",
    text: "Der Server ist beschäftigt oder startet. Lade diese Seite in einer Minute neu.",
  },
  507: { title: "Nicht genug Speicher", text: "Der Speicher des Kontos ist voll." },
  other: { title: "Etwas ist schiefgegangen", text: "Der Server konnte die Anfrage nicht verarbeiten." },
};

const words = { en: english, de: german };
const ways: Readonly<Record<Language, string>> = { en: "Open the drive", de: "Laufwerk öffnen" };

export function errorPage(
  { status, code, request_id: requestId = "" }: ProblemJson,
  language: Language,
  serverName: string,
): Page {
  const { title, text } = words[language][isNamed(status) ? status : "other"];
  return writePage({
    language,
    serverName,
    title,
    content: `<p>${text}</p>
<p><a class="action" href="/">${ways[language]}</a></p>
<p class="quiet">${status} · <code>${escapeHtml(code)}</code> · ${escapeHtml(requestId)}</p>`,
  });
}

function isNamed(status: number): status is Exclude<keyof typeof english, "other"> {
  return Object.hasOwn(english, status);
}
