import { limits } from "@holdfast/core/limits";
import type { Language } from "@holdfast/protocol/account-settings";
import { serverNameDefault } from "../../base/config/server-name.ts";
import { dayIn, quoteOf, sayNotice } from "./notice-said.ts";
import type { Notice } from "./notice.ts";
import type { Template } from "./mail-order.ts";
import { type MailText, renderHtml, renderText } from "./mail-text.ts";
import { shownLines, shownName, shownPerson } from "./shown-text.ts";
import type { Words } from "./words/words.ts";
import { words } from "./words/by-language.ts";

export interface MailFacts {
  readonly content: Template;
  readonly language: Language;
  readonly serverName: string;
  readonly publicUrl: string;
  /** Path of the mail's own link below the public URL; undefined: the start page. */
  readonly link: string | undefined;
  readonly unsubscribeUrl: string | undefined;
}

export interface ComposedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export function composeMail(facts: MailFacts): ComposedMail {
  const { language, serverName } = facts;
  const mail = textOf(facts, words[language]);
  return { subject: mail.subject, text: renderText(mail), html: renderHtml(mail, { language, serverName }) };
}

type Body = Pick<MailText, "subject" | "paragraphs" | "quote" | "list" | "small"> & {
  readonly label: string;
  /** Path of the link, unless the mail has its own. */
  readonly place?: string;
};

function textOf(facts: MailFacts, said: Words): MailText {
  const { label, place = "/", ...body } = bodyOf(facts, said);
  const { unsubscribeUrl: url } = facts;
  return {
    ...body,
    subject: subjectOf(body.subject, facts.serverName),
    action: { label, url: facts.publicUrl + (facts.link ?? place) },
    unsubscribe: url === undefined ? undefined : { label: said.unsubscribe, url },
  };
}

/** The default name would only repeat the sender's, so subjects omit it. */
function subjectOf(title: string, serverName: string): string {
  return serverName === serverNameDefault ? title : `${title} – ${serverName}`;
}

function bodyOf({ content, publicUrl, language, serverName }: MailFacts, said: Words): Body {
  const { host } = new URL(publicUrl);
  const open = said.open(serverName);
  if (content.template === "invitation") return invitation(content, said, { host, language });
  if (content.template === "notices") return notices(content, said, { host, language, open });
  if (content.template === "password_reset") {
    const { title, more } = said.passwordReset(host);
    return { subject: title, paragraphs: more, label: said.passwordResetAction, small: [said.whyPasswordReset] };
  }
  if (content.template === "security") {
    const { title, more } = said.security(content.what, host);
    return { subject: title, paragraphs: more, label: open, small: [said.whyAccount(host)] };
  }
  if (content.template === "leaving") {
    const { title, more } = said.leaving(dayIn(language, content.until), host);
    return { subject: title, paragraphs: more, label: open, small: [said.whyAccount(host)] };
  }
  const { title, more } = said.confirmation({ ...confirmed(content), host });
  return { subject: title, paragraphs: more, label: said.confirmationAction, small: [said.whyConfirmation] };
}

function confirmed({ account }: Extract<Template, { template: "confirmation" }>) {
  if (account === undefined) return { account: undefined, moves: false };
  const { name, email, moves } = account;
  const address = shownName(email);
  // Accounts without a name use their address as name.
  return { account: name === email ? address : `${shownPerson(name)} (${address})`, moves };
}

interface Setting {
  readonly host: string;
  readonly language: Language;
}

function invitation(
  content: Extract<Template, { template: "invitation" }>,
  said: Words,
  { host, language }: Setting,
): Body {
  const by = shownPerson(content.actor.name);
  const { title, more } = said.invitation({
    by,
    address: shownName(content.actor.email),
    node: shownName(content.node.name),
    role: content.role,
    host,
  });
  const lines = shownLines(content.message ?? "", limits.mailMessageCharactersMax);
  return {
    subject: title,
    paragraphs: [...more, said.invitationExpires(dayIn(language, content.expires_at))],
    quote: lines.every((line) => line === "") ? undefined : { by: said.wrote(by), lines },
    label: said.invitationAction,
    small: [said.whyStranger(host)],
  };
}

function placeOf({ kind, node, detail }: Notice): string {
  const { deletions, moment } = detail;
  if (deletions === true && node !== null && typeof moment === "string")
    return `/rewind/${encodeURIComponent(node.id)}?to=${encodeURIComponent(moment)}`;
  return kind === "device" ? "/settings/security" : "/";
}

function notices(
  { notices: listed, more }: Extract<Template, { template: "notices" }>,
  said: Words,
  { host, language, open: label }: Setting & { readonly open: string },
): Body {
  const small = [said.whyAccount(host)];
  const [only] = listed;
  if (only !== undefined && listed.length === 1 && more === 0) {
    const { title, more: paragraphs } = sayNotice(only, said, language);
    const place = placeOf(only);
    return {
      subject: title,
      paragraphs: [`${title}.`, ...paragraphs],
      quote: quoteOf(only, said),
      label,
      place,
      small,
    };
  }
  const list = listed.map((notice) => {
    const quote = quoteOf(notice, said);
    const { title, item } = sayNotice(notice, said, language);
    return quote === undefined ? (item ?? title) : `${title}: ${said.quoted(quote.lines.join(" "))}`;
  });
  if (more > 0) list.push(said.andMore(more));
  const { title } = said.digest(listed.length + more, host);
  return { subject: title, paragraphs: [`${title}:`], list, label, small };
}
