import MarkdownIt, { type Token } from "markdown-it";

/** Longer paragraphs stay unformatted, because inline parsing takes more than linear time. */
const inlineCharactersMax = 20_000;

/** CommonMark with tables and strikethrough. HTML is text. */
export function parseMarkdown(text: string): Token[] {
  const reader = new MarkdownIt({ html: false, linkify: true });
  // The renderer checks addresses.
  reader.validateLink = () => true;
  reader.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  reader.core.ruler.before("inline", "bound", ({ tokens }) => {
    for (const token of tokens) if (isLong(token)) [token.type, token.tag] = ["plain", ""];
  });
  return reader.parse(text, {});
}

function isLong({ type, content }: Token): boolean {
  return type === "inline" && content.length > inlineCharactersMax;
}
