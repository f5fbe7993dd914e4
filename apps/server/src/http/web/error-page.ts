import type { Language } from "@holdfast/protocol/account-settings";
import type { ProblemJson } from "@holdfast/protocol/values";
import { escapeHtml } from "../../mail/mail-text.ts";
import { type Page, writePage } from "./page-template.ts";

interface Words {
  readonly title: string;
  readonly text: string;
}

/** What a person meets who opens an address. Nothing of the request is in it: not its address, and no field of it. */
const english = {
  401: {
    title: "Sign in first",
    text: "This can be seen by who is signed in. Open the drive, sign in, and go there again.",
  },
  403: {
    title: "This is not for you",
    text: "Your account may not see it, or may not do this. Its owner can change that.",
  },
  404: {
    title: "There is nothing here",
    text: "The address may be mistyped, or what was here has been moved, deleted or is shared no more.",
  },
  405: { title: "This cannot be opened", text: "This address is for programs, and shows nothing by itself." },
  410: { title: "This has ended", text: "What was here is not there any more, and does not come back." },
  413: { title: "This is too large", text: "The server takes less at once. What was sent has not been kept." },
  429: { title: "That was too much at once", text: "Wait a minute, then load this page again." },
  500: {
    title: "The server failed",
    text: "This is not your mistake. Try it again later; the number below tells administrators where to look in the log.",
  },
  503: {
    title: "Not available now",
    text: "The server is busy, or is just starting. Load this page again in a minute.",
  },
  507: { title: "There is no room left", text: "The account's space is used up." },
  other: { title: "This did not work", text: "The server does not understand what was asked of it." },
} as const satisfies Readonly<Record<string, Words>>;

const german: Readonly<Record<keyof typeof english, Words>> = {
  401: {
    title: "Bitte zuerst anmelden",
    text: "Das sieht nur, wer angemeldet ist. Öffnen Sie Ihre Ablage, melden Sie sich an und versuchen Sie es noch einmal.",
  },
  403: {
    title: "Das ist nicht für Sie",
    text: "Ihr Konto darf das nicht sehen oder nicht tun. Wem es gehört, kann das ändern.",
  },
  404: {
    title: "Hier ist nichts",
    text: "Vielleicht ist die Adresse falsch geschrieben, oder was hier war, wurde verschoben, gelöscht oder ist nicht mehr freigegeben.",
  },
  405: { title: "Das lässt sich nicht öffnen", text: "Diese Adresse ist für Programme und zeigt selbst nichts." },
  410: { title: "Das ist beendet", text: "Was hier war, gibt es nicht mehr, und es kommt nicht wieder." },
  413: {
    title: "Das ist zu groß",
    text: "So viel auf einmal nimmt der Server nicht an. Was gesendet wurde, ist nicht gespeichert.",
  },
  429: { title: "Das war zu viel auf einmal", text: "Warten Sie eine Minute und laden Sie diese Seite dann neu." },
  500: {
    title: "Der Server hat versagt",
    text: "Das ist nicht Ihr Fehler. Versuchen Sie es später noch einmal; die Nummer unten sagt Administratoren, wo sie im Protokoll suchen müssen.",
  },
  503: {
    title: "Gerade nicht verfügbar",
    text: "Der Server ist beschäftigt oder startet gerade. Laden Sie diese Seite in einer Minute neu.",
  },
  507: { title: "Kein Platz mehr", text: "Der Speicher des Kontos ist aufgebraucht." },
  other: { title: "Das hat nicht geklappt", text: "Der Server versteht nicht, was von ihm verlangt wurde." },
};

const words = { en: english, de: german };
const ways: Readonly<Record<Language, string>> = { en: "To the drive", de: "Zur Ablage" };

/** A problem as a page for a person. @param problem as programs are told it */
export function errorPage({ status, code, request_id: requestId = "" }: ProblemJson, language: Language): Page {
  const { title, text } = words[language][isNamed(status) ? status : "other"];
  return writePage({
    language,
    title,
    content: `<p>${text}</p>
<p><a class="action" href="/">${ways[language]}</a></p>
<p class="quiet">${status} · <code>${escapeHtml(code)}</code> · ${escapeHtml(requestId)}</p>`,
  });
}

function isNamed(status: number): status is Exclude<keyof typeof english, "other"> {
  return Object.hasOwn(english, status);
}
