/** Content of a mail before formatting: sanitized plain text. */
export interface MailText {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly quote?: { readonly by: string; readonly lines: readonly string[] } | undefined;
  readonly list?: readonly string[] | undefined;
  readonly action?: { readonly label: string; readonly url: string } | undefined;
  /** Reason for the mail, and how to stop such mails. */
  readonly small: readonly string[];
  readonly unsubscribe?: { readonly label: string; readonly url: string } | undefined;
}

const rule = "-- ";

export function renderText(mail: MailText): string {
  const { paragraphs, quote, list, action, small, unsubscribe } = mail;
  const blocks = [
    ...paragraphs,
    ...(quote === undefined ? [] : [[quote.by, ...quote.lines.map((line) => `> ${line}`.trimEnd())].join("\n")]),
    ...(list === undefined ? [] : [list.map((item) => `* ${item.replaceAll("\n", "\n  ")}`).join("\n")]),
    ...(action === undefined ? [] : [`${action.label}:\n${action.url}`]),
    [rule, ...small, ...(unsubscribe === undefined ? [] : [`${unsubscribe.label}: ${unsubscribe.url}`])].join("\n"),
  ];
  return `${blocks.join("\n\n")}\n`;
}

interface MailHead {
  readonly language: string;
  readonly serverName: string;
}

/** Loads no external content, so nobody learns when the mail was opened. For the same reason, there is no picture. */
export function renderHtml(mail: MailText, { language, serverName }: MailHead): string {
  const { subject, paragraphs, quote, list, action, small, unsubscribe } = mail;
  const body = [
    `<p><strong>${escapeHtml(serverName)}</strong></p>`,
    ...paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`),
    ...(quote === undefined
      ? []
      : [`<p>${escapeHtml(quote.by)}</p>`, `<blockquote>${lines(quote.lines)}</blockquote>`]),
    ...(list === undefined ? [] : [`<ul>${list.map((item) => `<li>${lines(item.split("\n"))}</li>`).join("")}</ul>`]),
    ...(action === undefined ? [] : [`<p>${link(action)}</p>`]),
    "<hr>",
    `<p><small>${lines([...small])}${unsubscribe === undefined ? "" : `<br>${link(unsubscribe)}`}</small></p>`,
  ];
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>
<body>
${body.join("\n")}
</body>
</html>
`;
}

function lines(texts: readonly string[]): string {
  return texts.map(escapeHtml).join("<br>\n");
}

function link({ label, url }: { readonly label: string; readonly url: string }): string {
  return `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
