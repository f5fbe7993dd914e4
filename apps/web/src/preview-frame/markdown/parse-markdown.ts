import MarkdownIt, { type Token } from "markdown-it";

/** One paragraph that is longer is shown as it was written: what stands in a line is read in steps that grow faster than it does. */
const inlineCharactersMax = 20_000;

/** CommonMark with tables and strike-through. Markup of HTML in it is words like others. */
export function parseMarkdown(text: string): Token[] {
  const reader = new MarkdownIt({ html: false, linkify: true });
  // Addresses are looked at where they are put into the page.
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
